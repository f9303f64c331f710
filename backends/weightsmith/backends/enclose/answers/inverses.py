"""How far a matrix X is from the inverse of M.

With R = I − MX and ‖R‖ ≤ ρ < 1, M is invertible and M⁻¹ = X(I − R)⁻¹, so that

    M⁻¹ − X = XR(I − R)⁻¹,   ‖X − M⁻¹‖ ≤ ‖XR‖/(1 − ρ)

X is the answer itself: no inverse is computed.  R = R₀ + R₁ with ‖R₁‖ ≤ ε, and M₁X₁ − I is exact if
1 is a whole multiple of the grid (see ``leading``), and not too large:

    −R = (M₁X₁ − I) + (M₁X₂ + M₂X),   ‖XR‖ ≤ ‖fl(XR₀)‖ + γ_n‖X‖‖R₀‖ + ‖X‖ε
"""

from __future__ import annotations

import math

from weightsmith.backends.enclose.answers.leading import grid, leading
from weightsmith.backends.enclose.matrices.near import (
    FLOOR,
    UNIT,
    Apart,
    Array,
    Near,
    gamma,
    less_identity,
    norm,
)

CLOSE = 1 / 64  # above, ρ is no small part of the bound


def inverse_distance(matrix: Near, answer: Near) -> Apart | None:
    """None where MX is not near to I, which proves nothing."""
    found = _rounded(matrix, answer) if matrix.short else _split(matrix, answer)
    if found is None:
        return None
    rest, off = found
    size = norm(rest)
    off += UNIT * size + matrix.radius * answer.size + FLOOR
    rho = size + off
    if not rho < CLOSE:
        return None
    first = norm(answer.hi.dot(rest))
    radius = answer.size * (gamma(len(rest)) * size + off) + first * rho
    return Apart.of(first, radius / (1 - rho))


def _rounded(matrix: Near, answer: Near) -> tuple[Array, float]:
    """MX − I by a rounded product, and what that costs but for the last rounding."""
    rest = matrix.hi.dot(answer.hi)
    less_identity(rest)
    off = gamma(len(rest)) * matrix.size * answer.size + matrix.low_size * answer.size
    return rest, off


def _split(matrix: Near, answer: Near) -> tuple[Array, float] | None:
    count = len(matrix.hi)
    left, right = leading(matrix, count), leading(answer, count)
    top = left.exponent + right.exponent
    if grid(left.exponent, right.exponent, count) > 0 or count * math.ldexp(1.0, top) < 1:
        return None
    rest = left.first.dot(right.first)
    less_identity(rest)
    rest += left.first.dot(right.rest) + left.rest.dot(answer.hi)
    smalls = (matrix.size + left.left) * right.left + left.left * answer.size
    return rest, gamma(count + 4) * smalls
