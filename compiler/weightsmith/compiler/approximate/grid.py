"""Where to look at a function before fitting lines: a grid that no piece can slip through.

The interval is cut into cells on which f'' is proven to vary by at most a factor of 4; each gets as
many points as keep the chord between neighbours within ``sag`` of f:  spacing² max|f''|/8 ≤ sag.
Where f'' is unbounded (sqrt at 0, the kink of abs) cells shrink until f itself varies by ≤ sag.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, sqrt

from weightsmith.compiler.approximate.enclosure import UndefinedError, ball
from weightsmith.compiler.approximate.formula_balls import JetAt, Place, ValueAt, jets, values
from weightsmith.compiler.certify.intervals import to_fraction
from weightsmith.dsl.formulas import Formula

DEEPEST = 56  # halvings
EVEN = 4  # the factor by which |f''| may vary in a cell
FEW = 8  # points, for which evenness does not matter
MOST_POINTS = 1_000_000
MOST_CELLS = 20_000  # four for each of 5000 pieces; only noise in f'' asks for more


class TooFineError(Exception):
    """So small an error needs more pieces than a table should have."""


@dataclass(frozen=True)
class Grid:
    """f less the line ``start + slope (t - low)`` at places in [0, 1], as floats.

    Each step has about the same share of ∫ √|f''| dt.
    """

    places: list[float]
    heights: list[float]
    start: Fraction
    slope: Fraction
    rise: Fraction
    sag: float

    @property
    def size(self) -> float:
        return max(map(abs, self.heights))

    @property
    def resolution(self) -> float:
        """What a float64 of the size of f cannot tell from 0."""
        largest = max(self.size, abs(float(self.start)), abs(float(self.start + self.rise)))
        return largest * 2.0**-48

    @property
    def weight(self) -> float:
        """∫ √|f''| dt, from above."""
        return (len(self.places) - 1) * sqrt(8 * self.sag)


@dataclass(frozen=True)
class Sampler:
    """A formula on an interval, ready to be sampled.  Use it in a working precision."""

    at: JetAt
    value: ValueAt
    whole: Place

    @staticmethod
    def of(formula: Formula, bindings: Mapping[str, Fraction], whole: Place) -> Sampler:
        return Sampler(jets(formula, bindings), values(formula, bindings), whole)

    def grid(self, sag: float) -> Grid:
        """Return the grid whose chords stay within ``sag`` of the function."""
        cells = self._cells(sag)
        if sum(steps for _, steps in cells) > MOST_POINTS:
            raise TooFineError
        whole = self.whole
        ends = [self._exact(end) for end in (whole.low, whole.high)]
        slope = (ends[1] - ends[0]) / whole.width
        low, start, rise = ball(whole.low), ball(ends[0]), ball(slope)
        places, heights = [0.0], [0.0]
        for cell, steps in cells:
            first, step = ball(cell.low) - low, ball(cell.width) / steps
            for k in range(1, steps + 1):
                offset = first + step * k
                places.append(float(offset))
                heights.append(float(self.value(low + offset) - start - rise * offset))
        width = float(whole.width)
        places = [place / width for place in places]
        places[-1], heights[-1] = 1.0, 0.0
        return Grid(*_distinct(places, heights), ends[0], slope, ends[1] - ends[0], sag)

    def spread(self) -> float:
        """The width of the range of f, roughly."""
        ends = [self._exact(self.whole.low + self.whole.width * k / 16) for k in range(17)]
        return float(max(ends) - min(ends)) or abs(float(ends[0])) or 1.0

    def _exact(self, place: Fraction) -> Fraction:
        return to_fraction(self.at(Place(place, place)).value.low)

    def _cells(self, sag: float) -> list[tuple[Place, int]]:
        """The cells from left to right, with their numbers of steps."""
        found: list[tuple[Place, int]] = []
        waiting = [(self.whole, 0)]
        while waiting:
            if len(found) + len(waiting) > MOST_CELLS:
                raise TooFineError
            cell, depth = waiting.pop()
            steps = self._steps(cell, sag, depth == DEEPEST)
            if steps:
                found.append((cell, steps))
                continue
            first, second = cell.halves()
            waiting += [(second, depth + 1), (first, depth + 1)]
        return found

    def _steps(self, cell: Place, sag: float, is_last: bool) -> int:
        """How many steps the cell needs; 0 if it is to be halved."""
        try:
            jet = self.at(cell)
        except UndefinedError:
            if is_last:
                raise
            return 0
        if not jet.second.is_finite:
            spread = jet.value.high - jet.value.low
            return 1 if is_last or spread <= sag else 0
        bend, least = float(jet.second.largest()), float(jet.second.smallest())
        steps = float(cell.width) * sqrt(bend / (8 * sag)) if bend else 0.0
        if steps > MOST_POINTS and is_last:
            raise TooFineError
        if is_last or bend <= EVEN * least or steps <= FEW:
            return max(1, ceil(steps))
        return 0


def _distinct(places: list[float], heights: list[float]) -> tuple[list[float], list[float]]:
    """Drop places that floats cannot tell apart, but keep both ends."""
    kept = [0]
    for k in range(1, len(places) - 1):
        if places[kept[-1]] < places[k] < 1.0:
            kept.append(k)
    kept.append(len(places) - 1)
    return [places[k] for k in kept], [heights[k] for k in kept]
