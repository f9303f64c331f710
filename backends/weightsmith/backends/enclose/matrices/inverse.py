"""The inverse of a matrix, from a computed one and its residual.

Let Y be any matrix and R = I − MY.  If ‖R‖ ≤ ρ < 1, MY is invertible, so M and Y are, and

    M⁻¹ = Y(I − R)⁻¹,   M⁻¹ − Y = YR(I − R)⁻¹,   ‖M⁻¹‖₂ ≤ ‖Y‖₂/(1 − ρ)

R = R₀ + R₁ with R₀ known and ‖R₁‖ ≤ ε.  The inverse is Y + Z with Z ≈ Y(R + R²), computed as

    P = R₀ + R₀² + S,  ‖S‖ ≤ γ_n‖R₀‖² + u‖P‖,   Z = YP + D,  ‖D‖ ≤ γ_n‖Y‖‖P‖

(or with S = −R₀² where R is so small that its square does not matter).

Since I − M(Y + Z) = R − P + RP − MD = R₁ + R₁P − S + R₀S + R₀³ − MD,

    M⁻¹ − Y − Z = M⁻¹(R₁ + R₁P − S + R₀S + R₀³) − D

Of a short matrix it is Y, off by at most ‖Y‖ρ/(1 − ρ).
"""

from __future__ import annotations

import numpy as np

from weightsmith.backends.enclose.matrices.near import (
    FLOOR,
    UNIT,
    Near,
    NoBoundError,
    gamma,
    near,
    norm,
    require,
    with_radius,
)
from weightsmith.backends.enclose.matrices.products import product
from weightsmith.backends.enclose.matrices.sums import remainder

SMALL = 2.0**-20  # residuals whose square is not computed: tightness only
SINGULAR = "{} is singular, or too near to it for float64"


def inverse(matrix: Near, what: str) -> Near:
    """Raises NoBoundError where the matrix, called ``what``, may be singular."""
    count = matrix.hi.shape[0]
    try:
        found = near(np.linalg.inv(matrix.hi), digits=matrix.digits)
    except np.linalg.LinAlgError:
        raise NoBoundError(SINGULAR.format(what)) from None
    rest = remainder(near(np.eye(count)), product(matrix, found))
    rho = rest.whole
    require(rho < 1 / 2, SINGULAR.format(what))
    if matrix.short:
        return with_radius(found, found.size * rho / (1 - rho) + FLOOR)
    if rho < SMALL:
        series, size, lost = rest.hi, rest.size, rest.size**2
    else:
        series = rest.hi @ rest.hi
        series += rest.hi
        size = norm(series)
        lost = gamma(count) * rest.size**2 + 2 * UNIT * size
    off = rest.radius * (1 + size) + lost * (1 + rest.size) + rest.size**3
    radius = found.size * (off / (1 - rho) + gamma(count) * size) + FLOOR
    return near(found.hi, found.hi @ series, radius, digits=matrix.digits)
