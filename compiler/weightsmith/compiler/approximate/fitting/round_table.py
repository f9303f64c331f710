"""Lines to a table whose places, slopes and values are short dyadics that a float64 holds.

With at most ``loss`` by each rounding: a knot where the slope changes by Δ may move by 2·loss/Δ, a
slope over a length h may change by loss/h.  Values are sums of slope·length, so they are multiples
of the product of the two quanta, which must not be below 2^-52 of the largest value.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import frexp

import flint

from weightsmith.checker.balls.ranges import fraction, rational
from weightsmith.compiler.approximate.enclosures.formula_balls import Place
from weightsmith.compiler.approximate.fitting.grid import Grid
from weightsmith.compiler.approximate.fitting.lines import Line, Path, knot_places
from weightsmith.compiler.approximate.fitting.table import Knot

LOSS = 2.0**-15  # of the error, by each rounding at first
END_SHARE = 2.0**-16  # of a piece, by which an end knot may lie outside at first
KNOT_SHARE = 2.0**-4  # of a piece, by which an inner knot may move at most
MANTISSA = 52
HALF = flint.fmpq(1, 2)


@dataclass(frozen=True)
class _Polygon:
    """Knots as floats in [0, 1], with the line to the left and to the right of each."""

    places: list[float]
    left: list[Line]
    right: list[Line]

    def height(self, knot: int, place: float) -> float:
        return (self.left[knot].at(place) + self.right[knot].at(place)) / 2


def rounded_knots(
    grid: Grid, path: Path, whole: Place, error: float, *, exact_ends: bool = False
) -> tuple[Knot, ...]:
    """Return the knots of the path's polygon, rounded so as to lose little of the error.

    The end knots lie outside of the interval or at its ends; with ``exact_ends`` they are its ends.
    """
    polygon = _polygon(path)
    width = float(whole.width)
    lengths = [width * (b - a) for a, b in pairwise(polygon.places)]
    largest = _largest(grid, polygon)
    bends = [
        abs(a.slope - b.slope) / width for a, b in zip(polygon.left, polygon.right, strict=True)
    ]
    loss, end_share = max(error * LOSS, largest * 2.0**-70), END_SHARE
    while True:
        steps, slope_steps = _quanta(lengths, bends, loss, end_share)
        finest = min(min(steps[i], steps[i + 1]) * slope_steps[i] for i in range(len(slope_steps)))
        if finest >= largest * 2.0**-MANTISSA or loss > largest:
            break
        loss, end_share = 2 * loss, min(2 * end_share, KNOT_SHARE)
    places = _round_places(polygon, whole, steps)
    if exact_ends:
        places[0], places[-1] = rational(whole.low), rational(whole.high)
    return _round_values(grid, polygon, whole, places, slope_steps, finest)


def _polygon(path: Path) -> _Polygon:
    lines = [link.line for link in path.links]
    places = knot_places(path)
    kept = [0] + [i for i in range(1, len(lines)) if places[i] > places[i - 1] and places[i] < 1]
    lines = [lines[i] for i in kept]
    return _Polygon([*(places[i] for i in kept), 1.0], [lines[0], *lines], [*lines, lines[-1]])


def _largest(grid: Grid, polygon: _Polygon) -> float:
    """The largest value at a knot."""
    start, rise = float(grid.start), float(grid.rise)
    places = enumerate(polygon.places)
    return max(abs(start + rise * place + polygon.height(k, place)) for k, place in places)


def _quanta(
    lengths: list[float], bends: list[float], loss: float, end_share: float
) -> tuple[list[float], list[float]]:
    """Powers of two: one for the place of each knot, one for the slope of each piece."""
    steps = []
    for k, bend in enumerate(bends):
        near = min(lengths[max(k - 1, 0)], lengths[min(k, len(lengths) - 1)])
        if k in (0, len(bends) - 1):
            steps.append(_power_below(near * end_share))
        else:
            most = near * KNOT_SHARE
            steps.append(_power_below(min(most, 4 * loss / bend) if bend else most))
    return steps, [_power_below(2 * loss / length) for length in lengths]


def _power_below(value: float) -> float:
    return 2.0 ** (frexp(value)[1] - 1)


def _round_places(polygon: _Polygon, whole: Place, steps: list[float]) -> list[flint.fmpq]:
    """The ends are rounded outward; a place has at most 53 bits."""
    rounded = []
    low, width, last = rational(whole.low), rational(whole.width), len(steps) - 1
    for k, (place, step) in enumerate(zip(polygon.places, steps, strict=True)):
        exact = rational(whole.high) if k == last else low + width * _exactly(place)
        shortest = _power_below(abs(int(exact.p) / int(exact.q)) * 2.0**-MANTISSA)
        quantum = _exactly(max(step, shortest))
        count = exact / quantum
        whole_count = count.floor() if k == 0 else count.ceil() if k == last else _nearest(count)
        rounded.append(whole_count * quantum)
    return rounded


def _round_values(
    grid: Grid,
    polygon: _Polygon,
    whole: Place,
    places: list[flint.fmpq],
    slope_steps: list[float],
    finest: float,
) -> tuple[Knot, ...]:
    """Each slope aims at the next knot's value, so that errors do not add up."""
    start, along = rational(grid.start), rational(grid.slope)
    low, width = rational(whole.low), rational(whole.width)

    def aim(k: int) -> flint.fmpq:
        offset = places[k] - low
        share = offset / width
        height = polygon.height(k, int(share.p) / int(share.q))
        return start + along * offset + _exactly(height)

    quantum = _exactly(finest)
    knots = [(places[0], _nearest(aim(0) / quantum) * quantum)]
    for k in range(1, len(places)):
        place, value = knots[-1]
        length = places[k] - place
        if length <= 0:
            continue
        step = _exactly(slope_steps[k - 1])
        slope = _nearest((aim(k) - value) / length / step) * step
        knots.append((places[k], value + slope * length))
    return tuple((fraction(place), fraction(value)) for place, value in knots)


def _exactly(number: float) -> flint.fmpq:
    return flint.fmpq(*number.as_integer_ratio())


def _nearest(number: flint.fmpq) -> flint.fmpz:
    return (number + HALF).floor()
