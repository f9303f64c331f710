"""sin(t), a wave between −1 and 1."""

from __future__ import annotations

from weightsmith.dsl.elementary.enclosure import Enclosure
from weightsmith.dsl.elementary.record import Ball, Derivatives, Elementary, Enclosures, by_numpy
from weightsmith.dsl.elementary.waves import cosine, sine


def _derivatives(v: Ball) -> Derivatives:
    value, slope = v.sin(), v.cos()
    return value, slope, -value


def _enclosed(of: Enclosure) -> Enclosures:
    value = sine(of)
    return value, cosine(of), -value


FUNCTION = Elementary(
    floats=by_numpy("sin"),
    value=Ball.sin,
    derivatives=_derivatives,
    enclosed=_enclosed,
    analytic=lambda z: z.sin(),
)
