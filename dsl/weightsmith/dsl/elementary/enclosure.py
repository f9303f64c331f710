"""Intervals of real numbers whose ends are exact arb numbers or infinite, rounded outward.

A ball cannot say "from 1 to infinity", which is where the slope of sqrt(t) lies on [0, 1/4]; an
interval can.  0 times infinity is 0: the ends bound values that are finite inside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import flint

INFINITY = flint.arb("inf")
Word = Literal["pole", "not defined", "not proven finite"]


class UndefinedError(Exception):
    """A function is applied outside of where it is defined; certain if it is so everywhere."""

    def __init__(self, word: Word, *, certain: bool) -> None:
        super().__init__(f"{word} here")
        self.word: Word = word
        self.certain = certain


@dataclass(frozen=True, slots=True)
class Enclosure:
    """All numbers from low to high."""

    low: flint.arb
    high: flint.arb

    def __add__(self, other: Enclosure) -> Enclosure:
        return hull(self.low + other.low, self.high + other.high)

    def __sub__(self, other: Enclosure) -> Enclosure:
        return hull(self.low - other.high, self.high - other.low)

    def __neg__(self) -> Enclosure:
        return Enclosure(-self.high, -self.low)

    def __mul__(self, other: Enclosure) -> Enclosure:
        low, high = self.low, self.high
        if low >= 0 and other.low >= 0:
            return hull(_times(low, other.low), _times(high, other.high))
        ends = [_times(a, b) for a in (low, high) for b in (other.low, other.high)]
        return Enclosure(min(map(below, ends)), max(map(above, ends)))

    @property
    def sign(self) -> int:
        """1 or -1 if no number is of the other sign; 0 if that is open, or all are zero."""
        return int(self.low >= 0) - int(self.high <= 0)

    @property
    def is_finite(self) -> bool:
        return bool(self.low.is_finite() and self.high.is_finite())

    def largest(self) -> flint.arb:
        return max(-self.low, self.high)

    def smallest(self) -> flint.arb:
        """The least absolute value."""
        return max(self.low, -self.high, ZERO.low)


def hull(low: flint.arb, high: flint.arb) -> Enclosure:
    """The interval from below the ball ``low`` to above the ball ``high``."""
    return Enclosure(below(low), above(high))


def below(ball: flint.arb) -> flint.arb:
    if ball.is_finite():
        return ball.lower()
    return INFINITY if ball == INFINITY else -INFINITY


def above(ball: flint.arb) -> flint.arb:
    if ball.is_finite():
        return ball.upper()
    return -INFINITY if ball == -INFINITY else INFINITY


def _times(a: flint.arb, b: flint.arb) -> flint.arb:
    if a == 0 or b == 0:
        return ZERO.low
    return a * b


def ball(value: Fraction) -> flint.arb:
    return flint.arb(flint.fmpq(value.numerator, value.denominator))


def exactly(value: Fraction) -> Enclosure:
    enclosed = ball(value)
    return hull(enclosed, enclosed)


def increasing(function: Callable[[flint.arb], flint.arb], of: Enclosure) -> Enclosure:
    """The image under an increasing function."""
    if of.low == of.high:
        image = function(of.low)
        return hull(image, image)
    return hull(function(of.low), function(of.high))


def union(first: Enclosure, second: Enclosure) -> Enclosure:
    return Enclosure(min(first.low, second.low), max(first.high, second.high))


def inverse(of: Enclosure) -> Enclosure:
    """{1/x}.  Raises UndefinedError if 0 is among them."""
    if of.low <= 0 and of.high >= 0:
        raise UndefinedError("pole", certain=bool(of.low == of.high))
    return hull(1 / of.high, 1 / of.low)


def whole_power(of: Enclosure, exponent: int) -> Enclosure:
    """{x^exponent}.  Raises UndefinedError at a negative power of an interval with 0."""
    if exponent < 0:
        return inverse(whole_power(of, -exponent))
    low, high = of.low, of.high
    if exponent % 2 == 0 and low < 0:
        low, high = of.smallest(), of.largest()
    return hull(_power(low, exponent), _power(high, exponent))


def _power(x: flint.arb, exponent: int) -> flint.arb:
    if exponent == 0:
        return ONE.low
    if not x.is_finite():
        return x if exponent % 2 or x > 0 else -x
    return x**exponent


ZERO = Enclosure(flint.arb(0), flint.arb(0))
ONE = Enclosure(flint.arb(1), flint.arb(1))
TWO = Enclosure(flint.arb(2), flint.arb(2))
HALF = Enclosure(flint.arb(1) / 2, flint.arb(1) / 2)
UNIT = Enclosure(flint.arb(-1), flint.arb(1))
EVERYTHING = Enclosure(-INFINITY, INFINITY)
