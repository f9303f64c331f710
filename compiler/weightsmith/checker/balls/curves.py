"""Piecewise-linear functions of one variable with numbers: ranges and slopes on an interval."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from weightsmith.checker.balls.bounds import Ball, Bounds, ball_above, ball_below, exact, times
from weightsmith.checker.balls.ranges import fraction, rational
from weightsmith.checker.reading.scalar_text import value_at
from weightsmith.dsl.program import core

Range = tuple[Fraction | None, Fraction | None]  # None: without end


@dataclass(frozen=True)
class Curve:
    """Linear between its places; ``slopes`` has one more, those before the first and the last."""

    places: tuple[Fraction, ...]
    values: tuple[Fraction, ...]
    slopes: tuple[Fraction, ...]

    def at(self, t: Fraction) -> Fraction:
        place = max(bisect_right(self.places, t) - 1, 0)
        slope = self.slopes[0] if t < self.places[0] else self.slopes[place + 1]
        return self.values[place] + slope * (t - self.places[place])

    def range(self, low: Fraction | None, high: Fraction | None) -> Range:
        """The least and the largest value on an interval."""
        first = 0 if low is None else bisect_left(self.places, low)
        last = len(self.places) if high is None else bisect_right(self.places, high)
        inner = self.values[first:last]
        found = [*(self._extremes if len(inner) == len(self.values) else inner)]
        found += [self.at(end) for end in (low, high) if end is not None]
        bottom: Fraction | None = min(found)
        top: Fraction | None = max(found)
        if low is None:
            bottom = None if self.slopes[0] > 0 else bottom
            top = None if self.slopes[0] < 0 else top
        if high is None:
            bottom = None if self.slopes[-1] < 0 else bottom
            top = None if self.slopes[-1] > 0 else top
        return bottom, top

    def slope_range(self, low: Fraction | None, high: Fraction | None) -> tuple[Fraction, Fraction]:
        """The least and the largest slope of a piece that meets the interval."""
        first = 0 if low is None else bisect_left(self.places, low)
        last = len(self.places) if high is None else bisect_right(self.places, high)
        met = self.slopes[first : last + 1]
        return self._slope_extremes if len(met) == len(self.slopes) else (min(met), max(met))

    @cached_property
    def _extremes(self) -> tuple[Fraction, Fraction]:
        return min(self.values), max(self.values)

    @cached_property
    def _slope_extremes(self) -> tuple[Fraction, Fraction]:
        return min(self.slopes), max(self.slopes)

    def steepest(self, low: Fraction | None, high: Fraction | None) -> Fraction:
        return max(map(abs, self.slope_range(low, high)))


def exact_curve(function: core.PiecewiseLinear, bindings: Mapping[str, Fraction]) -> Curve:
    """A function of the script, at the bindings."""
    changes: dict[Fraction, Fraction] = {}
    for place, change in function.breakpoints:
        at = value_at(place, bindings)
        changes[at] = changes.get(at, Fraction(0)) + value_at(change, bindings)
    constant, slope = (value_at(one, bindings) for one in (function.constant, function.slope))
    places = sorted(changes) or [Fraction(0)]
    slopes = [slope]
    for point in places:
        slopes.append(slopes[-1] + changes.get(point, Fraction(0)))
    values = [constant + slope * places[0]]
    for (one, two), steep in zip(pairwise(places), slopes[1:-1], strict=True):
        values.append(values[-1] + steep * (two - one))
    return Curve(tuple(places), tuple(values), tuple(slopes))


def table_curve(knots: Sequence[tuple[Fraction, Fraction]]) -> Curve:
    """A table: linear between the knots, constant outside."""
    exact = [(rational(place), rational(value)) for place, value in knots]
    slopes = [fraction((two[1] - one[1]) / (two[0] - one[0])) for one, two in pairwise(exact)]
    places, values = zip(*knots, strict=True)
    return Curve(places, values, (Fraction(0), *slopes, Fraction(0)))


def end(value: Ball) -> Fraction | None:
    """The end of an interval of entries."""
    return exact(value) if value.is_finite() else None


def curve_bounds(curve: Curve, argument: Bounds, height: Ball, width: Ball) -> Bounds:
    """f of every entry, of a matrix of at most so many rows (height) and columns (width).

    Besides the range: |f(t)| ≤ |f(0)| + (largest slope)·|t|, for a column of entries t too.
    """
    low, high = curve.range(end(argument.low), end(argument.high))
    bounds = Bounds() if low is None else Bounds(low=ball_below(low))
    bounds = bounds if high is None else bounds.meet(Bounds(high=ball_above(high)))
    steep, start = ball_above(curve.steepest(None, None)), ball_above(abs(curve.at(Fraction(0))))
    column = (times(steep, argument.column) + times(start, height.sqrt())).upper()
    row = (times(steep, argument.row) + times(start, width.sqrt())).upper()
    return bounds.meet(Bounds(column=column, row=row)).tightened(height, width)


def reached(one: Bounds, two: Bounds) -> tuple[Fraction | None, Fraction | None]:
    """The smallest interval that holds the entries of both."""
    hull = one.hull(two)
    return end(hull.low), end(hull.high)


def steep_bounds(slope: Ball, difference: Bounds) -> Bounds:
    """What a function with slopes up to this makes of a difference of its arguments."""
    size = times(slope, difference.size).upper()
    column, row = times(slope, difference.column), times(slope, difference.row)
    return Bounds(-size, size, column.upper(), row.upper())
