"""How far a matrix X is from a function of a symmetric matrix M, told in a basis of eigenvectors.

V, Λ = diag(w), E = V′V − I with ‖E‖ ≤ δ < 1/4, S = (I + E)^(−1/2), Q = VS, B = Q′MQ and W = MV − VΛ
are those of ``spectral``, which shows that

    f(B) = f(Λ) + L∘Δ + C′,  Δ = V′W + ½(EΛ − ΛE),  ‖C′‖ ≤ a‖Δ′‖ + ½bβ²,  ‖f(B) − f(Λ)‖ ≤ aβ

Let Φ ≈ f(Λ), off by e, and R = XV − VΦ.  Then V′XV = V′R + (I + E)Φ, and Q is orthogonal, so

    Q′XQ = S(V′R)S + S⁻¹ΦS,   ‖X − f(M)‖ = ‖S(V′R)S + S⁻¹ΦS − f(B)‖

S⁻¹ΦS is Φ + ½(EΦ − ΦE) up to 1.5δ²·max|φ|, as S = I − ½E + S₂ and S⁻¹ = I + ½E + S₃ with
‖S₂‖ ≤ 0.77δ² and ‖S₃‖ ≤ 0.15δ².  And L∘½(EΛ − ΛE) has the entries ½E_ij(f(w_j) − f(w_i)): it is
½(E·f(Λ) − f(Λ)·E), so E cancels but for its square and δe.  What remains is

    ‖X − f(M)‖ ≤ ‖V′R − L∘(V′W)‖ + 1.7δ‖V′R‖ + 1.5δ²·max|φ| + (1 + δ)e + a‖Δ′‖ + ½bβ²

and, without the divided differences L, as ‖SV′‖₂ = 1 and ‖S‖₂ ≤ 1 + 0.77δ,

    ‖X − f(M)‖ ≤ ‖R‖(1 + 0.77δ) + (δ + 1.5δ²)·max|φ| + e + aβ

So only W and R need many digits.  M₁ and V₁ are leading bits (see ``leading``), and w₁ is w rounded
to the grid of M₁, so that M₁V₁ − V₁w₁ is exact.  The rest is small:

    W = (M₁V₁ − V₁w₁) + (M₁V₂ + M₂V − V₁w₂ − V₂w)

R is the same of X and Φ, and both are computed in one go.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import flint
import numpy as np

from weightsmith.backends.enclose.answers.leading import (
    exponent_of,
    half,
    leading,
    most_of,
    shift_of,
)
from weightsmith.backends.enclose.balls import BITS, ScalarFunction, row_of
from weightsmith.backends.enclose.near import (
    FLOOR,
    UNIT,
    WIDER,
    Apart,
    Array,
    Near,
    finite,
    gamma,
    near,
    norm,
    require,
)
from weightsmith.backends.enclose.products import bits_of
from weightsmith.backends.enclose.spectral import FAILED, decomposed, divided, largest_of, outward


@dataclass(frozen=True, slots=True)
class _Residuals:
    """W and R, one after the other, and what each is off by."""

    pair: Array
    off: tuple[float, float]


def function_distance(
    matrix: Near, answer: Near, function: ScalarFunction, what: str
) -> Apart | None:
    """More than ‖answer − f(matrix)‖ of a symmetric matrix that is called ``what``.

    None where the answer is too far off for exact sums.  Raises NoBoundError.
    """
    with flint.ctx.workprec(BITS):
        return _function_distance(matrix, answer, function, what)


def _function_distance(
    matrix: Near, answer: Near, function: ScalarFunction, what: str
) -> Apart | None:
    found, vectors = decomposed(matrix, what)
    image = row_of(function.values(found.tolist(), what))
    defect = _defect(vectors)
    require(defect < 1 / 4, FAILED.format(what))
    residuals = _residuals(matrix, answer, vectors, found, image)
    if residuals is None:
        return None
    if matrix.short:
        return _first_order(residuals, found, image, defect, function, what)
    turned = vectors.hi.T @ residuals.pair
    return _second_order(turned, residuals, vectors, found, image, defect, function, what)


def _defect(vectors: Near) -> float:
    """More than ‖V′V − I‖: a rounded product is enough."""
    count = len(vectors.hi)
    gram = vectors.hi.T @ vectors.hi
    gram.flat[:: count + 1] -= 1
    size = norm(gram)
    return finite((size + gamma(count) * vectors.size**2 + UNIT * size + FLOOR) * WIDER)


def _residuals(
    matrix: Near, answer: Near, vectors: Near, found: Array, image: Near
) -> _Residuals | None:
    count = len(found)
    pair = np.empty((2, count, count))
    pair[0], pair[1] = matrix.hi, answer.hi
    numbers = np.empty((2, 1, count))
    numbers[0], numbers[1] = found, image.hi
    most = most_of(found), most_of(image.hi)
    if matrix.short:
        return _rounded(pair, numbers, most, (matrix, answer), vectors, image)
    return _split(pair, numbers, most, (matrix, answer), vectors, image)


def _rounded(
    pair: Array,
    numbers: Array,
    most: tuple[float, float],
    values: tuple[Near, Near],
    vectors: Near,
    image: Near,
) -> _Residuals:
    """W and R with rounded products."""
    count = len(vectors.hi)
    rest = pair @ vectors.hi
    rest -= vectors.hi * numbers
    sizes = [gamma(count + 2) * (one.size + top) for one, top in zip(values, most, strict=True)]
    off = [size * vectors.size + FLOOR for size in sizes]
    off[0] += (values[0].radius + values[0].low_size) * vectors.size
    off[1] += image.low_size * vectors.size
    return _Residuals(rest, (off[0], off[1]))


def _split(
    pair: Array,
    numbers: Array,
    most: tuple[float, float],
    values: tuple[Near, Near],
    vectors: Near,
    image: Near,
) -> _Residuals | None:
    """W and R by exact sums of leading bits."""
    count = len(vectors.hi)
    own, bits = leading(vectors, count), bits_of(2 * count)
    tops = [exponent_of(one) for one in values]
    if any(one > count * math.ldexp(1.0, top) for one, top in zip(most, tops, strict=True)):
        return None
    shifts = np.array([[[shift_of(top - bits)]] for top in tops])
    first, rest = _parts(pair, shifts)
    whole, small = _parts(numbers, shifts)
    if values[0].lo is not None:
        rest[0] += values[0].lo
    if image.lo is not None:
        small[1] += image.lo

    total = first @ own.first
    total -= np.multiply(own.first, whole, out=pair)
    tail = first @ own.rest
    tail += rest @ vectors.hi
    tail -= np.multiply(own.first, small, out=pair)
    tail -= np.multiply(own.rest, numbers, out=pair)
    total += tail

    off = []
    for one, top, number in zip(values, tops, most, strict=True):
        left = half(count**2, top - bits) + one.low_size
        fine = math.ldexp(1.0, top - bits - 1) + image.low_size
        smalls = (one.size + left) * own.left + left * vectors.size
        smalls += (vectors.size + own.left) * fine + own.left * number
        off.append(gamma(count + 6) * smalls + one.radius * vectors.size + FLOOR)
    return _Residuals(total, (off[0], off[1] + own.left * image.low_size))


def _parts(matrix: Array, shifts: Array) -> tuple[Array, Array]:
    """The leading bits of both, and the rest."""
    first = matrix + shifts
    first -= shifts
    return first, matrix - first


def _first_order(
    residuals: _Residuals,
    found: Array,
    image: Near,
    defect: float,
    function: ScalarFunction,
    what: str,
) -> Apart:
    """Without the divided differences."""
    rest, wrong = (norm(one) for one in residuals.pair)
    largest, most = most_of(found), largest_of(image)
    moved = 1.2 * (rest * (1 + UNIT) + residuals.off[0]) + defect * largest
    hidden = 3 * defect * (2 * defect * largest + moved)
    beta, slope, _ = _derivatives(found, moved + hidden, function, what)
    off = (defect + 1.5 * defect**2) * most + image.radius + slope * beta
    off += (1 + defect) * (residuals.off[1] + UNIT * wrong) + defect * wrong
    return Apart.of(wrong, off)


def _second_order(
    turned: Array,
    residuals: _Residuals,
    vectors: Near,
    found: Array,
    image: Near,
    defect: float,
    function: ScalarFunction,
    what: str,
) -> Apart:
    """Of V′W and V′R; σ_min(V) > 0.86, so ‖W‖ and ‖R‖, computed, are less than 1.2 times those."""
    rest, wrong = (norm(one) for one in turned)
    loss = 1.2 * (gamma(len(found)) * vectors.size + 1.2 * UNIT)
    own = 1.2 * residuals.off[0] + loss * rest
    other = 1.2 * residuals.off[1] + loss * wrong
    largest, most = most_of(found), largest_of(image)
    moved = rest + own + defect * largest
    hidden = 3 * defect * (2 * defect * largest + moved)
    beta, slope, bend = _derivatives(found, moved + hidden, function, what)
    if bend == math.inf:
        return _first_order(residuals, found, image, defect, function, what)
    gaps = found[:, None] - found
    table, lost = divided(gaps, image, function.slopes(found, image), slope, bend)
    table *= turned[0]
    size = norm(table)
    left = np.subtract(turned[1], table, out=table)
    off = 1.7 * defect * (wrong + other) + 1.5 * defect**2 * most + (1 + defect) * image.radius
    off += other + slope * (own + hidden) + lost * rest + bend * beta**2 / 2
    off += 2 * UNIT * (size + wrong)
    return Apart.of(norm(left), off)


def _derivatives(
    found: Array, beta: float, function: ScalarFunction, what: str
) -> tuple[float, float, float]:
    """β, and more than |f′| and |f″| within it of the w."""
    beta = finite(beta) * WIDER
    ends = outward(float(found.min()) - beta, float(found.max()) + beta)
    return (beta, *function.bounds(*ends, what))
