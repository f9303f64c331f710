"""cos(t), a wave between −1 and 1."""

from __future__ import annotations

from weightsmith.dsl.elementary.enclosure import Enclosure
from weightsmith.dsl.elementary.record import Ball, Derivatives, Elementary, Enclosures, by_numpy
from weightsmith.dsl.elementary.waves import cosine, sine


def _derivatives(v: Ball) -> Derivatives:
    minus_slope, value = v.sin(), v.cos()
    return value, -minus_slope, -value


def _enclosed(of: Enclosure) -> Enclosures:
    value = cosine(of)
    return value, -sine(of), -value


FUNCTION = Elementary(
    floats=by_numpy("cos"),
    value=Ball.cos,
    derivatives=_derivatives,
    enclosed=_enclosed,
    analytic=lambda z: z.cos(),
)
