"""Eigenvalues and singular values of real matrices, with proven margins.

*Symmetric H*, from a computed H ≈ V·diag(w)·V'.  Let δ ≥ ‖V'V − I‖ with δ < 1, so that V is
invertible.  By Ostrowski's theorem (Horn and Johnson, Matrix Analysis, 2nd ed., 4.5.9) the i-th
eigenvalue of V·diag(w)·V' is θ_i·w_i with θ_i between the least and the largest eigenvalue of
V'V, so 1 − δ ≤ θ_i ≤ 1 + δ.  By Weyl's theorem (4.3.1) that of H is within ‖H − V·diag(w)·V'‖:

    |λ_i(H) − w_i| ≤ δ·|w_i| + ‖H − V·diag(w)·V'‖

*Any A*, from A ≈ U·diag(s)·V' with k = min(m, n) columns in U and V.  For every X and Y
σ_i(XY) ≤ ‖X‖·σ_i(Y) (Horn and Johnson, Topics in Matrix Analysis, 3.3.16); with X⁺ for X and XY
for Y it follows that σ_i(XY) ≥ σ_min(X)·σ_i(Y) if X has full column rank.  With δ ≥ ‖U'U − I‖ and
‖V'V − I‖, δ < 1, the singular values of U and of V lie between √(1 − δ) and √(1 + δ), so the i-th
of U·diag(s)·V' lies between (1 − δ)·s_i and (1 + δ)·s_i, and by Weyl

    |σ_i(A) − s_i| ≤ δ·s_i + ‖A − U·diag(s)·V'‖

The 2-norms are bounded by Frobenius norms, computed with the bounds of ``enclosure``.

*A product u·P* of a symmetric u and a positive definite P, from a computed C with C·C' = P + E,
‖E‖ ≤ ρ and λ_min(P) ≥ p > ρ.  With F = C⁻¹EC'⁻¹, P = C(I − F)C' and ‖F‖ ≤ φ = ρ/(p − ρ), as
‖C⁻¹‖² = 1/λ_min(CC') ≤ 1/(p − ρ).  The eigenvalues of u·P are those of (I − F)^½·C'uC·(I − F)^½,
and by Ostrowski's theorem again, if φ < 1,

    λ_i(u·P) = θ_i·λ_i(C'uC),   1 − φ ≤ θ_i ≤ 1 + φ
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from weightsmith.backends.measure.enclosure import (
    FLOOR,
    UNIT,
    WIDER,
    Array,
    Enclosure,
    exact,
    frobenius,
    gamma,
    product,
    require_work,
)


class NoFactorError(Exception):
    """A decomposition does not converge, or is too far from one to prove anything."""


@dataclass(frozen=True, slots=True)
class Values:
    """2^exponent · (middle ± margin): numbers of every problem, batch × count."""

    middle: Array
    margin: Array
    exponent: int

    @property
    def low(self) -> Array:
        return self.middle - self.margin

    @property
    def high(self) -> Array:
        return self.middle + self.margin


@dataclass(frozen=True, slots=True)
class Factors:
    """H ≈ V·diag(w)·V' or A ≈ U·diag(s)·V': the values, V or U, and bounds of the two errors.

    ``defect`` is that of δ, ``residual`` that of the distance from the product.
    """

    values: Values
    left: Array
    defect: Array
    residual: Array


def eigenvalues(matrix: Enclosure) -> Factors:
    """The eigenvalues of the symmetric part, in increasing order.

    The bounds hold for the matrix itself too: its eigenvalues are within ‖(A − A')/2‖ of those of
    the symmetric part (Bauer and Fike).  Raises TooLargeError, NoFactorError.
    """
    middle = matrix.middle
    size = middle.shape[-1]
    require_work(middle.size * size)
    half, skew = matrix.symmetric_part
    found, vectors = _eigh(half)
    defect, length = _defect(vectors)
    spread = vectors * found[:, np.newaxis, :]
    residual = frobenius(half - spread @ vectors.swapaxes(-1, -2))
    residual = residual + gamma(size) * frobenius(spread) * length + matrix.radius + skew
    return _factors(found, vectors, defect, residual * WIDER, matrix.exponent)


def singular_values(matrix: Enclosure) -> Factors:
    """The min(m, n) singular values, in decreasing order.  Raises as ``eigenvalues``."""
    middle = matrix.middle
    require_work(middle.size * min(middle.shape[-2:]))
    try:
        left, found, right = np.linalg.svd(middle, full_matrices=False)
    except np.linalg.LinAlgError as problem:
        raise NoFactorError from problem
    (one, _), (other, length) = _defect(left), _defect(right.swapaxes(-1, -2))
    spread = left * found[:, np.newaxis, :]
    residual = frobenius(middle - spread @ right)
    residual = residual + gamma(found.shape[-1]) * frobenius(spread) * length + matrix.radius
    defect = np.maximum(one, other)
    return _factors(found, left, defect, residual * WIDER, matrix.exponent)


def as_singular(eigen: Factors) -> Factors:
    """Those of A ≈ V·diag(w)·V' = V·diag(|w|)·(V·diag(sign w))', by decreasing |w|."""
    values = eigen.values
    sizes = np.abs(values.middle)
    order, every = np.argsort(-sizes, axis=-1), np.arange(len(sizes))[:, np.newaxis]
    found = Values(sizes[every, order], values.margin[every, order], values.exponent)
    left = eigen.left.swapaxes(-1, -2)[every, order].swapaxes(-1, -2)
    return Factors(found, left, eigen.defect, eigen.residual)


def squares(values: Values, zeros: int) -> Values:
    """The squares of values that are not negative, and so many exact zeros besides."""
    margin = values.margin * (2 * values.middle + values.margin)
    margin = (margin + 4 * UNIT * values.middle**2 + FLOOR) * WIDER
    pad = ((0, 0), (0, zeros))
    return Values(np.pad(values.middle**2, pad), np.pad(margin, pad), 2 * values.exponent)


def weighted_eigenvalues(left: Enclosure, weight: Enclosure, own: Values) -> Values:
    """The eigenvalues of left · weight, left symmetric, weight definite with these ``own``."""
    smallest = own.low.min(axis=-1, initial=np.inf)
    try:
        root = np.linalg.cholesky(weight.middle / 2 + np.swapaxes(weight.middle, -1, -2) / 2)
    except np.linalg.LinAlgError as problem:
        raise NoFactorError from problem
    rest = weight.middle - root @ np.swapaxes(root, -1, -2)
    size = root.shape[-1]
    distance = frobenius(rest) + gamma(size) * frobenius(root) ** 2 + weight.radius
    distance = (distance + 4 * UNIT * frobenius(weight.middle)) * WIDER
    if (smallest <= 2 * distance * WIDER).any():
        raise NoFactorError
    factor = distance / (smallest - distance) * WIDER
    inner = product(product(exact(root).transposed, left), exact(root))
    found = eigenvalues(inner).values
    margin = (found.margin + (np.abs(found.middle) + found.margin) * factor[:, np.newaxis]) * WIDER
    return Values(found.middle, margin, found.exponent + weight.exponent)


def _eigh(matrix: Array) -> tuple[Array, Array]:
    try:
        values, vectors = np.linalg.eigh(matrix)
    except np.linalg.LinAlgError as problem:
        raise NoFactorError from problem
    return values, vectors


def _defect(vectors: Array) -> tuple[Array, Array]:
    """More than ‖V'V − I‖ and ‖V‖_F.  Raises NoFactorError if the first may be 1 or more."""
    count, size = vectors.shape[-2:]
    gram = vectors.swapaxes(-1, -2) @ vectors
    gram.reshape(len(gram), size * size)[:, :: size + 1] -= 1
    length = frobenius(vectors)
    defect = (frobenius(gram) + gamma(count) * length**2) * WIDER
    if not (defect < 1).all():
        raise NoFactorError
    return defect, length


def _factors(found: Array, left: Array, defect: Array, residual: Array, exponent: int) -> Factors:
    off, distance = (defect + 4 * UNIT)[:, np.newaxis], residual[:, np.newaxis]
    margin = (np.abs(found) * off + distance) * WIDER
    return Factors(Values(found, margin, exponent), left, defect, residual)
