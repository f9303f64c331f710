"""The inverse of a low degree with the smallest residual on two intervals, in decimals.

p = Σ c_k T_k(y), y = (λ − middle)/half on the hull, with the least max |1 − λp|.  Places come from
``exchange``; the error is levelled there in balls, and the residual of the decimals enclosed on
both intervals.  Where 0 lies between them, p uses its degree on both sides, which a polynomial in
λ² cannot if they are not mirror images.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import flint
import numpy as np

from weightsmith.checker.balls.enclosures import above
from weightsmith.checker.balls.ranges import Interval, extremes, largest, rational
from weightsmith.compiler.numbers.intervals import to_fraction
from weightsmith.compiler.synthesize.families.exchange import alternation
from weightsmith.compiler.synthesize.families.numbers import PRECISION, Ball, ball, neat, rounded


@dataclass(frozen=True)
class BestPolynomial:
    """c_0 … c_n, y's middle and half, and the largest residual."""

    coefficients: tuple[Fraction, ...]
    middle: Fraction
    half: Fraction
    error: Fraction


def best_inverse(intervals: Sequence[Interval], degree: int) -> BestPolynomial:
    """The least max |1 − λp(λ)|; 0 lies in no interval."""
    ends = [(float(low), float(high)) for low, high in intervals]
    found = alternation(ends, degree, lambda x: 1 / x, np.abs)
    middle = neat((intervals[0][0] + intervals[-1][1]) / 2)
    half = neat((intervals[-1][1] - intervals[0][0]) / 2)
    with flint.ctx.workprec(PRECISION):
        places = [ball(Fraction(x)) for x in found.places]
        ys = [(x - ball(middle)) / ball(half) for x in places]
        solved = _levelled(ys, [1 / x for x in places])
    decimals = tuple(rounded(c) for c in solved)
    residual = 1 - flint.fmpq_poly([0, 1]) * in_powers(decimals, middle, half)
    sizes = [abs(value) for interval in intervals for value in extremes(residual, interval)]
    return BestPolynomial(decimals, middle, half, above(largest(sizes)))


def in_powers(series: Sequence[Fraction], middle: Fraction, half: Fraction) -> flint.fmpq_poly:
    """Σ c_k T_k((λ − middle)/half) as a polynomial in λ."""
    y = flint.fmpq_poly([rational(-middle / half), rational(1 / half)])
    before, now = flint.fmpq_poly([1]), y
    total = before * rational(series[0])
    for c in series[1:]:
        total += now * rational(c)
        before, now = now, 2 * y * now - before
    return total


def _levelled(ys: Sequence[Ball], values: Sequence[Ball]) -> list[Fraction]:
    """c_k with f − p = ±δ·|f| in turn at the places."""
    rows = [
        [*(flint.arb.chebyshev_t(y, k).mid() for k in range(len(ys) - 1)), (-1) ** i * abs(f).mid()]
        for i, (y, f) in enumerate(zip(ys, values, strict=True))
    ]
    right = flint.arb_mat([[f.mid()] for f in values])
    solved = flint.arb_mat(rows).solve(right)
    return [to_fraction(solved[k, 0].mid()) for k in range(len(ys) - 1)]
