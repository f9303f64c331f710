"""sigmoid(t) = 1/(1 + exp(−t)), the logistic function: it grows from 0 to 1.

Its derivatives are written as products that keep their sign in the far tails,
    sigmoid′(t) = sigmoid(t)·sigmoid(−t),    sigmoid″(t) = −sigmoid′(t)·tanh(t/2).
"""

from __future__ import annotations

from weightsmith.dsl.elementary.enclosure import HALF, Enclosure, hull, increasing
from weightsmith.dsl.elementary.record import (
    Array,
    Ball,
    Derivatives,
    Elementary,
    Enclosures,
    Numbers,
)


def logistic(v: Ball) -> tuple[Ball, Ball]:
    """1/(1 + e^−v), which is monotone, and its derivative, which is positive."""
    up, down = 1 / (1 + (-v).exp()), 1 / (1 + v.exp())
    if v.rad() > 1:  # a ball of e^v says little of its lower end
        low, high = v.lower(), v.upper()
        up = (1 / (1 + (-low).exp())).union(1 / (1 + (-high).exp()))
        down = (1 / (1 + low.exp())).union(1 / (1 + high.exp()))
    return up, up * down


def bell(of: Enclosure) -> Enclosure:
    """sigmoid(t)·sigmoid(−t), which falls with |t|."""
    near, far = of.smallest(), of.largest()
    return hull(sigmoid(far) * sigmoid(-far), sigmoid(near) * sigmoid(-near))


def sigmoid(t: Ball) -> Ball:
    if t > 0:
        return 1 / (1 + (-t).exp())
    grown = t.exp()
    return grown / (1 + grown)


def _floats(t: Array) -> Array:
    import numpy as np

    small = np.exp(-np.abs(t))
    result: Array = np.where(t >= 0, 1, small) / (1 + small)
    return result


def _derivatives(v: Ball) -> Derivatives:
    value, slope = logistic(v)
    return value, slope, -slope * (v / 2).tanh()


def _enclosed(of: Enclosure) -> Enclosures:
    slope = bell(of)
    return increasing(sigmoid, of), slope, -(slope * increasing(Ball.tanh, HALF * of))


FUNCTION = Elementary(
    floats=_floats,
    value=sigmoid,
    derivatives=_derivatives,
    enclosed=_enclosed,
    analytic=lambda z: 1 / (1 + (-z).exp()),
    image=Numbers.POSITIVE,
    grows=True,
)
