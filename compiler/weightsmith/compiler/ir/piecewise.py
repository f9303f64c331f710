"""Piecewise-linear functions of one variable, in numbers: one of another, and lines of one."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import flint

from weightsmith.checker.algebra import composition
from weightsmith.checker.algebra.composition import NumericPiecewise
from weightsmith.checker.balls.ranges import fraction, rational
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.compiler.ir.coefficients import UNCOUNTED
from weightsmith.dsl.numbers.scalars import Number, Scalar, evaluate
from weightsmith.dsl.program.core import PiecewiseLinear


def composed(outer: PiecewiseLinear, inner: PiecewiseLinear) -> PiecewiseLinear | None:
    """Return outer ∘ inner; None unless all are numbers, or where it has too many breakpoints."""
    if not (is_numeric(outer) and is_numeric(inner)):
        return None
    try:
        found = composition.composed(exact_form(outer), exact_form(inner), UNCOUNTED)
    except RefusedError:
        return None
    constant, slope, breakpoints = found
    pairs = tuple((_number(place), _number(change)) for place, change in breakpoints)
    return PiecewiseLinear(_number(constant), _number(slope), pairs)


def exact_form(function: PiecewiseLinear) -> NumericPiecewise:
    """Of a function in numbers: breakpoints at one place are one; if there is none, an idle one."""
    changes: dict[flint.fmpq, flint.fmpq] = {}
    for place, change in function.breakpoints:
        at = rational(_value(place))
        changes[at] = changes.get(at, flint.fmpq(0)) + rational(_value(change))
    first = min(changes, default=flint.fmpq(0))
    breakpoints = [(place, change) for place, change in changes.items() if change]
    constant, slope = rational(_value(function.constant)), rational(_value(function.slope))
    return NumericPiecewise.of(slope, breakpoints or [(first, flint.fmpq(0))], constant)


def _value(scalar: Scalar, known: Mapping[str, Fraction] | None = None) -> Fraction:
    return scalar.value if isinstance(scalar, Number) else evaluate(scalar, known or {})


def _number(value: flint.fmpq) -> Number:
    return Number(fraction(value))


def is_numeric(function: PiecewiseLinear) -> bool:
    parts: list[Scalar] = [
        function.constant,
        function.slope,
        *(s for point in function.breakpoints for s in point),
    ]
    return all(isinstance(part, Number) for part in parts)


def numeric(function: PiecewiseLinear, bindings: Mapping[str, Fraction]) -> PiecewiseLinear:
    """Put numbers for the symbols of a function."""
    breakpoints = sorted(
        (_value(p, bindings), _value(c, bindings)) for p, c in function.breakpoints
    )
    return PiecewiseLinear(
        Number(_value(function.constant, bindings)),
        Number(_value(function.slope, bindings)),
        tuple((Number(place), Number(change)) for place, change in breakpoints),
    )


def affine(function: PiecewiseLinear, factor: Fraction, constant: Fraction) -> PiecewiseLinear:
    """Return factor·f + constant, of a function in numbers."""
    return PiecewiseLinear(
        Number(factor * _value(function.constant) + constant),
        Number(factor * _value(function.slope)),
        tuple((place, Number(factor * _value(change))) for place, change in function.breakpoints),
    )
