"""The best polynomial of a low degree on one interval or two, in decimals.

p = Σ c_k T_k(y), y = (λ − middle)/half on the hull, with the least max |1 − p/f| (f = 1/λ: then it is
|1 − λp|, the residual of an inverse) or, for f = ±1, max |f − p|, the same.  Places come from
``exchange``; the error is levelled there in balls.  Where 0 lies between the intervals, p uses the
degree on both sides of it, which a polynomial in λ² cannot if they are not mirror images.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import flint
import numpy as np

from weightsmith.compiler.certify.intervals import Interval, to_fraction
from weightsmith.compiler.synthesize.exchange import Floats, alternation, largest_on
from weightsmith.compiler.synthesize.numbers import PRECISION, Ball, ball, neat, rounded

SPARE = 1 + 1e-9


@dataclass(frozen=True)
class BestPolynomial:
    """c_0 … c_n, y's scale, and the largest relative error, as floats find it."""

    coefficients: tuple[Fraction, ...]
    middle: Fraction
    half: Fraction
    error: Fraction


def best_inverse(intervals: Sequence[Interval], degree: int) -> BestPolynomial:
    """The least max |1 − λp(λ)|; 0 lies in no interval."""
    return _best(intervals, degree, lambda x: 1 / x, lambda x: 1 / x)


def best_sign(intervals: Sequence[Interval], degree: int) -> BestPolynomial:
    """The least max |sign(λ) − p(λ)|."""
    return _best(intervals, degree, np.sign, lambda x: flint.arb(1 if x > 0 else -1))


def _best(
    intervals: Sequence[Interval],
    degree: int,
    function: Callable[[Floats], Floats],
    exact: Callable[[Ball], Ball],
) -> BestPolynomial:
    ends = [(float(low), float(high)) for low, high in intervals]
    found = alternation(ends, degree, function, lambda x: np.abs(1 / function(x)))
    middle = neat((intervals[0][0] + intervals[-1][1]) / 2)
    half = neat((intervals[-1][1] - intervals[0][0]) / 2)
    with flint.ctx.workprec(PRECISION):
        places = [ball(Fraction(x)) for x in found.places]
        ys = [(x - ball(middle)) / ball(half) for x in places]
        solved = _levelled(ys, [exact(x) for x in places])
    decimals = tuple(rounded(c) for c in solved)

    def error(x: Floats) -> Floats:
        y = (x - float(middle)) / float(half)
        p = np.polynomial.chebyshev.chebval(y, [float(c) for c in decimals])
        return np.asarray(1 - p / function(x))

    largest = largest_on(ends, degree + 1, error) * SPARE
    return BestPolynomial(decimals, middle, half, Fraction(largest))


def _levelled(ys: Sequence[Ball], values: Sequence[Ball]) -> list[Fraction]:
    """c_k with f − p = ±δ·|f| in turn at the places."""
    rows = [
        [*(flint.arb.chebyshev_t(y, k).mid() for k in range(len(ys) - 1)), (-1) ** i * abs(f).mid()]
        for i, (y, f) in enumerate(zip(ys, values, strict=True))
    ]
    right = flint.arb_mat([[f.mid()] for f in values])
    solved = flint.arb_mat(rows).solve(right)
    return [to_fraction(solved[k, 0].mid()) for k in range(len(ys) - 1)]
