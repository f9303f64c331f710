"""A bound as one expression in the errors of the tables: ``c0 + c1*e[1] + c3*e[3]``.

e[N] is the error of the table of site N, as the certificate has it.  The coefficients are the
shares of the bound, decimals of nine digits, rounded up; terms that vanish are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal
from fractions import Fraction

from weightsmith.checker.balls.bounds import Ball, above, exact
from weightsmith.checker.balls.shared import shares_of
from weightsmith.checker.reading.refusal import require

WITHOUT_POWER = range(-6, 10)  # the exponents of numbers that are written without 10^…
LOST = Fraction(1, 1 << 64)  # more than the rounding of a bound, relatively
_UPWARD = Context(prec=9, rounding=ROUND_CEILING, Emin=-999_999, Emax=999_999)
_LONGEST = Context(prec=24, Emin=-999_999, Emax=999_999)


@dataclass(frozen=True, slots=True)
class ErrorFormula:
    """A sum of nonnegative multiples of errors; the site of the constant is empty."""

    terms: tuple[tuple[str, Fraction], ...]

    @property
    def text(self) -> str:
        return " + ".join(_term(site, number) for site, number in self.terms) or "0"

    def value(self, errors: Mapping[str, Fraction]) -> Fraction:
        """The exact value at such errors of the tables."""
        terms = (number * errors.get(site, Fraction(1)) for site, number in self.terms)
        return sum(terms, Fraction(0))

    def covers(self, size: Ball, errors: Mapping[str, Fraction]) -> Fraction:
        """The formula's value, or the bound it is made of, should its rounding be larger."""
        value, bound = self.value(errors), exact(size)
        require(value >= bound * (1 - LOST), "The shares of a bound do not add up to it.")
        return max(value, bound)


def error_formula(size: Ball, sites: Iterable[str]) -> ErrorFormula:
    """The formula of a finite bound, with the sites of all tables that have errors, in order."""
    names = ("", *sites)
    shares = [above(share) for share in shares_of(size, len(names) - 1)]
    require(all(share.is_finite() for share in shares), "A share of a bound is not finite.")
    positive = ((name, share) for name, share in zip(names, shares, strict=True) if share > 0)
    return ErrorFormula(tuple((name, decimal_above(exact(share))) for name, share in positive))


def decimal_above(value: Fraction) -> Fraction:
    """A decimal of nine digits, not below the value."""
    quotient = _UPWARD.divide(Decimal(value.numerator), Decimal(value.denominator))
    return Fraction(quotient)


def decimal_below(value: Fraction) -> Fraction:
    return -decimal_above(-value)


def _term(site: str, number: Fraction) -> str:
    if not site:
        return number_text(number)
    return f"e[{site}]" if number == 1 else f"{number_text(number)}*e[{site}]"


def number_text(value: Fraction) -> str:
    """``0.0125``, ``1250``, ``1.25*10^15``; ``(1/3)`` where no short decimal is equal."""
    number = _LONGEST.divide(Decimal(value.numerator), Decimal(value.denominator))
    if Fraction(number) != value:
        return f"({value})"
    number = number.normalize(_LONGEST)
    exponent = number.adjusted()
    if exponent in WITHOUT_POWER:
        return f"{number:f}"
    return f"{number.scaleb(-exponent):f}*10^{exponent}"
