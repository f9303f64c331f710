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
from math import frexp

import numpy as np

from weightsmith.backends.measure.enclosure import (
    FLOOR,
    UNIT,
    WIDER,
    Array,
    Enclosure,
    Interval,
    frobenius,
    gamma,
    require_work,
)
from weightsmith.backends.measure.quantities import ROUND_OFF

INTEGERS = 2.0**52
FEW = 4  # matrices whose norms may be taken together
TINY = 2.0**-300
HUGE = 2.0**300  # of an end beside the matrix: beyond, norms may overflow
ROOM = 1 + 2.0**-36  # more than WIDER makes of it


def confined(matrix: Enclosure, ends: Interval, gap: Interval | None = None) -> bool:
    """Are all eigenvalues of a matrix proven to lie between two ends, and none in a gap?

    Of a matrix that is not symmetric those of its symmetric part, and of all that are as near to
    it as the matrix is.  False where this proves nothing.  Raises TooLargeError.
    """
    half, off = _symmetric(matrix)
    low, high = ends.inner(matrix.exponent)
    if not _are_mild(low, high):
        return False
    parts, most = _between(half, low, high), off
    if gap is not None:
        below, above = gap.outer(matrix.exponent)
        if not max(abs(below), abs(above)) <= HUGE:
            return False
        away, most = _away(half, off, below, above)
        parts.append(away)
    if not parts or _definite(parts, most):
        return True
    if gap is not None or not np.isfinite(low) or off > 0 or not _dominant(half, low):
        return False
    return len(parts) == 1 or _definite(_between(half, -np.inf, high), off)


def compared(inner: Enclosure, weight: Enclosure, ends: Interval) -> bool:
    """Are P, M − a·P and b·P − M proven to have no eigenvalue below 0, and P none at 0?

    M is ``inner`` and P ``weight``.  Raises as ``confined``.
    """
    (inside, off), (outside, unknown) = _symmetric(inner), _symmetric(weight)
    sizes = float(inner.norm.max()), float(weight.norm.max())
    low, high = ends.inner(inner.exponent - weight.exponent)
    if not _are_mild(low, high):
        return False
    matrices, most = _between(outside, TINY, np.inf), unknown
    for sign, end in ((1.0, low), (-1.0, high)):
        if np.isfinite(end):
            matrices.append(sign * (inside - end * outside))
            rounding = 2 * UNIT * (sizes[0] + 2 * abs(end) * sizes[1])
            most = max(most, (off + abs(end) * unknown + rounding) * WIDER)
    return _definite(matrices, most)


def confined_beside_constants(matrix: Enclosure, ends: Interval, unit: float) -> bool:
    """Is the constant vector in the kernel, and are the other eigenvalues between two ends?

    As of the Laplacian of a connected graph.  With e = 1/√n, r = M·e and P = I − ee', the distance
    of M from P·M·P is at most 2‖r‖.  If all eigenvalues of P·M·P + s·ee' lie in an interval, so do
    those of P·M·P but for the 0 of e; by Weyl those of M are within 2‖r‖ of them.  What belongs to
    e is 0 if r is within its margin, and the rounding of data with a round-off of ``unit``.
    Raises as ``confined``.
    """
    half, off = _symmetric(matrix)
    low, high = ends.inner(matrix.exponent)
    if not 0 < low <= high < HUGE:
        return False
    size = half.shape[-1]
    rest = _largest(half.sum(axis=-1, keepdims=True)) / math.sqrt(size)
    mean = float(_diagonal(half).sum(axis=-1).min()) / size  # at most the largest eigenvalue
    if rest > off + ROUND_OFF * unit * mean:
        return False
    rest = (rest + gamma(size) * float(matrix.norm.max())) * ROOM + off
    whole = half + (low + high) / 2 / size
    off += 4 * rest + 2 * UNIT * _largest(whole)
    return _definite(_between(whole, low, high), off * WIDER)


def _symmetric(matrix: Enclosure) -> tuple[Array, float]:
    """The symmetric part, and how far a matrix of the batch may be from it at most."""
    half, skew = matrix.symmetric_part
    require_work(half.size * half.shape[-1])
    is_sharp = matrix.is_exact and matrix.is_symmetric
    return half, 0.0 if is_sharp else float((matrix.radius + skew).max())


def _between(matrix: Array, low: float, high: float) -> list[Array]:
    """matrix − low·I and high·I − matrix, where these ends are finite, their diagonals rounded."""
    parts = []
    if np.isfinite(low):
        parts.append(matrix.copy())
        _diagonal(parts[-1])[...] -= low
    if np.isfinite(high):
        parts.append(-matrix)
        _diagonal(parts[-1])[...] += high
    return parts


def _are_mild(low: float, high: float) -> bool:
    """Is each end small enough to be computed with, or is there none?"""
    return (low == -np.inf or abs(low) <= HUGE) and (high == np.inf or abs(high) <= HUGE)


def _away(matrix: Array, off: float, low: float, high: float) -> tuple[Array, float]:
    """((H − m·I)² − r²·I)/s, with how far it is from that of H = matrix up to ``off``.

    No eigenvalue of H lies between m − r and m + r, which is at least from low to high, if this
    has none below 0.
    """
    middle = (low + high) / 2
    reach = max(high - middle, middle - low) * ROOM
    (shifted,) = _between(matrix, middle, np.inf)
    size = max(_largest(shifted), TINY)
    off += 2 * UNIT * size
    scale = 2.0 ** -frexp(size)[1]
    square = shifted @ (scale * shifted).swapaxes(-1, -2)
    _diagonal(square)[...] -= reach * (scale * reach) * ROOM
    return square, scale * ((2 * size + off) * off + gamma(matrix.shape[-1]) * size**2) * ROOM


def _diagonal(matrix: Array) -> Array:
    """A view of the diagonal of every problem."""
    size = matrix.shape[-1]
    return matrix.reshape(len(matrix), size * size)[:, :: size + 1]


def _definite(parts: list[Array], off: float) -> bool:
    """Is every matrix, with a rounded diagonal and up to ``off``, proven to be semidefinite?

    One shift serves all problems of a batch.  With t the largest trace and D = M − C·C' for a
    computed C, ‖C‖_F² = tr(M) − tr(D) ≤ t + n·‖D‖_F, and D is known up to γ·‖C‖_F².  No entry of a
    diagonal is above t, unless another is negative; that one is in D, as C·C' has none, and is
    small, as D is at most the shift.
    """
    matrix = np.concatenate(parts) if len(parts) > 1 else parts[0]
    diagonal, count = _diagonal(matrix), matrix.shape[-1]
    trace = float(diagonal.sum(axis=-1).max()) * ROOM
    if not 0 < trace < np.inf:
        return False
    off += 3 * UNIT * trace
    shift = ROOM * off + 2 * gamma(count) * trace
    diagonal -= shift
    try:
        root = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return False
    rest = _largest(matrix - root @ root.swapaxes(-1, -2))
    own = gamma(count)
    lost = rest + own * (trace + count * rest) * ROOM / (1 - count * own)
    return bool((lost + off) * WIDER <= shift)


def _largest(matrix: Array) -> float:
    """More than the largest Frobenius norm of a batch, or of a few matrices together."""
    if len(matrix) <= FEW:
        return math.sqrt(np.vdot(matrix, matrix)) * (1 + gamma(matrix.size)) * WIDER + FLOOR
    return float(frobenius(matrix).max())


def _dominant(matrix: Array, low: float) -> bool:
    """Is a matrix of integers, less low·I, diagonally dominant, with no rounding anywhere?"""
    whole = (np.rint(matrix) == matrix).all() and low.is_integer()
    if not whole or np.abs(matrix).sum() + abs(low) * len(matrix) >= INTEGERS:
        return False
    diagonal = _diagonal(matrix)
    others = np.abs(matrix).sum(axis=-1) - np.abs(diagonal)
    return bool((diagonal - low >= others).all())
