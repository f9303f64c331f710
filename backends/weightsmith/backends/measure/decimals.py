"""Short decimals that are on the safe side of an exact number."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction

DIGITS = 4
MOST_DIGITS = 17
EXPONENTS = (-5, 9)  # written out between these powers of ten, else as 1.5e-12


def rounded(number: Fraction, *, up: bool, digits: int = DIGITS) -> Fraction:
    """Round to so many digits, upwards or downwards; short numbers stay as they are."""
    return Fraction(_decimal(number, up, digits))


def text_of(number: Fraction, *, up: bool, digits: int = DIGITS) -> str:
    """A number of so many digits, at least or at most the exact one; the language reads it."""
    decimal = _decimal(number, up, digits).normalize()
    if decimal == 0:
        return "0"
    if EXPONENTS[0] <= decimal.adjusted() <= EXPONENTS[1]:
        return f"{decimal:f}"
    sign, figures, _ = decimal.as_tuple()
    first, *rest = map(str, figures)
    mantissa = first + ("." + "".join(rest) if rest else "")
    return f"{'-' * sign}{mantissa}e{decimal.adjusted()}"


def beyond(number: Fraction, end: Fraction, *, up: bool) -> str:
    """A number that is beyond an end, with as many digits as show by how much."""
    digits = DIGITS
    while digits < MOST_DIGITS:
        shown = rounded(number, up=up, digits=digits)
        if abs(shown - end) <= 2 * abs(number - end):
            break
        digits += 1
    return text_of(number, up=up, digits=digits)


def number_text(number: Fraction) -> str:
    """An exact number for people: as a decimal if that is short, else as a fraction or ≈."""
    near = text_of(number, up=True, digits=8)
    if Fraction(near) == number:
        return near
    exact = str(number)
    return exact if len(exact) <= 20 else text_of(number, up=True)


def _decimal(number: Fraction, up: bool, digits: int) -> Decimal:
    rounding = ROUND_CEILING if up else ROUND_FLOOR
    context = Context(prec=digits, rounding=rounding, Emin=-(10**6), Emax=10**6)
    return context.divide(Decimal(number.numerator), Decimal(number.denominator))
