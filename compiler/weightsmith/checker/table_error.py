"""How far a piecewise-linear table is from a formula: a proven bound on max |f − table|.

On a piece with line ℓ let D = f − ℓ.  Where f″ has one sign, D (or −D) is convex: its largest value
is at an end, and its least is bounded from below by any tangent,
    D(x) ≥ D(m) + D′(m)·(x − m) ≥ D(m) − |D′(m)|·reach,
at an m that Newton's method finds, reach the length of the side where the least value may lie.
Elsewhere |D| is bounded over the whole interval, by its value there or Taylor's theorem around the
middle with the first or the second derivative, and the interval is halved until that is no larger
than what D attains somewhere (up to 2^-42), or than the error that is claimed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import flint

from weightsmith.checker.formula_balls import Ball, BallFunction, Jet
from weightsmith.checker.ranges import fraction, precision, rational
from weightsmith.checker.refusal import Budget, RefusedError, require
from weightsmith.dsl.formulas import Formula

BITS = 192
MAX_HALVINGS = 1000  # of one piece, one after the other
MAX_INTERVALS = 20_000  # of one piece
NEWTON_STEPS = 100
Knot = tuple[Fraction, Fraction]


def table_error(
    formula: Formula,
    bindings: Mapping[str, Fraction],
    knots: Sequence[Knot],
    budget: Budget | None = None,
    enough: Fraction = Fraction(0),
) -> Fraction:
    """An upper bound of max |f − table| from the first knot to the last, hardly above it.

    A bound of at most ``enough`` is not improved: where f is a sum of functions that cancel, no
    ball shows how small the rest is.
    """
    budget = budget or Budget()
    with precision(BITS), budget.active():
        interval = knots[0][0], knots[-1][0]
        function = BallFunction(formula, bindings, interval)
        size = max(max(abs(value) for _, value in knots), Fraction(1, 1 << 300))
        floor = rational(size / (1 << 150))
        search = _Search(function, floor, budget, rational(enough))
        pieces = [_Piece.between(one, two) for one, two in pairwise(knots)]
        for piece in pieces:  # first some values that are attained
            for point in (piece.low, (piece.low + piece.high) / 2, piece.high):
                search.note(search.distance(piece, point).value)
        for piece in pieces:
            search.bound(piece)
        top = search.upper.fmpq()
    return fraction(top)


@dataclass(frozen=True, slots=True)
class _Piece:
    """The line through two knots."""

    low: flint.fmpq
    high: flint.fmpq
    value: flint.fmpq  # at ``low``
    slope: flint.fmpq

    @staticmethod
    def between(one: Knot, two: Knot) -> _Piece:
        slope = (two[1] - one[1]) / (two[0] - one[0])
        return _Piece(*(rational(number) for number in (one[0], two[0], one[1], slope)))


class _Search:
    """``lower`` ≤ max |D| so far; ``upper`` bounds |D| wherever it has been bounded."""

    def __init__(
        self,
        function: BallFunction,
        floor: flint.fmpq,
        budget: Budget,
        enough: flint.fmpq,
    ) -> None:
        self._function = function
        self._floor = flint.arb(floor)
        self._claimed = flint.arb(enough).lower()
        self._budget = budget
        self.lower = flint.arb(0)
        self.upper = flint.arb(0)

    def distance(self, piece: _Piece, point: flint.fmpq) -> Jet:
        """D, D′ and D″ at a point."""
        return self._less(piece, self._function(flint.arb(point)), flint.arb(point))

    def _less(self, piece: _Piece, jet: Jet, ball: Ball) -> Jet:
        line = flint.arb(piece.value) + flint.arb(piece.slope) * (ball - piece.low)
        return Jet(jet.value - line, jet.first - piece.slope, jet.second)

    def note(self, attained: Ball) -> None:
        size = abs(attained).lower()
        if size > self.lower:
            self.lower = size

    def _accept(self, bound: Ball) -> None:
        top = bound.upper()
        require(bool(top.is_finite()), "A function is not finite where its table is.")
        if not top <= self.upper:
            self.upper = top

    def _enough(self) -> Ball:
        """A bound that is not worth improving."""
        least = self.lower * (1 + flint.arb(2) ** -42) + self._floor
        return least.max(self._claimed)

    def bound(self, piece: _Piece) -> None:
        """Bound |D| on a whole piece."""
        waiting, looked_at = [(piece.low, piece.high, 0)], 0
        while waiting:
            self._budget.spend(20)
            low, high, halvings = waiting.pop()
            looked_at += 1
            if halvings > MAX_HALVINGS or looked_at > MAX_INTERVALS:
                raise RefusedError(f"The function is not shown to be finite near {_place(low)}.")
            ball = flint.arb(low).union(flint.arb(high))
            over = self._less(piece, self._function(ball), ball)
            sign = 1 if over.second >= 0 else -1 if over.second <= 0 else 0
            if sign and self._bound_convex(piece, low, high, sign):
                continue
            middle = (low + high) / 2
            here = self.distance(piece, middle)
            self.note(here.value)
            half = (flint.arb(high) - low) / 2
            by_slope = abs(here.value) + abs(over.first) * half
            by_bend = abs(here.value) + abs(here.first) * half + abs(over.second) * half**2 / 2
            bound = _least((abs(over.value), by_slope, by_bend))
            if bound.is_finite() and bound <= self._enough():
                self._accept(bound)
            else:
                waiting += [(middle, high, halvings + 1), (low, middle, halvings + 1)]

    def _bound_convex(self, piece: _Piece, low: flint.fmpq, high: flint.fmpq, sign: int) -> bool:
        """Bound |D| where sign·D is convex; False if D is not finite there."""
        ends = [self.distance(piece, end) for end in (low, high)]
        if not all(end.value.is_finite() and end.first.is_finite() for end in ends):
            return False
        for end in ends:
            self.note(end.value)
        least = self._least(piece, low, high, sign, ends)
        for bound in (abs(ends[0].value), abs(ends[1].value), -least):
            self._accept(bound)
        return True

    def _least(
        self, piece: _Piece, low: flint.fmpq, high: flint.fmpq, sign: int, ends: list[Jet]
    ) -> Ball:
        """A lower bound of the convex function sign·D."""
        if sign * ends[0].first >= 0:
            return sign * ends[0].value
        if sign * ends[1].first <= 0:
            return sign * ends[1].value
        best = flint.arb.neg_inf()
        point = (low + high) / 2
        for _ in range(NEWTON_STEPS):
            here = self.distance(piece, point)
            self.note(here.value)
            slope = sign * here.first
            left, right = flint.arb(point - low), flint.arb(high - point)
            rising, falling = bool(slope >= 0), bool(slope <= 0)
            reach = left if rising else right if falling else left.max(right)
            below = (sign * here.value - abs(slope) * reach).lower()
            if below > best:
                best = below
            gap = (abs(slope) * reach).upper()
            if gap <= self.lower * flint.arb(2) ** -44 + self._floor or rising == falling:
                break
            low, high = (low, point) if rising else (point, high)
            point = _newton(point, slope, sign * here.second, low, high)
        return best


def _least(bounds: tuple[Ball, ...]) -> Ball:
    """The smallest of the bounds that are finite."""
    best = flint.arb.pos_inf()
    for bound in bounds:
        top = bound.upper()
        if top < best:
            best = top
    return best


def _newton(
    point: flint.fmpq, slope: Ball, curvature: Ball, low: flint.fmpq, high: flint.fmpq
) -> flint.fmpq:
    """The next point, inside the bracket."""
    step = slope / curvature
    if step.is_finite():
        following = (flint.arb(point) - step).mid().fmpq()
        if low < following < high:
            return following
    return (low + high) / 2


def _place(point: flint.fmpq) -> str:
    return f"t = {float(fraction(point)):.6g}"
