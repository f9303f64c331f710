"""Functions of entries, and entrywise products, of matrices that are known up to a radius."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

import flint
import numpy as np

from weightsmith.backends.enclose.balls import BITS, Ball, ball_of, formula_ball, row_of
from weightsmith.backends.enclose.near import FLOOR, UNIT, Array, Near, near
from weightsmith.backends.enclose.sums import two_product
from weightsmith.dsl import core
from weightsmith.dsl import scalars as q


def of_entries(
    function: core.PiecewiseLinear | core.Approximated,
    value: Near,
    bindings: Mapping[str, Fraction],
) -> Near:
    """f of every entry, in arb: an entry lies within the radius of hi + lo, so f there in f(ball).

    A formula is taken as it is written, not as the table that a network computes.
    """
    with flint.ctx.workprec(BITS):
        points = _points(value)
        images: Iterator[Ball]
        if isinstance(function, core.Approximated):
            formula = function.formula
            images = (formula_ball(formula, point, bindings) for point in points)
        else:
            images = _piecewise(function, points, bindings)
        row = row_of(images)
    return _shaped(row, value.hi.shape)


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


def _points(value: Near) -> Iterator[Ball]:
    """Every entry as a ball, row by row."""
    lows = np.zeros_like(value.hi) if value.lo is None else value.lo
    wide = flint.arb(0, value.radius)
    for hi, lo in zip(value.hi.ravel().tolist(), lows.ravel().tolist(), strict=True):
        yield flint.arb(hi) + flint.arb(lo) + wide


def _piecewise(
    function: core.PiecewiseLinear, points: Iterator[Ball], bindings: Mapping[str, Fraction]
) -> Iterator[Ball]:
    """constant + slope·t + Σ change·max(t − place, 0)."""

    def ball(scalar: q.Scalar) -> Ball:
        return ball_of(q.evaluate(scalar, bindings))

    constant, slope = ball(function.constant), ball(function.slope)
    kinks = [(ball(place), ball(change)) for place, change in function.kinks]
    for point in points:
        total = constant + slope * point
        for place, change in kinks:
            total += change * _positive(point - place)
        yield total


def _positive(ball: Ball) -> Ball:
    if ball >= 0:
        return ball
    return flint.arb(0) if ball <= 0 else ball.nonnegative_part()


def _shaped(row: Near, shape: tuple[int, ...]) -> Near:
    lo: Array | None = None if row.lo is None else row.lo.reshape(shape)
    return Near(row.hi.reshape(shape), lo, row.radius, row.size, row.low_size)
