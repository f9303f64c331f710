"""The proven error of a table: piece by piece by convexity, and by halving where that is open.

Let e = f − line on a cell [a, b].  If f'' ≥ 0 there, e is at most max(e(a), e(b)), and at least its
tangent at any m in the cell:  e ≥ e(m) − |e'(m)| max(m − a, b − m);  m is chosen where f' is the
line's slope.  The same upside down for f'' ≤ 0.  If f'' changes sign, e differs from the chord of
e(a), e(b) by at most (b − a)² max|f''|/8; if f'' is unbounded, e lies in f's range less the line's.
Cells are halved until the largest upper bound is reached by a value of |e|, but for 1 in 10000.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from heapq import heapify, heappop, heappush
from itertools import count, pairwise
from operator import itemgetter

import flint

from weightsmith.compiler.approximate.enclosure import (
    INFINITY,
    Enclosure,
    UndefinedError,
    above,
    ball,
    below,
    exactly,
    hull,
)
from weightsmith.compiler.approximate.formula_balls import Jet, JetAt, Place
from weightsmith.compiler.approximate.table import Knot
from weightsmith.compiler.certify.intervals import round_up, to_fraction

SLACK = 1 + flint.arb(2) ** -13
NEWTON_STEPS = 6
CHECKED = 1 + Fraction(1, 2**40)  # the checker's bound may lie 2^-42 above the true error
CLOSE = flint.arb(2) ** -17  # of the error, by which the tangent's bound may lie below
MOST_CELLS = 20_000
FEW_CELLS = 500  # halvings after which a bound that is small enough will do


@dataclass(frozen=True, slots=True)
class _Piece:
    """A cell of the interval and the line of the table on it."""

    cell: Place
    knot: Knot
    slope: Fraction

    def line(self, place: Fraction) -> Fraction:
        return self.knot[1] + self.slope * (place - self.knot[0])

    def halves(self) -> list[_Piece]:
        return [_Piece(half, self.knot, self.slope) for half in self.cell.halves()]


@dataclass(frozen=True, slots=True)
class _Bound:
    """|e| ≤ upper on a cell, and |e| ≥ reached at a place in it."""

    upper: flint.arb
    reached: flint.arb


def proven_error(at: JetAt, knots: tuple[Knot, ...], whole: Place, enough: float = 0.0) -> Fraction:
    """Return a bound of |f − table| on the whole, dyadic of 64 bits, rounded up.

    A bound of at most ``enough`` is only improved if that is easy.
    Raises UndefinedError if f may not be finite there.
    """
    number = count()
    waiting: list[tuple[float, int, flint.arb, _Piece]] = []
    reached = flint.arb(0)
    points: dict[Fraction, Jet] = {}
    for piece in _pieces(knots, whole):
        bound = _bound(at, piece, points)
        reached = max(reached, bound.reached)
        waiting.append((-float(bound.upper), next(number), bound.upper, piece))
    heapify(waiting)
    patience = len(waiting) + FEW_CELLS
    while waiting[0][2] > reached * SLACK and len(waiting) < MOST_CELLS:
        if len(waiting) > patience and waiting[0][2] <= enough:
            break
        for half in heappop(waiting)[3].halves():
            bound = _bound(at, half, points)
            reached = max(reached, bound.reached)
            heappush(waiting, (-float(bound.upper), next(number), bound.upper, half))
    upper = max(bound for _, _, bound, _ in waiting)
    if not upper.is_finite():
        raise UndefinedError("not proven finite", certain=False)
    return round_up(to_fraction(upper) * CHECKED)


def _pieces(knots: tuple[Knot, ...], whole: Place) -> list[_Piece]:
    """The cells of [low, high] between knots; constant outside of the end knots."""
    found = []
    if whole.low < knots[0][0]:
        cell = Place(whole.low, min(knots[0][0], whole.high))
        found.append(_Piece(cell, knots[0], Fraction(0)))
    for (a, v), (b, w) in pairwise(knots):
        cell = Place(max(a, whole.low), min(b, whole.high))
        if cell.low < cell.high or a <= whole.low == whole.high <= b:
            found.append(_Piece(cell, (a, v), (w - v) / (b - a)))
    if whole.high > knots[-1][0]:
        cell = Place(max(knots[-1][0], whole.low), whole.high)
        found.append(_Piece(cell, knots[-1], Fraction(0)))
    return found


def _bound(at: JetAt, piece: _Piece, points: dict[Fraction, Jet]) -> _Bound:
    cell = piece.cell
    for end in (cell.low, cell.high):
        if end not in points:
            points[end] = at(Place(end, end))
    first, last = (points[end].value - exactly(piece.line(end)) for end in (cell.low, cell.high))
    reached = max(first.smallest(), last.smallest())
    try:
        jet = at(cell)
    except UndefinedError as undefined:
        if undefined.certain:
            raise
        return _Bound(INFINITY, reached)
    ends = max(first.largest(), last.largest())
    if jet.second.sign or jet.second.largest() == 0:
        return _convex(at, piece, jet.second.sign, (first, last), points)
    if jet.second.is_finite:
        sag = ball(cell.width) ** 2 * jet.second.largest() / 8
        return _Bound(above(ends + sag), reached)
    lines = sorted((piece.line(cell.low), piece.line(cell.high)))
    rest = jet.value - hull(ball(lines[0]), ball(lines[1]))
    return _Bound(rest.largest(), reached)


def _convex(
    at: JetAt,
    piece: _Piece,
    sign: int,
    ends: tuple[Enclosure, Enclosure],
    points: dict[Fraction, Jet],
) -> _Bound:
    """Bound a convex (sign 1), concave (-1) or linear (0) e by its ends and a tangent."""
    first, last = ends if sign >= 0 else (-ends[0], -ends[1])
    highest = max(first.high, last.high)
    if sign == 0:
        return _Bound(max(first.largest(), last.largest()), max(first.smallest(), last.smallest()))
    touched, lowest = _tangent(at, piece, sign, points)
    reached = max(first.smallest(), last.smallest(), touched.smallest())
    return _Bound(max(highest, -lowest), reached)


def _tangent(
    at: JetAt, piece: _Piece, sign: int, points: dict[Fraction, Jet]
) -> tuple[Enclosure, flint.arb]:
    """Return e at a place where it is nearly flat, and the tangent's lowest value in the cell."""
    cell = piece.cell
    slope = exactly(piece.slope)
    low, high = cell.low, cell.high
    place = _secant(points[low], points[high], slope, cell)
    found: list[tuple[Enclosure, flint.arb]] = []
    for _ in range(NEWTON_STEPS):
        jet = at(Place(place, place))
        rest, tilt = jet.value - exactly(piece.line(place)), jet.first - slope
        if sign < 0:
            rest, tilt = -rest, -tilt
        arm = ball(max(place - cell.low, cell.high - place))
        lowest = below(rest.low - tilt.largest() * arm)
        found.append((rest, lowest))
        if tilt.largest() * arm <= CLOSE * abs(rest.high) or tilt.largest() == 0:
            break
        if tilt.low > 0:
            high = place
        elif tilt.high < 0:
            low = place
        else:
            break
        place = _newton(place, tilt, sign, jet, low, high)
    return max(found, key=itemgetter(1))


def _secant(first: Jet, last: Jet, slope: Enclosure, cell: Place) -> Fraction:
    """Where the slope would be reached if f'' were constant; the middle if that is no use."""
    a, b, s = (float(x.low) for x in (first.first, last.first, slope))
    share = (s - a) / (b - a) if b != a else 0.5
    if not 0 < share < 1:
        share = 0.5
    return cell.low + cell.width * Fraction(share)


def _newton(
    place: Fraction, tilt: Enclosure, sign: int, jet: Jet, low: Fraction, high: Fraction
) -> Fraction:
    """One step towards e' = 0, kept inside of (low, high)."""
    bend = sign * float(jet.second.low)
    if bend > 0:
        step = float(tilt.low) / bend
        following = place - Fraction(step) if abs(step) < 1e300 else low
        if low < following < high:
            return following
    return (low + high) / 2
