"""Formulas that are linear in the variable, read exactly."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from weightsmith.dsl.elementary.enclosure import UndefinedError
from weightsmith.dsl.numbers.formulas import (
    Apply,
    Constant,
    Formula,
    IntegerPower,
    Sum,
    Times,
    Variable,
)
from weightsmith.dsl.numbers.scalars import bits, evaluate

MOST_BITS = 1 << 16  # a longer power of a constant is left to the balls
LinearForm = tuple[Fraction, Fraction]  # slope, offset


def linear_form(formula: Formula, bindings: Mapping[str, Fraction]) -> LinearForm | None:
    """Return (slope, offset) if the formula is slope·t + offset by its shape, else None."""
    total: LinearForm | None
    match formula:
        case Variable():
            return Fraction(1), Fraction(0)
        case Constant(value):
            return Fraction(0), evaluate(value, bindings)
        case Sum(terms):
            total = (Fraction(0), Fraction(0))
            for term in terms:
                total = _add(total, linear_form(term, bindings))
            return total
        case Times(factors):
            total = (Fraction(0), Fraction(1))
            for factor in factors:
                total = _multiply(total, linear_form(factor, bindings))
            return total
        case IntegerPower(base, exponent):
            return _power(linear_form(base, bindings), exponent)
        case Apply():
            return None


def _add(first: LinearForm | None, second: LinearForm | None) -> LinearForm | None:
    if first is None or second is None:
        return None
    return first[0] + second[0], first[1] + second[1]


def _multiply(first: LinearForm | None, second: LinearForm | None) -> LinearForm | None:
    if first is None or second is None or (first[0] and second[0]):
        return None
    return first[0] * second[1] + second[0] * first[1], first[1] * second[1]


def _power(base: LinearForm | None, exponent: int) -> LinearForm | None:
    if base is not None and exponent == 1:
        return base
    if base is None or base[0] != 0 or bits(base[1]) * abs(exponent) > MOST_BITS:
        return None
    if base[1] == 0 and exponent < 0:
        raise UndefinedError("pole", certain=True)
    return Fraction(0), base[1] ** exponent
