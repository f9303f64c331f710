"""tanh(t) = 2·sigmoid(2t) − 1, which grows from −1 to 1."""

from __future__ import annotations

from weightsmith.dsl.elementary.enclosure import TWO, Enclosure, increasing
from weightsmith.dsl.elementary.functions.sigmoid import bell, logistic
from weightsmith.dsl.elementary.record import Ball, Derivatives, Elementary, Enclosures, by_numpy


def _derivatives(v: Ball) -> Derivatives:
    value, (_, slope) = v.tanh(), logistic(2 * v)
    return value, 4 * slope, -8 * value * slope


def _enclosed(of: Enclosure) -> Enclosures:
    value = increasing(Ball.tanh, of)
    slope = TWO * TWO * bell(TWO * of)
    return value, slope, -(TWO * value * slope)


FUNCTION = Elementary(
    floats=by_numpy("tanh"),
    value=Ball.tanh,
    derivatives=_derivatives,
    enclosed=_enclosed,
    analytic=lambda z: z.tanh(),
    grows=True,
)
