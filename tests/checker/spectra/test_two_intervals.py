"""Two intervals around 0: the spectrum of the square, whichever ends are the farther from 0."""

from __future__ import annotations

from fractions import Fraction

import pytest

from weightsmith.checker.algebra.rational import Field, Rational
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.checker.spectra.operator_step import squared_ends
from weightsmith.dsl import Source, check
from weightsmith.dsl.program import core


def assumption(text: str) -> core.SpectrumAssumption:
    script = f"algorithm s(A: symmetric[d, d])\nassume {text}\nparam m = 2\nreturn A\n"
    (found,) = check(Source("s.alg", script)).assumptions
    assert isinstance(found, core.SpectrumAssumption)
    return found


@pytest.mark.parametrize(
    ("intervals", "least", "greatest"),
    [
        ("[-7, -2] or [3, 5]", 4, 49),
        ("[-7, -3] or [2, 5]", 4, 49),
        ("[-5, -2] or [3, 7]", 4, 49),
        ("[-5, -3] or [m, 7]", 4, 49),
        ("[-7, -m] or [m, 7]", 4, 49),
    ],
)
def test_a_square_lies_between_the_squares_of_the_ends(
    intervals: str, least: int, greatest: int
) -> None:
    field, numbers = Field(("m",)), {"m": Fraction(2)}
    ends = squared_ends(assumption(f"spectrum(A) in {intervals}"), field, numbers)
    assert [field.evaluate(end, numbers) for end in ends] == [least, greatest]


def test_what_tells_nothing_of_the_square_is_refused() -> None:
    field = Field(("m",))
    one = assumption("spectrum(A) in [2, 3]")
    with pytest.raises(RefusedError, match="Only two intervals of a spectrum"):
        squared_ends(one, field, {})
    other = assumption("spectrum(A) in [-7, -m] or [m, 5]")
    with pytest.raises(RefusedError, match="must be mirror images"):
        squared_ends(other, field, {})
    with pytest.raises(RefusedError, match="does not lie between"):
        squared_ends(other, field, {"m": Fraction(-1)})


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
