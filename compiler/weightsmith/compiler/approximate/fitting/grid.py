"""Where to look at a function before fitting lines: a grid that no piece can slip through.

The interval is cut into cells on which f'' is proven to vary by at most a factor of 4; each gets as
many points as keep the chord between neighbours within ``sag`` of f:  spacing² max|f''|/8 ≤ sag.
Where f'' is unbounded (sqrt at 0, the breakpoint of abs) cells shrink until f itself varies by ≤
sag. The function is only evaluated at points that are asked for: where f'' keeps its sign, few are.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import ceil, sqrt

import flint

from weightsmith.checker.balls.formula_balls import BallFunction
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.compiler.approximate.enclosures.formula_balls import (
    JetAt,
    Place,
    ValueAt,
    jets,
    values,
)
from weightsmith.compiler.numbers.intervals import to_fraction
from weightsmith.dsl.elementary.enclosure import UndefinedError, ball
from weightsmith.dsl.numbers.formulas import Formula

DEEPEST = 56  # halvings
EVEN = 4  # the factor by which |f''| may vary in a cell
FEW = 8  # points, for which evenness does not matter
MOST_POINTS = 1_000_000
AT_ONCE = 32  # points of a cell that are evaluated together
FINEST = 2.0**-51  # the least step between places, relative to them
MOST_CELLS = 20_000  # four for each of 5000 pieces; only noise in f'' asks for more


class TooFineError(Exception):
    """So small an error needs more pieces than a table should have."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A part of the interval; ``sign`` is that of f'' all over it, 0 if that is open.

    ``size`` bounds by how much f leaves its chord there.
    """

    place: Place
    steps: int
    sign: int
    size: float


@dataclass(frozen=True, slots=True)
class Run:
    """A part [low, high] of [0, 1] on which f'' is finite and of one sign."""

    low: float
    high: float
    sign: int


class Grid:
    """f less the line ``start + slope (t - low)`` at places in [0, 1], as floats.

    Each step has about the same share of ∫ √|f''| dt.
    """

    def __init__(self, sampler: Sampler, cells: list[Cell], sag: float) -> None:
        whole = sampler.whole
        ends = [sampler.exact(end) for end in (whole.low, whole.high)]
        self.sampler, self.sag = sampler, sag
        self.start, self.rise = ends[0], ends[1] - ends[0]
        self.slope = self.rise / whole.width
        self._width = float(whole.width)
        self._line = ball(self.start), ball(self.slope), ball(whole.low)
        self._cells: list[Cell] = []
        self._firsts: list[int] = []  # which point is the first after a cell's left end
        self.places = [0.0]
        for cell in cells:
            self._add(cell)
        self.places[-1] = 1.0
        self._known: list[float | None] = [0.0, *[None] * (len(self.places) - 2), 0.0]

    def _add(self, cell: Cell) -> None:
        """Append the places of a cell's points, as many as floats can tell apart."""
        low, high = (self._share(end) for end in (cell.place.low, cell.place.high))
        steps = min(cell.steps, int((high - low) / (FINEST * high)))
        if steps == 0:
            return
        self._firsts.append(len(self.places))
        self._cells.append(Cell(cell.place, steps, cell.sign, cell.size))
        step = (high - low) / steps
        self.places += [low + step * k for k in range(1, steps)]
        self.places.append(high)

    def _share(self, place: Fraction) -> float:
        return float(place - self.sampler.whole.low) / self._width

    def height(self, point: int) -> float:
        known = self._known[point]
        return self._evaluated(point) if known is None else known

    def _evaluated(self, point: int) -> float:
        number = bisect_right(self._firsts, point) - 1
        first, cell = self._firsts[number], self._cells[number]
        low, step = ball(cell.place.low), ball(cell.place.width) / cell.steps
        until = min(point + AT_ONCE, first + cell.steps, len(self.places) - 1)
        for k in range(point, until):
            place = low + step * (k - first + 1)
            self._known[k] = self.above_line(self.sampler.value(place), place)
        found = self._known[point]
        return 0.0 if found is None else found

    def above_line(self, value: flint.arb, place: flint.arb) -> float:
        """A value of f at a place, less the line."""
        start, slope, low = self._line
        return float(value - start - slope * (place - low))

    @cached_property
    def size(self) -> float:
        """A bound of f less the line, hardly too large."""
        ends = [bisect_right(self.places, self._share(c.place.high)) - 1 for c in self._cells]
        known = [0.0, *(abs(self.height(end)) for end in ends)]
        pairs = zip(known, known[1:], self._cells, strict=False)
        return max(max(a, b) + cell.size for a, b, cell in pairs)

    @cached_property
    def runs(self) -> list[Run]:
        """The parts where f'' keeps its sign, from left to right."""
        found: list[Run] = []
        for cell in self._cells:
            low, high = (self._share(end) for end in (cell.place.low, cell.place.high))
            if found and found[-1].sign == cell.sign and found[-1].high == low:
                found[-1] = Run(found[-1].low, high, cell.sign)
            elif cell.sign:
                found.append(Run(low, high, cell.sign))
        return found

    @cached_property
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
    """A formula on an interval, ready to be sampled.  Use it in a working precision.

    ``jet`` encloses f, f', f'' at a point, or is None if the formula has none.
    """

    formula: Formula
    bindings: Mapping[str, Fraction]
    at: JetAt
    value: ValueAt
    jet: BallFunction | None
    whole: Place

    @staticmethod
    def of(formula: Formula, bindings: Mapping[str, Fraction], whole: Place) -> Sampler:
        try:
            jet = BallFunction(formula, bindings, (whole.low, whole.high))
        except RefusedError:
            jet = None
        at, value = jets(formula, bindings), values(formula, bindings)
        return Sampler(formula, bindings, at, value, jet, whole)

    def grid(self, sag: float) -> Grid:
        """Return the grid whose chords stay within ``sag`` of the function."""
        cells = self._cells(sag)
        if sum(cell.steps for cell in cells) > MOST_POINTS:
            raise TooFineError
        return Grid(self, cells, sag)

    def spread(self) -> float:
        """The width of the range of f, roughly."""
        ends = [self.exact(self.whole.low + self.whole.width * k / 16) for k in range(17)]
        return float(max(ends) - min(ends)) or abs(float(ends[0])) or 1.0

    def exact(self, place: Fraction) -> Fraction:
        return to_fraction(self.at(Place(place, place)).value.low)

    def _cells(self, sag: float) -> list[Cell]:
        """The cells from left to right, with their numbers of steps."""
        found: list[Cell] = []
        waiting = [(self.whole, 0)]
        while waiting:
            if len(found) + len(waiting) > MOST_CELLS:
                raise TooFineError
            place, depth = waiting.pop()
            cell = self._cell(place, sag, depth == DEEPEST)
            if cell is not None:
                found.append(cell)
                continue
            first, second = place.halves()
            waiting += [(second, depth + 1), (first, depth + 1)]
        return found

    def _cell(self, place: Place, sag: float, is_last: bool) -> Cell | None:
        """The cell of a part; None if it is to be halved."""
        try:
            jet = self.at(place)
        except UndefinedError:
            if is_last:
                raise
            return None
        if not jet.second.is_finite:
            spread = jet.value.high - jet.value.low
            return Cell(place, 1, 0, float(spread)) if is_last or spread <= sag else None
        bend, least = float(jet.second.largest()), float(jet.second.smallest())
        width = float(place.width)
        steps = width * sqrt(bend / (8 * sag)) if bend else 0.0
        is_even = bend <= EVEN * least
        if steps > MOST_POINTS and (is_last or is_even):
            raise TooFineError
        if is_last or is_even or steps <= FEW:
            sign = jet.second.sign if least else 0
            return Cell(place, max(1, ceil(steps)), sign, width**2 * bend / 8)
        return None
