"""Scalars of many terms: polynomials in one variable t over the rational functions of the symbols.

``Rational`` keeps everything in lowest terms, within limits for what one step of a script says.
What hundreds of steps add up to is kept as numerator/denominator here, the denominator free of t
and reduced against the numerator only where that is cheap; so equality is tested by crossing.
"""

from __future__ import annotations

from dataclasses import dataclass

import flint

from weightsmith.checker.algebra.rational import Field, Rational
from weightsmith.checker.reading.refusal import require
from weightsmith.checker.reading.work import of_products

VARIABLE = "#t"
MAX_TERMS = 200_000
MAX_BITS = 1 << 26  # of all coefficients together
LOOKED_AT = 32  # coefficients, of which the longest stands for all
TOO_LARGE = "A value grows too large to be compared exactly."


@dataclass(frozen=True, slots=True, eq=False)
class Exact:
    """numerator/denominator, the denominator not zero and free of t."""

    field: Field
    numerator: flint.fmpz_mpoly
    denominator: flint.fmpz_mpoly

    @staticmethod
    def of(value: Rational) -> Exact:
        free = VARIABLE not in value.field.names_in(
            Rational(value.field, value.denominator, value.field.one.numerator)
        )
        require(free, "The variable stands in a denominator.")
        return Exact(value.field, value.numerator, value.denominator)

    @property
    def is_zero(self) -> bool:
        return bool(self.numerator.is_zero())

    def is_constant(self) -> bool:
        """Is it free of t?"""
        return self.is_zero or int(self.numerator.degrees()[self.field.names.index(VARIABLE)]) <= 0

    def as_rational(self) -> Rational:
        """A constant, in lowest terms."""
        return self.field.fraction(self.numerator, self.denominator)

    def __add__(self, other: Exact) -> Exact:
        if self.denominator == other.denominator:
            return self._with(self.numerator + other.numerator, self.denominator)
        common = self.denominator.gcd(other.denominator)
        mine, theirs = self.denominator // common, other.denominator // common
        top = self.numerator * theirs + other.numerator * mine
        return self._with(top, self.denominator * theirs)

    def __mul__(self, other: Exact) -> Exact:
        one, other_one = self.denominator.is_one(), other.denominator.is_one()
        bottom = self.denominator if other_one else self.denominator * other.denominator
        top = self.numerator * other.numerator
        if not (one and other_one):
            common = top.gcd(bottom)
            if not common.is_one():
                top, bottom = top // common, bottom // common
        return self._with(top, bottom)

    def __sub__(self, other: Exact) -> Exact:
        return self + Exact(self.field, -other.numerator, other.denominator)

    def _with(self, top: flint.fmpz_mpoly, bottom: flint.fmpz_mpoly) -> Exact:
        terms = len(top)
        require(terms <= MAX_TERMS, TOO_LARGE)
        places = range(0, terms, max(terms // LOOKED_AT, 1))
        bits = max((int(top.coefficient(place).bit_length()) for place in places), default=0)
        require(bits * terms <= MAX_BITS, TOO_LARGE)
        self.field.budget.spend(10 + of_products(terms, bits))
        return Exact(self.field, top, bottom)
