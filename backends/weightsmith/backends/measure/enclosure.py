"""Matrices in floating point, each with a proven bound on its distance from the exact one.

The inputs are floats, taken as exact real numbers.  A computed value is kept as

    2^exponent · (middle + E),   ‖E‖_F ≤ radius

for every problem of a batch.  Unless its largest entry is between 2^-WIDE and 2^WIDE, the middle
is scaled by a power of two (exactly, but for what underflows) so that this is in [1/2, 1): nothing
overflows, and FLOOR covers all that underflows.  The bound of a product is the classical one
(Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., 3.5), valid for every order of
summation, with or without fused operations:

    |fl(AB) − AB| ≤ γ_n |A||B|,   γ_n = nu/(1 − nu),   so   ‖fl(AB) − AB‖_F ≤ γ_n ‖A‖_F ‖B‖_F
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from math import frexp, ldexp, sqrt
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]  # float64, a batch in front
UNIT = 2.0**-53
WIDE = 64
MILD = 2.0**-64  # of a sum of squares: fewer than 2^60, so that the largest entry is 2^-62 to 2^32
FLOOR = 2.0**-500  # more than underflow costs in products of matrices with entries below 2^400
WIDER = 1 + 2.0**-40  # covers the rounding of a bound that a few hundred operations compute
WORK = 2**33  # multiply-adds (about those of a matrix of 2048 rows): beyond, nothing is measured


class Interval:
    """An interval with exact ends, None where there is none, in floats where it is compared."""

    def __init__(self, low: Fraction | None, high: Fraction | None) -> None:
        self.low, self.high = low, high
        self._near: dict[int, tuple[float, float, float, float]] = {}

    def inner(self, exponent: int) -> tuple[float, float]:
        """The ends over 2^exponent, rounded inward; infinite where there is none."""
        return self._around(exponent)[1:3]

    def outer(self, exponent: int) -> tuple[float, float]:
        """The ends over 2^exponent, rounded outward; infinite where there is none."""
        return self._around(exponent)[::3]

    def _around(self, exponent: int) -> tuple[float, float, float, float]:
        """The floats below and above either end."""
        if exponent not in self._near:
            low, high = around(self.low, exponent, -np.inf), around(self.high, exponent, np.inf)
            self._near[exponent] = *low, *high
        return self._near[exponent]

    @cached_property
    def of_nonnegative(self) -> Interval:
        """The same for numbers that are at least 0: a low end at 0 or below it is none."""
        return self if self.low is None or self.low > 0 else Interval(None, self.high)

    @property
    def is_positive(self) -> bool:
        """Are both ends there, and above 0?"""
        return self.low is not None and self.low > 0 and self.high is not None

    @cached_property
    def of_squares(self) -> Interval:
        """Where the squares lie of numbers that are at least 0; needs a high end that is."""
        low, high = self.of_nonnegative.low, self.high
        return Interval(None if low is None else low**2, None if high is None else high**2)


class TooLargeError(Exception):
    """More than WORK multiply-adds would be needed."""


@dataclass(frozen=True)
class Enclosure:
    """2^exponent · (middle + E) with ‖E‖_F ≤ radius; middle is batch × rows × columns.

    ``is_exact``: every radius is 0.
    """

    middle: Array
    radius: Array
    exponent: int
    is_exact: bool = False

    @property
    def transposed(self) -> Enclosure:
        turned = Enclosure(self.middle.swapaxes(-1, -2), self.radius, self.exponent, self.is_exact)
        turned.__dict__["norm"] = self.norm  # the same, and known
        return turned

    @cached_property
    def norm(self) -> Array:
        """More than the Frobenius norm of the middle."""
        return frobenius(self.middle)

    @cached_property
    def is_symmetric(self) -> bool:
        """Is the middle of every problem equal to its transpose?"""
        return bool((self.middle == self.middle.swapaxes(-1, -2)).all())

    @cached_property
    def symmetric_part(self) -> tuple[Array, Array | float]:
        """(A + A')/2 of the middle A, and more than how far A is from it, rounding included."""
        if self.is_symmetric:
            return self.middle, 0.0
        turned = self.middle.swapaxes(-1, -2)
        half = self.middle / 2 + turned / 2
        return half, frobenius(self.middle - turned) / 2 * WIDER + 4 * UNIT * frobenius(half)


def exact(matrix: Array) -> Enclosure:
    """A matrix of floats as it is."""
    return _scaled(matrix, np.zeros(len(matrix)), 0, is_exact=True)


def gamma(count: int) -> float:
    """More than γ_n = nu/(1 − nu) for n = count + 2, since nu is below 2^-20."""
    return (count + 2) * UNIT * (1 + 2.0**-20)


def frobenius(matrix: Array) -> Array:
    """More than the Frobenius norm of every matrix of a batch whose entries are below 2^400.

    A computed sum of N squares is at least (1 − γ_N) of the exact one, however it is ordered.
    """
    count = matrix.shape[-1] * matrix.shape[-2]
    if len(matrix) == 1:
        return np.array([_norm(float(np.vdot(matrix, matrix)), count)])
    entries = matrix.reshape(len(matrix), count)
    result: Array = np.sqrt(np.vecdot(entries, entries)) * ((1 + gamma(count)) * WIDER) + FLOOR
    return result


def _norm(square: float, count: int) -> float:
    """More than the root of an exact sum of squares that was computed so."""
    return sqrt(square) * ((1 + gamma(count)) * WIDER) + FLOOR


def product(left: Enclosure, right: Enclosure) -> Enclosure:
    """Multiply; raises TooLargeError."""
    inner = left.middle.shape[-1]
    require_work(left.middle.size * right.middle.shape[-1])
    radius = gamma(inner) * left.norm * right.norm + FLOOR
    if not (left.is_exact and right.is_exact):
        radius = radius + left.norm * right.radius + left.radius * (right.norm + right.radius)
    radius = radius * WIDER
    exponent = left.exponent + right.exponent
    return _scaled(left.middle @ right.middle, radius, exponent)


def combination(terms: Sequence[tuple[Fraction, Enclosure]]) -> Enclosure:
    """Σ coefficient · term; a coefficient is rounded to m·2^e with 1/2 ≤ |m| ≤ 2."""
    parts = [(*_rounded(scale), term) for scale, term in terms]
    exponent = max(shift + term.exponent for _, shift, term in parts)
    total, radius = np.zeros_like(terms[0][1].middle), np.zeros(len(terms[0][1].middle))
    for number, shift, term in parts:
        factor, down = number, shift + term.exponent - exponent
        if abs(down) <= WIDE:
            factor, down = ldexp(number, down), 0  # exactly
        middle = np.ldexp(factor * term.middle, down) if down else factor * term.middle
        total = total + middle
        own = np.ldexp(abs(factor) * term.radius, down)
        radius = radius + own + gamma(len(parts) + 2) * frobenius(middle) + FLOOR
    return _scaled(total, radius * WIDER, exponent)


def side_by_side(parts: Sequence[Enclosure], axis: int) -> Enclosure:
    """Put matrices of one height (axis −1), or one width (axis −2), beside each other."""
    if len(parts) == 1:
        return parts[0]
    exponent = max(part.exponent for part in parts)
    middles = [np.ldexp(part.middle, part.exponent - exponent) for part in parts]
    radii = [np.ldexp(part.radius, part.exponent - exponent) + FLOOR for part in parts]
    return _scaled(np.concatenate(middles, axis), sum(radii, np.zeros(1)) * WIDER, exponent)


def require_work(count: int) -> None:
    if count > WORK:
        raise TooLargeError


def _scaled(middle: Array, radius: Array, exponent: int, *, is_exact: bool = False) -> Enclosure:
    square = float(np.vdot(middle, middle))
    if MILD < square < 1 / MILD:  # told sooner than the largest entry
        found = Enclosure(middle, radius, exponent, is_exact)
        if len(middle) == 1:
            found.__dict__["norm"] = np.array([_norm(square, middle.size)])
        return found
    shift = frexp(float(np.abs(middle).max(initial=0)))[1]
    if -WIDE < shift <= WIDE:
        return Enclosure(middle, radius, exponent, is_exact)
    scaled = np.ldexp(middle, -shift)
    return Enclosure(scaled, np.ldexp(radius, -shift) + FLOOR, exponent + shift)


@lru_cache(256)
def _rounded(number: Fraction) -> tuple[float, int]:
    """m and e with number = m·2^e·(1 + t), |t| ≤ u, and m far from overflow."""
    shift = number.numerator.bit_length() - number.denominator.bit_length()
    return float(number / Fraction(2) ** shift), shift


def around(end: Fraction | None, exponent: int, missing: float = 0.0) -> tuple[float, float]:
    """The floats next to end/2^exponent, below and above; both are it if it is a float."""
    if end is None:
        return missing, missing
    scaled = end / Fraction(2) ** exponent
    if abs(scaled) >= Fraction(2) ** 1023:
        largest = float(np.finfo(np.float64).max)
        return (largest, np.inf) if scaled > 0 else (-np.inf, -largest)
    near = float(scaled)
    below = near if Fraction(near) <= scaled else float(np.nextafter(near, -np.inf))
    above = near if Fraction(near) >= scaled else float(np.nextafter(near, np.inf))
    return below, above
