"""The text of a function on a box, read by the language's own parser: nothing of it is run.

    exp(-s)*sin(3*t) + (s - t)^2

The functions, signs and numbers are those of a formula of the language; every other name is a
variable.  What a formula cannot say (a maximum, a power with a variable in its exponent) is passed
as a sympy expression instead.
"""

from __future__ import annotations

from fractions import Fraction

import sympy

from weightsmith.compiler.sources.from_sympy import NAMES, Ends, ExpressionError
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.formulas import (
    Apply,
    Constant,
    Formula,
    IntegerPower,
    Sum,
    Times,
    Variable,
    parse_formula,
)

MAX_EXPONENT = 1000
SHOWN = 60  # characters of a text in a message
CLASSES = {
    name: getattr(sympy, spelled, None) or sympy.Function(name) for spelled, name in NAMES.items()
}


def expression_of(expression: object) -> sympy.Expr:
    """Return a sympy expression as it is, or what a text says.  Raises ExpressionError."""
    if isinstance(expression, int | float | Fraction) and not isinstance(expression, bool):
        raise ExpressionError(f"'{expression}' is a number: there is nothing to compute")
    if isinstance(expression, sympy.Expr):
        return expression
    if not isinstance(expression, str):
        kind = type(expression).__name__
        raise ExpressionError(f"expected an expression of sympy or its text, got a {kind}")
    try:
        return _of_formula(parse_formula(expression))
    except q.ScalarError as problem:
        shown = expression if len(expression) <= SHOWN else f"{expression[: SHOWN - 1]}…"
        raise ExpressionError(
            f"{shown!r} is not an expression: {problem}; write one as exp(-s)*sin(3*t), or pass "
            "an expression of sympy"
        ) from None


def tolerance_of(within: object) -> Fraction:
    """Return the tolerance, exactly.  Raises ExpressionError unless it is above 0."""
    value = _number(within, "within")
    if value <= 0:
        raise ExpressionError(f"expected within above 0, got {within}: give a larger one, as 1e-3")
    return value


def ends_of(name: str, interval: object) -> Ends:
    """Return the ends of a variable's interval, exactly.  Raises ExpressionError if it has none."""
    if not isinstance(interval, tuple | list) or len(interval) != 2:
        raise ExpressionError(
            f"expected the interval of '{name}' as {name}=(0, 1), got {interval!r:.60}"
        )
    low, high = (_number(end, f"the interval of '{name}'") for end in interval)
    if low > high:
        raise ExpressionError(
            f"the low end {interval[0]} of the interval of '{name}' is above its high end "
            f"{interval[1]}: write {name}=({interval[1]}, {interval[0]})"
        )
    return low, high


def _number(value: object, what: str) -> Fraction:
    if isinstance(value, str | int | float | Fraction) and not isinstance(value, bool):
        try:
            return Fraction(value)
        except (ValueError, OverflowError, ZeroDivisionError):
            pass
    item = getattr(value, "item", None)
    if callable(item) and not isinstance(value, str | int | float):
        return _number(item(), what)
    raise ExpressionError(f"expected a number in {what}, got {value!r:.60}: write 0.1 or '1/10'")


def _of_formula(formula: Formula) -> sympy.Expr:
    match formula:
        case Variable():
            return sympy.Symbol("t")
        case Constant(value):
            return _of_scalar(value)
        case Sum(terms):
            return sympy.Add(*map(_of_formula, terms))
        case Times(factors):
            return sympy.Mul(*map(_of_formula, factors))
        case IntegerPower(base, exponent):
            return sympy.Pow(_of_formula(base), exponent)
        case Apply(function, of):
            return CLASSES[function](_of_formula(of))


def _of_scalar(scalar: q.Scalar) -> sympy.Expr:
    match scalar:
        case q.Number(value):
            return sympy.Rational(value.numerator, value.denominator)
        case q.Symbol(name):
            return sympy.Symbol(name)
        case q.Add(terms):
            return sympy.Add(*map(_of_scalar, terms))
        case q.Multiply(factors):
            return sympy.Mul(*map(_of_scalar, factors))
        case q.Power(base, exponent):
            if isinstance(exponent, q.Number) and abs(exponent.value) > MAX_EXPONENT:
                raise q.ScalarError(f"expected an exponent of at most {MAX_EXPONENT}")
            return sympy.Pow(_of_scalar(base), _of_scalar(exponent))
