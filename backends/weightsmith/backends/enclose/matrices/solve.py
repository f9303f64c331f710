"""Solutions of linear equations: M⁻¹B, where B has fewer columns than M.

Let Y ≈ M⁻¹ with ‖I − MY‖ ≤ ρ < 1, so that M is invertible and ‖M⁻¹‖₂ ≤ ‖Y‖₂/(1 − ρ).  For any X let
B − MX = R₀ + R₁ with R₀ known and ‖R₁‖ ≤ ε, and Z = YR₀ + D computed, ‖D‖ ≤ γ_n‖Y‖‖R₀‖.  Then

    M⁻¹B − X − Z = M⁻¹(R₁ + R₀ − MYR₀) − D,   at most ‖Y‖₂(ε + ρ‖R₀‖)/(1 − ρ) + γ_n‖Y‖‖R₀‖

Only the residual of the few columns needs many digits: where M is a product, its factors multiply
them one after the other, and of M itself rounded products are enough.  While ρ‖R₀‖ is more than ε
and matters, X + Z is the next X.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from weightsmith.backends.enclose.matrices.inverse import SINGULAR
from weightsmith.backends.enclose.matrices.near import (
    FLOOR,
    UNIT,
    Array,
    Digits,
    Near,
    NoBoundError,
    gamma,
    less_identity,
    near,
    norm,
    require,
    with_radius,
)
from weightsmith.backends.enclose.matrices.sums import fast_two_sum, remainder

ROUNDS = 3
ENOUGH = 2.0**-60  # of a solution that is not long: only tightness depends on it


@dataclass(slots=True, eq=False)
class CheckedInverse:
    """Y ≈ M⁻¹, and more than ‖I − MY‖, which is less than 1/2."""

    inverse: Near
    rho: float


def solved(known: CheckedInverse, right: Near, times: Callable[[Near], Near]) -> Near:
    """M⁻¹B; ``times`` multiplies M by few columns."""
    inverse, rho, most = known.inverse, known.rho, known.inverse.size
    count = inverse.hi.shape[0]
    point = near(inverse.hi.dot(right.hi), digits=right.digits)
    rest = remainder(right, times(point))
    if rest.short:
        return with_radius(point, most * rest.whole / (1 - rho) + FLOOR)
    enough = 0.0 if right.digits is Digits.LONG else ENOUGH * point.size
    for _ in range(ROUNDS):
        if rho * rest.size * most <= max(rest.radius * most, enough):
            break
        point = with_radius(_moved(point, inverse.hi.dot(rest.hi)), 0.0)  # as good a point as any
        rest = remainder(right, times(point))
    off = most * (rest.radius + rho * rest.size) / (1 - rho)
    off += gamma(count) * inverse.size * rest.size
    found = _moved(point, inverse.hi.dot(rest.hi))
    return with_radius(found, found.radius + off + FLOOR)


def _moved(point: Near, step: Array) -> Near:
    """X + Z in two matrices, up to the rounding of lo + Z and what FastTwoSum leaves out."""
    small = step if point.lo is None else point.lo + step
    hi, lo = fast_two_sum(point.hi, small)
    return near(hi, lo, 3 * UNIT * norm(small), digits=point.digits)


def checked_inverse(matrix: Near, what: str) -> CheckedInverse:
    """Y and ρ, for which a rounded product is enough, and a short M.

    Raises NoBoundError where the matrix, called ``what``, may be singular.
    """
    count = matrix.hi.shape[0]
    try:
        found = near(np.linalg.inv(matrix.hi))
    except np.linalg.LinAlgError:
        raise NoBoundError(SINGULAR.format(what)) from None
    rest = matrix.hi.dot(found.hi)
    less_identity(rest)
    size = norm(rest)
    off = gamma(count) * matrix.size * found.size + UNIT * size
    rho = size + off + (matrix.low_size + matrix.radius) * found.size + FLOOR
    require(rho < 1 / 2, SINGULAR.format(what))
    return CheckedInverse(found, rho)
