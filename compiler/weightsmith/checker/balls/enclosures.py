"""Intervals that enclose what a loop does to a number: derived, each rounded outward to 64 bits.

An end is the nearest dyadic number of 64 bits outside; one in (−2^-1000, 2^-1000) is moved out to
0 or ±2^-1000, so that intervals stop shrinking.  Rounding asks for as much precision as decides it:
the same everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import flint

from weightsmith.checker.balls.ranges import (
    PRECISIONS,
    Interval,
    Real,
    at_most,
    extremes,
    fraction,
    precision,
    rational,
)
from weightsmith.checker.reading.refusal import require

BITS = 64
SMALLEST = Fraction(1, 1 << 1000)
HUGE = Fraction(2) ** 1000
VALUE_SLACK = Fraction(1, 1 << 40)  # of a bound's value above the derived one
MAX_INTERVALS = 5000
DIVERGES = "The bound diverges: the start is too far from the target."


def check_value(claimed: Fraction, true: Real) -> None:
    """Accept a bound's value that is at least the true one, and hardly larger."""
    require(at_most(true, Real.of(claimed)), "The bound's value is below the true value.")
    if claimed > SMALLEST:
        slack = Real.of(claimed / (1 + VALUE_SLACK))
        require(at_most(slack, true), "The bound's value is larger than the evidence gives.")


def round_up(value: Fraction, length: int = BITS) -> Fraction:
    """The least dyadic number of 64 bits that is not below a value."""
    return -round_down(-value, length)


def round_down(value: Fraction, length: int = BITS) -> Fraction:
    if value == 0:
        return value
    if abs(value) < SMALLEST:
        return Fraction(0) if value > 0 else -SMALLEST
    size = abs(value.numerator).bit_length() - value.denominator.bit_length()
    shift = length - size
    if abs(value) * Fraction(2) ** shift >= 1 << length:
        shift -= 1
    scaled = value * Fraction(2) ** shift
    return Fraction(scaled.numerator // scaled.denominator) / Fraction(2) ** shift


def above(value: Real) -> Fraction:
    """``round_up`` of a real number; refused if it is too large to be of use."""
    return -below(value.map(lambda exact: -exact, lambda ball: -ball))


def below(value: Real) -> Fraction:
    """``round_down`` of a real number; refused if it is too large to be of use."""
    if value.exact is not None:
        require(abs(value.exact) <= HUGE, DIVERGES)
        return round_down(value.exact)
    least = -HUGE
    for bits in PRECISIONS:
        with precision(bits):
            ball = value.ball()
            if not ball.is_finite():
                continue
            require(bool(ball.abs_lower() <= rational(HUGE)), DIVERGES)
            ends = (_rounded(ball.lower()), _rounded(ball.upper()))
            if ends[0] == ends[1]:
                return ends[0]
            least = max(least, ends[0])
    require(least > -HUGE, DIVERGES)
    return least


def _rounded(end: flint.arb) -> Fraction:
    """``round_down`` of an exact ball, however small or large it is."""
    tiny = flint.arb(rational(SMALLEST))
    if -tiny < end < tiny:
        return -SMALLEST if end < 0 else Fraction(0)
    if abs(end) > rational(HUGE):
        return 2 * HUGE if end > 0 else -2 * HUGE
    return round_down(fraction(end.fmpq()))


def outward(values: Sequence[Real]) -> Interval:
    """The smallest interval of 64 bits that holds all of them."""
    found = min(map(below, values)), max(map(above, values))
    require(max(map(abs, found)) <= HUGE, DIVERGES)
    return found


def size(interval: Interval) -> Fraction:
    """The largest absolute value."""
    return max(abs(interval[0]), abs(interval[1]))


def iterated(step: flint.fmpq_poly, start: Sequence[Real], passes: int) -> list[Interval]:
    """The start, then one interval a pass, each enclosing what the step makes of the one before.

    The list ends early at one that holds for all later passes: that encloses its own image.
    """
    return iterated_map(lambda last: extremes(step, last), start, passes)


def iterated_map(
    image: Callable[[Interval], Sequence[Real]], start: Sequence[Real], passes: int
) -> list[Interval]:
    """The same for any map; ``image`` has its least and its largest value on an interval."""
    intervals = [outward(start)]
    while len(intervals) <= passes:
        last = intervals[-1]
        found = outward(image(last))
        inside = last[0] <= found[0] and found[1] <= last[1]
        if inside and (found == last or size(last) <= SMALLEST):
            break
        intervals.append(found)
        few = len(intervals) <= MAX_INTERVALS
        require(few, f"More than {MAX_INTERVALS} passes bring no interval that stays.")
    return intervals


def followed(steps: Sequence[flint.fmpq_poly], start: Sequence[Real]) -> list[Interval]:
    """As ``iterated``, for a step of its own in every pass."""
    intervals = [outward(start)]
    for step in steps:
        intervals.append(outward(extremes(step, intervals[-1])))
    return intervals


def nth_root(value: Real, root: int) -> Real:
    """value^(1/root), exact if that is rational; of a root > 1 the value must not be negative."""
    require(root >= 1, "A root is at least the first.")
    if root == 1:
        return value
    require(at_most(Real.of(Fraction(0)), value), "The start is negative on the spectrum.")
    return value.map(lambda exact: _exact_root(exact, root), lambda ball: _ball_root(ball, root))


def _exact_root(value: Fraction, root: int) -> Fraction | None:
    whole = [int(flint.fmpz(part).root(root)) for part in value.as_integer_ratio()]
    found = Fraction(*whole)
    return found if found**root == value else None


def _ball_root(ball: flint.arb, root: int) -> flint.arb:
    """The root of what is not negative in a ball; FLINT's own has no value where 0 is in it."""
    ball = ball.nonnegative_part()
    if root == 2:
        return ball.sqrt()
    if not ball.contains(0):
        return ball.root(root)
    top = flint.arb(ball.upper())
    return flint.arb(0).union(top.root(root)) if top > 0 else flint.arb(0)


def to_arb(value: Fraction) -> flint.arb:
    return flint.arb(rational(value))
