"""Targets that are functions of eigenvalues: sign(E), E^(p/q), spectral(f, E)."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from weightsmith.dsl import Checked, Source, check, node_text, program_text
from weightsmith.dsl.numbers.formulas import formula_text, parse_formula
from weightsmith.dsl.program import core
from weightsmith.dsl.running.interpreter import InputError, run, target

Look = Callable[..., Checked]
Array = NDArray[Any]
HEAD = """\
algorithm f(A: symmetric[d, d], B: [d, m], x: [d] per token)
param s = 2
table ramp = (-1, 0), (0, 1/3), (2, -1)
function bell(u) = s*exp(-u^2/2) - 1/(2 + sigmoid(u))
function bend(t) = 2*relu(t - 1) - abs(t + 3)/2 + t/4
"""


def targets(*formulas: str) -> core.Program:
    parts = ", ".join(f"{i + 1}*I + 0*A approximates {one}" for i, one in enumerate(formulas))
    return check(Source("s", f"{HEAD}return {parts}"))


# -- what is read -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "sign(A)",
        "A^(1/2)",
        "A^(-1/3)",
        "2*A^(7/5)*B*B' + (A + I)^(-3/4)",
        "(B*B')^(1/2)",
        "(A^(1/2))^(1/3)",
        "(2*A)^(1/2)",
        "(A*A)^(-1/2)*sign(B*B')",
        "spectral(bell, A)",
        "spectral(sigmoid, A - 2*I)",
        "spectral(exp, A)*exp(A)",
        "spectral(abs, A)",
    ],
)
def test_a_target_prints_as_it_was_written(text: str) -> None:
    (one,) = targets(text).returns
    assert one.target is not None
    assert node_text(one.target) == text


def test_programs_print_and_read_back() -> None:
    program = targets(
        "spectral(bell, A)", "spectral(bend, A)", "spectral(ramp, A*A)", "A^(-2/3)", "sign(A)"
    )
    printed = program_text(program)
    again = check(Source("p", printed))
    assert program_text(again) == printed
    for one, other in zip(program.returns, again.returns, strict=True):
        assert isinstance(one.target, core.Function)
        assert isinstance(other.target, core.Function)
        assert one.target.exponent == other.target.exponent
        assert one.target.formula == other.target.formula
        assert one.target.label == other.target.label


def test_a_formula_and_an_exponent_are_exact() -> None:
    bell, half = (one.target for one in targets("spectral(bell, A)", "A^0.5").returns)
    assert isinstance(bell, core.Function)
    assert bell.formula is not None
    assert formula_text(bell.formula) == "s*exp(-1/2*t^2) - 1/(2 + sigmoid(t))"
    assert isinstance(half, core.Function)
    assert (half.function, half.exponent) == ("power", Fraction(1, 2))


def test_functions_of_one_name_get_names_of_their_own() -> None:
    """One label, two functions: as when the table of a function stands beside the function."""
    program = targets("spectral(bell, A)", "spectral(bell, A)")
    first, second = program.returns
    assert isinstance(second.target, core.Function)
    other = parse_formula("t/(1 + t)")
    changed = core.Function(
        second.target.span, second.target.shape, "spectral", second.target.of, None, other, "bell"
    )
    changed_return = core.Return(second.span, "o", second.value, (), changed)
    printed = program_text(
        core.Program(
            program.span, "f", program.dimensions, program.inputs, program.parameters, (), (),
            (first, changed_return),
        )
    )  # fmt: skip
    again = check(Source("p", printed))
    assert "function spectral2.bell(t) = t/(1 + t)\n" in printed
    (target_again,) = [one.target for one in again.returns[1:]]
    assert isinstance(target_again, core.Function)
    assert (target_again.formula, target_again.label) == (other, "bell")


# -- values -------------------------------------------------------------------------------------


def symmetric(values: Array, seed: int) -> Array:
    vectors, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(len(values), len(values))))
    result: Array = (vectors * values) @ vectors.T
    return result


Eigenvalues = st.lists(st.floats(0.05, 5), min_size=1, max_size=5)


@settings(max_examples=40)
@given(Eigenvalues, st.lists(st.booleans(), min_size=5, max_size=5), st.integers(0, 10**6))
def test_values_are_those_of_numpy(sizes: list[float], signs: list[bool], seed: int) -> None:
    positive = np.array(sizes)
    mixed = positive * [1 if up else -1 for up in signs[: len(sizes)]]
    program = targets("sign(A)", "spectral(bell, A)", "spectral(bend, A)", "spectral(ramp, A)")
    found = target(program, _inputs(symmetric(mixed, seed)), {"s": Fraction(2)})
    wanted = [
        np.sign(mixed),
        2 * np.exp(-(mixed**2) / 2) - 1 / (2 + 1 / (1 + np.exp(-mixed))),
        2 * np.maximum(mixed - 1, 0) - abs(mixed + 3) / 2 + mixed / 4,
        np.interp(mixed, [-1, 0, 2], [0, 1 / 3, -1]),
    ]
    for (_, value), values in zip(found.items(), wanted, strict=True):
        np.testing.assert_allclose(value, symmetric(values, seed), atol=1e-10)
    program = targets("A^(1/2)", "A^(-1/3)", "A^(7/5)*A")
    found = target(program, _inputs(symmetric(positive, seed)), {"s": Fraction(2)})
    for (_, value), power in zip(found.items(), (0.5, -1 / 3, 2.4), strict=True):
        np.testing.assert_allclose(value, symmetric(positive**power, seed), atol=1e-10)


def test_the_sign_of_a_symmetric_matrix_is_its_polar_factor() -> None:
    matrix = symmetric(np.array([-2.0, -0.5, 0.25, 3.0]), 1)
    found = target(targets("sign(A)", "polar(A)"), _inputs(matrix), {"s": Fraction(2)})
    first, second = found.values()
    np.testing.assert_allclose(first, second, atol=1e-12)


def test_the_root_of_a_singular_matrix_has_no_holes() -> None:
    rank_one = np.outer([3.0, 1.0, 0.1], [3.0, 1.0, 0.1])
    found = target(targets("A^(1/2)", "sqrt(A)", "A^(2/3)"), _inputs(rank_one), {"s": Fraction(2)})
    first, second, third = found.values()
    np.testing.assert_allclose(first, second, atol=1e-12)
    np.testing.assert_allclose(first @ first, rank_one, atol=1e-12)
    assert np.isfinite(third).all()


def test_a_negative_matrix_has_no_root() -> None:
    found = target(targets("A^(1/2)"), _inputs(-np.eye(2)), {"s": Fraction(2)})
    assert np.isnan(found["output"]).all()


def test_no_function_has_exact_values() -> None:
    program = check(
        Source("s", "algorithm f(A: symmetric[d, d])\nreturn synthesize sign(A) within 1")
    )
    with pytest.raises(InputError, match="'sign' has no exact values"):
        run(program, {"A": np.eye(2)}, {}, exact=True)


def _inputs(matrix: Array) -> dict[str, Any]:
    empty = np.zeros((len(matrix), 1))
    return {"A": matrix, "B": empty, "x": {"context": empty, "query": empty}}


# -- mistakes: the target; column and text of the place, message, advice -------------------------

MISTAKES = [
    ("sign(B*B)", "B*B", "these do not multiply", ""),
    ("sign(B)", "B", "sign needs a square matrix, but B is [d, m]", ""),
    ("sign(A*A*B*B')", "A*A*B*B'", "sign needs a symmetric matrix", "symmetric[d, d]"),
    ("sign(A, A)", "sign(A, A)", "sign takes one matrix", "write sign(A)"),
    ("sign(2)", "sign(2)", "sign(2) is not a rational number", "param"),
    ("(A*B*B')^(1/2)", "(A*B*B')", "^(1/2) needs a symmetric matrix", "symmetric[d, d]"),
    ("B^(1/2)", "B", "^(1/2) needs a square matrix, but B is [d, m]", ""),
    ("A^s", "s", "in a target the power of a matrix is a fraction, or a whole number from 1 to 32"
     ", got s", "write the number itself: A^(1/2)"),
    ("(A + I)^(1/s)", "(1/s)", "got (1/s)", "(A + I)^(1/2)"),
    ("A^(-1)", "A", "cannot divide by the matrix A", "inv(A) in a target"),
    ("A^(-2)", "(-2)", "in a target the power of a matrix is a fraction", "write inv(A^2)"),
    ("A^0", "0", "in a target the power", "A^(1/2)"),
    ("A^(1/65)", "(1/65)", "made of numbers up to 64, got 1/65", "A^(p/q)"),
    ("spectral(A)", "spectral(A)", "spectral takes the name of a function and one matrix",
     "write spectral(f, A)"),
    ("spectral(bell, A, p = 1)", "spectral(bell, A, p = 1)", "the name of a function", ""),
    ("spectral(bell, B)", "B", "spectral needs a square matrix, but B is [d, m]", ""),
    ("spectral(bell, A*B*B')", "A*B*B'", "spectral needs a symmetric matrix", "symmetric"),
    ("spectral(bel, A)", "bel", "expected the name of a function of one number, got bel",
     "did you mean 'bell'?"),
    ("spectral(A, A)", "A", "expected the name of a function of one number, got A",
     "function f(t) = …"),
    ("spectral(bell(A), A)", "bell(A)", "got bell(A)", "spectral(sigmoid, A)"),
    ("spectral(clip, A)", "clip", "expected the name of a function of one number", ""),
    ("spectral(bell, 2)", "2", "expected a matrix, got the number 2", "2*I"),
    ("inv(spectral)", "spectral", "'spectral' is a function", "spectral(A)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "underlined", "message", "hint"), MISTAKES)
def test_a_mistake_in_a_target(
    text: str, underlined: str, message: str, hint: str, look: Look
) -> None:
    line = f"return bell(A) + bend(A) + ramp(A) + s*I approximates {text}"
    checked = look(HEAD + line)
    assert checked.program is None
    found = next(one for one in checked.diagnostics if one.severity == "error")
    assert (found.line, found.underlined) == (6, underlined)
    assert found.column >= 1 + line.index(text)
    assert message in found.message
    assert hint in (found.hint or "")


OUTSIDE = [
    ("sign(A)", "sign", "'sign' is discontinuous at 0", "sign of a matrix stands in a target"),
    ("A^(1/2)", "(1/2)", "a whole number from 1 to 32", "approximates A^(1/2)"),
    ("spectral(bell, A)", "spectral(bell, A)", "not a polynomial", "after 'approximates'"),
]


@pytest.mark.parametrize(("text", "underlined", "message", "hint"), OUTSIDE)
def test_outside_of_targets_there_are_none(
    text: str, underlined: str, message: str, hint: str, look: Look
) -> None:
    checked = look(f"{HEAD}X = {text}\nreturn X + bell(A) + bend(A) + ramp(A)")
    assert checked.program is None
    found = next(one for one in checked.diagnostics if one.severity == "error")
    assert (found.line, found.underlined) == (6, underlined)
    assert message in found.message
    assert hint in (found.hint or "")
