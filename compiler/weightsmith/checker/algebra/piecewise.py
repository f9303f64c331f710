"""Piecewise-linear functions of one variable, exact: constant + slope·t + Σ change·relu(t − place).

Two identities, for all reals, make the form unique:
    relu(c·t) = c·relu(t) for a number c > 0,      relu(−t) = relu(t) − t.
So relu(a·t + b), for a number a ≠ 0, is |a|·relu(t − p) with p = −b/a, and if a < 0 that less
|a|·(t − p).  Constants, changes and places may hold symbols: no order of them is ever assumed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import gcd
from operator import itemgetter

import flint

from weightsmith.checker.algebra.rational import Field, Rational
from weightsmith.checker.algebra.rational_function import Key
from weightsmith.checker.balls.ranges import rational
from weightsmith.checker.reading.refusal import require
from weightsmith.dsl.program import core

MAX_BREAKPOINTS = 20_000
TOO_MANY = f"A function has more than {MAX_BREAKPOINTS} breakpoints."
Breakpoint = tuple[Rational, Rational]  # place, change
Breakpoints = Mapping[Key, Breakpoint]  # by the place's key


@dataclass(frozen=True, slots=True, eq=False)
class Piecewise:
    """A function; no two breakpoints are at one place and no change is zero."""

    constant: Rational
    slope: Rational
    breakpoints: Breakpoints

    def in_order(self) -> list[Breakpoint]:
        """The breakpoints by place: numbers as they increase, then what holds symbols, somehow."""
        numbers = [
            (point[0].number, point)
            for point in self.breakpoints.values()
            if point[0].number is not None
        ]
        symbolic = [
            (key, point) for key, point in self.breakpoints.items() if point[0].number is None
        ]
        numbers.sort(key=itemgetter(0))
        symbolic.sort(key=itemgetter(0))
        return [point for _, point in (*numbers, *symbolic)]


class PiecewiseSum:
    """Adds up piecewise-linear functions of one variable."""

    def __init__(self, field: Field) -> None:
        self._field = field
        self._constant = field.zero
        self._slope = field.zero
        self._breakpoints: dict[Key, Breakpoint] = {}

    def result(self) -> Piecewise:
        return Piecewise(self._constant, self._slope, dict(self._breakpoints))

    def add_line(self, constant: Rational, slope: Rational) -> None:
        self._constant = self._constant + constant
        self._slope = self._slope + slope

    def add_relu(self, scale: Fraction, offset: Rational, factor: Rational) -> None:
        """Add factor·relu(scale·t + offset), scale a number that is not zero."""
        if scale == 1:
            self.add_breakpoint(-offset, factor)
            return
        require(scale != 0, "A breakpoint of a function has no place.")
        place, change = -offset, factor
        if scale == -1:
            place = offset
        else:
            place = place * self._field.number(1 / scale)
            change = change * self._field.number(abs(scale))
        self.add_breakpoint(place, change)
        if scale < 0:
            self.add_line(change * place, -change)

    def add(self, function: Piecewise, scale: Fraction, offset: Rational, factor: Rational) -> None:
        """Add factor·f(scale·t + offset)."""
        slope = function.slope * self._field.number(scale)
        self.add_line(factor * (function.constant + function.slope * offset), factor * slope)
        for place, change in function.breakpoints.values():
            self.add_relu(scale, offset - place, factor * change)

    def add_breakpoint(self, place: Rational, change: Rational) -> None:
        """Add change·relu(t − place)."""
        key = place.key
        if key in self._breakpoints:
            change = self._breakpoints[key][1] + change
        if change.is_zero:
            self._breakpoints.pop(key, None)
            return
        self._breakpoints[key] = (place, change)
        require(len(self._breakpoints) <= MAX_BREAKPOINTS, TOO_MANY)


def moved(function: Piecewise, scale: Fraction, offset: Rational) -> Piecewise:
    """The function f(scale·t + offset)."""
    if scale == 1 and offset.is_zero:
        return function
    total = PiecewiseSum(offset.field)
    total.add(function, scale, offset, offset.field.one)
    return total.result()


def read_piecewise(function: core.PiecewiseLinear, field: Field) -> Piecewise:
    """An exact function of the script."""
    total = PiecewiseSum(field)
    total.add_line(field.read(function.constant), field.read(function.slope))
    for place, change in function.breakpoints:
        total.add_breakpoint(field.read(place), field.read(change))
    return total.result()


def table_function(knots: Sequence[tuple[Fraction, Fraction]], field: Field) -> Piecewise:
    """Linear between the knots, whose places increase, and constant outside."""
    total = PiecewiseSum(field)
    points = [(rational(place), rational(value)) for place, value in knots]
    slopes = [(after[1] - here[1]) / (after[0] - here[0]) for here, after in pairwise(points)]
    total.add_line(field.number(points[0][1]), field.zero)
    before = flint.fmpq(0)
    for (place, _), slope in zip(points, (*slopes, flint.fmpq(0)), strict=True):
        total.add_breakpoint(field.number(place), field.number(slope - before))
        before = slope
    return total.result()


def leading_number(value: Rational) -> Fraction:
    """A number with the sign of the leading coefficient: the value is that times a primitive.

    It is 0 for 0, and never 0 otherwise.
    """
    number = value.as_number
    if number is not None:
        return number
    top, bottom = (
        gcd(*(int(count) for count in part.coeffs()))
        for part in (value.numerator, value.denominator)
    )
    return Fraction(-top if value.numerator.leading_coefficient() < 0 else top, bottom)
