"""log(t), the natural logarithm of numbers above 0."""

from __future__ import annotations

from weightsmith.dsl.elementary.enclosure import (
    Enclosure,
    UndefinedError,
    Word,
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
    return v.log(), 1 / v, -1 / (v * v)


def _enclosed(of: Enclosure) -> Enclosures:
    if of.low <= 0:
        word: Word = "pole" if of.low == 0 else "not defined"
        raise UndefinedError(word, certain=bool(of.high <= 0))
    slope = inverse(of)
    return increasing(Ball.log, of), slope, -(slope * slope)


FUNCTION = Elementary(
    floats=by_numpy("log"),
    value=Ball.log,
    derivatives=_derivatives,
    enclosed=_enclosed,
    analytic=lambda z: z.log(analytic=True),  # no number on the cut, where t ≤ 0
    domain=Numbers.POSITIVE,
    grows=True,
)
