"""Interval chains of the autonomous rules, by evaluation at the known extreme points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from checker_writing import rounded_down, rounded_up

FLOOR = Fraction(1, 1 << 1000)
Map = Callable[[Fraction], Fraction]


def outward(values: Sequence[Fraction]) -> tuple[Fraction, Fraction]:
    """The hull, rounded outward to 64 bits and to 2^-1000."""
    low, high = rounded_down(min(values)), rounded_up(max(values))
    if 0 < abs(low) < FLOOR:
        low = -FLOOR if low < 0 else Fraction(0)
    if 0 < abs(high) < FLOOR:
        high = FLOOR if high > 0 else Fraction(0)
    return low, high


def chain(
    start: Sequence[Fraction], step: Map, critical: Sequence[Fraction], count: int
) -> list[list[str]]:
    """Intervals of x ← step(x); ``critical`` holds all its critical points (rational)."""
    intervals = [outward(start)]
    for _ in range(count):
        low, high = intervals[-1]
        points = [low, high, *(point for point in critical if low <= point <= high)]
        after = outward([step(point) for point in points])
        if low <= after[0] and after[1] <= high and after == intervals[-1]:
            break
        intervals.append(after)
    return [[str(low), str(high)] for low, high in intervals]


def last_size(intervals: list[list[str]]) -> str:
    return str(max(abs(Fraction(end)) for end in intervals[-1]))


def root_near(value: Fraction, bits: int = 400) -> Fraction:
    """√value to many bits, downward; exact squares come out exact."""
    from math import isqrt

    scale = 1 << bits
    exact = isqrt(value.numerator), isqrt(value.denominator)
    if exact[0] ** 2 == value.numerator and exact[1] ** 2 == value.denominator:
        return Fraction(*exact)
    return Fraction(isqrt(value.numerator * scale * scale // value.denominator), scale)
