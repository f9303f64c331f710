"""What a script assumes of its inputs: ends that are equal, or 0, are no contradiction."""

from __future__ import annotations

import pytest
from checker_networks import read_program

from weightsmith.checker.assumed import Assumed
from weightsmith.checker.bounds import BITS, CONTRADICTION
from weightsmith.checker.ranges import precision
from weightsmith.checker.refusal import Budget, RefusedError
from weightsmith.checker.site_letters import read_script


def norm_of(name: str, *assumptions: str) -> float:
    """The bound of an input's norm, at c = 1."""
    lines = "".join(f"assume {one}\n" for one in assumptions)
    head = "algorithm a(A: symmetric[d, d], x: [d, 1])\nparam c\n"
    program, bindings = read_program(f"{head}{lines}return c*A*x\n", c=1)
    with precision(BITS):
        script = read_script(program, bindings, Budget())
        assumed = Assumed(program, script.meaning.inputs, script.field, bindings)
        letters = script.meaning.inputs[name].parts["", ""].letters()
        return float(assumed.letter(next(iter(letters))).norm)


def test_a_spectrum_may_be_one_point_and_a_norm_may_be_zero() -> None:
    assert norm_of("A", "spectrum(A) in [3, 3]") == 3
    assert norm_of("A", "spectrum(A) in [1, 3]", "spectrum(A) in [-4, 1]") == 1
    assert norm_of("x", "norm(x) <= 0") == 0


@pytest.mark.parametrize(
    "assumptions",
    [
        ("spectrum(A) in [1, 2]", "spectrum(A) in [2 + c, 4]"),
        ("norm(x) <= c - 2",),
    ],
)
def test_assumptions_that_no_input_meets_are_refused(assumptions: tuple[str, ...]) -> None:
    with pytest.raises(RefusedError, match=CONTRADICTION):
        norm_of("x", *assumptions)
