"""Proven ranges of a formula and of its slope on an interval, by ball arithmetic.

The maximum of g on a piece is at its ends where g′ has one sign; elsewhere it is at most
g(m) + max |g′|·(half the width), and the piece that bounds worst is halved, until the bound is
hardly above a value that is attained.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import count

import flint

from weightsmith.checker.balls.bounds import Ball, above, exact, larger
from weightsmith.checker.balls.formula_balls import BallFunction
from weightsmith.checker.balls.ranges import rational
from weightsmith.checker.reading.refusal import Budget, require
from weightsmith.dsl.elementary.record import Jet
from weightsmith.dsl.numbers.formulas import Formula

MAX_PIECES = 4000
CLOSE = flint.arb(2) ** -34
NOT_FINITE = "A function, or its slope, is not bounded on the interval of its table."
Slopes = tuple[Fraction, Fraction]
Pair = tuple[Ball, Ball]  # a function's value and derivative over a ball
Function = Callable[[Ball], Pair]


class FormulaRanges:
    """Ranges of one formula, at bindings, within an interval."""

    def __init__(
        self,
        formula: Formula,
        bindings: Mapping[str, Fraction],
        interval: tuple[Fraction, Fraction],
        budget: Budget,
    ) -> None:
        self._function = BallFunction(formula, bindings, interval)
        self._budget = budget

    def values(self, low: Fraction, high: Fraction) -> Slopes:
        """The least and the largest value on a part of the interval."""
        return self._range(lambda jet: (jet.value, jet.first), low, high)

    def slopes(self, low: Fraction, high: Fraction) -> Slopes:
        """The least and the largest slope."""
        return self._range(lambda jet: (jet.first, jet.second), low, high)

    def _range(self, pick: Callable[[Jet], Pair], low: Fraction, high: Fraction) -> Slopes:
        def minus(ball: Ball) -> Pair:
            value, slope = pick(self._function(ball))
            return -value, -slope

        top = self._maximum(lambda ball: pick(self._function(ball)), low, high)
        bottom = -self._maximum(minus, low, high)
        return exact(bottom), exact(top)

    def _maximum(self, function: Function, low: Fraction, high: Fraction) -> Ball:
        """An upper bound of the function on [low, high], an exact ball."""
        order = count()
        first, last = rational(low), rational(high)
        attained = larger(*(function(flint.arb(end))[0].lower() for end in (first, last)))
        pieces: list[tuple[float, int, flint.fmpq, flint.fmpq, Ball]] = []
        settled = flint.arb.neg_inf()

        def push(one: flint.fmpq, two: flint.fmpq) -> None:
            nonlocal settled, attained
            bound, is_least = _piece(function, one, two)
            if is_least:
                settled = larger(settled, bound)
                return
            middle = function(flint.arb((one + two) / 2))[0].lower()
            attained = larger(attained, middle)
            heapq.heappush(pieces, (-float(bound), next(order), one, two, bound))

        push(first, last)
        while pieces:
            self._budget.spend(10)
            bound = pieces[0][4]
            enough = bound <= larger(attained, settled) + abs(attained) * CLOSE
            if (bound.is_finite() and enough) or next(order) > MAX_PIECES:
                break
            _, _, one, two, _ = heapq.heappop(pieces)
            push(one, (one + two) / 2)
            push((one + two) / 2, two)
        top = settled
        for piece in pieces:
            top = larger(top, piece[4])
        require(bool(top.is_finite()), NOT_FINITE)
        return top


def _piece(function: Function, low: flint.fmpq, high: flint.fmpq) -> tuple[Ball, bool]:
    """A bound of the function on a piece, and whether it is as good as attained."""
    ends = [function(flint.arb(end))[0] for end in (low, high)]
    ball = flint.arb(low).union(flint.arb(high))
    value, slope = function(ball)
    if slope >= 0 or slope <= 0 or low == high:
        best = larger(above(ends[0]), above(ends[1]))
        if best.is_finite():
            return best, True
    middle = flint.arb((low + high) / 2)
    by_slope = above(function(middle)[0] + abs(slope) * (flint.arb(high) - low) / 2)
    direct = above(value)
    return (by_slope if by_slope < direct else direct), False
