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
    Leading,
    exponent_of,
    leading,
    most_of,
    shift_of,
)
from weightsmith.backends.enclose.matrices.near import (
    FLOOR,
    UNIT,
    WIDER,
    Apart,
    Array,
    Near,
    finite,
    gamma,
    norm,
    require,
)
from weightsmith.backends.enclose.matrices.products import bits_of
from weightsmith.backends.enclose.values.balls import BITS, ScalarFunction
from weightsmith.backends.enclose.values.spectral import FAILED, decomposed, divided, outward


@dataclass(slots=True, eq=False)
class _Spectrum:
    """w and V, more than max |w|, f(w) and more than max |f(w)|, δ."""

    values: Array
    low: float
    high: float
    vectors: Near
    image: Near
    most: float
    delta: float

    @property
    def largest(self) -> float:
        return max(-self.low, self.high)


@dataclass(slots=True, eq=False)
class _Residuals:
    """W and R, one after the other, and what each is off by."""

    pair: Array
    lost: float
    wrong: float


def function_distance(
    matrix: Near, answer: Near, function: ScalarFunction, what: str
) -> Apart | None:
    """More than ‖answer − f(matrix)‖ of a symmetric matrix that is called ``what``.

    None where the answer is too far off for exact sums.  Raises NoBoundError.
    """
    with flint.ctx.workprec(BITS):
        spectrum = _spectrum(matrix, function, what)
        if matrix.short:
            residuals = _rounded(matrix, answer, spectrum)
            return _first_order(residuals, spectrum, function, what)
        split = _split(matrix, answer, spectrum)
        return None if split is None else _second_order(split, spectrum, function, what)


def _spectrum(matrix: Near, function: ScalarFunction, what: str) -> _Spectrum:
    found, vectors = decomposed(matrix, what)
    image = function.image(found, what)
    delta = _defect(vectors)
    require(delta < 1 / 4, FAILED.format(what))
    low, high = (float(found.min()), float(found.max())) if found.size else (0.0, 0.0)
    most = most_of(image.hi) + image.low_size + image.radius
    return _Spectrum(found, low, high, vectors, image, most, delta)


def _defect(vectors: Near) -> float:
    """More than ‖V′V − I‖: a rounded product is enough."""
    count = len(vectors.hi)
    gram = vectors.hi.T @ vectors.hi
    gram.flat[:: count + 1] -= 1
    size = norm(gram)
    return finite((size + gamma(count) * vectors.size**2 + UNIT * size + FLOOR) * WIDER)


def _rounded(matrix: Near, answer: Near, spectrum: _Spectrum) -> _Residuals:
    """W and R with rounded products."""
    vectors, count = spectrum.vectors, len(spectrum.values)
    pair = np.empty((2, count, count))
    np.matmul(matrix.hi, vectors.hi, out=pair[0])
    np.matmul(answer.hi, vectors.hi, out=pair[1])
    pair[0] -= vectors.hi * spectrum.values
    pair[1] -= vectors.hi * spectrum.image.hi
    step = gamma(count + 2)
    lost = step * (matrix.size + spectrum.largest) + matrix.radius + matrix.low_size
    wrong = step * (answer.size + spectrum.most) + spectrum.image.low_size
    return _Residuals(pair, lost * vectors.size + FLOOR, wrong * vectors.size + FLOOR)


def _split(matrix: Near, answer: Near, spectrum: _Spectrum) -> _Residuals | None:
    """W and R by exact sums of leading bits."""
    vectors, image, count = spectrum.vectors, spectrum.image, len(spectrum.values)
    own, bits = leading(vectors, count), bits_of(2 * count)
    tops = exponent_of(matrix), exponent_of(answer)
    reach = [count * math.ldexp(1.0, top) for top in tops]
    if spectrum.largest > reach[0] or spectrum.most > reach[1]:
        return None
    numbers = np.empty((2, 1, count))
    numbers[0], numbers[1] = spectrum.values, image.hi
    whole, small = _parts(numbers[0], numbers[1], tops, bits)
    first, rest = _parts(matrix.hi, answer.hi, tops, bits)
    if matrix.lo is not None:
        rest[0] += matrix.lo
    if image.lo is not None:
        small[1] += image.lo

    total = first @ own.first
    tail = first @ own.rest
    tail += rest @ vectors.hi
    total -= np.multiply(own.first, whole, out=first)
    tail -= np.multiply(own.first, small, out=first)
    tail -= np.multiply(own.rest, numbers, out=first)
    total += tail
    halves = [math.ldexp(1.0, top - bits - 1) for top in tops]
    lost = _lost(matrix, vectors, own, halves[0], 0.0, spectrum.largest)
    wrong = _lost(answer, vectors, own, halves[1], image.low_size, spectrum.most)
    return _Residuals(total, lost, wrong + own.left * image.low_size)


def _parts(one: Array, other: Array, tops: tuple[int, int], bits: int) -> tuple[Array, Array]:
    """The leading bits of both, and the rest."""
    first, rest = np.empty((2, *one.shape)), np.empty((2, *one.shape))
    for place, matrix in enumerate((one, other)):
        shift, part = shift_of(tops[place] - bits), first[place]
        np.add(matrix, shift, out=part)
        part -= shift
        np.subtract(matrix, part, out=rest[place])
    return first, rest


def _lost(value: Near, vectors: Near, own: Leading, step: float, low: float, most: float) -> float:
    """What W or R is off by: entries of what is left are at most a ``step``."""
    count = len(vectors.hi)
    left = count * step + value.low_size
    smalls = (value.size + left) * own.left + left * vectors.size
    smalls += (vectors.size + own.left) * (step + low) + own.left * most
    return gamma(count + 6) * smalls + value.radius * vectors.size + FLOOR


def _first_order(
    residuals: _Residuals, spectrum: _Spectrum, function: ScalarFunction, what: str
) -> Apart:
    """Without the divided differences."""
    delta, rest, wrong = spectrum.delta, norm(residuals.pair[0]), norm(residuals.pair[1])
    moved = 1.2 * (rest * (1 + UNIT) + residuals.lost)
    beta, _, slope, _ = _derivatives(moved, spectrum, function, what)
    off = (delta + 1.5 * delta**2) * spectrum.most + spectrum.image.radius + slope * beta
    off += (1 + delta) * (residuals.wrong + UNIT * wrong) + delta * wrong
    return Apart.of(wrong, off)


def _second_order(
    residuals: _Residuals, spectrum: _Spectrum, function: ScalarFunction, what: str
) -> Apart:
    """σ_min(V) > 0.86, so ‖W‖ and ‖R‖, computed, are less than 1.2 times ‖V′W‖ and ‖V′R‖."""
    vectors, values, image = spectrum.vectors, spectrum.values, spectrum.image
    turned = vectors.hi.T @ residuals.pair
    rest, wrong = norm(turned[0]), norm(turned[1])
    loss = 1.2 * (gamma(len(values)) * vectors.size + 1.2 * UNIT)
    own, other = 1.2 * residuals.lost + loss * rest, 1.2 * residuals.wrong + loss * wrong
    beta, hidden, slope, bend = _derivatives(rest + own, spectrum, function, what)
    if bend == math.inf:
        return _first_order(residuals, spectrum, function, what)
    slopes = function.slopes(values, image)
    table, lost = divided(values[:, None] - values, image, slopes, slope, bend)
    table *= turned[0]
    size = norm(table)
    left = np.subtract(turned[1], table, out=table)
    delta = spectrum.delta
    off = 1.7 * delta * (wrong + other) + 1.5 * delta**2 * spectrum.most
    off += (1 + delta) * image.radius + other + slope * (own + hidden)
    off += lost * rest + bend * beta**2 / 2 + 2 * UNIT * (size + wrong)
    return Apart.of(norm(left), off)


def _derivatives(
    moved: float, spectrum: _Spectrum, function: ScalarFunction, what: str
) -> tuple[float, float, float, float]:
    """β, more than ‖Δ′‖, and than |f′| and |f″| within β of the w, where ‖V′W‖ ≤ ``moved``."""
    off = spectrum.delta * spectrum.largest
    hidden = 3 * spectrum.delta * (3 * off + moved)
    beta = finite(moved + off + hidden) * WIDER
    ends = outward(spectrum.low - beta, spectrum.high + beta)
    return (beta, hidden, *function.bounds(*ends, what))
