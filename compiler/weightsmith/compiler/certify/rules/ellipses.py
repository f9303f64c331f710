"""Witnesses for an analytic function g on an interval: ρ, the terms of its series, and a size.

Inside the ellipse E_ρ around the interval |g| ≤ size, so the Chebyshev series of g up to degree
K misses at most 2·size·ρ^(−K)/(ρ − 1) (Trefethen, Approximation Theory and Approximation Practice,
Theorem 8.2).  The ρ with the fewest terms is searched; floats only steer, the checker proves.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator
from fractions import Fraction

import flint

from weightsmith.checker.balls.enclosures import round_up, to_arb
from weightsmith.checker.rules.truncation.chebyshev import Ellipse
from weightsmith.compiler.numbers.portable_floats import exp2, expm1, log, log2

BITS = 64
BOXES = 400
NEAR = 1.5  # bits by which a size may exceed a value: that costs a term or two
LARGEST = 100_000.0  # bits of a size
LOG_2 = log(2.0)
SLACK = Fraction(5, 4)
WIDEST, NARROWEST = 24.0, 1e-5  # of log ρ
Function = Callable[[flint.acb], flint.acb]


def choose_ellipse(
    function: Function, low: flint.arb, high: flint.arb, log_tail: float
) -> Ellipse | None:
    """Return the ellipse with the fewest terms whose tail is at most 2^log_tail, or None."""
    best: Ellipse | None = None
    worse = 0
    for width in _falling(WIDEST, NARROWEST, 0.7):
        found = _ellipse(function, low, high, width, log_tail)
        if found is None:
            continue
        if best is None or found.terms < best.terms:
            best, worse = found, 0
        else:
            worse += 1
        if worse == 3:
            break
    if best is None:
        return None
    around = log(float(best.rho))
    for width in _falling(min(around / 0.72, WIDEST), around * 0.72, 0.95):
        found = _ellipse(function, low, high, width, log_tail)
        if found is not None and found.terms < best.terms:
            best = found
    return best


def _falling(first: float, last: float, ratio: float) -> Iterator[float]:
    value = first
    while value >= last:
        yield value
        value *= ratio


def _ellipse(
    function: Function, low: flint.arb, high: flint.arb, width: float, log_tail: float
) -> Ellipse | None:
    rho = 1 + _short(expm1(width))
    size = _size(function, low, high, rho)
    if size is None:
        return None
    return with_tail(rho, size, log_tail)


def with_tail(rho: Fraction, size: Fraction, log_tail: float) -> Ellipse:
    """The fewest terms with 2·size·ρ^(−terms)/(ρ − 1) ≤ 2^log_tail, or one more."""
    needed = 1 + log2(size) - log2(rho - 1) - log_tail
    return Ellipse(rho, max(math.ceil(needed / log2(rho)), 0), size)


def _short(value: float) -> Fraction:
    """A number of eight bits near a float."""
    mantissa, exponent = math.frexp(value)
    return Fraction(round(mantissa * 256)) * Fraction(2) ** (exponent - 8)


def _size(function: Function, low: flint.arb, high: flint.arb, rho: Fraction) -> Fraction | None:
    """A bound of |g| on the filled ellipse, hardly above its maximum; None if g is not analytic."""
    with flint.ctx.workprec(BITS):
        middle, half = (low + high) / 2, (high - low) / 2
        ends = (
            to_arb(rho).log(),
            flint.arb.pi(),
        )

        def bounds(u: Fraction, v: Fraction, wide: Fraction, tall: Fraction) -> tuple[float, ...]:
            place = flint.acb(_span(u, wide) * ends[0], _span(v, tall) * ends[1])
            corner = flint.acb(to_arb(u) * ends[0], to_arb(v) * ends[1])
            values = [function(middle + half * w.cosh()) for w in (place, corner)]
            return _log_upper(values[0]), _log_upper(values[1])

        return _refine(bounds)


def _refine(bounds: Callable[..., tuple[float, ...]]) -> Fraction | None:
    """Halve the box with the largest bound until that is near a value taken."""
    whole = (Fraction(0), Fraction(0), Fraction(1), Fraction(1))
    upper, reached = bounds(*whole)
    boxes = [(-upper, whole)]
    for count in range(BOXES):
        upper, (u, v, wide, tall) = -boxes[0][0], boxes[0][1]
        if upper <= reached + NEAR or (upper == math.inf and count > BOXES // 3):
            break
        heapq.heappop(boxes)
        if wide > tall:
            halves = [(u, v, wide / 2, tall), (u + wide / 2, v, wide / 2, tall)]
        else:
            halves = [(u, v, wide, tall / 2), (u, v + tall / 2, wide, tall / 2)]
        for half in halves:
            largest, value = bounds(*half)
            reached = max(reached, value)
            heapq.heappush(boxes, (-largest, half))
    upper = -boxes[0][0]
    if not math.isfinite(upper) or abs(upper) >= LARGEST:
        return None
    whole_part = math.floor(upper)
    return round_up(SLACK * Fraction(2) ** whole_part * Fraction(exp2(upper - whole_part)), 8)


def _span(start: Fraction, size: Fraction) -> flint.arb:
    middle, radius = start + size / 2, size / 2
    return flint.arb(to_arb(middle), to_arb(radius))


def _log_upper(value: flint.acb) -> float:
    """log2 of an upper bound, ∞ where the value is not finite."""
    if not value.is_finite():
        return math.inf
    upper = value.abs_upper()
    return float(upper.log().mid()) / LOG_2 if upper > 0 else -LARGEST
