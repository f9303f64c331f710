"""Ranges of polynomials over intervals, enclosed by ball arithmetic, rounded outward.

Interval ends are dyadic numbers of 64 bits; an end nearer to zero than 2^-1000 is moved out to it.
"""

from __future__ import annotations

from fractions import Fraction
from typing import cast

import flint

BITS = 64
FLOOR = 1000
PRECISION = 320
HUGE = Fraction(2) ** 1000

Interval = tuple[Fraction, Fraction]


class DivergesError(Exception):
    """The bound grows beyond every use."""


def round_up(value: Fraction, bits: int = BITS) -> Fraction:
    """Return the least dyadic of so many bits ≥ value; in (0, 2^-1000) that is 2^-1000."""
    return -round_down(-value, bits)


def round_down(value: Fraction, bits: int = BITS) -> Fraction:
    """Return the greatest dyadic of so many bits ≤ value; in (−2^-1000, 0) that is −2^-1000."""
    if value == 0:
        return value
    tiny = Fraction(1, 1 << FLOOR)
    if abs(value) < tiny:
        return Fraction(0) if value > 0 else -tiny
    size = abs(value.numerator).bit_length() - value.denominator.bit_length()
    shift = bits - size
    if abs(value) * Fraction(2) ** shift >= 1 << bits:
        shift -= 1
    scaled = value * Fraction(2) ** shift
    return Fraction(scaled.numerator // scaled.denominator) / Fraction(2) ** shift


def outward(interval: Interval) -> Interval:
    return round_down(interval[0]), round_up(interval[1])


def to_fraction(ball_end: flint.arb) -> Fraction:
    """Return the exact value of a ball of radius zero."""
    mantissa, exponent = ball_end.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def round_ball_up(value: flint.arb) -> Fraction:
    """``round_up`` of a ball of radius zero, however near to zero it is."""
    tiny = flint.arb(2) ** -FLOOR
    if -tiny < value < tiny:
        return Fraction(1, 1 << FLOOR) if value > 0 else Fraction(0)
    return round_up(to_fraction(value))


def polynomial_range(coefficients: list[Fraction], interval: Interval) -> Interval:
    """Enclose {p(x): x in interval}, p = Σ coefficients[k] x^k, within 2^-300 relatively or so.

    The extremes are at the ends (exact) or at a real root of p′ (isolated by flint).
    """
    low, high = interval
    values = [_at(coefficients, low), _at(coefficients, high)]
    lower, upper = min(values), max(values)
    derivative = [k * c for k, c in enumerate(coefficients)][1:]
    while derivative and derivative[-1] == 0:
        derivative.pop()
    if len(derivative) <= 1 or low == high:
        return lower, upper
    with flint.ctx.workprec(PRECISION):
        for root in _real_roots(derivative):
            if not (root < _ball(low)) and not (root > _ball(high)):
                value = _ball_at(coefficients, root)
                lower = min(lower, to_fraction(value.lower()))
                upper = max(upper, to_fraction(value.upper()))
    return lower, upper


def _at(coefficients: list[Fraction], x: Fraction) -> Fraction:
    total = Fraction(0)
    for coefficient in reversed(coefficients):
        total = total * x + coefficient
    return total


def _ball(value: Fraction) -> flint.arb:
    return flint.arb(flint.fmpq(value.numerator, value.denominator))


def _ball_at(coefficients: list[Fraction], x: flint.arb) -> flint.arb:
    total = flint.arb(0)
    for coefficient in reversed(coefficients):
        total = total * x + _ball(coefficient)
    return total


def _real_roots(coefficients: list[Fraction]) -> list[flint.arb]:
    polynomial = flint.fmpq_poly([flint.fmpq(c.numerator, c.denominator) for c in coefficients])
    roots = cast("list[tuple[flint.acb, int]]", polynomial.numer().complex_roots())
    return [root.real for root, _ in roots if root.imag.contains(0)]


def largest(interval: Interval) -> Fraction:
    """Return max |x| over the interval."""
    return max(abs(interval[0]), abs(interval[1]))


def inside(inner: Interval, outer: Interval) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def iterate(coefficients: list[Fraction], start: Interval, count: int) -> list[Interval]:
    """Enclose the iterates of x ← p(x): the start, then one interval a pass.

    Stops at an interval that contains its own image: it holds for every later pass.
    Raises DivergesError if the intervals grow beyond 2^1000.
    """
    intervals = [outward(start)]
    for _ in range(count):
        image = outward(polynomial_range(coefficients, intervals[-1]))
        if largest(image) > HUGE:
            raise DivergesError
        if inside(image, intervals[-1]):
            if image[0] == intervals[-1][0] and image[1] == intervals[-1][1]:
                break
            if largest(intervals[-1]) <= Fraction(1, 1 << FLOOR):
                break
        intervals.append(image)
    return intervals


def root_range(interval: Interval, degree: int) -> Interval:
    """Enclose {x^(1/degree)} over an interval of nonnegative numbers."""
    if degree == 1:
        return interval
    with flint.ctx.workprec(PRECISION):
        low, high = (_ball(end).root(degree) if end else flint.arb(0) for end in interval)
        return to_fraction(low.lower()), to_fraction(high.upper())
