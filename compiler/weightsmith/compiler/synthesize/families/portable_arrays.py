"""What NumPy's arrays of floats need to come out the same on every machine.

NumPy's cosines and logarithms differ in the last bit between processors, and its sums and products
of matrices by the order in which a machine adds.  Here a cosine is a ball's, rounded once, and a
sum goes from first to last.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import flint
import numpy as np
from numpy.typing import NDArray

from weightsmith.compiler.numbers.portable_floats import BITS

Floats = NDArray[np.float64]


def cosines(angles: Iterable[float]) -> Floats:
    with flint.ctx.workprec(BITS):
        return np.array([float(flint.arb(angle).cos().mid()) for angle in angles])


def arccosines(values: Iterable[float]) -> Floats:
    with flint.ctx.workprec(BITS):
        return np.array([float(flint.arb(value).acos().mid()) for value in values])


def cosines_of_pi(numerators: Iterable[int], denominator: int) -> Floats:
    """cos(π·numerator/denominator)."""
    with flint.ctx.workprec(BITS):
        shares = (flint.fmpq(one, denominator) for one in numerators)
        return np.array([float(flint.arb.cos_pi_fmpq(share).mid()) for share in shares])


def total(values: Floats) -> float:
    """The sum, one after the other."""
    return float(np.cumsum(values)[-1])


def sum_of(vectors: Sequence[Floats]) -> Floats:
    """The sum of vectors, one after the other."""
    found = np.zeros_like(vectors[0])
    for vector in vectors:
        found += vector
    return found


def product_of(vectors: Sequence[Floats]) -> tuple[Floats, NDArray[np.int64]]:
    """The product of vectors as mantissa·2^exponent: it may be beyond the range of floats."""
    mantissas, exponents = np.frexp(vectors[0])
    exponents = exponents.astype(np.int64)
    for vector in vectors[1:]:
        mantissas, more = np.frexp(mantissas * vector)
        exponents += more
    return mantissas, exponents


def interpolated(places: Floats, known: Floats, values: Floats) -> Floats:
    """The values at places within the increasing known ones, linear between them."""
    after = np.clip(np.searchsorted(known, places), 1, len(known) - 1)
    before = after - 1
    shares = (places - known[before]) / (known[after] - known[before])
    return np.asarray(values[before] + np.clip(shares, 0, 1) * (values[after] - values[before]))
