"""erf(t) = 2/√π·∫ exp(−s²) ds from 0 to t, which grows from −1 to 1; analytic everywhere.

Its derivatives are erf′(t) = 2/√π·exp(−t²), which falls with |t|, and erf″(t) = −2t·erf′(t).
"""

from __future__ import annotations

from weightsmith.dsl.elementary.enclosure import TWO, Enclosure, hull, increasing
from weightsmith.dsl.elementary.record import Array, Ball, Derivatives, Elementary, Enclosures


def _floats(t: Array) -> Array:
    import math

    import numpy as np

    values: Array = np.vectorize(math.erf, otypes=[np.float64])(t)
    return values


def _value(t: Ball) -> Ball:
    if t.is_finite():
        return t.erf()
    return Ball(1) if t > 0 else Ball(-1) if t < 0 else Ball.nan()


def _slope(t: Ball) -> Ball:
    return 2 * (-(t * t)).exp() / Ball.pi().sqrt()


def _derivatives(v: Ball) -> Derivatives:
    if v.is_exact():
        slope = _slope(v)
        return v.erf(), slope, -2 * v * slope
    slope = _slope(v.abs_lower()).union(_slope(v.abs_upper()))
    return v.lower().erf().union(v.upper().erf()), slope, -2 * v * slope


def _enclosed(of: Enclosure) -> Enclosures:
    slope = hull(_slope(of.largest()), _slope(of.smallest()))
    return increasing(_value, of), slope, -(TWO * of * slope)


FUNCTION = Elementary(
    floats=_floats,
    value=_value,
    derivatives=_derivatives,
    enclosed=_enclosed,
    analytic=lambda z: z.erf(),
    grows=True,
)
