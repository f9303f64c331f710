"""atan(t), the angle whose tangent is t: it grows from −π/2 to π/2."""

from __future__ import annotations

from weightsmith.dsl.elementary.enclosure import (
    ONE,
    TWO,
    Enclosure,
    increasing,
    inverse,
    whole_power,
)
from weightsmith.dsl.elementary.record import (
    Ball,
    ComplexBall,
    Derivatives,
    Elementary,
    Enclosures,
    by_numpy,
    nowhere,
)


def _derivatives(v: Ball) -> Derivatives:
    slope = 1 / (1 + v * v)
    return v.atan(), slope, -2 * v * slope * slope


def _enclosed(of: Enclosure) -> Enclosures:
    slope = inverse(ONE + whole_power(of, 2))
    return increasing(Ball.atan, of), slope, -(TWO * of * (slope * slope))


def _analytic(z: ComplexBall) -> ComplexBall:
    """Cut along the imaginary axis, beyond ±i."""
    regular = abs(z.imag) < 1 or not z.real.contains(0)
    return z.atan() if regular else nowhere()


FUNCTION = Elementary(
    floats=by_numpy("arctan"),
    value=Ball.atan,
    derivatives=_derivatives,
    enclosed=_enclosed,
    analytic=_analytic,
    grows=True,
)
