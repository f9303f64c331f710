"""Rounding rules of a claim's numbers: outward to 64 bits, and not looser than that.

An interval end must lie outside the true end, by at most 2^-62 relatively or 2^-999 absolutely; a
bound's value must be at least the true value, and at most 2^-40 relatively above it (or 2^-1000).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import flint

from weightsmith.checker.ranges import Interval, Real, at_most, extremes, largest, rational
from weightsmith.checker.refusal import quoted, require
from weightsmith.checker.strict_json import as_items, as_list, as_number

INTERVAL_SLACK = Fraction(1, 1 << 62)
SMALLEST_END = Fraction(1, 1 << 999)
VALUE_SLACK = Fraction(1, 1 << 60)
SMALLEST_VALUE = Fraction(1, 1 << 1000)
MAX_INTERVALS = 20_000
WIDEST = 64  # bits of a rounded number


def check_value(claimed: Fraction, true: Real) -> None:
    """Accept a bound's value that is at least the true one, and hardly larger."""
    _check_rounded(claimed, "The bound's value")
    require(at_most(true, Real.of(claimed)), "The bound's value is below the true value.")
    if claimed <= SMALLEST_VALUE:
        return
    slack = Real.of(claimed / (1 + VALUE_SLACK))
    require(at_most(slack, true), "The bound's value is larger than the evidence gives.")


def read_intervals(value: object) -> list[Interval]:
    """A list of [low, high], exact numbers."""
    require(len(as_list(value, "intervals")) <= MAX_INTERVALS, "There are too many intervals.")
    return list(as_items(value, "intervals", _interval))


def _interval(value: object, what: str) -> Interval:
    ends = as_items(value, what, as_number)
    require(len(ends) == 2, f"{what}: expected [low, high].")
    low, high = ends
    require(low <= high, f"{what} is empty.")
    return low, high


def _check_rounded(number: Fraction, what: str) -> None:
    """A value rounded to 64 bits is p·2^k with p of at most 64 bits."""
    power_of_two = number.denominator & (number.denominator - 1) == 0
    length = abs(number.numerator).bit_length()
    trailing = (number.numerator & -number.numerator).bit_length() - 1 if number else 0
    rounded = power_of_two and length - trailing <= WIDEST
    require(rounded, f"{what}, {quoted(str(number))}, is not rounded to {WIDEST} bits.")


def contains(interval: Interval, values: Sequence[Real]) -> bool:
    """True if every value lies in the interval."""
    low, high = (Real.of(end) for end in interval)
    return all(at_most(low, value) and at_most(value, high) for value in values)


def check_encloses(interval: Interval, values: Sequence[Real], what: str) -> None:
    """The interval must hold the values and be what rounding their extremes outward gives."""
    require(contains(interval, values), f"{what} does not contain what it must.")
    for end, sign in zip(interval, (-1, 1), strict=True):
        outer = end * sign
        slack = max(abs(outer) * INTERVAL_SLACK, SMALLEST_END)
        reach = largest([_signed(value, sign) for value in values])
        require(at_most(Real.of(outer - slack), reach), f"{what} is wider than the evidence gives.")


def _signed(value: Real, sign: int) -> Real:
    return value.map(lambda exact: exact * sign, lambda ball: ball * sign)


def check_steps(
    intervals: Sequence[Interval], start: Sequence[Real], steps: Sequence[flint.fmpq_poly]
) -> None:
    """As ``check_chain``, for a map of its own in every pass: none is left out."""
    passes = len(steps)
    require(len(intervals) == passes + 1, f"There must be {passes + 1} intervals.")
    check_encloses(intervals[0], start, "intervals[0]")
    for place, step in enumerate(steps):
        image = extremes(step, intervals[place])
        check_encloses(intervals[place + 1], image, f"intervals[{place + 1}]")


def check_chain(
    intervals: Sequence[Interval], start: Sequence[Real], step: flint.fmpq_poly, passes: int
) -> None:
    """intervals[0] encloses the start, each next one the image of the one before.

    The list ends after ``passes``, or at an interval that contains its own image.
    """
    require(bool(intervals), "The claim has no intervals.")
    require(len(intervals) <= passes + 1, f"There are more intervals than {passes} passes need.")
    check_encloses(intervals[0], start, "intervals[0]")
    for place, (before, after) in enumerate(pairwise(intervals)):
        check_encloses(after, extremes(step, before), f"intervals[{place + 1}]")
    if len(intervals) <= passes:
        image = extremes(step, intervals[-1])
        stationary = contains(intervals[-1], image)
        require(stationary, f"The intervals end after {len(intervals) - 1} of {passes} passes.")


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
