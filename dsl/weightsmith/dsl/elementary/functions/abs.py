"""abs(t) = |t|, with a breakpoint at 0."""

from __future__ import annotations

from weightsmith.dsl.elementary.enclosure import EVERYTHING, ONE, UNIT, ZERO, Enclosure
from weightsmith.dsl.elementary.record import (
    Ball,
    ComplexBall,
    Derivatives,
    Elementary,
    Enclosures,
    Jet,
    Numbers,
    by_numpy,
    nowhere,
)


def _along(argument: Jet) -> Jet:
    """At a breakpoint the slope is anywhere between −|u′| and |u′|, and f″ does not exist."""
    at_breakpoint = argument.value.is_zero() and not argument.constant
    if argument.value >= 0 and not at_breakpoint:
        return argument
    if argument.value <= 0 and not at_breakpoint:
        minus = -argument.value, -argument.first, -argument.second
        return Jet(*minus, argument.constant)
    if argument.constant:
        return Jet(abs(argument.value), Ball(0), Ball(0), True)
    slope = Ball(0, argument.first.abs_upper())
    return Jet(abs(argument.value), slope, Ball.nan())


def _derivatives(v: Ball) -> Derivatives:
    return _along(Jet(v, Ball(1), Ball(0)))[:3]


def _enclosed(of: Enclosure) -> Enclosures:
    if of.sign:
        sign = ONE if of.sign > 0 else -ONE
        return sign * of, sign, ZERO
    return Enclosure(of.smallest(), of.largest()), UNIT, EVERYTHING


def _analytic(z: ComplexBall) -> ComplexBall:
    """±z, where the real part has a sign: on a connected set that is one function."""
    if z.real > 0:
        return z
    return -z if z.real < 0 else nowhere()


FUNCTION = Elementary(
    floats=by_numpy("abs"),
    value=abs,
    derivatives=_derivatives,
    enclosed=_enclosed,
    analytic=_analytic,
    image=Numbers.NONNEGATIVE,
    along=_along,
)
