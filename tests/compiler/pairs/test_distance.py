"""Proven distances from the centred network, and true ones where the hypotheses are met."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from tests.compiler.pairs.scripts import (
    BENT,
    FIXED,
    GATED,
    GRADIENT,
    MATRIX,
    MEAN,
    MIXED,
    SCHEDULE,
    SOFT,
    STACKED,
)

import weightsmith.api as ws
from weightsmith.backends.data.arrays import Array
from weightsmith.backends.template.layout import Inputs
from weightsmith.network import Network
from weightsmith.softmax_pairs import enclose_pairs

W = {"W": [["1/2", "-1/3", "1/4"]]}
TOKENS = {
    "gradient": GRADIENT,
    "mean": MEAN,
    "soft": SOFT,
    "schedule": SCHEDULE,
    "mixed": MIXED,
    "fixed": FIXED,
    "stacked": STACKED,
    "bent": BENT,
    "gated": GATED,
}


def compiled(script: str, omega: str) -> Network:
    matrices = W if "fixed" in script else None
    gated = "algorithm gated" in script
    return ws.compile(script, softmax_pairs=omega, matrices=matrices, gated=gated)


def unit(columns: Array, size: float) -> Array:
    """Columns of a norm of at most ``size``, short of it by a rounding error."""
    norms = np.linalg.norm(columns, axis=0)
    return columns / np.maximum(norms / size, 1) * (1 - 1e-12)


def data(network: Network, rng: np.random.Generator, count: int, kind: int) -> Inputs:
    """Inputs that meet the hypotheses: inside, at the ends, or all at two places."""
    found: dict[str, dict[str, Array]] = {}
    direction = rng.normal(size=(3, 1))
    for one in network.program.inputs:
        if one.fixed:
            continue
        groups = one.shape.column_groups
        for group in groups:
            many = count if group == "context" else 2
            rows = 3 if one.shape.rows == "d" else 1
            raw = rng.normal(size=(rows, many))
            if kind:
                signs = np.sign(rng.normal(size=(1, many)))
                raw = (
                    signs if rows == 1 else 9 * direction * (signs if kind == 1 else 1 + 0 * signs)
                )
            size = 0.5 if one.name == "z" else 1.0
            value = np.clip(raw, -1, 1) if rows == 1 else unit(raw, size)
            found.setdefault(one.name, {})[group] = value
    return found


@pytest.mark.parametrize("script", TOKENS.values(), ids=TOKENS)
@pytest.mark.parametrize("omega", ["1", "1/10", "1/1000"])
def test_no_input_that_meets_the_hypotheses_is_further_off(script: str, omega: str) -> None:
    network = compiled(script, omega)
    bounds = {one.output: one.value for one in network.bounds if one.against == "centred network"}
    assert len(bounds) == len(network.program.returns)
    assert network.verify().accepted
    rng = np.random.default_rng(1)
    for count in (1, 2, 6):
        for kind in (0, 1, 2):
            for value in enclose_pairs(network, data(network, rng, count, kind)).values:
                assert value.bound is not None, value.reason
                # all columns together: those of the queries, of the context or of the matrix
                columns = max(count, 3)
                limit = bounds[value.name]
                assert limit is not None
                assert value.bound <= float(limit) * columns**0.5


@pytest.mark.parametrize("omega", ["1/10", "1/100"])
def test_of_a_matrix_on_scratch_tokens(omega: str) -> None:
    network = ws.compile(MATRIX, softmax_pairs=omega)
    (bound,) = (one.value for one in network.bounds if one.against == "centred network")
    assert bound is not None
    rng = np.random.default_rng(2)
    for size in (1, 2, 3):
        q, _ = np.linalg.qr(rng.normal(size=(size, size)))
        A = q @ np.diag(rng.uniform(0.5, 1, size)) @ q.T
        (value,) = enclose_pairs(network, {"A": (A + A.T) / 2}).values
        assert value.bound is not None
        assert value.bound <= float(bound) * size**0.5


def test_it_is_attained_at_one_step_but_for_a_factor_below_four() -> None:
    """Two groups of keys at ±e with values ±1: one step, one query."""
    script = GRADIENT.replace("steps = 3", "steps = 1")
    network = ws.compile(script, softmax_pairs="1/100")
    x = np.array([[1.0, 1, 1, -1, -1, -1]])
    inputs = {"x": {"context": x, "query": np.array([[1.0]])}, "y": {"context": x}}
    (value,) = enclose_pairs(network, inputs).values
    (bound,) = network.bounds
    assert value.bound is not None
    assert bound.value is not None
    assert 0.99 < value.bound / float(bound.value) <= 1


def test_a_tenth_of_omega_is_a_hundredth_of_both_bounds() -> None:
    inputs = data(ws.compile(GRADIENT), np.random.default_rng(0), 6, 0)
    networks = [ws.compile(GRADIENT, softmax_pairs=Fraction(1, 10**k)) for k in (1, 2, 3)]
    proven = [float(one.bounds[0].value or 0) for one in networks]
    here = [enclose_pairs(one, inputs).values[0].bound or 0.0 for one in networks]
    for first, second in ((0, 1), (1, 2)):
        assert proven[first] / proven[second] == pytest.approx(100, rel=0.02)
        assert here[first] / here[second] == pytest.approx(100, rel=0.02)


def test_round_off_is_in_the_bound_of_an_answer() -> None:
    network = ws.compile(GRADIENT, softmax_pairs="1/1000")
    inputs = data(network, np.random.default_rng(0), 6, 0)
    exact = enclose_pairs(network, inputs).values[0].bound
    double = enclose_pairs(network, inputs, network.run(inputs)).values[0].bound
    single = enclose_pairs(network, inputs, network.run(inputs, "float32")).values[0].bound
    assert exact is not None
    assert double is not None
    assert single is not None
    assert abs(double - exact) < 1e-11
    assert single > 10 * exact  # values cancel: one unit of round-off is 1/omega of them
    assert single < 1e-3


def test_in_a_batch_every_problem_has_its_bound() -> None:
    network = ws.compile(GRADIENT, softmax_pairs="1/10")
    rng = np.random.default_rng(0)
    alone = [data(network, rng, 6, kind) for kind in (0, 1)]
    both = {
        name: {g: np.stack([one[name][g] for one in alone]) for g in groups}  # type: ignore[index, call-overload]
        for name, groups in alone[0].items()
    }
    (found,) = enclose_pairs(network, both, network.run(both)).values
    each = [enclose_pairs(network, one, network.run(one)).values[0].bounds[0] for one in alone]
    assert found.bounds == pytest.approx(each, rel=1e-6)


MISSING = [
    (MEAN.replace("eta/m", "2^m*eta/m"), "A number of tokens stands in an exponent"),
    (GRADIENT.replace("assume size(context) <= n\n", ""), "size(context) <= …"),
    (GRADIENT.replace("assume norm(x) <= 1\n", ""), "norm(x) <= …"),
    (GRADIENT.replace("assume entries(y) in [-1, 1]\n", ""), "norm(y) <= …"),
    (MATRIX.replace("assume size(d) <= 3\n", ""), "size(d) <= …"),
    (GRADIENT.replace("eta = 1", "eta"), "'eta' has no value"),
    (
        GRADIENT.replace("return w*x on query", "return (w*x)*sigmoid(x'*x) over context"),
        "'sigmoid'",
    ),
]


@pytest.mark.parametrize(("script", "what"), MISSING, ids=[what for _, what in MISSING])
def test_what_is_missing_is_said_and_nothing_is_claimed(script: str, what: str) -> None:
    network = ws.compile(script, softmax_pairs="1/10")
    assert [one for one in network.bounds if one.against == "centred network"] == []
    (note,) = (one for one in network.notes if "not proven" in one)
    assert what in note
    assert network.verify().accepted


def test_an_unknown_network_has_no_such_bound() -> None:
    with pytest.raises(ValueError, match="no softmax pairs"):
        enclose_pairs(ws.compile(GRADIENT), {})
