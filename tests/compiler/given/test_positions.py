"""``position(context)`` and ``X*shift(k)``: constants of the order of tokens, without an input."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import weightsmith.api as ws
from weightsmith.checker.verify import verify_directory
from weightsmith.dsl import DiagnosticError, program_text
from weightsmith.dsl.running.interpreter import run


def script(returned: str) -> str:
    return f"algorithm f(x: [d] per token)\nparam c = 1/2\nreturn {returned}\n"


def moved(columns: np.ndarray, steps: int) -> np.ndarray:
    """Column i of the result is column i - steps, or 0 where there is none."""
    found = 0 * columns
    for place in range(columns.shape[1]):
        if 0 <= place - steps < columns.shape[1]:
            found[:, place] = columns[:, place - steps]
    return found


def columns(rows: int, count: int) -> np.ndarray:
    numbers = [[Fraction(7 * i - 3 * j * j, 5) for j in range(count)] for i in range(rows)]
    return np.array(numbers, dtype=object).reshape(rows, count)


@pytest.mark.parametrize("steps", [0, 1, 3, -1, -2, 9])
@pytest.mark.parametrize("count", [1, 2, 6])
def test_tokens_move_exactly(steps: int, count: int) -> None:
    program = ws.check(script(f"c*x*shift({steps}) on context over context"))
    x = columns(2, count)
    given = {"x": {"context": x, "query": columns(2, 1)}}
    found = run(program, given, {"c": Fraction(1, 2)}, exact=True)["output"]["context"]
    assert (found == moved(x, steps) * Fraction(1, 2)).all()


def test_a_network_moves_tokens(tmp_path: Path) -> None:
    network = ws.compile(script("x*shift(1) + c*x*shift(-2) on context over context"))
    network.save(tmp_path / "n")
    assert verify_directory(tmp_path / "n").accepted
    x = columns(3, 7).astype(float)
    given = {"x": {"context": x, "query": x[:, :2]}}
    for execution in ("plan", "faithful"):
        answer = network.run(given, execution=execution)["output"]["context"]
        assert np.abs(answer - moved(x, 1) - moved(x, -2) / 2).max() < 1e-12


def test_positions_count_from_zero(tmp_path: Path) -> None:
    network = ws.compile("algorithm f(x: [d] per context)\nreturn position(context), x\n")
    network.save(tmp_path / "n")
    assert verify_directory(tmp_path / "n").accepted
    answer = network.run({"x": {"context": np.ones((2, 5))}})
    assert answer["output1"]["context"].tolist() == [[0, 1, 2, 3, 4]]


def test_what_is_printed_reads_back() -> None:
    program = ws.check(script("x*shift(2) + x.*position(context) on context over context"))
    assert "position(context)" in program_text(program)
    again = ws.check(program_text(program))
    assert program_text(again) == program_text(program)


@pytest.mark.parametrize(
    ("returned", "message", "hint"),
    [
        ("x*shift(1)", "shift moves the tokens of one group", "over context"),
        ("x*shift(1) over tokens", "shift moves the tokens of one group", "over context"),
        ("x*shift(1) over context before", "shift moves the tokens of one group", "over context"),
        ("x*shift(1/2) over context", "by a whole number of places, got 1/2", "shift(1)"),
        ("x*shift(c) over context", "by a whole number of places, got c", "shift(1)"),
        ("x*shift(x) over context", "expected a whole number of tokens", ""),
        ("x*shift(1, 2) over context", "shift takes one value", "X*shift(1)"),
        ("x*shift() over context", "shift takes one value", "X*shift(1)"),
        ("shift(1)*x over context", "these do not multiply: shift(1) is [token, token]", "columns"),
        ("position(tokens)", "tokens are in order within one group, got tokens", "context"),
        ("position(x)", "tokens are in order within one group, got x", "context"),
        ("position()", "position takes one value", "position(context)"),
    ],
)
def test_mistakes(returned: str, message: str, hint: str) -> None:
    with pytest.raises(DiagnosticError) as found:
        ws.check(script(returned))
    assert message in str(found.value)
    assert hint in str(found.value)
