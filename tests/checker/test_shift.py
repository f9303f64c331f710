"""What of a target has no function: a sum of words, each once, in their order."""

from __future__ import annotations

import pytest

from weightsmith.checker.affine import check_affine
from weightsmith.checker.rational import Field
from weightsmith.checker.refusal import RefusedError
from weightsmith.checker.targets import Target
from weightsmith.checker.words import Letter, Polynomial

FIELD = Field(())
A = Letter("A", "d", "d")
TWO_A_AND_I = Polynomial(FIELD, "d", "d", {(): FIELD.one, (A,): FIELD.number(2)})
TARGET = Target((), (), 1, FIELD.one, None, shift=TWO_A_AND_I)


def check_shift(*terms: tuple[str, list[str]]) -> None:
    check_affine({"shift": [list(term) for term in terms]}, TARGET, {"A": A}, FIELD)


def test_the_words_of_a_shift_stand_in_order_and_once() -> None:
    check_shift(("1", []), ("2", ["A"]))
    for terms in (
        [("2", ["A"]), ("1", [])],
        [("1", []), ("5", ["A"]), ("2", ["A"])],
        [("7", []), ("1", []), ("2", ["A"])],
    ):
        with pytest.raises(RefusedError, match="the words are not in order"):
            check_shift(*terms)  # type: ignore[arg-type]


def test_another_shift_is_refused() -> None:
    with pytest.raises(RefusedError, match="part without a function"):
        check_shift(("1", []), ("1", ["A"]))
