"""Piecewise-linear functions with numbers: their values, and where they pass through levels."""

from __future__ import annotations

from fractions import Fraction

import pytest

from weightsmith.checker.algebra.composition import NumericPiecewise, composed
from weightsmith.checker.balls.ranges import fraction, rational
from weightsmith.checker.reading.refusal import Budget

F = Fraction
SLOPE, BREAKPOINTS = F(2), [(F(2), F(-5)), (F(1), F(1)), (F(5), F(4))]
EXACT_BREAKPOINTS = [(rational(place), rational(change)) for place, change in BREAKPOINTS]
ZIGZAG = NumericPiecewise.of(
    rational(SLOPE), EXACT_BREAKPOINTS
)  # to 5 at 2, to −1 at 5, then up again


def direct(t: Fraction) -> Fraction:
    return SLOPE * t + sum(change * max(t - place, F(0)) for place, change in BREAKPOINTS)


@pytest.mark.parametrize("t", [F(-3), F(0), F(1), F(4, 3), F(2), F(7, 2), F(5), F(9)])
def test_a_value_is_that_of_the_sum_of_breakpoints(t: Fraction) -> None:
    assert fraction(ZIGZAG(rational(t))) == direct(t)


def test_every_piece_that_meets_a_level_is_found() -> None:
    levels = tuple(map(rational, (F(-2), F(1), F(3), F(6))))
    found = sorted(fraction(place) for place, _ in ZIGZAG.meets(levels))
    assert found == [-1, F(1, 2), F(4, 3), 3, 4, 6, 7, F(17, 2)]
    assert [direct(place) for place in found] == [-2, 1, 3, 3, 1, 1, 3, 6]


def test_a_function_of_a_function_has_the_values_of_both() -> None:
    constant, slope, found = composed(ZIGZAG, ZIGZAG, Budget())
    breakpoints = [(fraction(place), fraction(change)) for place, change in found]
    for t in (F(i, 6) for i in range(-30, 60)):
        line = fraction(constant) + fraction(slope) * t
        whole = line + sum(change * max(t - at, F(0)) for at, change in breakpoints)
        assert whole == direct(direct(t))
