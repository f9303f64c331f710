"""How far a matrix X is from the orthogonal polar factor P of A, to first order and with a bound of
what that leaves.

Let A be m × n with m ≥ n (else its transpose), G symmetric with λ_min(G) ≥ g > 0, and

    X′X = I + E, ‖E‖ ≤ ε < 1/4,   A = XG + F,   Q = X(I + E)^(−1/2),   F̂ = A − QG

Q has orthonormal columns, and X − Q = Q(½E + E₂) with ‖E₂‖ ≤ 0.15ε², so F̂ = F + Q(½E + E₂)G.  Let
‖F̂‖ ≤ f < g.  ``polar`` shows that A = PH has full rank, and with Y = I − P′Q

    P − Q = PY + (I − PP′)F̂G⁻¹,   HY + YG = P′F̂ − F̂′Q
    λ_min(H) ≥ g − f,   h = f/(g − f)

*First order*: let GY₀ + Y₀G = K = Q′F̂ − F̂′Q.  As ‖H − G‖ ≤ √2·‖A − QG‖ (Araki and Yamagami 1981,
An inequality for the Hilbert-Schmidt norm: | |A| − |B| | ≤ √2·|A − B|),

    G(Y − Y₀) + (Y − Y₀)G = (P − Q)′F̂ − (H − G)Y

With p ≥ ‖P − Q‖, y ≥ ‖Y‖ and η = f/2g therefore ‖Y − Y₀‖ ≤ η(p + √2·y).  Let o be the norm of
(I − PP′)F̂G⁻¹ = −(I − PP′)Q, which is also ‖PP′ − QQ′‖₂.  As (I − QQ′)F̂ = (I − QQ′)F, it is at
most ‖(I − QQ′)FG⁻¹‖ + oh.  So with p ≤ y + o

    o ≤ ‖(I − QQ′)FG⁻¹‖/(1 − h),   y ≤ (‖Y₀‖ + ηo)/(1 − 2.42η),   p = √(y² + o²)

    P − X = Q(Y₀ − ½E) + (I − QQ′)FG⁻¹ + D,   ‖D‖ ≤ py + η(p + √2·y) + oh + 0.15ε²

Y₀ is skew, E symmetric, and the two terms have orthogonal columns:

    ‖X − P‖ ≤ √(‖Y₀‖² + ¼‖E‖² + ‖(I − QQ′)FG⁻¹‖²) + ‖D‖

*Solving*: let V and S = diag(s) be computed eigenvectors and eigenvalues of G, GV = VS + D and
‖V′V − I‖ ≤ δ < 1/4, ‖D‖ ≤ d.  By ``spectral`` no eigenvalue of G is further than β = 1.2d + δs₁ +
3δ(2δs₁ + 1.2d + δs₁) from the s.  K is off by k.  For Z = V′KV over s_i + s_j, off by z,

    G·VZV′ + VZV′·G = VV′·K·VV′ + DZV′ + VZD′,   ‖Y₀ − VZV′‖ ≤ (k + 3δ‖K‖ + 1.3z + 2.4d‖Z‖)/(2g)

For N = (I − QQ′)F, off by ν, and T ≈ NV/s, off by t in NV, in the same way ‖NG⁻¹ − TV′‖ ≤ (ν +
δ‖N‖ + 1.2t + d‖T‖)/g.  And ‖VZV′‖ ≤ (1 + δ)‖Z‖, ‖TV′‖ ≤ (1 + δ)‖T‖.

QQ′ − XX′ = −QEQ′, and Q′F − X′F = ((I + E)^(−1/2) − I)X′F is at most 0.9ε‖F‖.

Of E and F alone many digits are needed, by exact sums of leading bits (see ``leading``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from weightsmith.backends.enclose.answers.leading import (
    Leading,
    exponent_of,
    grid,
    half,
    leading,
    rounded_to,
)
from weightsmith.backends.enclose.matrices.near import (
    FLOOR,
    UNIT,
    Apart,
    Array,
    Near,
    gamma,
    less_identity,
    near,
    norm,
)


@dataclass(slots=True, eq=False)
class _Known:
    """A matrix in floats; its norm and what it is off by."""

    matrix: Array
    size: float
    off: float

    @property
    def whole(self) -> float:
        return self.size + self.off


@dataclass(slots=True, eq=False)
class _Basis:
    """s, V, more than ‖V‖, δ, d and max s, less than λ_min(G)."""

    values: Array
    vectors: Array
    size: float
    delta: float
    lost: float
    most: float
    least: float


def polar_distance(matrix: Near, answer: Near) -> Apart | None:
    """None where the answer is not near enough to a polar factor, or A to singular matrices."""
    if matrix.hi.shape[0] < matrix.hi.shape[1]:
        return polar_distance(matrix.transposed, answer.transposed)
    count = len(matrix.hi)
    middle = answer.hi.T.dot(matrix.hi)
    middle += middle.T
    middle *= 0.5
    factor = near(middle)
    basis = _basis(factor)
    if basis is None:
        return None
    if matrix.short:
        defect, rest = _rounded(matrix, answer, factor)
    else:
        first = leading(answer, count)
        parts = _defect(answer, first), _rest(matrix, answer, first, factor)
        if parts[0] is None or parts[1] is None:
            return None
        defect, rest = parts[0], parts[1]
    epsilon = defect.whole
    far = rest.whole + 0.55 * epsilon * basis.most
    if not (epsilon < 1 / 4 and far < basis.least / 8):
        return None
    skew, skew_off, seen = _skew(answer, factor, defect, rest, basis)
    outside, outside_off = _outside(answer, rest, seen, epsilon, basis)
    first_order = math.sqrt(skew**2 + defect.size**2 / 4 + outside**2)
    turn, out = skew + skew_off, outside + outside_off
    whole = math.sqrt(turn**2 + epsilon**2 / 4 + out**2) * (1 + 8 * UNIT)
    off = whole - first_order + _second_order(turn, out, far, basis.least) + 0.15 * epsilon**2
    return Apart.of(first_order, off)


def _second_order(turn: float, out: float, far: float, least: float) -> float:
    """‖D‖ but for E, from ‖Y₀‖, ‖(I − QQ′)FG⁻¹‖, f and g."""
    part, half_part = far / (least - far), far / (2 * least)
    beyond = out / (1 - part)
    turned = (turn + half_part * beyond) / (1 - 2.42 * half_part)
    apart = math.sqrt(turned**2 + beyond**2)
    return apart * turned + half_part * (apart + 1.42 * turned) + beyond * part


def _basis(middle: Near) -> _Basis | None:
    """None where the middle is not proven to be positive definite."""
    try:
        values, vectors = np.linalg.eigh(middle.hi)
    except np.linalg.LinAlgError:
        return None
    count, size = len(values), norm(vectors)
    gram = vectors.T.dot(vectors)
    less_identity(gram)
    delta = norm(gram) * (1 + UNIT) + gamma(count) * size**2
    rest = middle.hi.dot(vectors)
    rest -= vectors * values
    numbers = values.tolist()  # all of them in the norm of the rest, which no nan passes
    low = min(numbers, default=math.inf)
    most = max(-low, max(numbers)) if numbers else 0.0
    lost = norm(rest) * (1 + UNIT) + gamma(count + 2) * size * (middle.size + most) + FLOOR
    moved = 1.2 * lost + delta * most
    beta = moved + 3 * delta * (2 * delta * most + moved)
    least = low - beta * (1 + 2.0**-40)
    if not (delta < 1 / 4 and least > most * 2.0**-50):
        return None
    return _Basis(values, vectors, size, delta, lost, most + beta, least * (1 - 2.0**-40))


def _rounded(matrix: Near, answer: Near, middle: Near) -> tuple[_Known, _Known]:
    """E and F by rounded products."""
    count, inner = answer.hi.shape
    gram = answer.hi.T.dot(answer.hi)
    less_identity(gram)
    size = norm(gram)
    defect = _Known(gram, size, UNIT * size + gamma(count) * answer.size**2 + FLOOR)
    rest = matrix.hi - answer.hi.dot(middle.hi)
    size = norm(rest)
    off = UNIT * size + gamma(inner) * answer.size * middle.size
    return defect, _Known(rest, size, off + matrix.radius + matrix.low_size + FLOOR)


def _defect(answer: Near, parts: Leading) -> _Known | None:
    """E = (X₁′X₁ − I) + C + C′ with C = (X₁ + ½X₂)′X₂."""
    count = len(answer.hi)
    top = 2 * parts.exponent
    if grid(parts.exponent, parts.exponent, count) > 0 or count * math.ldexp(1.0, top) < 1:
        return None
    gram = parts.first.T.dot(parts.first)
    less_identity(gram)
    half_way = parts.rest * 0.5
    half_way += parts.first
    cross = half_way.T.dot(parts.rest)
    gram += cross
    gram += cross.T
    size = norm(gram)
    off = 2 * gamma(count + 4) * (answer.size + parts.left) * parts.left + 2 * UNIT * size
    return _Known(gram, size, off + FLOOR)


def _rest(matrix: Near, answer: Near, parts: Leading, middle: Near) -> _Known | None:
    """F = (A₁ − X₁G₁) + (A₂ − X₁G₂ − X₂G), A₁ on the grid of X₁G₁, |A| ≤ 2^51 steps."""
    count, inner = answer.hi.shape
    other = leading(middle, count)
    step = grid(parts.exponent, other.exponent, count)
    reach = count * math.ldexp(1.0, parts.exponent + other.exponent)
    if 2 * math.ldexp(1.0, exponent_of(matrix)) > reach:
        return None
    first, rest = rounded_to(matrix.hi, step)
    if matrix.lo is not None:
        rest += matrix.lo
    first -= parts.first.dot(other.first)
    small = parts.first.dot(other.rest)
    small += parts.rest.dot(middle.hi)
    rest -= small
    first += rest
    size = norm(first)
    smalls = (answer.size + parts.left) * other.left + parts.left * middle.size
    smalls += half(matrix.hi.size, step) + matrix.low_size
    off = gamma(inner + 6) * smalls + 2 * UNIT * size + matrix.radius
    return _Known(first, size, off + FLOOR)


def _skew(
    answer: Near, middle: Near, defect: _Known, rest: _Known, basis: _Basis
) -> tuple[float, float, Array]:
    """‖Z‖, what ‖Y₀‖ may be more, and X′F."""
    count, inner = answer.hi.shape
    seen = answer.hi.T.dot(rest.matrix)
    one = defect.matrix.dot(middle.hi)
    one *= 0.5
    one += seen
    skew = one - one.T
    size, epsilon = norm(skew), defect.whole
    lost = 0.9 * epsilon * rest.whole + 0.15 * epsilon**2 * basis.most + 1.2 * rest.off
    lost += gamma(inner + 2) * defect.size * middle.size + defect.off * basis.most
    lost = 2 * (lost + gamma(count + 2) * answer.size * rest.size) + UNIT * size
    turned = basis.vectors.T.dot(skew.dot(basis.vectors))
    turned /= basis.values[:, None] + basis.values
    found = norm(turned)
    rounding = 3 * gamma(inner) * basis.size**2 * size + 8 * UNIT * basis.most * found
    lost += 3 * basis.delta * size + 1.3 * rounding + 2.4 * basis.lost * found
    return found, basis.delta * found + lost / (2 * basis.least) + FLOOR, seen


def _outside(
    answer: Near, rest: _Known, seen: Array, epsilon: float, basis: _Basis
) -> tuple[float, float]:
    """‖T‖, and what ‖(I − QQ′)FG⁻¹‖ may be more."""
    count, inner = answer.hi.shape
    if count == inner:
        return 0.0, 0.0
    left = rest.matrix - answer.hi.dot(seen)
    size = norm(left)
    lost = epsilon * rest.whole + rest.off + 2 * UNIT * size
    lost += 1.3 * (gamma(count) + gamma(inner)) * answer.size * rest.size
    turned = left.dot(basis.vectors)
    turned /= basis.values
    found = norm(turned)
    rounding = gamma(inner) * basis.size * size + 2 * UNIT * basis.most * found
    lost += basis.delta * size + 1.2 * rounding + basis.lost * found
    return found, basis.delta * found + lost / basis.least + FLOOR
