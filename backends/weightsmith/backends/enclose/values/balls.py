"""Functions of numbers in arb's balls: values, slopes, and bounds of derivatives on an interval.

What FLINT's arb returns is trusted to hold the exact value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, partial, reduce
from itertools import pairwise
from operator import sub
from typing import Protocol, TypeAlias, cast

import flint
import numpy as np

from weightsmith.backends.enclose.matrices.near import (
    FLOOR,
    UNIT,
    WIDER,
    Array,
    Near,
    NoBoundError,
    finite,
    near,
)
from weightsmith.backends.enclose.values.rows import (
    LEAST,
    exponentials,
    inverse_square_roots,
    square_roots,
)
from weightsmith.dsl.elementary import elementary
from weightsmith.dsl.numbers import formulas as f
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.program import core

Ball: TypeAlias = flint.arb
Number: TypeAlias = "flint.arb | flint.arb_series"
Run: TypeAlias = "Callable[[Number], Number]"
BITS = 128
ACCURATE = 100
KEPT = 64  # exponents: only speed
HALF = Fraction(1, 2)
FEW_PIECES = 8
PIECES = 64  # of an interval on which a formula's derivatives are bounded: speed and tightness only
ROUGH = "{} has no bounded derivative where the eigenvalues of {} may lie"
NOT_POSITIVE = "{} is not positive definite, or too near to singular to prove that it is"


class ScalarFunction(Protocol):
    """A function of the eigenvalues of a symmetric matrix."""

    def values(self, points: Sequence[float], what: str) -> list[Ball]: ...

    def image(self, points: Array, what: str, short: bool = False) -> Near:
        """The same as a row, of twice the digits of a float at most; of one float if short."""
        ...

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

    def values(self, points: Sequence[float], what: str) -> list[Ball]:
        return list(map(flint.arb.exp, map(flint.arb, points)))

    def image(self, points: Array, what: str, short: bool = False) -> Near:
        found = exponentials(points, short)
        return row_of(self.values(points.tolist(), what)) if found is None else found

    def slopes(self, points: Array, image: Near) -> tuple[Array, float]:
        return image.hi[0], image.low_size + image.radius

    def bounds(self, low: float, high: float, what: str) -> tuple[float, float]:
        most = upper(flint.arb(high).exp())
        return most, most


@dataclass(frozen=True, slots=True)
class Power:
    """λ^p on λ > 0, so f′ = p·f/λ; the derivatives are monotone, and largest at the ends."""

    exponent: Fraction

    def values(self, points: Sequence[float], what: str) -> list[Ball]:
        if not min(points, default=1.0) > 0:
            raise NoBoundError(NOT_POSITIVE.format(what))
        if self.exponent == HALF:
            return list(map(flint.arb.sqrt, map(flint.arb, points)))
        if self.exponent == -HALF:
            return list(map(flint.arb.rsqrt, map(flint.arb, points)))
        exponent = flint.fmpq(self.exponent.numerator, self.exponent.denominator)
        return [flint.arb(point) ** exponent for point in points]

    def image(self, points: Array, what: str, short: bool = False) -> Near:
        known = _root_of(self.exponent)
        found = None if known is None else known(points, short)
        return row_of(self.values(points.tolist(), what)) if found is None else found

    def slopes(self, points: Array, image: Near) -> tuple[Array, float]:
        scale = float(self.exponent)
        off = abs(scale) * (image.low_size + image.radius + 4 * UNIT * image.size)
        return scale * image.hi[0] / points, off / float(points[points.argmin()]) * WIDER

    def bounds(self, low: float, high: float, what: str) -> tuple[float, float]:
        if not low > 0:
            raise NoBoundError(NOT_POSITIVE.format(what))
        if _root_of(self.exponent) is not None and low > LEAST:
            return _bounds_of_root(low, self.exponent.numerator < 0)
        first, second = _derivatives_of_power(self.exponent)
        return first.at(low, high), second.at(low, high)


def _root_of(exponent: Fraction) -> Callable[[Array, bool], Near | None] | None:
    """The function of a row, if the exponent is 1/2 or −1/2."""
    if exponent.denominator != 2 or exponent.numerator not in (1, -1):
        return None
    return square_roots if exponent.numerator == 1 else inverse_square_roots


def _bounds_of_root(low: float, inverted: bool) -> tuple[float, float]:
    """½λ^(−1/2) and ¼λ^(−3/2), or inverted ½λ^(−3/2) and ¾λ^(−5/2), at the lower end: at most five
    roundings each.
    """
    root = math.sqrt(low)
    if inverted:
        return finite(0.5 / (low * root) * WIDER), finite(0.75 / (low * low * root) * WIDER)
    return finite(0.5 / root * WIDER), finite(0.25 / (low * root) * WIDER)


@dataclass(frozen=True, slots=True)
class _Multiple:
    """A multiple of a power of λ > 0, in size largest at one end of an interval."""

    scale: Ball
    exponent: flint.fmpq
    falls: bool

    def at(self, low: float, high: float) -> float:
        return upper(self.scale * flint.arb(low if self.falls else high) ** self.exponent)


@lru_cache(KEPT)
def _derivatives_of_power(p: Fraction) -> tuple[_Multiple, _Multiple]:
    """p·λ^(p − 1) and p(p − 1)·λ^(p − 2)."""
    scales, exponents = (p, p * (p - 1)), (p - 1, p - 2)
    found = (
        _Multiple(ball_of(scale), flint.fmpq(one.numerator, one.denominator), one < 0)
        for scale, one in zip(scales, exponents, strict=True)
    )
    return next(found), next(found)


@dataclass(frozen=True, slots=True)
class OfFormula:
    """A formula of the script; its derivatives are bounded on PIECES of the interval."""

    formula: f.Formula
    bindings: Mapping[str, Fraction]
    label: str

    def values(self, points: Sequence[float], what: str) -> list[Ball]:
        run = on_balls(self.formula, self.bindings)
        return [run(flint.arb(point)) for point in points]

    def image(self, points: Array, what: str, short: bool = False) -> Near:
        return row_of(self.values(points.tolist(), what))

    def slopes(self, points: Array, image: Near) -> tuple[Array, float]:
        run = compiled(self.formula, self.bindings)
        found = row_of(_series(run, point, point)[1] for point in points.tolist())
        return found.hi[0], found.low_size + found.radius

    def bounds(self, low: float, high: float, what: str) -> tuple[float, float]:
        ends = np.linspace(low, high, PIECES + 1).tolist()
        ends[0], ends[-1] = low, high
        first = second = 0.0
        run = compiled(self.formula, self.bindings)
        try:
            for left, right in pairwise(ends):
                series = _series(run, left, right)
                first = max(first, upper(series[1]))
                second = max(second, _upper_or_infinite(2 * series[2]))
        except (NoBoundError, ValueError, ZeroDivisionError):
            raise NoBoundError(ROUGH.format(self.label, what)) from None
        return first, second


def function_named(node: core.Function, bindings: Mapping[str, Fraction]) -> ScalarFunction:
    """What a node takes of the eigenvalues; raises NoBoundError where there is no test."""
    if node.formula is not None:
        return OfFormula(node.formula, bindings, node.label)
    if node.exponent is not None:
        return Power(node.exponent)
    match node.function:
        case "exp":
            return Exponential()
        case "sqrt" | "invsqrt":
            return Power(HALF if node.function == "sqrt" else -HALF)
    raise NoBoundError(f"{node.function} has no test")


def row_of(balls: Iterable[Ball]) -> Near:
    """Balls as one row: float, rest as float, and what is left as the radius.

    A ball with so many accurate bits has a radius of at most 2^-ACCURATE times its size, and
    rounding the rest to a float is off by at most 2u of it.  Of other balls what is left is
    computed.
    """
    known = list(balls)
    hi = list(map(float, known))
    rests = list(map(sub, known, hi))
    lo = list(map(float, rests))
    off = 0.0
    if min(map(flint.arb.rel_accuracy_bits, known), default=ACCURATE + 4) < ACCURATE + 4:
        for ball, rest, number in zip(known, rests, lo, strict=True):
            if ball.rel_accuracy_bits() < ACCURATE + 4:
                off += upper(rest - number)
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


def on_balls(formula: f.Formula, bindings: Mapping[str, Fraction]) -> Callable[[Ball], Ball]:
    """The formula as a function of balls: no series comes out where none goes in."""
    return cast("Callable[[Ball], Ball]", compiled(formula, bindings))


def compiled(formula: f.Formula, bindings: Mapping[str, Fraction]) -> Run:
    """The formula as a function of a ball, or of a power series of balls."""
    match formula:
        case f.Variable():
            return lambda t: t
        case f.Constant(value):
            constant = ball_of(q.evaluate(value, bindings))
            return lambda t: constant
        case f.Sum(terms):
            return reduce(_sum, (compiled(term, bindings) for term in terms))
        case f.Times(factors):
            return reduce(_times, (compiled(factor, bindings) for factor in factors))
        case f.IntegerPower(base, exponent):
            inner = compiled(base, bindings)
            return lambda t: _whole_power(inner(t), exponent)
        case f.Apply(function, of):
            apply = partial(_applied, function)
            if isinstance(of, f.Variable):
                return apply
            argument = compiled(of, bindings)
            return lambda t: apply(argument(t))


def slope_within(
    formula: f.Formula, bindings: Mapping[str, Fraction], low: float, high: float
) -> float:
    """More than |f′| on [low, high], infinite where it is not told."""
    run = compiled(formula, bindings)
    ends = np.linspace(low, high, FEW_PIECES + 1).tolist()
    ends[0], ends[-1] = low, high
    try:
        return max(upper(_series(run, *piece)[1]) for piece in pairwise(ends))
    except (NoBoundError, ValueError, ZeroDivisionError):
        return math.inf


def _series(run: Run, left: float, right: float) -> flint.arb_series:
    """Value, slope and half the bend on an interval."""
    point = flint.arb(left) if left == right else flint.arb(left).union(flint.arb(right))
    found = run(flint.arb_series([point, 1], prec=3))
    return found if isinstance(found, flint.arb_series) else flint.arb_series([found], prec=3)


def _sum(left: Run, right: Run) -> Run:
    return lambda t: left(t) + right(t)


def _times(left: Run, right: Run) -> Run:
    return lambda t: left(t) * right(t)


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
