"""Ends of balls and of intervals as exact numbers, rounded outward as the checker rounds."""

from __future__ import annotations

from fractions import Fraction

import flint

from weightsmith.checker.balls.enclosures import round_down, round_up
from weightsmith.checker.balls.ranges import Interval, fraction

FLOOR = 1000  # an end nearer to zero than 2^-1000 is moved out to it


def outward(interval: Interval) -> Interval:
    return round_down(interval[0]), round_up(interval[1])


def to_fraction(ball_end: flint.arb) -> Fraction:
    """Return the exact value of a ball of radius zero."""
    return fraction(ball_end.fmpq())


def round_ball_up(value: flint.arb) -> Fraction:
    """``round_up`` of a ball of radius zero, however near to zero it is."""
    tiny = flint.arb(2) ** -FLOOR
    if -tiny < value < tiny:
        return Fraction(1, 1 << FLOOR) if value > 0 else Fraction(0)
    return round_up(to_fraction(value))
