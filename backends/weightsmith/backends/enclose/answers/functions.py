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

So only W and R need many digits.  M and w are multiplied by one power of two, X and Φ by another,
so that all their entries are below 2, as those of V are: |v|² ≤ 1 + δ.  M₁, V₁ and w₁ are leading
bits on one grid (see ``leading``), so M₁V₁ − V₁w₁, a sum of n + 1 products, is exact.  The rest is
small:

    W = (M₁V₁ − V₁w₁) + (M₁V₂ + M₂V − V₁w₂ − V₂w)

R is the same of X and Φ, and both are computed in one go.  What underflows where M or X is scaled
down is less than FLOOR after that is undone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import flint
import numpy as np

from weightsmith.backends.enclose.answers.leading import rounded_to
from weightsmith.backends.enclose.matrices.near import (
    FLOOR,
    UNIT,
    WIDER,
    Apart,
    Array,
    Near,
    finite,
    gamma,
    less_identity,
    norm,
    require,
)
from weightsmith.backends.enclose.matrices.products import bits_of
from weightsmith.backends.enclose.values.balls import BITS, ScalarFunction
from weightsmith.backends.enclose.values.spectral import (
    FAILED,
    decomposed,
    divided,
    largest_of,
    outward,
)


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
    """W and R as multiples of powers of two, and what each is off by itself."""

    first: Array
    second: Array
    lost: float
    wrong: float
    unit: float = 1.0
    other: float = 1.0


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
    image = function.image(found, what, matrix.short)
    delta = _defect(vectors)
    require(delta < 1 / 4, FAILED.format(what))
    numbers = found.tolist()  # all of them in the norm of W, which no nan passes
    low, high = min(numbers, default=0.0), max(numbers, default=0.0)
    most = largest_of(image)
    return _Spectrum(found, low, high, vectors, image, most, delta)


def _defect(vectors: Near) -> float:
    """More than ‖V′V − I‖: a rounded product is enough."""
    count = len(vectors.hi)
    gram = vectors.hi.T.dot(vectors.hi)
    less_identity(gram)
    size = norm(gram)
    return finite((size + gamma(count) * vectors.size**2 + UNIT * size + FLOOR) * WIDER)


def _rounded(matrix: Near, answer: Near, spectrum: _Spectrum) -> _Residuals:
    """W and R with rounded products."""
    vectors, count = spectrum.vectors, len(spectrum.values)
    first, second = matrix.hi.dot(vectors.hi), answer.hi.dot(vectors.hi)
    first -= vectors.hi * spectrum.values
    second -= vectors.hi * spectrum.image.hi
    step = gamma(count + 2)
    lost = step * (matrix.size + spectrum.largest) + matrix.radius + matrix.low_size
    wrong = step * (answer.size + spectrum.most) + spectrum.image.low_size
    return _Residuals(first, second, lost * vectors.size + FLOOR, wrong * vectors.size + FLOOR)


def _split(matrix: Near, answer: Near, spectrum: _Spectrum) -> _Residuals | None:
    """W and R by exact sums of leading bits, all of them on one grid: see the end above."""
    vectors, image, count = spectrum.vectors, spectrum.image, len(spectrum.values)
    tops = math.frexp(matrix.size)[1], math.frexp(answer.size)[1]
    scales = math.ldexp(1.0, -tops[0]), math.ldexp(1.0, -tops[1])
    if spectrum.largest * scales[0] >= 2 or spectrum.most * scales[1] >= 2:
        return None
    twice, thrice, step = 2 * count, 3 * count, 1 - bits_of(2 * count)
    every = np.empty((thrice + 2, count))
    np.multiply(matrix.hi, scales[0], every[:count])
    np.multiply(answer.hi, scales[1], every[count:twice])
    every[twice:thrice] = vectors.hi
    np.multiply(spectrum.values, scales[0], every[thrice])
    np.multiply(image.hi[0], scales[1], every[thrice + 1])
    first, rest = rounded_to(every, step)
    if matrix.lo is not None:
        rest[:count] += matrix.lo * scales[0]
    if image.lo is not None:
        rest[thrice + 1] += image.lo[0] * scales[1]

    own, left, form = first[twice:thrice], rest[twice:thrice], (2, count, count)
    whole, small, numbers = (one[thrice:, None] for one in (first, rest, every))
    pair = first[:twice]
    total, tail = pair.dot(own).reshape(form), pair.dot(left).reshape(form)
    tail += rest[:twice].dot(vectors.hi).reshape(form)
    work = own * whole
    total -= work
    tail -= np.multiply(own, small, work)
    tail -= np.multiply(left, numbers, work)
    total += tail
    half = math.ldexp(1.0, step - 1)
    lost = _lost(matrix, vectors, half, scales[0], 0.0, spectrum.largest)
    wrong = _lost(answer, vectors, half, scales[1], image.low_size, spectrum.most)
    return _Residuals(total[0], total[1], lost, wrong, 1 / scales[0], 1 / scales[1])


def _lost(value: Near, vectors: Near, step: float, scale: float, low: float, most: float) -> float:
    """What W or R is off by: scaled, no entry of what is left is more than the ``step``."""
    count = len(vectors.hi)
    own = count * step
    left = own + value.low_size * scale
    smalls = (value.size * scale + left) * own + left * vectors.size
    smalls += (vectors.size + own) * (step + low * scale) + own * most * scale
    off = gamma(count + 6) * smalls / scale
    return off + value.radius * vectors.size + own * low + FLOOR


def _first_order(
    residuals: _Residuals, spectrum: _Spectrum, function: ScalarFunction, what: str
) -> Apart:
    """Without the divided differences."""
    delta = spectrum.delta
    rest, wrong = residuals.unit * norm(residuals.first), residuals.other * norm(residuals.second)
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
    turned, seen = vectors.hi.T.dot(residuals.first), vectors.hi.T.dot(residuals.second)
    unit, scale = residuals.unit, residuals.other
    rest, wrong = unit * norm(turned), scale * norm(seen)
    loss = 1.2 * (gamma(len(values)) * vectors.size + 1.2 * UNIT)
    own, other = 1.2 * residuals.lost + loss * rest, 1.2 * residuals.wrong + loss * wrong
    beta, hidden, slope, bend = _derivatives(rest + own, spectrum, function, what)
    if bend == math.inf:
        return _first_order(residuals, spectrum, function, what)
    slopes = function.slopes(values, image)
    table, lost = divided(values[:, None] - values, image, slopes, slope, bend)
    table *= turned
    table *= unit / scale
    size = scale * norm(table)
    seen -= table
    delta = spectrum.delta
    off = 1.7 * delta * (wrong + other) + 1.5 * delta**2 * spectrum.most
    off += (1 + delta) * image.radius + other + slope * (own + hidden)
    off += lost * rest + bend * beta**2 / 2 + 2 * UNIT * (size + wrong)
    return Apart.of(scale * norm(seen), off)


def _derivatives(
    moved: float, spectrum: _Spectrum, function: ScalarFunction, what: str
) -> tuple[float, float, float, float]:
    """β, more than ‖Δ′‖, and than |f′| and |f″| within β of the w, where ‖V′W‖ ≤ ``moved``."""
    off = spectrum.delta * spectrum.largest
    hidden = 3 * spectrum.delta * (3 * off + moved)
    beta = finite(moved + off + hidden) * WIDER
    ends = outward(spectrum.low - beta, spectrum.high + beta)
    return (beta, hidden, *function.bounds(*ends, what))
