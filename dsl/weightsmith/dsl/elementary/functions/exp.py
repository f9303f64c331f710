"""exp(t), which grows from 0 to infinity and is its own derivative."""

from __future__ import annotations

from weightsmith.dsl.elementary.enclosure import Enclosure, increasing
from weightsmith.dsl.elementary.record import (
    Ball,
    Derivatives,
    Elementary,
    Enclosures,
    Numbers,
    by_numpy,
)


def _derivatives(v: Ball) -> Derivatives:
    value = v.exp()
    return value, value, value


def _enclosed(of: Enclosure) -> Enclosures:
    value = increasing(Ball.exp, of)
    return value, value, value


FUNCTION = Elementary(
    floats=by_numpy("exp"),
    value=Ball.exp,
    derivatives=_derivatives,
    enclosed=_enclosed,
    analytic=lambda z: z.exp(),
    image=Numbers.POSITIVE,
    grows=True,
)
