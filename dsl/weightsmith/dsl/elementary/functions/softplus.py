"""softplus(t) = log(1 + exp(t)), a smooth max(t, 0), whose derivative is sigmoid(t)."""

from __future__ import annotations

from weightsmith.dsl.elementary.enclosure import Enclosure, increasing
from weightsmith.dsl.elementary.functions.sigmoid import bell, logistic, sigmoid
from weightsmith.dsl.elementary.record import (
    Array,
    Ball,
    Derivatives,
    Elementary,
    Enclosures,
    Numbers,
)


def _softplus(t: Ball) -> Ball:
    if t > 0:
        return t + (-t).exp().log1p()
    return t.exp().log1p()


def _floats(t: Array) -> Array:
    import numpy as np

    result: Array = np.maximum(t, 0) + np.log1p(np.exp(-np.abs(t)))
    return result


def _derivatives(v: Ball) -> Derivatives:
    return _softplus(v), *logistic(v)


def _enclosed(of: Enclosure) -> Enclosures:
    return increasing(_softplus, of), increasing(sigmoid, of), bell(of)


FUNCTION = Elementary(
    floats=_floats,
    value=_softplus,
    derivatives=_derivatives,
    enclosed=_enclosed,
    analytic=lambda z: (1 + z.exp()).log(analytic=True),
    image=Numbers.POSITIVE,
    grows=True,
)
