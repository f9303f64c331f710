"""The orthogonal polar factor of a matrix of full rank, from computed singular vectors.

Let A be m × n with m ≥ n (else its transpose), and

    A = QG + F,   Q′Q = I + E,   G symmetric with λ_min(G) ≥ g,   ‖E‖ < 1

Then Q̂ = Q(I + E)^(−1/2) has Q̂′Q̂ = I and ‖Q − Q̂‖ ≤ ‖E‖, since |√(1 + e) − 1| ≤ |e|.  With F̂ =
A − Q̂G = F + (Q − Q̂)G, ‖F̂‖ ≤ f = ‖F‖ + ‖E‖‖G‖; if f < g then σ_min(A) ≥ g − f > 0 by Weyl's
theorem, and A = PH with P′P = I and λ_min(H) ≥ g − f.  Multiplying out,

    H(I − P′Q̂) + (I − P′Q̂)G = P′F̂ − F̂′Q̂,   so   ‖I − P′Q̂‖ ≤ 2f/(λ_min(H) + g) ≤ f/(g − f),

and (I − PP′)F̂ = −(I − PP′)Q̂G, so ‖(I − PP′)Q̂‖ ≤ f/g.  The two parts of P − Q̂ are orthogonal:

    ‖P − Q‖ ≤ ‖E‖ + √2·f/(g − f)

This bound is coarse and is meant to be: of a short matrix Q is UV′, else Q₀ = UV′ with its
first-order correction added,

    Q₀ + Q₀(Z − ½E₀) + N·G₀⁻¹,   N = F₀ − Q₀Q₀′F₀,   G₀Z + ZG₀ = J − J′,  J = ½E₀G₀ + Q₀′F₀

so that E and F are of second order, and are computed as what is left of E₀ and F₀.  Where the
smallest singular value is small that is not enough, and what is left is corrected again.
For G₀ = VSV′ + D, λ_min(G₀) ≥ s_n(1 − ‖V′V − I‖) − ‖D‖ (Ostrowski, Weyl).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from weightsmith.backends.enclose.matrices.near import (
    FLOOR,
    UNIT,
    Array,
    Near,
    NoBoundError,
    gamma,
    near,
    norm,
    require,
    with_radius,
)
from weightsmith.backends.enclose.matrices.products import gram_defect, product
from weightsmith.backends.enclose.matrices.sums import remainder

ROUNDS = 4
DEFICIENT = "the smallest singular value of {} cannot be told from 0"


@dataclass(frozen=True, slots=True)
class _Factors:
    """A ≈ left·diag(values)·right; the middle is G₀, and ``least`` is below its eigenvalues."""

    left: Array
    values: Array
    right: Array
    middle: Near
    least: float


def polar(matrix: Near, what: str) -> Near:
    """Raises NoBoundError where the matrix, called ``what``, may have no full rank."""
    if matrix.hi.shape[0] < matrix.hi.shape[1]:
        return polar(matrix.transposed, what).transposed
    parts = _factors(matrix.hi, what)
    start = near(parts.left @ parts.right, digits=matrix.digits)
    defect = gram_defect(start)
    rest = remainder(matrix, product(start, parts.middle))
    if matrix.short:
        radius = _radius(defect, rest, parts.middle.size, parts.least)
        return with_radius(start, _known(radius, what))
    return _corrected(parts, start, defect, rest, what)


def _corrected(parts: _Factors, start: Near, defect: Near, rest: Near, what: str) -> Near:
    """Correct Q₀ until that gains nothing: once, if the matrix is far from singular."""
    correction, change = near(0 * start.hi), near(0 * parts.middle.hi)
    best, radius = correction, math.inf
    left, lost = defect, rest
    for _ in range(ROUNDS):
        more = _correction(parts, start.hi, left.hi, lost.hi)
        change = near(change.hi + _change(start.hi, parts.middle.hi, more, left.hi, lost.hi))
        correction = near(correction.hi + more)
        left = _corrected_defect(start, correction, defect)
        lost = _corrected_rest(start, parts.middle, correction, change, rest)
        size, least = parts.middle.size + change.size, parts.least - change.size
        found = _radius(left, lost, size, least)
        if not found < radius:
            break
        best, radius = correction, found
        if lost.size + left.size * size <= lost.radius + left.radius * size:
            break  # what is left is less than what is known of it
    return near(start.hi, best.hi, _known(radius, what), digits=start.digits)


def _radius(defect: Near, rest: Near, size: float, least: float) -> float:
    """‖E‖ + √2·f/(g − f), f = ‖F‖ + ‖E‖‖G‖; infinite where that proves nothing."""
    off = rest.whole + defect.whole * size
    if not (defect.whole < 1 / 2 and off < least / 2):
        return math.inf
    return defect.whole + math.sqrt(2) * off / (least - off) + FLOOR


def _known(radius: float, what: str) -> float:
    require(radius < math.inf, DEFICIENT.format(what))
    return radius


def _factors(matrix: Array, what: str) -> _Factors:
    try:
        left, values, right = np.linalg.svd(matrix, full_matrices=False)
    except np.linalg.LinAlgError:
        raise NoBoundError(DEFICIENT.format(what)) from None
    outer = right.T * values
    middle = outer @ right
    middle = (middle + middle.T) / 2
    count, size = len(values), norm(right)
    gram = right @ right.T - np.eye(count)
    wrong = norm(gram) + gamma(count + 1) * size**2 + FLOOR
    lost = gamma(count + 4) * norm(outer) * size + FLOOR
    least = float(values.min(initial=math.inf)) * (1 - 2 * wrong) - 2 * lost
    return _Factors(left, values, right, near(middle), least)


def _correction(parts: _Factors, start: Array, defect: Array, rest: Array) -> Array:
    """The first-order correction of Q₀, in floats: what it is worth is tested afterwards."""
    seen = start.T @ rest
    skew = defect @ parts.middle.hi / 2 + seen
    skew = skew - skew.T
    sums = parts.values[:, None] + parts.values
    with np.errstate(all="ignore"):
        turn = parts.right.T @ ((parts.right @ skew @ parts.right.T) / sums) @ parts.right
        found = start @ (turn - defect / 2)
        if start.shape[0] > start.shape[1]:
            outside = rest - start @ seen
            found = found + ((outside @ parts.right.T) / parts.values) @ parts.right
    result: Array = found
    return result


def _change(start: Array, middle: Array, correction: Array, defect: Array, rest: Array) -> Array:
    """A symmetric change of G₀ that suits the correction: that of (Q₀ + correction)′A."""
    found = defect @ middle + start.T @ rest + correction.T @ (start @ middle + rest)
    result: Array = (found + found.T) / 2
    return result


def _corrected_defect(start: Near, correction: Near, defect: Near) -> Near:
    """E of Q₀ + correction: E₀ + Q₀′c + c′Q₀ + c′c."""
    cross = start.hi.T @ correction.hi
    square = correction.hi.T @ correction.hi
    sizes = 2 * start.size * correction.size + correction.size**2
    off = gamma(len(start.hi) + 4) * sizes + 4 * UNIT * defect.size + FLOOR
    return near(defect.hi + (cross + cross.T) + square, None, defect.radius + off)


def _corrected_rest(start: Near, middle: Near, correction: Near, change: Near, rest: Near) -> Near:
    """F of Q₀ + c and G₀ + d: F₀ − cG₀ − Q₀d − cd."""
    outer = correction.hi @ middle.hi + start.hi @ change.hi
    inner = correction.hi @ change.hi
    sizes = correction.size * (middle.size + change.size) + start.size * change.size
    off = gamma(len(middle.hi) + 4) * sizes + 4 * UNIT * rest.size + FLOOR
    return near(rest.hi - outer - inner, None, rest.radius + off)
