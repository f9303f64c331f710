"""Prints scalars as a person writes them: ``2/(mu + L)`` rather than ``2*(mu + L)^(-1)``."""

from __future__ import annotations

from fractions import Fraction

from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.scalars import Scalar


def scalar_text(scalar: Scalar) -> str:
    """Return the scalar in the syntax of a script."""
    return bracketed_text(scalar, 0)


def coefficient_text(scalar: Scalar) -> tuple[bool, str]:
    """Return the sign and the factor that stands before ``*``; the factor 1 is empty."""
    negative, rest = signed(scalar)
    return negative, "" if rest == q.ONE else bracketed_text(rest, 1)


def signed(scalar: Scalar) -> tuple[bool, Scalar]:
    """Split a leading minus off."""
    if isinstance(scalar, q.Number) and scalar.value < 0:
        return True, q.Number(-scalar.value)
    if isinstance(scalar, q.Multiply) and isinstance(scalar.factors[0], q.Number):
        first, rest = scalar.factors[0], scalar.factors[1:]
        if first.value == -1:
            return True, rest[0] if len(rest) == 1 else q.Multiply(rest)
        if first.value < 0:
            return True, q.Multiply((q.Number(-first.value), *rest))
    return False, scalar


def bracketed_text(scalar: Scalar, tightness: int) -> str:
    """Return the text for its place: 0 in a sum, 1 in a product, 2 below ``/``, 3 in a power."""
    negative, rest = signed(scalar)
    if negative:
        text, own = f"-{bracketed_text(rest, 1)}", 0
        return f"({text})" if own < tightness else text
    match scalar:
        case q.Number(value):
            text, own = _number(value), 3 if value.denominator == 1 else 1
        case q.Symbol(name):
            text, own = name, 3
        case q.Add(terms):
            text, own = _sum(terms), 0
        case q.Multiply(factors):
            text, own = _product(factors), 1
        case q.Power(base, q.Number(value)) if value == -1:
            text, own = f"1/{bracketed_text(base, 2)}", 1
        case q.Power(base, exponent):
            text, own = f"{bracketed_text(base, 3)}^{bracketed_text(exponent, 3)}", 2
    return f"({text})" if own < tightness else text


def _number(value: Fraction) -> str:
    return str(value)


def _sum(terms: tuple[Scalar, ...]) -> str:
    text = ""
    for term in terms:
        negative, rest = signed(term)
        sign = (" - " if negative else " + ") if text else ("-" if negative else "")
        text += sign + bracketed_text(rest, 1)
    return text or "0"


def _product(factors: tuple[Scalar, ...]) -> str:
    text = ""
    for factor in factors:
        if isinstance(factor, q.Power) and factor.exponent == q.MINUS_ONE:
            text = f"{text or '1'}/{bracketed_text(factor.base, 2)}"
        else:
            part = bracketed_text(factor, 1 if not text else 2)
            text = f"{text}*{part}" if text else part
    return text or "1"
