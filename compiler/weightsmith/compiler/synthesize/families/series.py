"""Chebyshev series of a function on an interval, cut where the rest is below the tolerance.

    f(λ) = Σ a_k T_k(x),  x = (2λ − low − high)/(high − low),  |f − Σ_{k≤n} a_k T_k| ≤ Σ_{k>n} |a_k|

The coefficients are those of the polynomial that equals f at the N + 1 Chebyshev points, N a power
of two at which they have fallen below the tolerance by 2⁻⁶⁰: a'_k = a_k + a_{2N−k} + a_{2N+k} + …
(Trefethen, Approximation Theory and Approximation Practice, chapters 3, 4, 8).  The degree is the
least at which the rest Σ_{k>n} a_k T_k, summed by itself on a fine grid, is small enough: relative
to f, that is often far less than Σ |a_k|.  So the error is predicted; the proof is the
certificate's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import flint
import numpy as np

from weightsmith.compiler.synthesize.families.numbers import (
    PRECISION,
    Ball,
    ball,
    is_huge,
    middle,
    upper,
)
from weightsmith.compiler.synthesize.families.portable_arrays import Floats, cosines_of_pi

MAX_POINTS = 1 << 13
KEPT = 16  # values of functions: ``ensure`` asks for one series after the other of a function
SPARE_BITS = 60
MOST = Fraction(10) ** 200  # of a coefficient: beyond, the search by floats ends
GRID = 4
UNSEEN = 1e-9  # of a tolerance: what coefficients may have together that are not looked at
WIDEST = 1 << 14  # bits that may stand before the point of an end
UNSHARP = flint.arb(2) ** -200  # a value's radius against it; SPARE_BITS need less
HOPELESS = 4  # times the tolerance: what is missing at an end cannot be left out


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
    function: Scalar,
    low: Fraction,
    high: Fraction,
    tolerance: Fraction,
    *,
    relative: bool = False,
    longest: int = MAX_POINTS,
) -> Series:
    """The shortest truncated series within the tolerance.

    Raises NoSeriesError if there is none, of degree ``longest`` at most.
    """
    if low == high:
        raise NoSeriesError(": the interval is a point")
    ends = _end_sizes(function, low, high, relative)
    least = min(ends)
    values = _coefficients(function, low, high, tolerance, ends, longest)
    degree, error = _degree(values, _sizes(function, low, high, len(values), relative), tolerance)
    if degree > longest:
        raise NoSeriesError(f": it takes degree {degree}")
    kept = values[: degree + 1]
    decimals = tuple(_decimal(c, tolerance * least) for c in kept)
    rest = sum((abs(a - b) for a, b in zip(kept, decimals, strict=True)), Fraction(0)) / least
    return Series(low, high, decimals, upper(ball(rest + error)))


def _end_sizes(
    function: Scalar, low: Fraction, high: Fraction, relative: bool
) -> tuple[Fraction, Fraction]:
    """|f| at the ends, of which one is the least |f|: it is monotone where relative."""
    if not relative:
        return Fraction(1), Fraction(1)
    with flint.ctx.workprec(PRECISION):
        return middle(abs(function(ball(low)))), middle(abs(function(ball(high))))


@lru_cache(maxsize=KEPT)
def _sizes(function: Scalar, low: Fraction, high: Fraction, count: int, relative: bool) -> Floats:
    """What errors are measured against at the places cos(jπ/M)."""
    points = GRID * count
    if not relative:
        return np.ones(points + 1)
    half, centre = ball(high - low) / 2, ball(high + low) / 2
    places = (flint.arb.cos_pi_fmpq(flint.fmpq(j, points)) for j in range(points + 1))
    return np.array([abs(float(function(centre + half * x))) for x in places])


def _degree(values: Sequence[Fraction], sizes: Floats, tolerance: Fraction) -> tuple[int, Fraction]:
    """The least degree at which the rest of the series is within the tolerance, and the rest."""
    points = len(sizes) - 1
    places = np.arange(len(sizes))
    cosines = _cosines(points)
    rest, wanted = np.zeros(len(sizes)), float(tolerance)
    first = _first_that_counts(values, sizes, wanted)
    best = first, 0.0
    for k in range(first, 0, -1):
        rest += float(values[k]) * cosines[k * places % (2 * points)]
        error = float(np.max(np.abs(rest) / sizes)) * 1.001
        if error <= wanted:
            best = k - 1, error
        elif error > 16 * wanted:
            break
    return best[0], Fraction(best[1]) + tolerance * Fraction(2, 10**9)


@lru_cache(maxsize=KEPT)
def _cosines(points: int) -> Floats:
    """cos(jπ/points) all around."""
    half = cosines_of_pi(range(points + 1), points)
    return np.concatenate([half, half[-2:0:-1]])


def _first_that_counts(values: Sequence[Fraction], sizes: Floats, wanted: float) -> int:
    """Beyond this degree all coefficients together are far below the tolerance."""
    left = np.cumsum(np.abs([float(c) for c in values])[::-1])[::-1]
    small = wanted * float(np.min(sizes)) * UNSEEN
    return min(int(np.count_nonzero(left > small)), len(values) - 1)


def _decimal(value: Fraction, tolerance: Fraction) -> Fraction:
    """Round to a decimal, to 2⁻⁵⁰ of the tolerance at most."""
    unit = Fraction(1)
    while unit > tolerance / (1 << 50):
        unit /= 10
    return unit * round(value / unit)


def _coefficients(
    function: Scalar,
    low: Fraction,
    high: Fraction,
    tolerance: Fraction,
    ends: tuple[Fraction, Fraction],
    longest: int,
) -> tuple[Fraction, ...]:
    points, unit = 32, float(tolerance * min(ends))
    with flint.ctx.workprec(_bits(low, high)):
        while points <= MAX_POINTS:
            found = _interpolated(function, low, high, points)
            if any(abs(c) > MOST for c in found):
                raise NoSeriesError(f": the function exceeds {float(MOST):.0e} there")
            sizes = [float(c) for c in found]
            if sum(map(abs, sizes[points // 2 :])) * 2.0**SPARE_BITS <= unit:
                return found[: points // 2]
            if points > 2 * longest and _is_hopeless(sizes[longest + 1 :], ends, tolerance):
                break
            points *= 2
    raise NoSeriesError


def _bits(low: Fraction, high: Fraction) -> int:
    """So many that no place is lost in a wide interval: 1 is one of [1, 10^300]."""
    return PRECISION + min(int(max(abs(low), abs(high))).bit_length(), WIDEST)


def _is_hopeless(rest: list[float], ends: tuple[Fraction, Fraction], tolerance: Fraction) -> bool:
    """Is the rest of the longest series too large at an end already?  (T_k is ±1 there.)"""
    at_ends = (sum(rest[::2]) - sum(rest[1::2]), sum(rest))
    return any(
        abs(one) > HOPELESS * float(tolerance * size)
        for one, size in zip(at_ends, ends, strict=True)
    )


@lru_cache(maxsize=KEPT)
def _interpolated(
    function: Scalar, low: Fraction, high: Fraction, points: int
) -> tuple[Fraction, ...]:
    """Coefficients of the polynomial through f at cos(jπ/N), j = 0 … N, by a cosine transform."""
    half, centre = ball(high - low) / 2, ball(high + low) / 2
    cosines = [flint.arb.cos_pi_fmpq(flint.fmpq(j, points)).mid() for j in range(points + 1)]
    balls = [function(centre + half * x) for x in cosines]
    values = [value.mid() for value in balls]
    if not all(value.is_finite() for value in values):
        raise NoSeriesError(": the function is not defined everywhere")
    if any(map(is_huge, values)):
        raise NoSeriesError(": the function is too large there")
    if any(one.rad() > UNSHARP and one.rad() > UNSHARP * abs(one.mid()) for one in balls):
        raise NoSeriesError(": the interval is too wide for the function to be computed on it")
    transformed = flint.acb.dft([flint.acb(v) for v in [*values, *values[-2:0:-1]]])
    found = [middle(one.real) / points for one in transformed[: points + 1]]
    return (found[0] / 2, *found[1:-1], found[-1] / 2)
