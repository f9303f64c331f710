"""Exact numbers of any size as floats, and as a few digits for a reader; bounds need more care."""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction
from math import inf, isfinite


def as_float(value: Fraction) -> float:
    """The nearest float64, infinite where the number is too large for one."""
    try:
        return float(value)
    except OverflowError:
        return inf if value > 0 else -inf


def short_text(value: Fraction, digits: int = 4) -> str:
    """The number, rounded to nearest."""
    near = as_float(value)
    if isfinite(near):
        return f"{near:.{digits}g}"
    context = Context(prec=digits, Emin=-999_999, Emax=999_999)
    quotient = context.divide(Decimal(value.numerator), Decimal(value.denominator))
    return f"{quotient.normalize(context):e}"
