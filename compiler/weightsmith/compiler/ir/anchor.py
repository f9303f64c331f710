"""Where a piecewise-linear function is anchored, so that its hinges do not cancel each other.

    f(t) = v + right·relu(t − a) − left·relu(a − t)
           + Σ_{p > a} change·relu(t − p) + Σ_{p < a} change·relu(p − t)

with a the place of one breakpoint, v = f(a), left and right the slopes beside it: each hinge opens
away from a.  What rounding adds is of the order of Σ |terms|, which is convex in t, so largest at
the first or the last breakpoint.  The anchor is the breakpoint where that is least: the flat end of
1/t, the foot of t².  A hinge more than another anchor needs must halve it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise

import flint

from weightsmith.checker.balls.ranges import fraction
from weightsmith.compiler.ir.piecewise import exact_form
from weightsmith.dsl.program.core import PiecewiseLinear

WORTH = 2  # by how much another hinge must lessen the sum
Numbers = Sequence[flint.fmpq]


@dataclass(frozen=True, slots=True)
class Hinge:
    """coefficient · relu(sign·(t − place))."""

    coefficient: Fraction
    sign: int
    place: Fraction


def anchored(function: PiecewiseLinear) -> tuple[Fraction, tuple[Hinge, ...]]:
    """Write a function with breakpoints as a constant and hinges that open away from its anchor."""
    exact = exact_form(function)
    places, values, slopes = exact.places, exact.values, exact.slopes
    changes = [after - before for before, after in pairwise(slopes)]
    at = _anchor(places, changes, slopes, values)
    terms: list[tuple[flint.fmpq, int, flint.fmpq]] = []
    for i, (place, change) in enumerate(zip(places, changes, strict=True)):
        if i == at:
            terms += ((slopes[i + 1], 1, place), (-slopes[i], -1, place))
        else:
            terms.append((change, 1 if i > at else -1, place))
    hinges = (Hinge(fraction(c), sign, fraction(place)) for c, sign, place in terms if c)
    return fraction(values[at]), tuple(hinges)


def _anchor(places: Numbers, changes: Numbers, slopes: Numbers, values: Numbers) -> int:
    """The number of the breakpoint at which Σ |terms| is least, hinges counted."""
    bends = [abs(change) for change in changes]
    below = _reaches(places, bends)
    above = _reaches(places[::-1], bends[::-1])[::-1]
    sizes = []
    for i, value in enumerate(values):
        left = abs(slopes[i]) * (places[i] - places[0]) + below[i]
        right = abs(slopes[i + 1]) * (places[-1] - places[i]) + above[i]
        sizes.append(abs(value) + max(left, right))
    counts = [bool(before) + bool(after) for before, after in pairwise(slopes)]
    few = min(range(len(places)), key=lambda i: (counts[i], sizes[i]))
    best = min(range(len(places)), key=sizes.__getitem__)
    return best if sizes[best] * WORTH < sizes[few] else few


def _reaches(places: Numbers, bends: Numbers) -> list[flint.fmpq]:
    """For each breakpoint, Σ bend·|place − first place| over those before it."""
    terms = (bend * abs(place - places[0]) for place, bend in zip(places, bends, strict=True))
    return list(accumulate(terms, initial=flint.fmpq(0)))[:-1]
