"""Functions of entries, in floats: their ranges on intervals, and products entry by entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import inf

from weightsmith.compiler.approximate.arguments.bounds import Bounds, interval_product
from weightsmith.compiler.numbers.nearest_float import as_float
from weightsmith.dsl.numbers.scalars import evaluate
from weightsmith.dsl.program.core import PiecewiseLinear


def entrywise(arguments: Sequence[Bounds], near: float, *, equal: bool) -> Bounds:
    """left .* right, each entry within ``near``; squares if the two are ``equal``."""
    left, right = arguments
    low, high = interval_product(left, right)
    exact = Bounds(
        max(low, 0.0) if equal else low,
        high,
        min(_times(left.column, right.size), _times(left.size, right.column)),
        min(_times(left.row, right.size), _times(left.size, right.row)),
    )
    return exact if near == 0 else Bounds(exact.low - near, exact.high + near)


def _times(a: float, b: float) -> float:
    return 0.0 if a == 0 or b == 0 else a * b


def beyond(slope: float, side: int, low: float, high: float) -> tuple[float, float]:
    """Extend a range by what a half-line of this slope reaches."""
    if slope * side > 0:
        return low, inf
    return (-inf, high) if slope * side < 0 else (low, high)


def plain_function(
    function: PiecewiseLinear, bindings: Mapping[str, Fraction]
) -> Callable[[float], float]:
    constant, slope = (as_float(evaluate(s, bindings)) for s in (function.constant, function.slope))
    bends = [[as_float(evaluate(s, bindings)) for s in one] for one in function.breakpoints]

    def value(t: float) -> float:
        return constant + slope * t + sum(change * max(t - place, 0.0) for place, change in bends)

    return value


def slopes(function: PiecewiseLinear, bindings: Mapping[str, Fraction]) -> list[float]:
    """Return the slopes of the pieces, left to right."""
    breakpoints = sorted(
        (evaluate(place, bindings), evaluate(change, bindings))
        for place, change in function.breakpoints
    )
    found = [evaluate(function.slope, bindings)]
    for _, change in breakpoints:
        found.append(found[-1] + change)
    return [as_float(slope) for slope in found]
