"""Scalar texts at the bindings: exact values, and counts that are whole numbers."""

from __future__ import annotations

from fractions import Fraction

import pytest

from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.checker.reading.scalar_text import MAX_COUNT, count_at, read_schedule
from weightsmith.dsl import parse_scalar
from weightsmith.dsl.numbers.scalars import Number


def test_a_count_is_a_whole_number_from_0_up() -> None:
    for value in (0, 1, MAX_COUNT):
        assert count_at(parse_scalar("k"), {"k": Fraction(value)}) == value
    assert count_at(parse_scalar("2*k + 1"), {"k": Fraction(1, 2)}) == 2
    for wrong in (Fraction(1, 2), Fraction(-1), Fraction(-1, 2), Fraction(MAX_COUNT + 1)):
        with pytest.raises(RefusedError, match="The count 'k' is not a whole number from 0 up"):
            count_at(parse_scalar("k"), {"k": wrong})


def test_a_schedule_is_an_object_of_at_least_one_name() -> None:
    """An empty one would be no schedule: its loop would be taken for a plain ``repeat``."""
    two = Number(Fraction(2))
    assert read_schedule({"g": ["1", "1/2"]}, "the loop", two).keys() == {"g"}
    for value in ({}, [], [["g", ["1", "1/2"]]], "g", None):
        with pytest.raises(RefusedError, match="expected an object of names"):
            read_schedule(value, "the loop", two)
