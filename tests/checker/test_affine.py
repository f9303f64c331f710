"""Targets C + b·left·f*·right: b and C are those of the script."""

from __future__ import annotations

import pytest

from weightsmith.checker.affine import check_affine
from weightsmith.checker.rational import Field
from weightsmith.checker.refusal import RefusedError
from weightsmith.checker.targets import Target
from weightsmith.checker.words import Letter, Polynomial
from weightsmith.dsl import parse_scalar

FIELD = Field(("mu",))
LETTERS = {name: Letter(name, "d", "d") for name in "AB"}
A, B = (Polynomial.letter(FIELD, letter) for letter in LETTERS.values())
HALF = FIELD.read(parse_scalar("mu/2"))
TARGET = Target((), (), 1, FIELD.one, None, shift=A.scaled(HALF) + B @ A)
SHIFT = [["mu/2", ["A"]], ["1", ["B", "A"]]]


def test_the_part_without_a_function_is_the_script_s() -> None:
    """With another C the distance of the value from the target would have C - C' in it."""
    check_affine({"shift": SHIFT}, TARGET, LETTERS, FIELD)
    for shift in (
        [],
        SHIFT[:1],
        SHIFT[1:],
        [["1/2", ["A"]], ["1", ["B", "A"]]],
        [["mu/2", ["A"]], ["1", ["B", "A'"]]],
        [["mu/2", ["A"]], ["1", ["A", "B"]]],
        [*SHIFT, ["1", ["B", "B"]]],
        [["1", []], *SHIFT],
    ):
        with pytest.raises(RefusedError, match="The target's part without a function is"):
            check_affine({"shift": shift}, TARGET, LETTERS, FIELD)


@pytest.mark.parametrize("step", [{}, {"factor": "1"}, {"factor": "mu", "shift": SHIFT}])
def test_absent_are_1_and_0(step: dict[str, object]) -> None:
    plain = Target((), (), 1, FIELD.one, None)
    check_affine({}, plain, LETTERS, FIELD)
    with pytest.raises(RefusedError):
        check_affine(step, TARGET, LETTERS, FIELD)
    with pytest.raises(RefusedError):
        check_affine({"shift": []}, plain, LETTERS, FIELD)
