"""Functions of numbers in arb's balls: values, slopes, and bounds of derivatives on an interval.

What FLINT's arb returns is trusted to hold the exact value.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol, TypeAlias

import flint
import numpy as np

from weightsmith.backends.enclose.near import Array, Near, NoBoundError, finite, near, require
from weightsmith.dsl import formulas as f
from weightsmith.dsl import scalars as q

Ball: TypeAlias = flint.arb
Number: TypeAlias = "flint.arb | flint.arb_series"
BITS = 128
PIECES = 64  # of an interval on which a formula's derivatives are bounded: speed and tightness only
ROUGH = "{} has no bounded second derivative where the eigenvalues of {} may lie"
NOT_POSITIVE = "{} is not positive definite, or too near to singular to prove that it is"


class ScalarFunction(Protocol):
    """A function of the eigenvalues of a symmetric matrix."""

    def value(self, point: Ball) -> Ball: ...

    def slope(self, point: Ball) -> Ball: ...

    def bounds(self, low: float, high: float, what: str) -> tuple[float, float]:
        """More than |f′| and |f″| on [low, high]; raises NoBoundError where there is no bound."""
        ...


@dataclass(frozen=True, slots=True)
class Exponential:
    def value(self, point: Ball) -> Ball:
        return point.exp()

    def slope(self, point: Ball) -> Ball:
        return point.exp()

    def bounds(self, low: float, high: float, what: str) -> tuple[float, float]:
        most = upper(flint.arb(high).exp())
        return most, most


@dataclass(frozen=True, slots=True)
class Power:
    """λ^p on λ > 0; the derivatives are monotone, so the largest are at the ends."""

    exponent: Fraction

    def value(self, point: Ball) -> Ball:
        return _power(point, self.exponent)

    def slope(self, point: Ball) -> Ball:
        return ball_of(self.exponent) * _power(point, self.exponent - 1)

    def bounds(self, low: float, high: float, what: str) -> tuple[float, float]:
        require(low > 0, NOT_POSITIVE.format(what))
        p, ends = self.exponent, (flint.arb(low), flint.arb(high))
        first = max(upper(self.slope(end)) for end in ends)
        factor = ball_of(p * (p - 1))
        return first, max(upper(factor * _power(end, p - 2)) for end in ends)


@dataclass(frozen=True, slots=True)
class OfFormula:
    """A formula of the script; its derivatives are bounded on PIECES of the interval."""

    formula: f.Formula
    bindings: Mapping[str, Fraction]
    label: str

    def value(self, point: Ball) -> Ball:
        return formula_at(self.formula, point, self.bindings)

    def slope(self, point: Ball) -> Ball:
        return self._series(point)[1]

    def bounds(self, low: float, high: float, what: str) -> tuple[float, float]:
        ends = np.linspace(low, high, PIECES + 1).tolist()
        ends[0], ends[-1] = low, high
        first = second = 0.0
        try:
            for left, right in zip(ends, ends[1:], strict=False):
                series = self._series(flint.arb(left).union(flint.arb(right)))
                first = max(first, upper(series[1]))
                second = max(second, upper(2 * series[2]))
        except (NoBoundError, ValueError, ZeroDivisionError):
            raise NoBoundError(ROUGH.format(self.label, what)) from None
        return first, second

    def _series(self, point: Ball) -> flint.arb_series:
        series = flint.arb_series([point, 1], prec=3)
        found = formula_at(self.formula, series, self.bindings)
        return found if isinstance(found, flint.arb_series) else flint.arb_series([found], prec=3)


def row_of(balls: Iterable[Ball]) -> Near:
    """Balls as one row: float, rest as float, and what is left as the radius."""
    parts = [_parts(ball) for ball in balls]
    hi, lo, off = (np.array([part[place] for part in parts])[None] for place in range(3))
    return near(hi, lo, float(np.sqrt(np.sum(off * off))) if off.size else 0.0)


def upper(ball: Ball) -> float:
    """A float above |x| for every x of the ball; raises NoBoundError if there is none."""
    return finite(math.nextafter(float(ball.abs_upper()), math.inf))


def ball_of(number: Fraction) -> Ball:
    return flint.arb(flint.fmpq(number.numerator, number.denominator))


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


def _parts(ball: Ball) -> tuple[float, float, float]:
    hi = finite_number(float(ball))
    rest = ball - flint.arb(hi)
    lo = finite_number(float(rest))
    return hi, lo, upper(rest - flint.arb(lo))


def finite_number(number: float) -> float:
    finite(abs(number))
    return number


def _power(point: Ball, exponent: Fraction) -> Ball:
    if exponent == Fraction(1, 2):
        return point.sqrt()
    return point ** flint.fmpq(exponent.numerator, exponent.denominator)


def _whole_power(base: Number, exponent: int) -> Number:
    """By products: ``**`` of balls around 0 gives no number."""
    result: Number = flint.arb(1)
    for _ in range(abs(exponent)):
        result = result * base
    return 1 / result if exponent < 0 else result


def _applied(function: str, t: Number) -> Number:
    match function:
        case "sigmoid":
            return 1 / (1 + (-t).exp())
        case "softplus":
            return (1 + t.exp()).log()
        case "tanh":
            return 1 - 2 / (1 + (2 * t).exp())
        case "abs":
            return _absolute(t)
        case _:
            found: Number = getattr(t, function)()
            return found


def _absolute(t: Number) -> Number:
    head = t[0] if isinstance(t, flint.arb_series) else t
    if head >= 0:
        return t
    if head <= 0:
        return -t
    require(not isinstance(t, flint.arb_series), "abs has no slope at 0")
    return abs(t)
