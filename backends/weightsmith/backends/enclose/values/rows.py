"""Functions of a row of floats as hi + lo, all entries at once: cheaper than arb's balls.

*Roots*, of w > 0: s = fl(√w), so |√w − s| ≤ us.  With s = a + b in halves of 26 bits (Veltkamp) a²
and 2ab are exact, and so is w − a², as a² is near to w.  All of w − a² − 2ab is a whole multiple of
the last bit of 2ab and below 5us², so it is exact too, and less b² it is r, off by 3u²s² from
w − s².  From √w − s = (w − s²)/(2s) − (√w − s)²/(2s) it follows that s + fl(r/(2s)) is off by at
most 4u²s.

*Inverse roots*: let s and c = fl(r/(2s)) be these, |c| ≤ 1.1us.  Let y = fl(1/s) and ys = p + q
exactly (TwoProduct); 1 − p is exact, and ρ = fl(fl((1 − p) − q) − fl(yc)), at most 2.2u, is off by
5u² from 1 − y(s + c).  As 1/(s + c) = y/(1 − ρ), y + fl(yρ) is off by 20u²y.

*Exponentials*, of |w| ≤ REACH: ln 2 = l + l′ with 43 bits after the point in l, k = rint(w/ln 2),
c = rint((w − kl)/STEP)·STEP, and then

    w = k·ln 2 + c + t,   t = v − kl′,   v = w − kl − c,   |t| ≤ 1.01·STEP/2 = τ
    e^w = 2^k·e^c·(1 + t + q),   q = t²(1/2 + t/6 + t²/24 + t³/120) up to τ⁶/700

Unless k = 0, w − kl is a whole multiple of 2^-54 below 1/2; so it and v are exact.  Let t = t₁ + t₂
with t₁ = v rounded to a multiple of 2^-26, and e^c = T + T′ with T a multiple of 2^-26 below 3/2.
Then H = T + T·t₁ is a multiple of 2^-52 below 2, and exact, and

    e^(c + t) = H + T′(1 + t₁) + e^c·(t₂ + q)

Of a part uτ² of the result, q is off by less than 2.6 for the roundings of t, t², the sum and the
product, and by 0.8 for the remainder; their sum with t₂, fl(e^c) and the product by 1.7; adding
T′(1 + t₁), below 2^-26, by 0.6; t₂, T′ and the roundings of T′(1 + t₁) by 0.1.  Together it is less
than 7.  FastTwoSum of H and this is exact, and so are products with 2^k.

*Sigmoids*, σ(w) = 1/(1 + e^−w): with e^−w = a + b as above, s + r = 1 + a exactly (TwoSum) and
c = fl(r + b), 1 + e^−w is s + c, off by 7uτ² of e^−w and 2.1u² of s.  Let y = fl(1/s), ys = p + q
exactly; 1 − p is exact, and ρ = fl(fl((1 − p) − q) − fl(yc)), at most 4u, is off by 8u².  From
1/(s + c) = y/(1 − (1 − y(s + c))) it follows that y + fl(yρ) is off by 7uτ² + 40u² of it.  Of w + v
with small v it is σ(w) + σ′(w)v up to v²/20, for |σ″| < 1/10; σ′ = σ(1 − σ) ≤ 1/4, computed
of y, is off by 4u, and its product with v by 5u|v|.

*Short*, for an answer in float32: the first float of each alone, off by u and by 2.1u of it, and
2^k·fl(e^c + fl(e^c·p)) with p = t + t²(1/2 + t/6), up to τ⁴/24 < 2^-48 and 2^-51 of rounding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import flint
import numpy as np

from weightsmith.backends.enclose.matrices.near import (
    FLOOR,
    UNIT,
    WIDER,
    Array,
    Digits,
    Near,
    norm,
)
from weightsmith.backends.enclose.matrices.sums import fast_two_sum, halves, two_product, two_sum

LEAST, MOST = 2.0**-200, 2.0**200  # of a number with a root: nothing underflows
REACH = 256.0  # of an exponent
TAIL = 100.0  # the same where its exponential is added to 1
STEPS = 1024  # in 1
REACHED = 360  # steps, more than ½ ln 2
BITS = 128
HIGH = math.floor(math.log(2) * 2.0**43) / 2.0**43  # l
SMALL = 1.01 / (2 * STEPS)  # τ
# The same numbers as arrays, which are multiplied by sooner.
INVERSE, STEEP, STEP, WIDTH = map(np.array, (1 / HIGH, HIGH, float(STEPS), 1 / STEPS))
TAYLOR = tuple(map(np.array, (1 / 120, 1 / 24, 1 / 6, 1 / 2)))
ONES = np.array(1.0)
GRID = np.array(3 * 2.0**25)


def square_roots(points: Array, short: bool = False) -> Near | None:
    """None where a number is too small or too large."""
    if not _are_within(points, LEAST, MOST):
        return None
    roots = np.sqrt(points)
    if short:
        return _short_row(roots, UNIT)
    return _row(roots, _left_of_root(points, roots), 4 * UNIT**2)


def inverse_square_roots(points: Array, short: bool = False) -> Near | None:
    """None where a number is too small or too large."""
    if not _are_within(points, LEAST, MOST):
        return None
    roots = np.sqrt(points)
    found = ONES / roots
    if short:
        return _short_row(found, 2.1 * UNIT)
    rest = _left_of_root(points, roots)
    rest *= found
    product, low = two_product(found, roots)
    np.subtract(ONES, product, product)
    product -= low
    product -= rest
    product *= found
    return _row(found, product, 20 * UNIT**2)


def _left_of_root(points: Array, roots: Array) -> Array:
    """fl(r/(2s))."""
    first, second = halves(roots)
    rest: Array = points - first * first
    first += first
    first *= second
    rest -= first
    second *= second
    rest -= second
    rest /= roots + roots
    return rest


def exponentials(points: Array, short: bool = False) -> Near | None:
    """None where a number is too large."""
    if not _are_within(points, -REACH, REACH):
        return None
    table = _table()
    scale = points * INVERSE
    np.rint(scale, scale)
    v = points - scale * STEEP
    place = v * STEP
    np.rint(place, place)
    v -= place * WIDTH
    index, powers = place.astype(np.intp), scale.astype(np.intc)
    scale *= table.low
    whole = table.whole[index]
    if short:
        v -= scale
        series = v * TAYLOR[2]
        series += TAYLOR[3]
        series *= v * v
        series += v
        series *= whole
        series += whole
        return _short_row(np.ldexp(series, powers), 2.0**-47)
    first = v + GRID
    first -= GRID
    v -= first
    v -= scale
    t = first + v
    series = t * TAYLOR[0]
    series += TAYLOR[1]
    series *= t
    series += TAYLOR[2]
    series *= t
    series += TAYLOR[3]
    series *= t * t
    series += v
    series *= whole
    top, rest = table.first[index], table.rest[index]
    series += rest
    series += np.multiply(rest, first, rest)
    hi, lo = fast_two_sum(top + np.multiply(top, first, first), series)
    return _row(np.ldexp(hi, powers), np.ldexp(lo, powers), 7 * UNIT * SMALL**2)


def sigmoids(points: Array, small: Array | None, low_size: float) -> Near | None:
    """σ(points + small), where low_size ≥ ‖small‖; None where a number is too large."""
    powers = exponentials(-points) if _are_within(points, -TAIL, REACH) else None
    if powers is None or powers.lo is None:
        return None
    total, rest = two_sum(powers.hi[0], ONES)
    rest += powers.lo[0]
    found = ONES / total
    product, low = two_product(found, total)
    np.subtract(ONES, product, product)
    product -= low
    product -= found * rest
    product *= found
    row = _row(found, product, 7.1 * UNIT * SMALL**2)
    if small is None:
        return row
    slopes = 1 - found
    slopes *= found
    slopes *= small
    product += slopes
    more = norm(product)
    off = 0.05 * low_size**2 + UNIT * (5 * low_size + more)
    radius = (row.radius + off + FLOOR) * WIDER
    return Near(row.hi, product[None], radius, row.size, more)


def _are_within(points: Array, low: float, high: float) -> bool:
    """False also with a number that is none: no sum with it is finite."""
    numbers = points.tolist()
    known = bool(numbers) and math.isfinite(sum(numbers))
    return known and low <= min(numbers) and max(numbers) <= high


def _short_row(hi: Array, part: float) -> Near:
    """Off by at most that part of hi."""
    row = hi[None]
    size = norm(row)
    return Near(row, None, (part * size + FLOOR) * WIDER, size, 0.0, Digits.SHORT)


def _row(hi: Array, lo: Array, part: float) -> Near:
    """Off by at most that part of hi."""
    first, second = hi[None], lo[None]
    size = norm(first)
    return Near(first, second, (part * size + FLOOR) * WIDER, size, norm(second))


@dataclass(frozen=True, slots=True)
class _Table:
    """fl(e^c), T and T′ for every c, those of c < 0 at the end, where a negative index finds them;
    l′.
    """

    whole: Array
    first: Array
    rest: Array
    low: Array


@lru_cache(1)
def _table() -> _Table:
    places = (*range(REACHED + 1), *range(-REACHED, 0))
    with flint.ctx.workprec(BITS):
        exact = [(flint.arb(place) / STEPS).exp() for place in places]
        whole = [float(one) for one in exact]
        first = [round(one * 2**26) / 2**26 for one in whole]
        rest = [float(one - top) for one, top in zip(exact, first, strict=True)]
        low = float(flint.arb(2).log() - HIGH)
    return _Table(*map(np.array, (whole, first, rest, low)))
