"""One rational function of the symbols: a number, or numerator/denominator in lowest terms.

Most are numbers: these are added and multiplied as such, without gcds of polynomials.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import flint

from weightsmith.checker.algebra.rational_text import rational_text
from weightsmith.checker.reading.refusal import require

if TYPE_CHECKING:
    from weightsmith.checker.algebra.rational import Field

MAX_TERMS = 400  # of a numerator or a denominator
MAX_DEGREE = 400
MAX_BITS = 1 << 15  # of a coefficient
TOO_LARGE = "A coefficient grows too large to be checked exactly."
Parts = tuple[flint.fmpz_mpoly, flint.fmpz_mpoly]
Key = tuple[str, str, int, int]  # of a number the last two, of anything else the first two


class Rational:
    """One rational function; immutable; belongs to a ``Field``."""

    __slots__ = ("_number", "_parts", "field")

    def __init__(self, field: Field, numerator: flint.fmpz_mpoly, denominator: flint.fmpz_mpoly):
        self.field = field
        self._parts: Parts | None = (numerator, denominator)
        self._number: flint.fmpq | None = None
        if numerator.is_constant() and denominator.is_constant():
            self._number = _quotient(numerator, denominator)

    @staticmethod
    def of_number(field: Field, number: flint.fmpq) -> Rational:
        """A number, whose polynomials are made when they are asked for."""
        made = object.__new__(Rational)
        made.field, made._number, made._parts = field, number, None
        return made

    @property
    def numerator(self) -> flint.fmpz_mpoly:
        return self._polynomials()[0]

    @property
    def denominator(self) -> flint.fmpz_mpoly:
        return self._polynomials()[1]

    def _polynomials(self) -> Parts:
        if self._parts is None:
            number = self._number or flint.fmpq(0)
            self._parts = self.field.constant(number.p), self.field.constant(number.q)
        return self._parts

    @property
    def number(self) -> flint.fmpq | None:
        """The value, if it depends on no symbol."""
        return self._number

    def __add__(self, other: Rational) -> Rational:
        if self._number is not None and other._number is not None:
            return self.field.limited(self._number + other._number)
        left, right = self, other
        if left.denominator == right.denominator:
            return left.field.fraction(left.numerator + right.numerator, left.denominator)
        crossed = left._times(left.numerator, right.denominator) + left._times(
            right.numerator, left.denominator
        )
        return left.field.fraction(crossed, left._times(left.denominator, right.denominator))

    def __sub__(self, other: Rational) -> Rational:
        return self + (-other)

    def __neg__(self) -> Rational:
        if self._number is not None:
            return Rational.of_number(self.field, -self._number)
        return Rational(self.field, -self.numerator, self.denominator)

    def __mul__(self, other: Rational) -> Rational:
        if self._number is not None and other._number is not None:
            return self.field.limited(self._number * other._number)
        return self.field.fraction(
            self._times(self.numerator, other.numerator),
            self._times(self.denominator, other.denominator),
        )

    def __truediv__(self, other: Rational) -> Rational:
        return self * other.inverse()

    def inverse(self) -> Rational:
        require(not self.is_zero, "A denominator is zero for every value of the symbols.")
        if self._number is not None:
            return Rational.of_number(self.field, 1 / self._number)
        return self.field.fraction(self.denominator, self.numerator)

    def __pow__(self, exponent: int) -> Rational:
        base = self if exponent >= 0 else self.inverse()
        count = abs(exponent)
        self.field.check_power(base, count)
        result = self.field.one
        while count:
            if count & 1:
                result = result * base
            count >>= 1
            base = base * base if count else base
        return result

    def __eq__(self, other: object) -> bool:
        if isinstance(other, int):
            return self._number is not None and bool(self._number == other)
        if not isinstance(other, Rational):
            return NotImplemented
        if self._number is not None or other._number is not None:
            return bool(self._number == other._number)
        return bool(self.numerator == other.numerator and self.denominator == other.denominator)

    def __hash__(self) -> int:
        return hash(self.key if self._number is None else self._number)

    def __bool__(self) -> bool:
        return not self.is_zero

    def __repr__(self) -> str:
        return rational_text(self)

    def __str__(self) -> str:
        """One fraction, its numbers whole: as coefficients stand in a template."""
        return rational_text(self, whole=True)

    @property
    def names(self) -> frozenset[str]:
        """Symbols and variables on which it depends, through powers too."""
        return self.field.names_in(self)

    @property
    def is_zero(self) -> bool:
        return self._number is not None and not self._number

    @property
    def is_one(self) -> bool:
        return self._number is not None and bool(self._number == 1)

    @property
    def key(self) -> Key:
        """Equal for equal values of one field, and only for those; orders them somehow."""
        if self._number is not None:
            return "", "", int(self._number.p), int(self._number.q)
        return str(self.numerator), str(self.denominator), 0, 1

    @property
    def as_number(self) -> Fraction | None:
        """The value, if it depends on no symbol."""
        return None if self._number is None else fraction(self._number)

    def _times(self, left: flint.fmpz_mpoly, right: flint.fmpz_mpoly) -> flint.fmpz_mpoly:
        self.field.check_product(len(left) * len(right))
        return left * right


def _quotient(top: flint.fmpz_mpoly, bottom: flint.fmpz_mpoly) -> flint.fmpq:
    """The number that two constants have as their quotient; the second is not zero."""
    above = top.leading_coefficient() if not top.is_zero() else 0
    return flint.fmpq(above, bottom.leading_coefficient())


def fraction(value: flint.fmpq) -> Fraction:
    return Fraction(int(value.p), int(value.q))
