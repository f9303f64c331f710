"""Numbers of the claims that the checker derives by itself: rounded up to 64 bits when written.

A claimed number may be larger than the derived one, never smaller; where later numbers rely on it,
by a thousandth at most.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction

import flint

from weightsmith.checker.reading.refusal import SaysNothingError, require

WIDEST = 64  # bits of a number that is written
SMALLEST = Fraction(1, 1 << 1000)
ROOM = Fraction(1001, 1000)
LARGEST = Fraction(10) ** 300  # no float64 result is further from anything, but by a factor 10^8
SAYS_NOTHING = "The bound exceeds 10^300, which says nothing."
_UP = Context(prec=6, rounding=ROUND_CEILING, Emin=-999_999, Emax=999_999)
_DOWN = Context(prec=6, rounding=ROUND_FLOOR, Emin=-999_999, Emax=999_999)


def rounded_up(value: Fraction) -> Fraction:
    """A number p·2^k with p of at most 64 bits, not below a value that is not negative."""
    require(value >= 0, "A bound is negative.")
    if value == 0:
        return value
    if value <= SMALLEST:
        return SMALLEST
    return _above(value)


def _above(value: Fraction) -> Fraction:
    size = abs(value)
    excess = size.numerator.bit_length() - size.denominator.bit_length() + 1 - WIDEST
    unit = Fraction(2) ** excess
    return -(-value // unit) * unit


def check_says_something(bound: Fraction | None) -> None:
    """Refuse a bound that is larger than all that is ever computed."""
    if bound is not None and bound > LARGEST:
        raise SaysNothingError(SAYS_NOTHING)


def rounded_outward(low: Fraction, high: Fraction) -> tuple[Fraction, Fraction]:
    """An interval with ends of 64 bits that holds the given one."""
    return -_above(-low), _above(high)


def ball_rounded_up(value: flint.arb) -> Fraction:
    from weightsmith.checker.balls.bounds import above, exact  # not needed by bounds of polynomials

    top = above(value)
    require(bool(top.is_finite()), "A bound is not finite.")
    return rounded_up(exact(top))


def shown(value: Fraction) -> str:
    """An upper bound of any size for a message, rounded up."""
    return _text(value, _UP)


def shown_below(value: Fraction) -> str:
    """A lower bound for a message, rounded down."""
    return _text(value, _DOWN)


def _text(value: Fraction, context: Context) -> str:
    quotient = context.divide(Decimal(value.numerator), Decimal(value.denominator))
    return f"{quotient.normalize(context):g}"


def check_number(claimed: Fraction, derived: Fraction, what: str, *, close: bool = False) -> None:
    """The claimed number must not be below the derived one."""
    require(claimed >= derived, f"{what} is below what is shown.")
    largest = max(rounded_up(derived) * ROOM, SMALLEST)
    require(not close or claimed <= largest, f"{what} is larger than what is shown.")
