"""Functions of a row of floats as hi + lo, all entries at once: cheaper than arb's balls.

*Roots*, of w > 0: s = fl(√w), so |√w − s| ≤ us.  With s² = p + e exactly (TwoProduct), w − p is
exact, and r = fl((w − p) − e) is off by 1.1u·2us², as |w − s²| ≤ 2.1us².  From
√w − s = (w − s²)/(2s) − (√w − s)²/(2s) it follows that s + fl(r/(2s)) is off by at most 4u²s.

*Inverse roots*: y = fl(1/fl(√w)) is off by at most 2.1u of it, so that ρ = 1 − wy² is at most 4.3u.
With y² = p + e and wp = q + f exactly, 1 − q is exact, and r = fl(fl((1 − q) − f) − fl(we)) is off
by at most u(7.5u + 4.4u + 1.1u).  As 1/√w = y(1 − ρ)^(−1/2), y + fl(y·r/2) is off by 20u²y.

*Exponentials*, of |w| ≤ REACH: ln 2 = l + l′ with 43 bits after the point in l, k = rint(w/ln 2),
c = rint((w − kl)/STEP)·STEP, and then

    w = k·ln 2 + c + t,   t = (w − kl − c) − kl′,   |t| ≤ 1.01·STEP/2 = τ
    e^w = 2^k·e^c·(1 + p),   p = t + t²(1/2 + t/6 + t²/24 + t³/120) up to τ⁶/700

Unless k = 0, w − kl is a whole multiple of 2^-54 below 1/2; so it and the difference from c are
exact.  With e^c = T + T′ from a table of arb's, T + fl(T′ + fl(T·p)) is off by (5u + u/100)τT at
most: uτT from t, from the last addition of p, from two more roundings, and from T′p.  As T is less
than 1 + 2τ times the result, that is less than 6uτ of it.  Products with 2^k are exact.
"""

from __future__ import annotations

import math
from functools import lru_cache

import flint
import numpy as np

from weightsmith.backends.enclose.matrices.near import FLOOR, UNIT, WIDER, Array, Near, norm
from weightsmith.backends.enclose.matrices.sums import fast_two_sum, two_product

LEAST, MOST = 2.0**-200, 2.0**200  # of a number with a root: nothing underflows
REACH = 256.0  # of an exponent
STEPS = 1024  # in 1
REACHED = 360  # steps, more than ½ ln 2
BITS = 128
HIGH = math.floor(math.log(2) * 2.0**43) / 2.0**43  # l
SMALL = 1.01 / (2 * STEPS)  # τ


def square_roots(points: Array) -> Near | None:
    """None where a number is too small or too large."""
    if not _are_within(points, LEAST, MOST):
        return None
    roots = np.sqrt(points)
    square, rest = two_product(roots, roots)
    rest = points - square - rest
    rest /= 2 * roots
    return _row(roots, rest, 4 * UNIT**2)


def inverse_square_roots(points: Array) -> Near | None:
    """None where a number is too small or too large."""
    if not _are_within(points, LEAST, MOST):
        return None
    found = 1 / np.sqrt(points)
    square, rest = two_product(found, found)
    whole, small = two_product(points, square)
    rest = 1 - whole - small - points * rest
    rest *= found
    rest *= 0.5
    return _row(found, rest, 20 * UNIT**2)


def exponentials(points: Array) -> Near | None:
    """None where a number is too large."""
    if not _are_within(points, -REACH, REACH):
        return None
    table, small, low = _table()
    scale = np.rint(points * (1 / HIGH))
    t = points - scale * HIGH
    place = np.rint(t * STEPS)
    t -= place / STEPS
    t -= scale * low
    series = t * (1 / 120)
    series += 1 / 24
    series *= t
    series += 1 / 6
    series *= t
    series += 1 / 2
    series *= t * t
    series += t
    index = place.astype(np.intp)
    index += REACHED
    hi = table[index]
    series *= hi
    series += small[index]
    hi, lo = fast_two_sum(hi, series)
    powers = np.ldexp(1.0, scale.astype(np.intc))
    return _row(hi * powers, lo * powers, 6 * UNIT * SMALL)


def _are_within(points: Array, low: float, high: float) -> bool:
    """False also with a number that is none."""
    return bool(points.size) and bool(low <= points.min()) and bool(points.max() <= high)


def _row(hi: Array, lo: Array, part: float) -> Near:
    """Off by at most that part of hi."""
    first, second = hi[None], lo[None]
    size = norm(first)
    return Near(first, second, (part * size + FLOOR) * WIDER, size, norm(second))


@lru_cache(1)
def _table() -> tuple[Array, Array, float]:
    """T and T′ for every c, l′."""
    with flint.ctx.workprec(BITS):
        whole = [(flint.arb(place) / STEPS).exp() for place in range(-REACHED, REACHED + 1)]
        first = [float(one) for one in whole]
        rest = [float(one - top) for one, top in zip(whole, first, strict=True)]
        low = float(flint.arb(2).log() - HIGH)
    return np.array(first), np.array(rest), low
