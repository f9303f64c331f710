"""Numbers of synthesised scripts: exact decimals of 25 digits, and balls around them.

A coefficient is rounded before anything follows from it: what is proven is about the decimal that
stands in the script.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

import flint

from weightsmith.checker.balls.enclosures import round_up
from weightsmith.checker.balls.ranges import Interval, rational
from weightsmith.compiler.numbers.intervals import to_fraction
from weightsmith.dsl.text.number_text import is_short

Ball = flint.arb
DIGITS = 25
PRECISION = 400
FAR = 100_000  # bits before or behind the point
SHORT = 24  # a fraction of at most so many characters is kept as it is


def ball(value: Fraction | int) -> Ball:
    return flint.arb(rational(Fraction(value)))


def middle(value: Ball) -> Fraction:
    """The middle exactly, but 0 where it has 10⁵ zeros before its first bit: exp(−10¹²)."""
    return Fraction(0) if abs(value.mid()) < flint.arb(2) ** -FAR else to_fraction(value.mid())


def is_huge(value: Ball) -> bool:
    """Is it so large that its exact middle would fill the memory?"""
    return bool(abs(value.mid()) > flint.arb(2) ** FAR)


def upper(value: Ball) -> Fraction:
    """A number of 64 bits that is not below the ball."""
    return round_up(to_fraction(value.upper()))


def lower(value: Ball) -> Fraction:
    return -round_up(to_fraction((-value).upper()))


def outward(value: Ball) -> Interval:
    return to_fraction(value.lower()), to_fraction(value.upper())


def rounded(value: Fraction, digits: int = DIGITS) -> Fraction:
    """Return the nearest decimal of so many digits."""
    context = Context(prec=digits, rounding=ROUND_HALF_EVEN, Emin=-(10**6), Emax=10**6)
    quotient = context.divide(Decimal(value.numerator), Decimal(value.denominator))
    return Fraction(quotient)


def neat(value: Fraction) -> Fraction:
    """The fraction itself if its text is short, else the nearest decimal."""
    return value if is_short(value, SHORT) else rounded(value)


def decimal_text(value: Fraction) -> str:
    """Return the exact decimal of a number that has one of moderate length, else p/q."""
    text = str(value)
    if value.denominator == 1 and len(text) <= SHORT:
        return text
    context = Context(prec=2 * DIGITS, Emin=-(10**6), Emax=10**6)
    quotient = context.divide(Decimal(value.numerator), Decimal(value.denominator))
    if Fraction(quotient) != value or len(text) <= 12:
        return text
    return f"{quotient.normalize(context):g}".replace("E", "e").replace("e+", "e")
