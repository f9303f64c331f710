"""Where nothing is proven: a sentence that says why, never a bound; and what a user gets wrong."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from tests.backends.enclose.truth import (
    enclosed,
    exactly,
    of_matrix,
    precise,
    size_of,
    symmetric,
)

from weightsmith import api
from weightsmith.backends.enclose import enclose
from weightsmith.backends.errors import LayoutError
from weightsmith.dsl import check
from weightsmith.dsl.text.source import Source

__all__ = ["precise"]
pytestmark = pytest.mark.usefixtures("precise")
ONE_BIT = symmetric(1, 3)
ONE_BIT[0, 1] = np.nextafter(ONE_BIT[0, 1], 1)
KERNEL = np.array([[2.0, -1.0, -1.0], [-1.0, 2.0, -1.0], [-1.0, -1.0, 2.0]])
ROUNDED_KERNEL = np.array([[0.3, -0.1, -0.2], [-0.1, 0.3, -0.2], [-0.2, -0.2, 0.4]])
INDEFINITE = np.diag([1.0, -1e-3, 2.0])
UNBOUNDED = (
    ("sqrt(A)", ONE_BIT, "A is not symmetric; if only rounding made it so, pass (A + A')/2"),
    ("exp(-A)", ONE_BIT, "A is not symmetric"),
    ("sign(A)", ONE_BIT, "A is not symmetric"),
    ("sqrt(A)", INDEFINITE, "A is not positive definite"),
    ("sqrt(A)", KERNEL, "A is not positive definite"),
    ("A^(-1/3)", np.diag([1.0, 1e-300, 1.0]), "A is not positive definite"),
    ("inv(A)", KERNEL, "A is singular, or too near to it"),
    ("inv(A)", np.zeros((2, 2)), "A is singular"),
    ("inv(A - A)", KERNEL, "A - A is singular"),
    ("inv(A)", 1e-200 * np.eye(2), "range"),
    ("exp(A)", 1000 * np.eye(2), "range"),
    ("exp(A)", 1e300 * np.eye(2), "range"),
    ("polar(A)", KERNEL, "the smallest singular value of A cannot be told from 0"),
    ("sign(A)", KERNEL, "the smallest singular value of A"),
    ("pinv(A)", ROUNDED_KERNEL, "the rank of A cannot be told"),
    ("pinv(A)", np.outer([1.0, 2.0], [1.0, 2.0]), "the rank of A cannot be told"),
    ("spectral(pole, A)", INDEFINITE, "pole has no bounded derivative where the eigenvalues of A"),
)


@pytest.mark.parametrize(("target", "matrix", "sentence"), UNBOUNDED)
def test_what_is_not_well_defined_has_no_bound(
    target: str, matrix: np.ndarray, sentence: str
) -> None:
    found = of_matrix(target, matrix, np.ones_like(matrix))
    assert found.bound is None
    assert sentence in found.reason
    assert found.reason in str(found)


def test_an_inverse_and_an_exact_kernel_need_no_declared_symmetry() -> None:
    """inv is defined of any matrix, pinv of a Laplacian whose rows sum exactly to zero."""
    assert of_matrix("inv(A)", ONE_BIT, np.linalg.inv(ONE_BIT)).bound is not None
    found = of_matrix("pinv(A)", KERNEL, np.linalg.pinv(KERNEL))
    assert found.bound is not None
    assert found.bound < 1e-14


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_an_answer_that_is_not_finite_has_no_bound(number: float) -> None:
    answer = np.eye(3)
    answer[1, 1] = number
    found = of_matrix("inv(A)", symmetric(1, 3), answer)
    assert found.bound is None
    assert found.reason == "A is not finite"


@pytest.mark.parametrize("number", [Fraction(1, 3), 2**53 + 1, np.int64(2**62 + 1)])
def test_inputs_that_floats_do_not_hold_are_not_taken_for_others(number: object) -> None:
    inputs = [[number, 0], [0, 1]]
    found = of_matrix("inv(A)", np.array(inputs), np.eye(2))
    assert found.bound is None
    assert "float64 does not hold exactly" in found.reason


SCALES = (-1070, -1000, -520, -260, -130, 130, 249, 260, 520, 1000)


@pytest.mark.parametrize("power", SCALES)
@pytest.mark.parametrize("target", ["inv(A)", "sqrt(A)", "exp(-A)", "polar(A)", "A*A", "pinv(A)"])
def test_tiny_and_huge_numbers_have_a_true_bound_or_none(target: str, power: int) -> None:
    matrix = np.ldexp(symmetric(3, 3), power)
    matrix = (matrix + matrix.T) / 2
    for answer in (np.zeros((3, 3)), np.ldexp(np.eye(3), -max(power, -1000)), matrix):
        bound = of_matrix(target, matrix, answer).bound
        assert bound is None or bound < np.inf
        if bound is not None and target == "A*A":
            exact = exactly(matrix) * exactly(matrix)
            assert size_of(exactly(answer) - exact) <= bound


@pytest.mark.parametrize(
    "equation",
    [
        "(sigmoid(w*x) - y)*x' over context",  # convex, not strongly
        "(sigmoid(w*x) - y)*x' - 1/10*w over context",
        "w - (w*x - y)*x' over context",
        "(fall(w*x) - y)*x' + w over context",
        "(bump(w*x) - y)*x' + w over context",
        "(sigmoid(w*x) - y)*x'*P + w over context",
        "(sigmoid(w*P*x) - y)*x' + w over context",
        "(relu(w*x) .* (w*x))*x' + w over context",
        "w*P + 1/2*w",
    ],
)
def test_an_equation_that_may_have_no_single_root_has_no_bound(equation: str) -> None:
    draw = np.random.default_rng(0)
    script = (
        "algorithm a(x: [d] per context, y: [1] per context, P: [d, d])\n"
        "function fall(t) = -tanh(t)\n"
        "function bump(t) = t^2\n"
        f"return y*x' over context approximates root(w: {equation})\n"
    )
    inputs = {"x": draw.normal(size=(2, 6)), "y": draw.normal(size=(1, 6)), "P": np.eye(2)}
    found = enclosed(script, inputs, np.zeros((1, 2)))
    assert found.bound is None
    assert "known to have one root" in found.reason


@pytest.mark.parametrize(
    "equation",
    [
        "(rise(w*x) - y)*x' + w over context",
        "(-fall(w*x) - y)*x' + w over context",
        "(sigmoid(w*P*x) - y)*x'*P' + w over context",
        "2*(relu(3*(w*x) - y) + 1/(1 + e(-w*x)))*x' + w over context",
    ],
)
def test_growing_functions_in_other_words_have_a_bound(equation: str) -> None:
    draw = np.random.default_rng(0)
    script = (
        "algorithm a(x: [d] per context, y: [1] per context, P: [d, d])\n"
        "function fall(t) = -tanh(t)/2\n"
        "function rise(t) = 1/(2 + exp(-3*t)) + t^3\n"
        f"return y*x' over context approximates root(w: {equation})\n"
    ).replace("1/(1 + e(-w*x))", "rise(w*x)")
    inputs = {"x": draw.normal(size=(2, 6)), "y": draw.normal(size=(1, 6)), "P": symmetric(1, 2)}
    program = check(Source("<test>", script))
    from weightsmith.dsl.running import interpreter

    root = np.asarray(interpreter.target(program, inputs, {})["output"])
    bound = enclose(program, {}, inputs, {"output": root})["output"].bound
    assert bound is not None
    assert bound < 1e-8


def test_symmetry_of_an_input_is_needed_where_the_equation_uses_it() -> None:
    script = (
        "algorithm a(x: [d] per context, y: [1] per context, P: symmetric[d, d])\n"
        "return y*x' over context"
        " approximates root(w: (sigmoid(w*P*x) - y)*x'*P + w over context)\n"
    )
    given = {"x": np.eye(3), "y": np.zeros((1, 3)), "P": symmetric(1, 3)}
    assert enclosed(script, given, np.zeros((1, 3))).bound is not None
    found = enclosed(script, {**given, "P": ONE_BIT}, np.zeros((1, 3)))
    assert found.bound is None
    assert "P is not symmetric" in found.reason


def test_a_symbol_without_a_value_is_named() -> None:
    script = "algorithm a(A: [d, d])\nparam c\nreturn A approximates inv(A + c*I)\n"
    found = enclosed(script, {"A": np.eye(2)}, np.eye(2))
    assert found.reason == "'c' has no value"


def test_an_answer_that_does_not_fit_is_an_error() -> None:
    for answer in (np.eye(3), np.ones(2), np.ones((1, 2, 2))):
        with pytest.raises(LayoutError, match="'A'"):
            of_matrix("inv(A)", 2 * np.eye(2), answer)
    program = check(Source("<test>", "algorithm a(A: [d, d])\nreturn A approximates inv(A)\n"))
    with pytest.raises(LayoutError, match="the answer has no 'A'; it has 'X'"):
        enclose(program, {}, {"A": np.eye(2)}, {"X": np.eye(2)})
    with pytest.raises(LayoutError, match="no input 'B'"):
        enclose(program, {}, {"B": np.eye(2)}, {"A": np.eye(2)})


QUERY = (
    "algorithm a(x: [d] per token, y: [1] per context)\n"
    "return y*x'*x over context approximates y*x'*inv(x*x')*x over context\n"
)


def test_tokens_of_an_answer_come_by_group() -> None:
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(2, 5)), draw.normal(size=(1, 5))
    inputs = {"x": {"context": x, "query": np.zeros((2, 0))}, "y": {"context": y}}
    answer = y @ x.T @ np.linalg.inv(x @ x.T) @ x
    found = enclosed(QUERY, inputs, {"context": answer, "query": np.zeros((1, 0))})
    assert found.bound is not None
    assert found.bound < 1e-13
    with pytest.raises(LayoutError, match="by token group: 'context', 'query'"):
        enclosed(QUERY, inputs, answer)


@pytest.mark.parametrize("steps", [0, 1])
def test_a_loop_without_passes_is_the_start(steps: int) -> None:
    script = (
        "algorithm a(A: [d, d])\nparam steps\n\nX = A'\n"
        "repeat steps:\n    X = 2*X - X*A*X\nreturn X\n"
    )
    network = api.compile(script, settings={"steps": steps})
    matrix = np.array([[0.5, 0.25], [0.0, 1.0]])
    answer, report = network.run({"A": matrix}, certify=True)
    assert report["X"].bound is not None
    assert report["X"].bound < 1e-15
    wrong = np.asarray(answer["X"]) + 0.25
    assert network.enclose({"A": matrix}, {"X": wrong})["X"].bound == pytest.approx(0.5)
