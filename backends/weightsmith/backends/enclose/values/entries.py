"""Functions of entries, and entrywise products, of matrices that are known up to a radius."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from itertools import accumulate

import flint

from weightsmith.backends.enclose.matrices.near import (
    FLOOR,
    UNIT,
    WIDER,
    Array,
    Near,
    near,
    with_radius,
)
from weightsmith.backends.enclose.matrices.sums import ROUNDED, rounded, two_product
from weightsmith.backends.enclose.values.balls import (
    BITS,
    Ball,
    ball_of,
    on_balls,
    row_of,
    slope_within,
)
from weightsmith.backends.enclose.values.rows import sigmoids
from weightsmith.dsl.numbers import formulas as f
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.program import core

SIGMOID = f.Apply("sigmoid", f.Variable())
SMALL = 2.0**-60  # of f(hi + lo): as radius little enough; only tightness depends on it


def of_entries(
    function: core.PiecewiseLinear | core.Approximated,
    value: Near,
    bindings: Mapping[str, Fraction],
) -> Near:
    """f of every entry of hi + lo, in arb; a formula is taken as it is written, not as the table
    that a network computes.

    By the mean value theorem an error of the entries is at most multiplied by the largest |f′|
    within reach.  Where that is much or unknown, f is taken of every entry as a ball, and the
    errors of all entries are added.
    """
    if isinstance(function, core.Approximated) and function.formula == SIGMOID:
        known = _sigmoids(value)
        if known is not None:
            return known
    with flint.ctx.workprec(BITS):
        run = _runner(function, bindings)
        row = row_of(map(run, _points(value, 0.0)))
        if value.radius and value.hi.size:
            radius = row.radius + value.radius * _slope(function, value, bindings)
            if radius > SMALL * row.size:
                wide = row_of(map(run, _points(value, value.radius)))
                row = with_radius(row, radius) if radius < wide.radius else wide
            else:
                row = with_radius(row, radius)
    return _shaped(row, value.hi.shape)


def _sigmoids(value: Near) -> Near | None:
    """All at once; None where that is not enough."""
    lo = None if value.lo is None else value.lo.ravel()
    row = sigmoids(value.hi.ravel(), lo, value.low_size)
    if row is None:
        return None
    radius = row.radius + value.radius / 4  # |σ′| ≤ 1/4
    return _shaped(with_radius(row, radius), value.hi.shape) if radius <= SMALL * row.size else None


def hadamard(left: Near, right: Near) -> Near:
    """The entrywise product: hi·hi′ exactly by TwoProduct, hi·lo′ and lo·hi′ rounded.

    Entry by entry |ab| ≤ |a||b|, so ‖A∘B‖ ≤ ‖A‖‖B‖, and errors are multiplied as in a product.
    """
    hi, lo = two_product(left.hi, right.hi)
    smalls = UNIT * left.size * right.size
    if right.lo is not None:
        lo, smalls = lo + left.hi * right.lo, smalls + left.size * right.low_size
    if left.lo is not None:
        lo, smalls = lo + left.lo * right.hi, smalls + left.low_size * right.size
    off = (left.size + left.low_size) * right.radius + left.radius * right.whole
    off += left.low_size * right.low_size + 8 * UNIT * smalls
    return near(hi, lo, off + FLOOR)


def _points(value: Near, radius: float) -> Iterator[Ball]:
    """Every entry of hi + lo as a ball, row by row."""
    wide = flint.arb(0, radius) if radius else None
    highs = value.hi.ravel().tolist()
    lows = [0.0] * len(highs) if value.lo is None else value.lo.ravel().tolist()
    for hi, lo in zip(highs, lows, strict=True):
        point = flint.arb(hi)
        if lo:
            point += lo
        yield point if wide is None else point + wide


def _runner(
    function: core.PiecewiseLinear | core.Approximated, bindings: Mapping[str, Fraction]
) -> Callable[[Ball], Ball]:
    if isinstance(function, core.Approximated):
        return on_balls(function.formula, bindings)
    constant, slope, breakpoints = _numbers(function, bindings)
    first, steepness = ball_of(constant), ball_of(slope)
    changes = [(ball_of(place), ball_of(change)) for place, change in breakpoints]

    def value(point: Ball) -> Ball:
        """constant + slope·t + Σ change·max(t − place, 0)."""
        total = first + steepness * point
        for place, change in changes:
            total += change * _positive(point - place)
        return total

    return value


def _numbers(
    function: core.PiecewiseLinear, bindings: Mapping[str, Fraction]
) -> tuple[Fraction, Fraction, list[tuple[Fraction, Fraction]]]:
    breakpoints = [
        (q.evaluate(place, bindings), q.evaluate(change, bindings))
        for place, change in function.breakpoints
    ]
    return (
        q.evaluate(function.constant, bindings),
        q.evaluate(function.slope, bindings),
        breakpoints,
    )


def _slope(
    function: core.PiecewiseLinear | core.Approximated,
    value: Near,
    bindings: Mapping[str, Fraction],
) -> float:
    """More than |f′| of all that is within the radius of the entries of hi + lo."""
    if isinstance(function, core.PiecewiseLinear):
        _, slope, breakpoints = _numbers(function, bindings)
        changes = [change for _, change in sorted(breakpoints)]
        slopes = accumulate(changes, initial=slope)
        return max(abs(rounded(one)) for one in slopes) * ROUNDED
    reach = (value.low_size + value.radius) * WIDER
    low, high = float(value.hi.min()) - reach, float(value.hi.max()) + reach
    ends = math.nextafter(low, -math.inf), math.nextafter(high, math.inf)
    return slope_within(function.formula, bindings, *ends)


def _positive(ball: Ball) -> Ball:
    if ball >= 0:
        return ball
    return flint.arb(0) if ball <= 0 else ball.nonnegative_part()


def _shaped(row: Near, shape: tuple[int, ...]) -> Near:
    lo: Array | None = None if row.lo is None else row.lo.reshape(shape)
    return Near(row.hi.reshape(shape), lo, row.radius, row.size, row.low_size)
