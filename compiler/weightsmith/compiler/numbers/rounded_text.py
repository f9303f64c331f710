"""Numbers for a reader, rounded to the safe side: an upper bound up, a lower bound down."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction

DIGITS = 4


def above(value: Fraction, digits: int = DIGITS) -> Decimal:
    """The least decimal of so many digits that is not below the value."""
    return _rounded(value, digits, ROUND_CEILING)


def below(value: Fraction, digits: int = DIGITS) -> Decimal:
    """The largest decimal of so many digits that is not above the value."""
    return _rounded(value, digits, ROUND_FLOOR)


def text_above(value: Fraction, digits: int = DIGITS) -> str:
    """An upper bound for a reader: ``3.388e-5`` of 3.3871e-5."""
    return _text(above(value, digits))


def text_below(value: Fraction, digits: int = DIGITS) -> str:
    """A lower bound for a reader: ``3.387e-5`` of 3.3879e-5."""
    return _text(below(value, digits))


def _rounded(value: Fraction, digits: int, rounding: str) -> Decimal:
    context = Context(prec=digits, rounding=rounding, Emin=-(10**6), Emax=10**6)
    return context.divide(Decimal(value.numerator), Decimal(value.denominator))


def _text(number: Decimal) -> str:
    if number == 0:
        return "0"
    sign, figures, exponent = number.normalize().as_tuple()
    mantissa = Decimal((sign, figures, 1 - len(figures)))
    power = int(exponent) + len(figures) - 1
    return f"{mantissa}e{power}" if abs(power) > 3 else f"{number.normalize():f}"
