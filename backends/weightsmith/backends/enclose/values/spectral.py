"""A function of a symmetric matrix, from computed eigenvalues and eigenvectors.

Let V·diag(w)·V′ ≈ M, Λ = diag(w), E = V′V − I and W = MV − VΛ, with ‖E‖ ≤ δ < 1/4; none of them
need be exact.  S = (I + E)^(−1/2) makes Q = VS orthogonal, and f(M) = Q·f(B)·Q′ with

    B = Q′MQ = S((I + E)Λ + V′W)S = Λ + Δ + Δ′,   Δ = V′W + ½(EΛ − ΛE)

As S = I + T with ‖T‖ ≤ 0.77δ and S = I − ½E + S₂ with ‖S₂‖ ≤ 0.77δ² (eigenvalue by eigenvalue),
multiplying out gives ‖Δ′‖ ≤ 3δ²ℓ + 3δφ, ℓ = max|w| and φ = ‖EΛ + V′W‖ ≤ ‖Δ‖ + δℓ.  By Weyl's
theorem all eigenvalues of Λ + t(B − Λ) lie within β = ‖Δ‖ + ‖Δ′‖ of the w; on that interval let
|f′| ≤ a and |f″| ≤ b.

*First order* (Daleckii and Krein): the derivative of f at Λ takes Δ to C = L∘Δ with the divided
differences L_ij = f[w_i, w_j], |L_ij| ≤ a, and Δ′ to at most a‖Δ′‖.
*Second order*: in the eigenbasis of Λ + t(B − Λ) the second derivative has the entries
2Σ_k f[λ_i, λ_k, λ_j]·D_ik·D_kj for D = B − Λ, and |f[λ_i, λ_k, λ_j]| ≤ b/2, so its norm is at most
b‖D‖², and Taylor's remainder at most ½bβ².  Hence

    f(B) = f(Λ) + C + C′,   ‖C′‖ ≤ a‖Δ′‖ + ½bβ²

    f(M) = VS(f(Λ) + C + C′)SV′ = V(f(Λ) + C − ½(E·f(Λ) + f(Λ)·E) + H)V′

with ‖H‖ ≤ 3δ²·max|f(w)| + 3δ‖C‖ + (1 + 3δ)‖C′‖, and ‖V‖₂² ≤ 1 + δ.  Of a short matrix it is
V·f(Λ)·V′, where ‖f(B) − f(Λ)‖ ≤ aβ, so that the middle is off by at most (1 + 3δ)aβ + 2δ·max|f(w)|;
there ‖Δ‖ ≤ 1.2‖W‖ + δℓ.  So it is at a corner of f, where f″ has no bound.

The divided differences are computed in floats: for |w_i − w_j| ≤ t as f′(w_i), off by at most b·t;
else as a quotient, off by at most 3e/t + 8ua if the values of f are off by e.
"""

from __future__ import annotations

import math

import flint
import numpy as np

from weightsmith.backends.enclose.matrices.near import (
    FLOOR,
    UNIT,
    WIDER,
    Array,
    Near,
    NoBoundError,
    finite,
    gamma,
    near,
    require,
    with_radius,
)
from weightsmith.backends.enclose.matrices.products import gram_defect, product
from weightsmith.backends.enclose.matrices.sums import remainder, scaled_columns
from weightsmith.backends.enclose.values.balls import BITS, ScalarFunction, row_of

FAILED = "the eigenvalues of {} were not found well enough to prove anything"


def function_of(matrix: Near, function: ScalarFunction, what: str) -> Near:
    """f of a matrix that is symmetric; raises NoBoundError, calling the matrix ``what``."""
    with flint.ctx.workprec(BITS):
        return _function_of(matrix, function, what)


def _function_of(matrix: Near, function: ScalarFunction, what: str) -> Near:
    found, vectors = decomposed(matrix, what)
    values = near(found[None])
    defect = gram_defect(vectors)
    rest = remainder(product(matrix, vectors), scaled_columns(vectors, values))
    delta, largest = defect.whole, float(np.abs(found).max(initial=0))
    require(delta < 1 / 4, FAILED.format(what))

    gaps = found[:, None] - found
    shift = None if matrix.short else _shift(gaps, largest, vectors, defect, rest)
    moved = 1.2 * rest.whole + delta * largest if shift is None else shift.whole
    hidden = 3 * delta * (2 * delta * largest + moved) * WIDER
    beta = finite(moved + hidden) * WIDER
    ends = outward(float(found.min()) - beta, float(found.max()) + beta)
    slope, bend = function.bounds(*ends, what)
    image = row_of(function.values(found.tolist(), what))
    if shift is None or bend == math.inf:
        most = largest_of(image)
        return _composed(vectors, image, None, (1 + 3 * delta) * slope * beta + 2 * delta * most)

    table = divided(gaps, image, function.slopes(found, image), slope, bend)
    change, size = _change(table, shift, slope)
    off = 3 * delta * (delta * largest_of(image) + size)
    off += (1 + 3 * delta) * (slope * hidden + bend * beta**2 / 2)
    return _composed(vectors, image, _turned(change, defect, image), off)


def _shift(gaps: Array, largest: float, vectors: Near, defect: Near, rest: Near) -> Near:
    """Δ, where ½(EΛ − ΛE) has the entries −½E_ij(w_i − w_j), |w_i − w_j| ≤ 2ℓ; ‖V′‖₂² < 1.25."""
    turned = defect.hi * gaps
    turned *= -0.5
    turned += vectors.hi.T @ rest.hi
    sizes = vectors.size * rest.size + largest * defect.size
    off = largest * defect.radius + 1.2 * rest.radius + gamma(len(gaps) + 4) * sizes
    return near(turned, None, off + FLOOR)


def _change(divided: tuple[Array, float], shift: Near, slope: float) -> tuple[Near, float]:
    """C = L∘Δ, and more than ‖C‖."""
    found = near(divided[0] * shift.hi)
    off = divided[1] * shift.size + slope * shift.radius + 2 * UNIT * found.size
    change = with_radius(found, off + FLOOR)
    return change, change.whole


def _turned(change: Near, defect: Near, image: Near) -> Near:
    """C − ½(E·f(Λ) + f(Λ)·E)."""
    means = image.hi + image.hi.T
    means *= 0.5
    means *= defect.hi
    found = np.subtract(change.hi, means, out=means)
    most = largest_of(image)
    off = defect.radius * most + defect.size * (image.low_size + image.radius)
    off += 8 * UNIT * (change.size + 2 * most * defect.size)
    return near(found, None, change.radius + off + FLOOR)


def largest_of(image: Near) -> float:
    """More than the largest |f(w_i)|."""
    [row] = image.hi.tolist()
    return max(max(row, default=0.0), -min(row, default=0.0)) + image.low_size + image.radius


def decomposed(matrix: Near, what: str) -> tuple[Array, Near]:
    """Eigenvalues and eigenvectors, as LAPACK finds them."""
    try:
        values, vectors = np.linalg.eigh(matrix.hi)
    except np.linalg.LinAlgError:
        raise NoBoundError(FAILED.format(what)) from None
    return values, near(vectors, digits=matrix.digits)


def divided(
    gaps: Array, image: Near, slopes: tuple[Array, float], slope: float, bend: float
) -> tuple[Array, float]:
    """The divided differences f[w_i, w_j] in floats, and how far off an entry may be."""
    off = image.low_size + image.radius
    near_by = math.sqrt(2 * off / bend) + FLOOR if bend else math.inf
    close = np.abs(gaps) <= near_by
    table = image.hi.T - image.hi
    np.divide(table, gaps, table, where=~close)
    np.copyto(table, slopes[0][:, None], where=close)
    wrong = slopes[1]
    if not bend:
        return table, wrong
    return table, max(1.01 * bend * near_by + wrong, 3 * off / near_by + 8 * UNIT * slope)


def _composed(vectors: Near, image: Near, change: Near | None, off: float) -> Near:
    """V·(diag(image) + change)·V′; what the middle is off by is multiplied by ‖V‖₂² < 1.25."""
    left = scaled_columns(vectors, image)
    if change is not None:
        moved = vectors.hi @ change.hi
        lo = moved if left.lo is None else left.lo + moved
        wrong = gamma(len(moved) + 2) * vectors.size * change.size + UNIT * left.low_size
        left = near(left.hi, lo, left.radius + wrong + FLOOR)
        off += change.radius
    found = product(left, vectors.transposed)
    return with_radius(found, found.radius + 1.25 * off)


def outward(low: float, high: float) -> tuple[float, float]:
    """The ends of an interval, each computed with one rounding."""
    return math.nextafter(low, -math.inf), math.nextafter(high, math.inf)
