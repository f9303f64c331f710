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

import math

import numpy as np

from weightsmith.backends.measure.enclosure import (
    FLOOR,
    UNIT,
    WIDER,
    Array,
    Enclosure,
    Pair,
    around,
    gamma,
    require_work,
)
from weightsmith.backends.measure.spectra import symmetric_part

INTEGERS = 2.0**52
HUGE = 2.0**300  # of an end beside the matrix: beyond, norms may overflow
ROOM = 1 + 2.0**-36  # more than WIDER makes of it


def confined(matrix: Enclosure, ends: Pair) -> bool:
    """Are all eigenvalues of a matrix proven to lie between two ends?

    Of a matrix that is not symmetric those of its symmetric part, and of all that are as near to
    it as the matrix is.  False where this proves nothing.  Raises TooLargeError.
    """
    half, off = _symmetric(matrix)
    low = around(ends[0], matrix.exponent, -np.inf)[1]
    high = around(ends[1], matrix.exponent, np.inf)[0]
    if HUGE < abs(low) < np.inf or HUGE < abs(high) < np.inf:
        return False
    above = [_shifted(half, -low)] if np.isfinite(low) else []
    below = [_shifted(-half, high)] if np.isfinite(high) else []
    both = above + below
    if not both or _definite(np.concatenate(both), off):
        return True
    if not above or off > 0 or not _dominant(half, low):
        return False
    return not below or _definite(below[0], off)


def compared(inner: Enclosure, weight: Enclosure, ends: Pair) -> bool:
    """Is M − a·P and b·P − M proven to have no eigenvalue below 0?  Raises as ``confined``."""
    (inside, off), (outside, unknown) = _symmetric(inner), _symmetric(weight)
    sizes = float(inner.norm.max()), float(weight.norm.max())
    exponent = inner.exponent - weight.exponent
    low = around(ends[0], exponent, -np.inf)[1]
    high = around(ends[1], exponent, np.inf)[0]
    if HUGE < abs(low) < np.inf or HUGE < abs(high) < np.inf:
        return False
    matrices, most = [], 0.0
    for sign, end in ((1.0, low), (-1.0, high)):
        if np.isfinite(end):
            matrices.append(sign * (inside - end * outside))
            rounding = 2 * UNIT * (sizes[0] + 2 * abs(end) * sizes[1])
            most = max(most, (off + abs(end) * unknown + rounding) * WIDER)
    return not matrices or _definite(np.concatenate(matrices), most)


def _symmetric(matrix: Enclosure) -> tuple[Array, float]:
    """The symmetric part, and how far a matrix of the batch may be from it at most."""
    half, skew = symmetric_part(matrix.middle)
    require_work(half.size * half.shape[-1])
    return half, float((matrix.radius + skew).max())


def _shifted(matrix: Array, by: float) -> Array:
    """matrix + by·I, the diagonal rounded."""
    shifted = matrix.copy()
    _diagonal(shifted)[...] += by
    return shifted


def _diagonal(matrix: Array) -> Array:
    """A view of the diagonal of every problem."""
    size = matrix.shape[-1]
    return matrix.reshape(len(matrix), size * size)[:, :: size + 1]


def _definite(matrix: Array, off: float) -> bool:
    """Is every matrix, with a rounded diagonal and up to ``off``, proven to be semidefinite?

    One shift serves all problems of a batch.  The matrix is written over.
    """
    diagonal, count = _diagonal(matrix), matrix.shape[-1]
    off += 2 * UNIT * float(np.abs(diagonal).max(initial=0))
    shift = ROOM * off + 2 * gamma(count) * float(np.abs(diagonal.sum(axis=-1)).max())
    diagonal -= shift
    try:
        root = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return False
    lost = _largest(matrix - root @ root.swapaxes(-1, -2)) + gamma(count) * _largest(root) ** 2
    return (lost + off) * WIDER <= shift


def _largest(matrix: Array) -> float:
    """More than the largest Frobenius norm of a batch; as ``frobenius``."""
    entries = matrix.reshape(len(matrix), -1)
    squares = float(np.vecdot(entries, entries).max())
    return math.sqrt(squares) * (1 + gamma(entries.shape[-1])) * WIDER + FLOOR


def _dominant(matrix: Array, low: float) -> bool:
    """Is a matrix of integers, less low·I, diagonally dominant, with no rounding anywhere?"""
    whole = (np.rint(matrix) == matrix).all() and low.is_integer()
    if not whole or np.abs(matrix).sum() + abs(low) * len(matrix) >= INTEGERS:
        return False
    diagonal = _diagonal(matrix)
    others = np.abs(matrix).sum(axis=-1) - np.abs(diagonal)
    return bool((diagonal - low >= others).all())
