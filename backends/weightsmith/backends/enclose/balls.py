"""Functions of numbers in arb's balls: values, slopes, and bounds of derivatives on an interval.

What FLINT's arb returns is trusted to hold the exact value.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Protocol, TypeAlias

import flint
import numpy as np

from weightsmith.backends.enclose.near import (
    FLOOR,
    UNIT,
    WIDER,
    Array,
    Near,
    NoBoundError,
    finite,
    near,
    require,
)
from weightsmith.dsl import formulas as f
from weightsmith.dsl import scalars as q
from weightsmith.dsl.elementary import elementary

Ball: TypeAlias = flint.arb
Number: TypeAlias = "flint.arb | flint.arb_series"
BITS = 128
ACCURATE = 100
PIECES = 64  # of an interval on which a formula's derivatives are bounded: speed and tightness only
ROUGH = "{} has no bounded derivative where the eigenvalues of {} may lie"
NOT_POSITIVE = "{} is not positive definite, or too near to singular to prove that it is"


class ScalarFunction(Protocol):
    """A function of the eigenvalues of a symmetric matrix."""

    def value(self, point: Ball) -> Ball: ...

    def slopes(self, points: Array, image: Near) -> tuple[Array, float]:
        """f′ at the points, given f there: in floats, and how far off they may be."""
        ...

    def bounds(self, low: float, high: float, what: str) -> tuple[float, float]:
        """More than |f′| and |f″| on [low, high]; infinite for f″ at a corner of f, where f′ is any
        number between the slopes on its sides.  Raises NoBoundError where f′ has no bound.
        """
        ...


@dataclass(frozen=True, slots=True)
class Exponential:
    """f′ = f."""

    def value(self, point: Ball) -> Ball:
        return point.exp()

    def slopes(self, points: Array, image: Near) -> tuple[Array, float]:
        return image.hi[0], image.low_size + image.radius

    def bounds(self, low: float, high: float, what: str) -> tuple[float, float]:
        most = upper(flint.arb(high).exp())
        return most, most


@dataclass(frozen=True, slots=True)
class Power:
    """λ^p on λ > 0, so f′ = p·f/λ; the derivatives are monotone, and largest at the ends."""

    exponent: Fraction

    def value(self, point: Ball) -> Ball:
        return _power(point, self.exponent)

    def slopes(self, points: Array, image: Near) -> tuple[Array, float]:
        scale = float(self.exponent)
        off = abs(scale) * (image.low_size + image.radius + 4 * UNIT * image.size)
        return scale * image.hi[0] / points, off / float(points.min()) * WIDER

    def bounds(self, low: float, high: float, what: str) -> tuple[float, float]:
        require(low > 0, NOT_POSITIVE.format(what))
        p, ends = self.exponent, (flint.arb(low), flint.arb(high))
        first, second = ball_of(p), ball_of(p * (p - 1))
        slopes = [upper(first * _power(end, p - 1)) for end in ends]
        return max(slopes), max(upper(second * _power(end, p - 2)) for end in ends)


@dataclass(frozen=True, slots=True)
class OfFormula:
    """A formula of the script; its derivatives are bounded on PIECES of the interval."""

    formula: f.Formula
    bindings: Mapping[str, Fraction]
    label: str

    def value(self, point: Ball) -> Ball:
        return formula_ball(self.formula, point, self.bindings)

    def slopes(self, points: Array, image: Near) -> tuple[Array, float]:
        found = row_of(self._series(flint.arb(point))[1] for point in points.tolist())
        return found.hi[0], found.low_size + found.radius

    def bounds(self, low: float, high: float, what: str) -> tuple[float, float]:
        ends = np.linspace(low, high, PIECES + 1).tolist()
        ends[0], ends[-1] = low, high
        first = second = 0.0
        try:
            for left, right in pairwise(ends):
                series = self._series(flint.arb(left).union(flint.arb(right)))
                first = max(first, upper(series[1]))
                second = max(second, _upper_or_infinite(2 * series[2]))
        except (NoBoundError, ValueError, ZeroDivisionError):
            raise NoBoundError(ROUGH.format(self.label, what)) from None
        return first, second

    def _series(self, point: Ball) -> flint.arb_series:
        series = flint.arb_series([point, 1], prec=3)
        found = formula_at(self.formula, series, self.bindings)
        return found if isinstance(found, flint.arb_series) else flint.arb_series([found], prec=3)


def row_of(balls: Iterable[Ball]) -> Near:
    """Balls as one row: float, rest as float, and what is left as the radius.

    A ball with so many accurate bits has a radius of at most 2^-ACCURATE times its size, and
    rounding the rest to a float is off by at most 2u of it.  Of other balls what is left is
    computed.
    """
    known = list(balls)
    hi = [float(ball) for ball in known]
    rests = [ball - flint.arb(number) for ball, number in zip(known, hi, strict=True)]
    lo = [float(rest) for rest in rests]
    off = 0.0
    for ball, rest, number in zip(known, rests, lo, strict=True):
        if ball.rel_accuracy_bits() < ACCURATE + 4:
            off += upper(rest - flint.arb(number))
    first, second = near(np.array([hi])), near(np.array([lo]))
    radius = off + 2.0**-ACCURATE * first.size + 4 * UNIT * second.size + FLOOR
    return Near(first.hi, second.hi, radius * WIDER, first.size, second.size)


def upper(ball: Ball) -> float:
    """A float above |x| for every x of the ball; raises NoBoundError if there is none."""
    return finite(math.nextafter(float(ball.abs_upper()), math.inf))


def _upper_or_infinite(ball: Ball) -> float:
    return upper(ball) if ball.is_finite() else math.inf


def ball_of(number: Fraction) -> Ball:
    return flint.arb(flint.fmpq(number.numerator, number.denominator))


def formula_ball(formula: f.Formula, t: Ball, bindings: Mapping[str, Fraction]) -> Ball:
    found = formula_at(formula, t, bindings)
    return found[0] if isinstance(found, flint.arb_series) else found


def formula_at(formula: f.Formula, t: Number, bindings: Mapping[str, Fraction]) -> Number:
    """The formula at a ball, or at a power series of balls."""
    match formula:
        case f.Variable():
            return t
        case f.Constant(value):
            return ball_of(q.evaluate(value, bindings))
        case f.Sum(terms):
            total = formula_at(terms[0], t, bindings)
            for term in terms[1:]:
                total = total + formula_at(term, t, bindings)
            return total
        case f.Times(factors):
            product = formula_at(factors[0], t, bindings)
            for factor in factors[1:]:
                product = product * formula_at(factor, t, bindings)
            return product
        case f.IntegerPower(base, exponent):
            return _whole_power(formula_at(base, t, bindings), exponent)
        case f.Apply(function, of):
            return _applied(function, formula_at(of, t, bindings))


def _power(point: Ball, exponent: Fraction) -> Ball:
    return point ** flint.fmpq(exponent.numerator, exponent.denominator)


def _whole_power(base: Number, exponent: int) -> Number:
    """By products: ``**`` of balls around 0 gives no number."""
    result: Number = flint.arb(1)
    for _ in range(abs(exponent)):
        result = result * base
    return 1 / result if exponent < 0 else result


def _applied(name: str, t: Number) -> Number:
    """f(t) of a ball; f(v) + f′(v)·(t − v) + f″(v)·(t − v)²/2 of a series with the head v."""
    function = elementary(name)
    if not isinstance(t, flint.arb_series):
        return function.value(t)
    value, slope, bend = function.derivatives(t[0])
    return flint.arb_series([value, slope * t[1], slope * t[2] + bend / 2 * t[1] * t[1]], prec=3)
