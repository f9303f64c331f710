"""Exact values of the numbers in a script: ``0.1`` is 1/10, ``1e-3`` is 1/1000."""

from __future__ import annotations

from fractions import Fraction

MAX_DIGITS = 1000  # of a literal, written out; far beyond any use, far below Python's own limit


def exact_literal(text: str) -> Fraction:
    """Return the exact value of a literal.  Raises ValueError, saying why, if it is too long."""
    mantissa, _, exponent = text.lower().partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0") or "0"
    if len(digits) > MAX_DIGITS or len(exponent.lstrip("+-0")) > 6:
        raise ValueError(_too_long())
    shift = int(exponent or "0") - len(fraction)
    if digits == "0":
        return Fraction(0)
    if abs(shift) > MAX_DIGITS or len(digits) + max(shift, 0) > MAX_DIGITS:
        raise ValueError(_too_long())
    return int(digits) * Fraction(10) ** shift


def _too_long() -> str:
    return f"expected a number of at most {MAX_DIGITS} digits, got a longer one"
