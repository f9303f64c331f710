"""Layers, heads and width of every example: at least as good as shared/constructions.md says."""

from __future__ import annotations

import numpy as np
import pytest

import weightsmith.api as ws
from weightsmith.compiler.costs.degree import depth_lower_bound
from weightsmith.dsl import DiagnosticError

from .entry_instances import EXACT_MAKERS, TABLE_MAKERS
from .instances import EXAMPLES, SYNTHESIZED

# layers, most heads in a layer, width: Newton one layer a step for symmetric and general A (Giannou
# et al. 2024, Lemma 4.1: one and two, width 4d), gradient descent one layer and one head (von
# Oswald et al. 2022), ridge 2 + T (Giannou et al., Theorem 4.2: 3 + T, width 4d + 3)
FIGURES = {
    "newton_inverse": ("steps", 1, "2*d"),
    "newton_inverse_general": ("steps", 1, "2*d"),
    "polar": ("steps", 1, "m"),
    "polar_quintic": ("2*steps", 1, "2*m"),
    "halley_polar": ("(inner + 2)*steps", 1, "3*n + 3*m"),
    "muon": ("2*steps", 1, "2*m"),
    "square_root": ("steps", 2, "2*d"),
    "heat_kernel": ("k", 1, "2*d"),
    "gradient_descent": ("steps", 1, "d + k"),
    "preconditioned_gradient_descent": ("steps + 1", 1, "4*d + k"),
    "heavy_ball": ("steps", 1, "d + 3*k"),
    "gd_plus_plus": ("steps", 1, "2*k + d"),
    "ridge": ("steps + 2", 1, "4*d + 2*k"),
    "electric_potentials": ("steps", 1, "4*v"),
    "electric_flows": ("steps + 1", 1, "4*v + 2*k"),
}

# with functions of entries: the layers attend or compute a function.  Damped Newton takes
# inner + 4 a step (Giannou et al. 2024, Theorem 5.1: 11 + 2 inner), logistic gradient descent one.
ENTRY_FIGURES = {
    "lasso_ista": ("steps + 2", 1, "3*d + 4"),
    "lista": ("8", 1, "3*d + 4"),
    "lasso_fista": ("2*steps + 1", 2, "3*d + 8"),
    "nonnegative_least_squares": ("steps + 2", 1, "3*d + 4"),
    "box_least_squares": ("steps + 1", 2, "3*d + 3"),
    "huber_regression": ("steps + 1", 3, "2*d + 5"),
    "quantile_regression": ("steps + 1", 3, "2*d + 5"),
    "delta_rule": ("steps + 1", 1, "2*d + 4*m"),
    "prefix_gradient_descent": ("steps", 1, "2*d + 2*k"),
    "softmax_attention": ("1", 1, "d + 2*k"),
    "learned_preconditioners": ("4", 1, "d + 1"),
    "logistic_gradient_descent": ("steps", 3, "2*d + 5"),
    "logistic_newton": ("(inner + 4)*steps + 1", 4, "11*d + 15"),
    "softmax_regression": ("3*steps + 1", 1, "d + 7*k + 1"),
    "poisson_regression": ("steps", 3, "2*d + 5"),
    "two_layer_network": ("2*steps + 2", 4, "2*d + 12*m + 3"),
    "normalise": ("3", 0, "2*d + 1"),
    "divide": ("2", 0, "2*k"),
    "power_iteration": ("3*steps + 2", 2, "6*d + 4"),
    "approximate_function": ("2", 0, "3"),
}


# synthesised for the spectra of the instances, with the lower bound by degree
SYNTHESIZED_FIGURES = {
    "projector": ("4", 2, "4*d", 4),
    "resolvents": ("4", 6, "10*d", 4),
    "synthesized_heat_kernel": ("2", 2, "5*d", 2),
    "synthesized_inverse": ("3", 2, "4*d", 3),
    "synthesized_polar": ("5", 2, "3*m", 5),
    "synthesized_roots": ("3", 9, "11*d", 3),
    "whitened_regression": ("steps + 5", 2, "8*d + k", 4),
}


def test_every_example_has_figures() -> None:
    names = sorted(path.stem for path in EXAMPLES.glob("*.alg"))
    assert sorted([*FIGURES, *ENTRY_FIGURES, *SYNTHESIZED_FIGURES]) == names


@pytest.mark.parametrize("name", sorted(SYNTHESIZED_FIGURES))
def test_figures_of_synthesis(name: str) -> None:
    settings, _ = SYNTHESIZED[name](np.random.default_rng(1))
    report = ws.compile(EXAMPLES / f"{name}.alg", settings=settings).report
    found = (report.layers_text, report.heads, report.width_text, report.depth_lower_bound)
    assert found == SYNTHESIZED_FIGURES[name]


@pytest.mark.parametrize("name", sorted(ENTRY_FIGURES))
def test_figures_with_functions(name: str) -> None:
    settings, _ = {**EXACT_MAKERS, **TABLE_MAKERS}[name](np.random.default_rng(1))
    report = ws.compile(EXAMPLES / f"{name}.alg", settings=settings).report
    found = (report.layers_text, report.heads, report.width_text)
    assert found == ENTRY_FIGURES[name]


@pytest.mark.parametrize("name", sorted(FIGURES))
def test_figures(name: str) -> None:
    report = ws.compile(EXAMPLES / f"{name}.alg").report
    assert (report.layers_text, report.heads, report.width_text) == FIGURES[name]


@pytest.mark.parametrize(("steps", "degree", "bound"), [(1, 1, 0), (2, 3, 1), (5, 31, 4)])
def test_degree_of_newton(steps: int, degree: int, bound: int) -> None:
    """X after k steps from a multiple of I has degree 2^k - 1 in A."""
    path = EXAMPLES / "newton_inverse.alg"
    report = ws.compile(path, settings={"mu": 1, "L": 2, "steps": steps}).report
    assert (report.layers, report.degree, report.depth_lower_bound) == (steps, degree, bound)


def test_depth_lower_bound_is_the_exact_logarithm() -> None:
    for layers in range(40):
        assert depth_lower_bound(3**layers) == layers
        assert depth_lower_bound(3**layers + 1) == layers + 1


def test_no_depth_below_the_bound() -> None:
    for name in FIGURES:
        settings = {"steps": 7, "k": 7}
        program = ws.check(EXAMPLES / f"{name}.alg")
        known = {p.name for p in program.parameters}
        chosen = {key: value for key, value in settings.items() if key in known}
        report = ws.compile(EXAMPLES / f"{name}.alg", settings=chosen).report
        assert report.layers >= report.depth_lower_bound


def test_a_degree_that_may_cancel_is_not_claimed() -> None:
    """X and Y are the same, so X·A − Y·A has no degree; counting letters would say 9."""
    script = """algorithm cancelling(A: [d, d])
X, Y = A, A
repeat 2:
    X, Y = X*A*X, Y*A*Y
return X*A - Y*A + A
"""
    report = ws.compile(script).report
    assert report.degree is None
    assert report.depth_lower_bound is None


def test_the_degree_is_that_at_the_bindings() -> None:
    path = EXAMPLES / "gradient_descent.alg"
    settings = {"mu": 1, "L": 2, "steps": 4}
    assert ws.compile(path, settings={**settings, "eta": "1/2"}).report.degree == 9
    assert ws.compile(path, settings={**settings, "eta": 0}).report.degree in (0, None)


def test_each_token_group_has_its_own_degree() -> None:
    """Summed over the context, the identity of the tokens gives nothing at the query tokens."""
    script = """algorithm groups(x: [d] per token)
u = x*I over context
return u*u'*u on query over context
"""
    with pytest.raises(DiagnosticError, match="zero for every input"):
        ws.compile(script)
    both = script.replace("return u*u'*u on query", "return u*u'*u*u'*u + x on query")
    assert ws.compile(both).report.degree == 1


def test_a_fixed_matrix_is_a_weight_and_has_no_degree() -> None:
    """One head computes (W·x − y)·x'·x, of degree 3 in the data: one layer is the least."""
    script = """
algorithm gd(x: [d] per token, y: [k] per context, W: fixed[k, d])
D = (W*x - y)*x'  over context
return D*x on query
"""
    report = ws.compile(script).report
    assert (report.layers, report.degree, report.depth_lower_bound) == (1, 3, 1)
