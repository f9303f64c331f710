"""Chebyshev series of a function on an interval, cut where the rest is below the tolerance.

    f(λ) = Σ a_k T_k(x),  x = (2λ − low − high)/(high − low),  |f − Σ_{k≤n} a_k T_k| ≤ Σ_{k>n} |a_k|

The coefficients are those of the polynomial that equals f at the N + 1 Chebyshev points, N a power
of two at which they have fallen below the tolerance by 2⁻⁶⁰: a'_k = a_k + a_{2N−k} + a_{2N+k} + …
(Trefethen, Approximation Theory and Approximation Practice, chapters 3, 4, 8), so the predicted
error is that of the aliases short of a proof.  The proof is the certificate's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import flint

from weightsmith.compiler.synthesize.numbers import PRECISION, Ball, ball, middle, upper

MAX_POINTS = 1 << 13
SPARE_BITS = 60


Scalar = Callable[[Ball], Ball]


class NoSeriesError(Exception):
    """The coefficients do not fall fast enough: the function is not smooth on the interval."""


@dataclass(frozen=True)
class Series:
    """Decimal coefficients a_0 … a_n on an interval, and the predicted largest error."""

    low: Fraction
    high: Fraction
    coefficients: tuple[Fraction, ...]
    error: Fraction

    @property
    def degree(self) -> int:
        return len(self.coefficients) - 1


def chebyshev_series(
    function: Scalar, low: Fraction, high: Fraction, tolerance: Fraction
) -> Series:
    """The shortest truncated series within the tolerance.  Raises NoSeriesError."""
    values = _coefficients(function, low, high, tolerance)
    last = Fraction(1, 1 << SPARE_BITS) * tolerance
    rest, degree = last, len(values) - 1
    while degree > 0 and rest + abs(values[degree]) <= tolerance * Fraction(999, 1000):
        rest += abs(values[degree])
        degree -= 1
    kept = values[: degree + 1]
    decimals = tuple(_decimal(c, tolerance) for c in kept)
    rest += sum((abs(a - b) for a, b in zip(kept, decimals, strict=True)), Fraction(0))
    return Series(low, high, decimals, upper(ball(rest)))


def _decimal(value: Fraction, tolerance: Fraction) -> Fraction:
    """Round to a decimal, to 2⁻⁵⁰ of the tolerance at most."""
    unit = Fraction(1)
    while unit > tolerance / (1 << 50):
        unit /= 10
    return unit * round(value / unit)


def _coefficients(
    function: Scalar, low: Fraction, high: Fraction, tolerance: Fraction
) -> list[Fraction]:
    points = 32
    with flint.ctx.workprec(PRECISION):
        while points <= MAX_POINTS:
            found = _interpolated(function, low, high, points)
            tail = sum((abs(c) for c in found[points // 2 :]), Fraction(0))
            if tail * (1 << SPARE_BITS) <= tolerance:
                return found[: points // 2]
            points *= 2
    raise NoSeriesError


def _interpolated(function: Scalar, low: Fraction, high: Fraction, points: int) -> list[Fraction]:
    """Coefficients of the polynomial through f at cos(jπ/N), j = 0 … N, by a cosine transform."""
    half, centre = ball(high - low) / 2, ball(high + low) / 2
    cosines = [flint.arb.cos_pi_fmpq(flint.fmpq(j, points)).mid() for j in range(points + 1)]
    values = [function(centre + half * x).mid() for x in cosines]
    turns = [flint.acb(flint.fmpq(-j, points)).exp_pi_i() for j in range(points)]
    transformed = _transform([flint.acb(v) for v in [*values, *values[-2:0:-1]]], turns, 1)
    found = [middle(one.real) / points for one in transformed[: points + 1]]
    return [found[0] / 2, *found[1:-1], found[-1] / 2]


def _transform(values: list[flint.acb], turns: list[flint.acb], stride: int) -> list[flint.acb]:
    """Σ_j v_j ω^(jk) for every k, ω = turns[stride], by halves (Cooley and Tukey)."""
    if len(values) == 1:
        return values
    even = _transform(values[::2], turns, 2 * stride)
    odd = _transform(values[1::2], turns, 2 * stride)
    turned = [turns[k * stride] * one for k, one in enumerate(odd)]
    return [a + b for a, b in zip(even, turned, strict=True)] + [
        a - b for a, b in zip(even, turned, strict=True)
    ]
