"""Piecewise-linear functions of one variable, in numbers: values, crossings, composition."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import accumulate, pairwise
from operator import itemgetter

import flint

from weightsmith.dsl.numbers.scalars import Number, Scalar, evaluate
from weightsmith.dsl.program.core import PiecewiseLinear

Point = tuple[flint.fmpq, flint.fmpq]  # place, value
Kink = tuple[flint.fmpq, flint.fmpq]  # place, change of slope


@dataclass(frozen=True)
class NumericFunction:
    """constant + slope·t + Σ change·relu(t − place), in numbers; kinks in order."""

    constant: Fraction
    slope: Fraction
    kinks: tuple[tuple[Fraction, Fraction], ...]

    @staticmethod
    def of(
        function: PiecewiseLinear, bindings: Mapping[str, Fraction] | None = None
    ) -> NumericFunction:
        known = bindings or {}
        kinks = sorted((_value(p, known), _value(c, known)) for p, c in function.kinks)
        constant, slope = _value(function.constant, known), _value(function.slope, known)
        return NumericFunction(constant, slope, tuple(kinks))


@dataclass(frozen=True)
class _Exact:
    """A ``NumericFunction`` in FLINT's numbers, which are fast."""

    constant: flint.fmpq
    slope: flint.fmpq
    kinks: tuple[Kink, ...]

    @staticmethod
    def of(function: NumericFunction) -> _Exact:
        kinks = tuple((exactly(place), exactly(change)) for place, change in function.kinks)
        return _Exact(exactly(function.constant), exactly(function.slope), kinks)

    @cached_property
    def places(self) -> list[flint.fmpq]:
        return [place for place, _ in self.kinks]

    @cached_property
    def slopes(self) -> list[flint.fmpq]:
        """Before the first kink, between them, after the last."""
        return list(accumulate((change for _, change in self.kinks), initial=self.slope))

    @cached_property
    def values(self) -> list[flint.fmpq]:
        """The values at the kinks."""
        if not self.kinks:
            return []
        found = [self.constant + self.slope * self.places[0]]
        for (before, after), slope in zip(pairwise(self.places), self.slopes[1:-1], strict=True):
            found.append(found[-1] + slope * (after - before))
        return found

    def value(self, t: flint.fmpq) -> flint.fmpq:
        if not self.kinks:
            return self.constant + self.slope * t
        piece = bisect_right(self.places, t)
        near = max(piece - 1, 0)
        return self.values[near] + self.slopes[piece] * (t - self.places[near])

    def crossings(self, levels: list[flint.fmpq]) -> Iterator[tuple[flint.fmpq, int]]:
        """Where the function passes through which of the levels, which increase.

        Only where its slope is not zero, and on each side of a kink by itself.
        """
        ends: list[flint.fmpq | None] = [None, *self.places, None]
        for slope, (low, high) in zip(self.slopes, pairwise(ends), strict=True):
            if not slope:
                continue
            at = low if low is not None else high if high is not None else flint.fmpq(0)
            value = self.value(at)
            first, last = (low, high) if slope > 0 else (high, low)
            start = 0 if first is None else bisect_left(levels, self.value(first))
            stop = len(levels) if last is None else bisect_right(levels, self.value(last))
            for number in range(start, stop):
                yield at + (levels[number] - value) / slope, number


def composed(outer: PiecewiseLinear, inner: PiecewiseLinear) -> PiecewiseLinear | None:
    """Return outer ∘ inner, which is piecewise linear; None unless all is made of numbers.

    Its kinks are those of the inner function, and the places where that crosses one of the outer.
    """
    if not (is_numeric(outer) and is_numeric(inner)):
        return None
    first, second = _Exact.of(NumericFunction.of(inner)), _Exact.of(NumericFunction.of(outer))
    met = [(place, second.values[number]) for place, number in first.crossings(second.places)]
    at_kinks = zip(first.places, map(second.value, first.values), strict=True)
    points = _distinct([*at_kinks, *met])
    if not points:
        constant = second.value(first.value(flint.fmpq(0)))
        slope = second.value(first.value(flint.fmpq(1))) - constant
        return PiecewiseLinear(_number(constant), _number(slope), ())
    beyond = (points[0][0] - 1, points[-1][0] + 1)
    start, end = ((place, second.value(first.value(place))) for place in beyond)
    slopes = [(b - a) / (t - s) for (s, a), (t, b) in pairwise((start, *points, end))]
    changes = [b - a for a, b in pairwise(slopes)]
    kinks = tuple(
        (_number(place), _number(change))
        for (place, _), change in zip(points, changes, strict=True)
        if change
    )
    constant = start[1] - slopes[0] * start[0]
    return PiecewiseLinear(_number(constant), _number(slopes[0]), kinks)


def _distinct(points: list[Point]) -> list[Point]:
    """In order of their places, each once."""
    ordered = sorted(points, key=itemgetter(0))
    return ordered[:1] + [two for one, two in pairwise(ordered) if one[0] != two[0]]


def _value(scalar: Scalar, known: Mapping[str, Fraction]) -> Fraction:
    return scalar.value if isinstance(scalar, Number) else evaluate(scalar, known)


def exactly(value: Fraction) -> flint.fmpq:
    return flint.fmpq(value.numerator, value.denominator)


def fraction(value: flint.fmpq) -> Fraction:
    return Fraction(int(value.p), int(value.q))


def _number(value: flint.fmpq) -> Number:
    return Number(fraction(value))


def is_numeric(function: PiecewiseLinear) -> bool:
    parts: list[Scalar] = [
        function.constant,
        function.slope,
        *(s for kink in function.kinks for s in kink),
    ]
    return all(isinstance(part, Number) for part in parts)


def numeric(function: PiecewiseLinear, bindings: Mapping[str, Fraction]) -> PiecewiseLinear:
    """Put numbers for the symbols of a function."""
    found = NumericFunction.of(function, bindings)
    kinks = tuple((Number(place), Number(change)) for place, change in found.kinks)
    return PiecewiseLinear(Number(found.constant), Number(found.slope), kinks)


def affine(function: PiecewiseLinear, factor: Fraction, constant: Fraction) -> PiecewiseLinear:
    """Return factor·f + constant, of a function in numbers."""
    found = NumericFunction.of(function)
    return PiecewiseLinear(
        Number(factor * found.constant + constant),
        Number(factor * found.slope),
        tuple((Number(place), Number(factor * change)) for place, change in found.kinks),
    )
