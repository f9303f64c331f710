"""How large what a head adds can be: the checker's bounds, in floats."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite

import flint

from weightsmith.checker.balls.bounds import BITS, Ball
from weightsmith.checker.balls.bounds import Bounds as Exact
from weightsmith.checker.balls.ranges import precision
from weightsmith.checker.errors.head_bounds import HeadBounds, HeadParts
from weightsmith.checker.errors.site_bounds import Triple
from weightsmith.checker.reading.refusal import Budget
from weightsmith.checker.reading.template import Scores as Kind
from weightsmith.compiler.approximate.arguments.bounds import Bounds
from weightsmith.compiler.ir.template import Scores


def attended(
    scores: Scores,
    values: Sequence[Bounds],
    products: Sequence[Bounds],
    keys: Sequence[float],
    size: tuple[float, float],
) -> Bounds:
    """Values and products by group of at most so many ``keys``; ``size``: rows and columns."""
    with precision(BITS):
        parts = HeadParts(
            [_triple(one) for one in values],
            [_triple(one) for one in products],
            [_ball(number) for number in keys],
        )
        kind = Kind(scores.function, scores.mask, scores.normalised)
        whole = _ball(size[0]), _ball(size[1])
        found = HeadBounds(Budget()).network(kind, parts, whole)
        numbers = (found.low, found.high, found.column, found.row, found.norm)
        return Bounds(*map(_float, numbers))


def _triple(one: Bounds) -> Triple:
    numbers = (one.low, one.high, one.column, one.row, one.norm)
    found = Exact(*map(_ball, numbers))
    return Triple(found, found, found)


def _ball(number: float) -> Ball:
    return flint.arb(number) if isfinite(number) else Exact().high * (1 if number > 0 else -1)


def _float(ball: Ball) -> float:
    """The nearest float: what is found is widened, and proven by the checker."""
    return float(ball) if ball.is_finite() else inf if ball > 0 else -inf
