"""The numbers of each pass of a ``for`` loop, as a certificate's files have them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from weightsmith.checker.refusal import RefusedError
from weightsmith.checker.scalar_text import read_schedule
from weightsmith.dsl.scalars import Number


def test_a_schedule_is_an_object_of_at_least_one_name() -> None:
    """An empty one would be no schedule: its loop would be taken for a plain ``repeat``."""
    two = Number(Fraction(2))
    assert read_schedule({"g": ["1", "1/2"]}, "the loop", two).keys() == {"g"}
    for value in ({}, [], [["g", ["1", "1/2"]]], "g", None):
        with pytest.raises(RefusedError, match="expected an object of names"):
            read_schedule(value, "the loop", two)
