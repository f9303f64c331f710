"""A matrix known up to a proven radius: ``hi + lo + E`` with ‖E‖_F ≤ radius.

``hi`` and ``lo`` are float64 matrices, taken as exact; ``lo``, if there is one, is small beside
``hi``, so that the two together have up to twice the digits.  The rules that make such matrices of
others stand one a file, each with its proof; every bound is in the Frobenius norm ‖·‖ (‖·‖₂ ≤ ‖·‖).

Trusted are the float64 operations of IEEE 754, rounded to nearest, also with results below 2^-1022
flushed to zero.  A matrix product may add in any order, with or without fused operations (Higham,
Accuracy and Stability of Numerical Algorithms, 2nd ed., 3.5):

    |fl(AB) − AB| ≤ γ_n |A||B|,   γ_n = nu/(1 − nu),   so   ‖fl(AB) − AB‖ ≤ γ_n ‖A‖‖B‖

How many digits the rules keep is a property of the values: SHORT ones are single float64 matrices
with rounded products, half the work and enough for an answer in float32; DOUBLE ones have about 1.4
times the digits after a product, LONG ones twice.  What is made of values is as they are.

No norm may exceed HUGE, so nothing overflows, and all that underflows in one rule is less than
FLOOR.  A radius is computed in floats from terms ≥ 0 by fewer than 2^10 operations: WIDER covers
their rounding.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]  # float64, rows × columns
Parts: TypeAlias = tuple[Array, Array, float]  # leading bits, the rest, more than its norm
UNIT = 2.0**-53
HUGE = 2.0**250
FLOOR = 2.0**-480  # more than what underflows costs a rule, norms included
WIDER = 1 + 2.0**-40
SMALL = 64  # rows of identities that are kept: only speed
TOO_LARGE = "its numbers leave the range in which anything is proven"


class NoBoundError(Exception):
    """Nothing is proven of a value; the message is a clause that says why."""


class Digits(Enum):
    SHORT = 1
    DOUBLE = 2
    LONG = 3


TIGHT = {Digits.SHORT: 1 / 32, Digits.DOUBLE: 3 / 8}  # part of a bound b that a radius r may be


@dataclass(slots=True, eq=False)
class Kept:
    """What was found of a matrix: parts that products split it into, and more than its 2-norm."""

    parts: dict[tuple[int, int], Parts] = field(default_factory=dict)
    two_norm: float = math.inf


@dataclass(slots=True, eq=False)
class Near:
    """hi + lo + E with ‖E‖ ≤ radius; ``size`` is more than ‖hi‖, ``low_size`` more than ‖lo‖.

    ``kept`` is of hi, of the matrix that is not ``turned``.  Nothing
    changes a value; it is not declared frozen, as that would treble the time to make one.
    """

    hi: Array
    lo: Array | None
    radius: float
    size: float
    low_size: float = 0.0
    digits: Digits = Digits.DOUBLE
    turned: bool = False
    kept: Kept = field(default_factory=Kept, repr=False)

    @property
    def short(self) -> bool:
        return self.digits is Digits.SHORT

    @property
    def transposed(self) -> Near:
        lo = None if self.lo is None else self.lo.T
        return Near(
            self.hi.T,
            lo,
            self.radius,
            self.size,
            self.low_size,
            self.digits,
            not self.turned,
            self.kept,
        )

    @property
    def two_norm(self) -> float:
        """More than ‖hi‖₂: no more than ``size``, less once hi·hi′ is known."""
        return min(self.size, self.kept.two_norm)

    @property
    def whole(self) -> float:
        """More than the norm of the matrix itself."""
        return (self.size + self.low_size + self.radius) * WIDER


@dataclass(slots=True, eq=False)
class Apart:
    """More than a distance; ``radius`` is what the target's own radius has in it."""

    bound: float
    radius: float

    @staticmethod
    def of(size: float, radius: float) -> Apart:
        """Of two terms.  Raises NoBoundError where they are too large."""
        return Apart(finite((size + radius + FLOOR) * WIDER), radius)


def near(
    hi: Array, lo: Array | None = None, radius: float = 0.0, *, digits: Digits = Digits.DOUBLE
) -> Near:
    """Raises NoBoundError where a number is too large, or is none."""
    own = finite(radius * WIDER) if radius else 0.0
    return Near(hi, lo, own, norm(hi), 0.0 if lo is None else norm(lo), digits)


def as_short(value: Near) -> Near:
    """The same matrix as a short value."""
    radius = finite((value.radius + value.low_size) * WIDER)
    return Near(value.hi, None, radius, value.size, 0.0, Digits.SHORT, value.turned, value.kept)


def digits_of(values: Iterable[Near]) -> Digits:
    """SHORT if one of the values is, else LONG if one is."""
    found = Digits.DOUBLE
    for value in values:
        if value.digits is Digits.SHORT:
            return Digits.SHORT
        if value.digits is Digits.LONG:
            found = Digits.LONG
    return found


def with_radius(value: Near, radius: float) -> Near:
    own = finite(radius * WIDER)
    return Near(
        value.hi,
        value.lo,
        own,
        value.size,
        value.low_size,
        value.digits,
        value.turned,
        value.kept,
    )


def with_digits(value: Near, digits: Digits) -> Near:
    if value.digits is digits:
        return value
    return Near(
        value.hi,
        value.lo,
        value.radius,
        value.size,
        value.low_size,
        digits,
        value.turned,
        value.kept,
    )


def gamma(count: int) -> float:
    """More than γ_n for n = count + 2, for counts below 2^30."""
    return (count + 2) * UNIT * (1 + 2.0**-20)


def norm(matrix: Array) -> float:
    """More than ‖matrix‖.  Raises NoBoundError if that may exceed HUGE.

    A computed sum of N squares is at least 1 − γ_N times the exact one, less N·2^-1022.
    """
    entries = matrix.ravel("K")
    size: float = math.sqrt(entries.dot(entries)) * (WIDER + (entries.size + 4) * UNIT) + FLOOR
    if not size <= HUGE:
        raise NoBoundError(TOO_LARGE)
    return size


def less_identity(matrix: Array) -> None:
    """Subtract the identity from a square matrix, in place."""
    count = len(matrix)
    if count <= SMALL:
        matrix -= _identity(count)  # its zeros change nothing
    else:
        matrix.flat[:: count + 1] -= 1


@lru_cache(SMALL + 1)
def _identity(count: int) -> Array:
    found = np.eye(count)
    found.flags.writeable = False
    return found


def finite(size: float) -> float:
    """A norm or a radius that is not too large; raises NoBoundError on any other, and on nan."""
    if not size <= HUGE:
        raise NoBoundError(TOO_LARGE)
    return size


def require(condition: bool, reason: str) -> None:
    """Raise NoBoundError unless the condition is true; comparisons with nan are false."""
    if not condition:
        raise NoBoundError(reason)
