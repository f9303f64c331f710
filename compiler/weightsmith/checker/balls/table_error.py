"""How far a piecewise-linear table is from a formula: a proven bound on max |f − table|.

On a piece with line ℓ let D = f − ℓ.  Where f″ has one sign, D (or −D) is convex: its largest value
is at an end, and its least is bounded from below by any tangent,
    D(x) ≥ D(m) + D′(m)·(x − m) ≥ D(m) − |D′(m)|·reach,
reach the length of the side where the least value may lie.  The sign of f″ is found for many pieces
at once, f and f′ at a knot serve both its pieces, m is found by Newton's method from the f′ of the
ends: so a piece takes two or three evaluations, and only the worst pieces take more.
Elsewhere |D| is bounded over the whole interval, by its value there or Taylor's theorem around the
middle with the first or the second derivative, and the interval is halved until that is no larger
than what D attains somewhere (up to 2^-42), or than the error that is claimed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from heapq import heapify, heappop, heappush
from itertools import pairwise

import flint

from weightsmith.checker.balls.formula_balls import BallFunction
from weightsmith.checker.balls.ranges import fraction, precision, rational
from weightsmith.checker.reading.refusal import Budget, RefusedError, require
from weightsmith.dsl.elementary.record import Ball, Jet
from weightsmith.dsl.numbers.formulas import Formula

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
    patience: int = 0,
) -> Fraction:
    """An upper bound of max |f − table| from the first knot to the last, hardly above it.

    A bound of at most ``enough`` is not improved, but by ``patience`` halvings: where f is a sum of
    functions that cancel, no ball shows how small the rest is.
    """
    budget = budget or Budget()
    with precision(BITS), budget.active():
        interval = knots[0][0], knots[-1][0]
        function = BallFunction(formula, bindings, interval)
        size = max(max(abs(value) for _, value in knots), Fraction(1, 1 << 300))
        floor = rational(size / (1 << 150))
        search = _Search(function, floor, budget, rational(enough), patience)
        ends = [_Knot(function, rational(place), rational(value)) for place, value in knots]
        pieces = [_Piece(one, two) for one, two in pairwise(ends)]
        valleys: list[_Valley] = []
        others: list[_Piece] = []
        for piece, sign in search.signs(pieces):
            if sign and piece.is_finite:
                valleys.append(_Valley(piece, sign))
            else:
                others.append(piece)
        search.settle(valleys)
        for piece in others:
            search.bound(piece)
        top = search.upper.fmpq()
    return fraction(top)


class _Knot:
    """A knot, and the function there."""

    def __init__(self, function: BallFunction, place: flint.fmpq, value: flint.fmpq) -> None:
        self._function = function
        self.place = place
        self.value = value

    @cached_property
    def jet(self) -> Jet:
        return self._function(flint.arb(self.place))

    @cached_property
    def distance(self) -> Ball:
        """f less the table."""
        return self.jet.value - self.value

    @cached_property
    def sizes(self) -> tuple[Ball, Ball]:
        """Bounds of |f − table|, from below and from above."""
        size = abs(self.distance)
        return size.lower(), size.upper()

    @cached_property
    def is_finite(self) -> bool:
        return bool(self.jet.value.is_finite() and self.jet.first.is_finite())


class _Piece:
    """The line through two knots."""

    def __init__(self, one: _Knot, two: _Knot) -> None:
        self.one, self.two = one, two
        self.low, self.high = one.place, two.place
        self.slope = (two.value - one.value) / (two.place - one.place)

    @property
    def is_finite(self) -> bool:
        return self.one.is_finite and self.two.is_finite

    def middle(self, function: BallFunction) -> _Knot:
        place = (self.low + self.high) / 2
        return _Knot(function, place, (self.one.value + self.two.value) / 2)

    def less(self, jet: Jet, ball: Ball) -> Jet:
        """D, D′ and D″ over a ball where the function has the jet."""
        line = self.one.value + self.slope * (ball - self.low)
        return Jet(jet.value - line, jet.first - self.slope, jet.second)

    def bound(self, over: Jet, middle: _Knot) -> Ball:
        """A bound of |D|: its values, or Taylor's theorem around the middle; D, D′, D″ ∈ over."""
        half = flint.arb((self.high - self.low) / 2)
        here, slope = abs(middle.distance), abs(middle.jet.first - self.slope)
        by_slope = here + abs(over.first) * half
        by_bend = here + slope * half + abs(over.second) * half**2 / 2
        return _least((abs(over.value), by_slope, by_bend))


class _Valley:
    """A piece on which sign·D is convex, and what tangents say of its least value.

    The least value lies between ``low`` and ``high``, and is at least ``best``; the next tangent
    is at ``point``, and there is none if ``is_settled``.
    """

    def __init__(self, piece: _Piece, sign: int) -> None:
        self.piece, self.sign = piece, sign
        self.low, self.high = piece.low, piece.high
        self.steps = 0
        tilts = [sign * (knot.jet.first - piece.slope) for knot in (piece.one, piece.two)]
        rising, falling = bool(tilts[0] >= 0), bool(tilts[1] <= 0)
        self.is_settled = rising or falling
        lowest = piece.one if rising else piece.two
        self.best = (sign * lowest.distance).lower() if self.is_settled else flint.arb.neg_inf()
        self.point = self.low if self.is_settled else self._first_point(*tilts)
        self.upper = self._upper()

    def _upper(self) -> Ball:
        """A bound of |D|."""
        found = -self.best
        for _, end in (self.piece.one.sizes, self.piece.two.sizes):
            if not end <= found:
                found = end
        return found

    def touch(self, here: Jet, floor: Ball) -> None:
        """Use the tangent at ``point``, where D has the jet; gaps up to ``floor`` are closed."""
        slope, point = self.sign * here.first, self.point
        left, right = flint.arb(point - self.low), flint.arb(self.high - point)
        rising, falling = bool(slope >= 0), bool(slope <= 0)
        gap = abs(slope) * (left if rising else right if falling else left.max(right))
        below = (self.sign * here.value - gap).lower()
        if below > self.best:
            self.best = below
            self.upper = self._upper()
        self.steps += 1
        if gap.upper() <= floor or rising == falling or self.steps >= NEWTON_STEPS:
            self.is_settled = True
            return
        self.low, self.high = (self.low, point) if rising else (point, self.high)
        self.point = _newton(point, slope, self.sign * here.second, self.low, self.high)

    def _first_point(self, first: Ball, last: Ball) -> flint.fmpq:
        """Where D′ would be 0 if it were the cubic that D′ and D″ at both ends determine."""
        width = self.high - self.low
        bends = (self.sign * float(k.jet.second * width) for k in (self.piece.one, self.piece.two))
        share = _root(float(first), float(last), *bends)
        point = self.low + width * flint.fmpq(*share.as_integer_ratio())
        return point if self.low < point < self.high else (self.low + self.high) / 2


class _Search:
    """``lower`` ≤ max |D| so far; ``upper`` bounds |D| wherever it has been bounded."""

    def __init__(
        self,
        function: BallFunction,
        floor: flint.fmpq,
        budget: Budget,
        enough: flint.fmpq,
        patience: int,
    ) -> None:
        self._function = function
        self._floor = flint.arb(floor)
        self._claimed = flint.arb(enough).lower()
        self._budget = budget
        self._patience = patience
        self.lower = flint.arb(0)
        self.upper = flint.arb(0)

    def signs(self, pieces: list[_Piece]) -> Iterator[tuple[_Piece, int]]:
        """Each piece with the sign of f″ all over it; 0 if it has none, or that is open."""
        waiting = [(0, len(pieces))]
        while waiting:
            self._budget.spend(20)
            start, end = waiting.pop()
            sign = _sign(self._function(_ball(pieces[start].low, pieces[end - 1].high)))
            if sign or end == start + 1:
                yield from ((piece, sign) for piece in pieces[start:end])
            else:
                middle = (start + end) // 2
                waiting += [(middle, end), (start, middle)]

    def settle(self, valleys: list[_Valley]) -> None:
        """Bound |D| on pieces where ±D is convex: one tangent each, and more for the worst."""
        for valley in valleys:
            for knot in (valley.piece.one, valley.piece.two):
                self._raise(knot.sizes[0])
            self._touch(valley)
        enough = self._enough()  # which only grows
        order = []
        for place, valley in enumerate(valleys):
            if valley.is_settled or valley.upper <= enough:
                self._accept(valley.upper)
            else:
                order.append((-float(valley.upper), place))
        heapify(order)
        while order:
            _, place = heappop(order)
            valley = valleys[place]
            if valley.is_settled or valley.upper <= self._enough():
                self._accept(valley.upper)
            else:
                self._touch(valley)
                heappush(order, (-float(valley.upper), place))

    def _touch(self, valley: _Valley) -> None:
        self._budget.spend(20)
        if valley.is_settled:
            return
        ball = flint.arb(valley.point)
        here = valley.piece.less(self._function(ball), ball)
        self.note(here.value)
        valley.touch(here, self.lower * flint.arb(2) ** -44 + self._floor)

    def note(self, attained: Ball) -> None:
        self._raise(abs(attained).lower())

    def _raise(self, size: Ball) -> None:
        """|D| is at least this somewhere."""
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
        return least if self._patience > 0 else least.max(self._claimed)

    def bound(self, whole: _Piece) -> None:
        """Bound |D| on a piece by halving it."""
        waiting, looked_at = [(whole, 0)], 0
        while waiting:
            self._budget.spend(20)
            piece, halvings = waiting.pop()
            looked_at += 1
            self._patience -= 1
            if halvings > MAX_HALVINGS or looked_at > MAX_INTERVALS:
                place = _place(piece.low)
                raise RefusedError(f"The function is not shown to be finite near {place}.")
            ball = _ball(piece.low, piece.high)
            over = piece.less(self._function(ball), ball)
            sign = _sign(over)
            if sign and piece.is_finite:
                self.settle([_Valley(piece, sign)])
                continue
            middle = piece.middle(self._function)
            self.note(middle.distance)
            bound = piece.bound(over, middle)
            if bound.is_finite() and bound <= self._enough():
                self._accept(bound)
            else:
                first, second = _Piece(piece.one, middle), _Piece(middle, piece.two)
                waiting += [(second, halvings + 1), (first, halvings + 1)]


def _ball(low: flint.fmpq, high: flint.fmpq) -> Ball:
    return flint.arb(low).union(flint.arb(high))


def _sign(jet: Jet) -> int:
    """The sign of the second derivative; 0 if that is open."""
    return 1 if jet.second >= 0 else -1 if jet.second <= 0 else 0


def _root(first: float, last: float, before: float, after: float) -> float:
    """Nearly the root in [0, 1] of the cubic with these values and slopes at 0 and 1."""
    share = first / (first - last) if first < last else 0.5
    rise = last - first
    for _ in range(3):
        u, v = share, 1 - share
        value = first + rise * u * u * (3 - 2 * u) + u * v * (before * v - after * u)
        slope = 6 * rise * u * v + before * v * (v - 2 * u) + after * u * (u - 2 * v)
        share -= value / slope if slope > 0 else 0.0
    return share if 0 < share < 1 else 0.5


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
