"""Piecewise-linear functions of piecewise-linear functions, all with numbers: f(g(t)) exactly.

f∘g is linear between the breakpoints of g and the places where g meets a breakpoint of f; it is
determined by its values there and by one value further out on either side.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise
from operator import itemgetter

import flint

from weightsmith.checker.algebra.piecewise import MAX_BREAKPOINTS
from weightsmith.checker.reading.refusal import Budget, require
from weightsmith.checker.reading.work import of_fractions

TOO_MANY = f"A function of a function has more than {MAX_BREAKPOINTS} breakpoints."
Point = tuple[flint.fmpq, flint.fmpq]  # place, value
Breakpoints = tuple[tuple[flint.fmpq, flint.fmpq], ...]  # place, change of slope


@dataclass(frozen=True, slots=True)
class NumericPiecewise:
    """Values at the places, which increase; slopes before the first, between them, after the last.

    There is at least one place.
    """

    places: tuple[flint.fmpq, ...]
    values: tuple[flint.fmpq, ...]
    slopes: tuple[flint.fmpq, ...]

    @staticmethod
    def of(
        start: flint.fmpq,
        breakpoints: Iterable[tuple[flint.fmpq, flint.fmpq]],
        constant: flint.fmpq | int = 0,
    ) -> NumericPiecewise:
        """constant + start·t + Σ change·relu(t − place); the places are distinct."""
        ordered = sorted(breakpoints, key=itemgetter(0))
        places = tuple(place for place, _ in ordered)
        slopes = tuple(accumulate((change for _, change in ordered), initial=start))
        values = [constant + start * places[0]]
        for (before, after), steep in zip(pairwise(places), slopes[1:-1], strict=True):
            values.append(values[-1] + steep * (after - before))
        return NumericPiecewise(places, tuple(values), slopes)

    def __call__(self, t: flint.fmpq) -> flint.fmpq:
        piece = bisect_right(self.places, t)
        near = max(piece - 1, 0)
        return self.values[near] + self.slopes[piece] * (t - self.places[near])

    def meets(self, levels: tuple[flint.fmpq, ...]) -> Iterable[tuple[flint.fmpq, int]]:
        """Where it passes through which of the levels, which increase; breakpoints left out."""
        for piece, slope in enumerate(self.slopes):
            if slope == 0:
                continue
            near = max(piece - 1, 0)
            at, value = self.places[near], self.values[near]
            low = self.places[piece - 1] if piece else None
            high = self.places[piece] if piece < len(self.places) else None
            ends = (low, high) if slope > 0 else (high, low)
            first = 0 if ends[0] is None else bisect_left(levels, self(ends[0]))
            last = len(levels) if ends[1] is None else bisect_right(levels, self(ends[1]))
            for number in range(first, last):
                yield at + (levels[number] - value) / slope, number


def composed(
    outer: NumericPiecewise, inner: NumericPiecewise, budget: Budget
) -> tuple[flint.fmpq, flint.fmpq, Breakpoints]:
    """Constant, slope and breakpoints of outer(inner(t))."""
    at_breakpoints = (
        (place, outer(value)) for place, value in zip(inner.places, inner.values, strict=True)
    )
    met = ((place, outer.values[number]) for place, number in inner.meets(outer.places))
    points = _distinct(chain(at_breakpoints, met))
    places = [place for place, _ in points]
    bits = max(_bits(one) for one in (outer, inner))
    budget.spend(len(places) * 8 * of_fractions(bits))
    first, last = ((place, outer(inner(place))) for place in (places[0] - 1, places[-1] + 1))
    points = [first, *points, last]
    slopes = [(after[1] - here[1]) / (after[0] - here[0]) for here, after in pairwise(points)]
    changes = [after - before for before, after in pairwise(slopes)]
    pairs = zip(places, changes, strict=True)
    breakpoints = tuple((place, change) for place, change in pairs if change)
    return first[1] - slopes[0] * first[0], slopes[0], breakpoints


def _distinct(found: Iterable[Point]) -> list[Point]:
    """Points in order of their places, each once; one is found at most three times."""
    points: list[Point] = []
    for point in found:
        points.append(point)
        require(len(points) <= 3 * MAX_BREAKPOINTS, TOO_MANY)
    points.sort(key=itemgetter(0))
    once = points[:1] + [after for before, after in pairwise(points) if before[0] != after[0]]
    require(len(once) <= MAX_BREAKPOINTS, TOO_MANY)
    return once


def _bits(function: NumericPiecewise) -> int:
    """The length of its longest number."""
    numbers = (*function.places, *function.values, *function.slopes)
    return max(int(one.height_bits()) for one in numbers)
