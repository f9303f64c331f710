"""Short decimals for exact numbers: the nearest, or one on the safe side."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

DIGITS = 4
MOST_DIGITS = 17
EXPONENTS = (-5, 9)  # written out between these powers of ten, else as 1.5e-12


def rounded(number: Fraction, *, up: bool, digits: int = DIGITS) -> Fraction:
    """Round to so many digits, upwards or downwards; shorter numbers stay as they are."""
    return Fraction(_decimal(number, up, digits))


def text_of(number: Fraction, *, up: bool | None = None, digits: int = DIGITS) -> str:
    """The nearest number of so many digits, or one on the side asked for; the language reads it."""
    decimal = _decimal(number, up, digits).normalize()
    if decimal == 0:
        return "0"
    if EXPONENTS[0] <= decimal.adjusted() <= EXPONENTS[1]:
        return f"{decimal:f}"
    sign, figures, _ = decimal.as_tuple()
    first, *rest = map(str, figures)
    mantissa = first + ("." + "".join(rest) if rest else "")
    return f"{'-' * sign}{mantissa}e{decimal.adjusted()}"


def beyond(number: Fraction, end: Fraction) -> str:
    """A number that is beyond an end, with as many digits as it takes to see that it is."""
    above = number > end
    for digits in range(DIGITS, MOST_DIGITS):
        text = text_of(number, digits=digits)
        if Fraction(text) != end and (Fraction(text) > end) == above:
            return text
    return text_of(number, up=above, digits=MOST_DIGITS)


def number_text(number: Fraction) -> str:
    """An exact number for people: as a decimal if that is short, else as a fraction or ≈."""
    near = text_of(number, digits=8)
    if Fraction(near) == number:
        return near
    exact = str(number)
    return exact if len(exact) <= 20 else text_of(number, digits=8)


def _decimal(number: Fraction, up: bool | None, digits: int) -> Decimal:
    rounding = ROUND_CEILING if up else ROUND_HALF_EVEN if up is None else ROUND_FLOOR
    context = Context(prec=digits, rounding=rounding, Emin=-(10**6), Emax=10**6)
    return context.divide(Decimal(number.numerator), Decimal(number.denominator))
