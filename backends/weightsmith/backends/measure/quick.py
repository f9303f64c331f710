"""A cheap proof that all eigenvalues lie in an interval, with no eigenvalue computed.

Let M be symmetric, known up to E with ‖E‖ ≤ e, and let C·C' be near M − s·I.  As C·C' is positive
semidefinite, by Weyl's theorem (Horn and Johnson, Matrix Analysis, 2nd ed., 4.3.1)

    λ_min(M + E) ≥ s − ‖M − s·I − C·C'‖ − e

Whatever computed C, the distance on the right is measured, as in ``enclosure``.  With H − a·I and
b·I − H for M, the eigenvalues of H lie in [a, b] if both are at least 0.

For M − a·P with P positive definite, these are bounds of the eigenvalues of P^-½·M·P^-½: with
M = P·u·P of those of u·P, which is similar to P^½·u·P^½.

A matrix with no rounding at all, as the Laplacian of a graph, may touch an end: H − a·I has no
eigenvalue below 0 if its diagonal is dominant (Gershgorin), |h_ii − a| ≥ Σ_j≠i |h_ij|, which sums
of integers below 2^53 decide exactly.
"""

from __future__ import annotations

import numpy as np

from weightsmith.backends.measure.enclosure import (
    UNIT,
    WIDER,
    Array,
    Enclosure,
    Pair,
    around,
    frobenius,
    gamma,
    require_work,
)
from weightsmith.backends.measure.spectra import symmetric_part

INTEGERS = 2.0**52
ROOM = 1 + 2.0**-36  # more than WIDER makes of it


def confined(matrix: Enclosure, ends: Pair) -> bool:
    """Are all eigenvalues of a matrix proven to lie between two ends?

    Of a matrix that is not symmetric those of its symmetric part, and of all that are as near to
    it as the matrix is.  False where this proves nothing.  Raises TooLargeError.
    """
    half, off = _symmetric(matrix)
    low = around(ends[0], matrix.exponent, -np.inf)[1]
    high = around(ends[1], matrix.exponent, np.inf)[0]
    above = [_shifted(half, -low)] if np.isfinite(low) else []
    below = [_shifted(-half, high)] if np.isfinite(high) else []
    both = above + below
    if not both or _definite(np.concatenate(both), np.concatenate([off] * len(both))):
        return True
    if not above or off.any() or not _dominant(half, low):
        return False
    return not below or _definite(below[0], off)


def compared(inner: Enclosure, weight: Enclosure, ends: Pair) -> bool:
    """Is M − a·P and b·P − M proven to have no eigenvalue below 0?  Raises as ``confined``."""
    (inside, off), (outside, unknown) = _symmetric(inner), _symmetric(weight)
    exponent = inner.exponent - weight.exponent
    low = around(ends[0], exponent, -np.inf)[1]
    high = around(ends[1], exponent, np.inf)[0]
    matrices, offs = [], []
    for sign, end in ((1.0, low), (-1.0, high)):
        if np.isfinite(end):
            matrices.append(sign * (inside - end * outside))
            rounding = 2 * UNIT * (inner.norm + 2 * abs(end) * weight.norm)
            offs.append((off + abs(end) * unknown + rounding) * WIDER)
    return not matrices or _definite(np.concatenate(matrices), np.concatenate(offs))


def _symmetric(matrix: Enclosure) -> tuple[Array, Array]:
    half, skew = symmetric_part(matrix.middle)
    require_work(half.size * half.shape[-1])
    return half, matrix.radius + skew


def _shifted(matrix: Array, by: float) -> Array:
    """matrix + by·I, the diagonal rounded."""
    shifted = matrix.copy()
    _diagonal(shifted)[...] += by
    return shifted


def _diagonal(matrix: Array) -> Array:
    """A view of the diagonal of every problem."""
    size = matrix.shape[-1]
    return matrix.reshape(len(matrix), size * size)[:, :: size + 1]


def _definite(matrix: Array, off: Array) -> bool:
    """Is every matrix, with a rounded diagonal and up to ``off``, proven to be semidefinite?

    The matrix is written over.
    """
    diagonal = _diagonal(matrix)
    off = off + 2 * UNIT * np.abs(diagonal).max(axis=-1, initial=0)
    count = matrix.shape[-1]
    shift = ROOM * off + 2 * gamma(count) * np.abs(diagonal.sum(axis=-1))
    diagonal -= shift[:, np.newaxis]
    try:
        root = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return False
    lost = frobenius(matrix - root @ root.swapaxes(-1, -2)) + gamma(count) * frobenius(root) ** 2
    return bool(((lost + off) * WIDER <= shift).all())


def _dominant(matrix: Array, low: float) -> bool:
    """Is a matrix of integers, less low·I, diagonally dominant, with no rounding anywhere?"""
    whole = (np.rint(matrix) == matrix).all() and low.is_integer()
    if not whole or np.abs(matrix).sum() + abs(low) * len(matrix) >= INTEGERS:
        return False
    diagonal = _diagonal(matrix)
    others = np.abs(matrix).sum(axis=-1) - np.abs(diagonal)
    return bool((diagonal - low >= others).all())
