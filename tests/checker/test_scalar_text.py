"""Scalar texts at the bindings: exact values, and counts that are whole numbers."""

from __future__ import annotations

from fractions import Fraction

import pytest

from weightsmith.checker.refusal import RefusedError
from weightsmith.checker.scalar_text import MAX_COUNT, count_at
from weightsmith.dsl import parse_scalar


def test_a_count_is_a_whole_number_from_0_up() -> None:
    for value in (0, 1, MAX_COUNT):
        assert count_at(parse_scalar("k"), {"k": Fraction(value)}) == value
    assert count_at(parse_scalar("2*k + 1"), {"k": Fraction(1, 2)}) == 2
    for wrong in (Fraction(1, 2), Fraction(-1), Fraction(-1, 2), Fraction(MAX_COUNT + 1)):
        with pytest.raises(RefusedError, match="The count 'k' is not a whole number from 0 up"):
            count_at(parse_scalar("k"), {"k": wrong})
