"""Piecewise-linear functions of one variable, in numbers: values, crossings, composition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from weightsmith.dsl.core import PiecewiseLinear
from weightsmith.dsl.scalars import Number, Scalar, evaluate


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
        kinks = sorted((evaluate(p, known), evaluate(c, known)) for p, c in function.kinks)
        return NumericFunction(
            evaluate(function.constant, known), evaluate(function.slope, known), tuple(kinks)
        )

    def value(self, t: Fraction) -> Fraction:
        total = self.constant + self.slope * t
        for place, change in self.kinks:
            if t > place:
                total += change * (t - place)
        return total

    def crossings(self, level: Fraction) -> Iterator[Fraction]:
        """Where the function passes through a level with a slope that is not zero."""
        places = [place for place, _ in self.kinks]
        slope = self.slope
        for i in range(len(places) + 1):
            low = places[i - 1] if i else None
            high = places[i] if i < len(places) else None
            anchor = high if high is not None else low if low is not None else Fraction(0)
            if slope:
                t = anchor + (level - self.value(anchor)) / slope
                if (low is None or t >= low) and (high is None or t <= high):
                    yield t
            if i < len(places):
                slope += self.kinks[i][1]


def composed(outer: PiecewiseLinear, inner: PiecewiseLinear) -> PiecewiseLinear | None:
    """Return outer ∘ inner, which is piecewise linear; None unless all is made of numbers.

    Its kinks are those of the inner function, and the places where that crosses one of the outer.
    """
    if not (is_numeric(outer) and is_numeric(inner)):
        return None
    first, second = NumericFunction.of(inner), NumericFunction.of(outer)
    places = {place for place, _ in first.kinks}
    for place, _ in second.kinks:
        places |= set(first.crossings(place))
    ordered = sorted(places)
    if not ordered:
        start = second.value(first.value(Fraction(0)))
        slope = second.value(first.value(Fraction(1))) - start
        return PiecewiseLinear(Number(start), Number(slope), ())
    ends = [ordered[0] - 1, *ordered, ordered[-1] + 1]
    values = [second.value(first.value(t)) for t in ends]
    slopes = [
        (b - a) / (t - s) for (s, t), (a, b) in zip(pairwise(ends), pairwise(values), strict=True)
    ]
    changes = [b - a for a, b in pairwise(slopes)]
    kinks = tuple(
        (Number(place), Number(change))
        for place, change in zip(ordered, changes, strict=True)
        if change
    )
    constant = values[0] - slopes[0] * ends[0]
    return PiecewiseLinear(Number(constant), Number(slopes[0]), kinks)


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


def isis_numeric(function: PiecewiseLinear) -> bool:
    return is_numeric(function)
