"""The inverse of a matrix, from a computed one and its residual.

Let Y be any matrix and R = I − MY.  If ‖R‖ ≤ ρ < 1, MY is invertible, so M and Y are, and

    M⁻¹ = Y(I − R)⁻¹,   M⁻¹ − Y = YR(I − R)⁻¹,   ‖M⁻¹‖₂ ≤ ‖Y‖₂/(1 − ρ)

R = R₀ + R₁ with R₀ known and ‖R₁‖ ≤ ε.  The inverse is Y + Z with Z = fl(YR₀) = YR₀ + D,
‖D‖ ≤ γ_n‖Y‖‖R₀‖.  Since I − M(Y + Z) = R₁ + RR₀ − MD,

    M⁻¹ − Y − Z = M⁻¹(R₁ + RR₀) − D,   at most ‖Y‖(ε + ρ‖R₀‖)/(1 − ρ) + ‖D‖
"""

from __future__ import annotations

import numpy as np

from weightsmith.backends.enclose.near import FLOOR, Near, NoBoundError, gamma, near, require
from weightsmith.backends.enclose.products import product
from weightsmith.backends.enclose.sums import remainder

SINGULAR = "{} is singular, or too near to it for float64"


def inverse(matrix: Near, what: str) -> Near:
    """Raises NoBoundError where the matrix, called ``what``, may be singular."""
    size = matrix.hi.shape[0]
    try:
        found = near(np.linalg.inv(matrix.hi))
    except np.linalg.LinAlgError:
        raise NoBoundError(SINGULAR.format(what)) from None
    unit = near(np.eye(size))
    rest = remainder(unit, product(matrix, found))
    rho = rest.whole
    require(rho < 1 / 2, SINGULAR.format(what))
    correction = found.hi @ rest.hi
    off = found.size * (rest.radius + rho * rest.size) / (1 - rho)
    return near(found.hi, correction, off + gamma(size) * found.size * rest.size + FLOOR)
