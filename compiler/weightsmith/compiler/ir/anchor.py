"""Where a piecewise-linear function is anchored, so that its hinges do not cancel each other.

    f(t) = v + right·relu(t − a) − left·relu(a − t)
           + Σ_{p > a} change·relu(t − p) + Σ_{p < a} change·relu(p − t)

with a the place of one kink, v = f(a), left and right the slopes beside it: each hinge opens away
from a.  What rounding adds is of the order of Σ |terms|, which is convex in t, so largest at the
first or the last kink.  The anchor is the kink where that is least: the flat end of 1/t, the foot
of t².  A hinge more than another anchor needs must halve it.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

import flint

from weightsmith.compiler.ir.piecewise import NumericFunction

WORTH = 2  # by how much another hinge must lessen the sum


@dataclass(frozen=True, slots=True)
class Hinge:
    """coefficient · relu(sign·(t − place))."""

    coefficient: Fraction
    sign: int
    place: Fraction


def anchored(function: NumericFunction) -> tuple[Fraction, tuple[Hinge, ...]]:
    """Write a function with kinks as a constant and hinges that open away from its anchor."""
    changes = merged(function)
    places = sorted(changes)
    slopes = list(accumulate((changes[place] for place in places), initial=function.slope))
    values = _values(function, places, slopes)
    at = _anchor(places, [changes[place] for place in places], slopes, values)
    hinges: list[Hinge] = []
    for i, place in enumerate(places):
        if i == at:
            hinges += (Hinge(slopes[i + 1], 1, place), Hinge(-slopes[i], -1, place))
        else:
            hinges.append(Hinge(changes[place], 1 if i > at else -1, place))
    return values[at], tuple(hinge for hinge in hinges if hinge.coefficient)


def merged(function: NumericFunction) -> dict[Fraction, Fraction]:
    """The changes of slope by their places, where there is any; the first kink if there is none."""
    changes: dict[Fraction, Fraction] = {}
    for place, change in function.kinks:
        changes[place] = changes.get(place, Fraction(0)) + change
    first = function.kinks[0][0]
    return {place: change for place, change in changes.items() if change} or {first: Fraction(0)}


def _values(
    function: NumericFunction, places: list[Fraction], slopes: list[Fraction]
) -> list[Fraction]:
    steps = [
        slope * (after - before)
        for slope, before, after in zip(slopes[1:], places, places[1:], strict=False)
    ]
    first = function.constant + function.slope * places[0]
    return list(accumulate(steps, initial=first))


def _anchor(
    places: list[Fraction],
    changes: list[Fraction],
    slopes: list[Fraction],
    values: list[Fraction],
) -> int:
    """The number of the kink at which Σ |terms| is least, hinges counted."""
    at, bends = [_exact(p) for p in places], [abs(_exact(c)) for c in changes]
    below = _reaches(at, bends, at[0])
    above = _reaches(at[::-1], bends[::-1], at[-1])[::-1]
    sizes = []
    for i, value in enumerate(values):
        left = abs(_exact(slopes[i])) * (at[i] - at[0]) + below[i]
        right = abs(_exact(slopes[i + 1])) * (at[-1] - at[i]) + above[i]
        sizes.append(abs(_exact(value)) + max(left, right))
    counts = [bool(slopes[i]) + bool(slopes[i + 1]) for i in range(len(places))]
    few = min(range(len(places)), key=lambda i: (counts[i], sizes[i]))
    best = min(range(len(places)), key=sizes.__getitem__)
    return best if sizes[best] * WORTH < sizes[few] else few


def _reaches(
    places: list[flint.fmpq], bends: list[flint.fmpq], end: flint.fmpq
) -> list[flint.fmpq]:
    """For each kink, Σ bend·|place − end| over those before it."""
    terms = (bend * abs(place - end) for place, bend in zip(places, bends, strict=True))
    return list(accumulate(terms, initial=flint.fmpq(0)))[:-1]


def _exact(value: Fraction) -> flint.fmpq:
    return flint.fmpq(value.numerator, value.denominator)
