"""The square of a spectrum in two intervals: its ends, and where they say nothing."""

from __future__ import annotations

from fractions import Fraction

import pytest

from weightsmith.checker.rational import Field, Rational
from weightsmith.checker.refusal import RefusedError
from weightsmith.checker.two_intervals import squared_ends
from weightsmith.dsl import Source, check, core

SCRIPT = """algorithm f(A: symmetric[d, d])
assume {}(A) in {}
return A*A
"""


def squared(ends: str, kind: str = "spectrum") -> tuple[Rational, Rational]:
    program = check(Source("by hand", SCRIPT.format(kind, ends)))
    (assumption,) = program.assumptions
    assert isinstance(assumption, core.SpectrumAssumption)
    return squared_ends(assumption, Field(program.symbols), {})


@pytest.mark.parametrize(
    ("ends", "low", "high"),
    [
        ("[-3, -1] or [2, 5]", 1, 25),
        ("[-7, -2] or [1, 5]", 1, 49),
        ("[-5, -1] or [1, 5]", 1, 25),
        ("[-3, -1/2] or [1/3, 2]", Fraction(1, 9), 9),
    ],
)
def test_the_nearest_and_the_farthest_end_are_squared(
    ends: str, low: Fraction, high: Fraction
) -> None:
    assert [one.as_number for one in squared(ends)] == [low, high]


def test_one_interval_and_other_kinds_of_spectrum_say_nothing() -> None:
    """A nonzero spectrum leaves out eigenvalues 0, whose squares lie in no interval."""
    for ends, kind in (("[-3, 2]", "spectrum"), ("[-3, -1] or [1, 2]", "nonzero_spectrum")):
        with pytest.raises(RefusedError, match="Only two intervals of a spectrum"):
            squared(ends, kind)
    with pytest.raises(RefusedError, match="0 does not lie between"):
        squared("[1, 2] or [3, 4]")
