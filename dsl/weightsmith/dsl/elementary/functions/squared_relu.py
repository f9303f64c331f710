"""squared_relu(t) = max(t, 0)², an activation of transformers (So et al. 2021, "Primer").

Its slope 2·max(t, 0) is continuous and has a breakpoint at 0, so f″ does not exist there.  Over
what holds 0 it is said to be between 0 and 2, as it is on both sides.  The slope is the integral of
f″, so a sign of f″ proves f convex, and Taylor's theorem holds with bounds of f″ as everywhere.
"""

from __future__ import annotations

from weightsmith.dsl.elementary.enclosure import TWO, ZERO, Enclosure, hull, increasing
from weightsmith.dsl.elementary.record import (
    Array,
    Ball,
    ComplexBall,
    Derivatives,
    Elementary,
    Enclosures,
    Numbers,
    nowhere,
)


def _floats(t: Array) -> Array:
    import numpy as np

    values: Array = np.square(np.maximum(t, 0))
    return values


def _value(t: Ball) -> Ball:
    if t > 0:
        return t * t
    if t <= 0:
        return Ball(0)
    top = t.upper()
    return Ball(0).union(top * top)


def _derivatives(v: Ball) -> Derivatives:
    if not v.is_finite():
        return Ball.nan(), Ball.nan(), Ball.nan()
    if v > 0:
        return v * v, 2 * v, Ball(2)
    if v < 0:
        return Ball(0), Ball(0), Ball(0)
    radius = Ball(0, 1).rad()  # at least 1, and that of the ball below, so that no end is below 0
    return _value(v), Ball(0).union(2 * v.upper()), Ball(radius, 1)


def _enclosed(of: Enclosure) -> Enclosures:
    value = increasing(_value, of)
    if of.sign:
        return (value, TWO * of, TWO) if of.sign > 0 else (value, ZERO, ZERO)
    return value, hull(ZERO.low, 2 * of.high), hull(ZERO.low, TWO.high)


def _analytic(z: ComplexBall) -> ComplexBall:
    """z² or 0, where the real part has a sign: on a connected set that is one function."""
    if z.real > 0:
        return z * z
    return ComplexBall(0) if z.real < 0 else nowhere()


FUNCTION = Elementary(
    floats=_floats,
    value=_value,
    derivatives=_derivatives,
    enclosed=_enclosed,
    analytic=_analytic,
    image=Numbers.NONNEGATIVE,
)
