"""sqrt(t), the root of numbers from 0 on; its slope at 0 is infinite."""

from __future__ import annotations

from weightsmith.dsl.elementary.enclosure import (
    EVERYTHING,
    INFINITY,
    TWO,
    Enclosure,
    UndefinedError,
    hull,
    increasing,
    inverse,
)
from weightsmith.dsl.elementary.record import (
    Ball,
    Derivatives,
    Elementary,
    Enclosures,
    Numbers,
    by_numpy,
)


def _derivatives(v: Ball) -> Derivatives:
    root = v.sqrt()
    return root, 1 / (2 * root), -1 / (4 * v * root)


def _enclosed(of: Enclosure) -> Enclosures:
    if of.low < 0:
        raise UndefinedError("not defined", certain=bool(of.high < 0))
    value = increasing(Ball.sqrt, of)
    if value.high == 0:
        return value, EVERYTHING, EVERYTHING
    if value.low > 0:
        slope = inverse(TWO * value)
        return value, slope, -(slope * inverse(TWO * of))
    least = hull(1 / (2 * value.high), INFINITY)
    most = hull(1 / (4 * of.high * value.high), INFINITY)
    return value, least, -most


FUNCTION = Elementary(
    floats=by_numpy("sqrt"),
    value=Ball.sqrt,
    derivatives=_derivatives,
    enclosed=_enclosed,
    analytic=lambda z: z.sqrt(analytic=True),  # no number on the cut, where t ≤ 0
    domain=Numbers.NONNEGATIVE,
    image=Numbers.NONNEGATIVE,
    grows=True,
)
