"""The field of coefficients: rational functions of a program's symbols, exact.

A power with a symbol in its exponent (``3^k``) is no rational function of k; it becomes a
symbol of its own, ``(3^k)``, and ``3^(k+1)`` is three times it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from math import gcd
from typing import Any

from sympy import Symbol as SympySymbol
from sympy.polys.domains import QQ

from weightsmith.dsl.numbers import scalars
from weightsmith.dsl.numbers.scalars import Scalar, ScalarError

Monomial = tuple[dict[str, int], Fraction]  # the exponents that are not zero, the factor


class Coefficient:
    """One element of a field: a rational function in lowest terms.  Immutable.

    Most are numbers: these are added and multiplied as such, without the polynomials' gcds.
    """

    __slots__ = ("__dict__", "_field", "_names", "_number")

    def __init__(self, element: Any, names: tuple[str, ...]) -> None:
        self._field, self._names = element.field, names
        self._number = _as_number(element)
        self.__dict__["_element"] = element

    def _from(self, number: Any) -> Coefficient:
        found = object.__new__(Coefficient)
        found._field, found._names, found._number = self._field, self._names, number
        return found

    @cached_property
    def _element(self) -> Any:
        """Of a number: both parts whole, as sympy has them."""
        parts = (self._number.numerator, self._number.denominator)
        ring = self._field.ring
        return self._field.raw_new(*(ring.ground_new(QQ(part)) for part in parts))

    def _of(self, element: Any) -> Coefficient:
        return Coefficient(element, self._names)

    def _are_numbers(self, other: Coefficient) -> bool:
        return self._number is not None and other._number is not None

    def _are_simple(self, other: Coefficient) -> bool:
        """Is one a number, or are both polynomials?  Their sums and products need no gcd."""
        if self._number is not None or other._number is not None:
            return True
        return self.is_polynomial and other.is_polynomial

    def _fraction(self, numer: Any, denom: Any) -> Coefficient:
        """Of two polynomials, whole, that have at most a whole number in common."""
        if not numer:
            return self._from(QQ(0))
        shared = gcd(*(int(c.numerator) for part in (numer, denom) for c in part.values()))
        if shared != 1:
            numer, denom = (part.mul_ground(QQ(1, shared)) for part in (numer, denom))
        return self._of(self._field.raw_new(numer, denom))

    def __add__(self, other: Coefficient) -> Coefficient:
        if self._are_numbers(other):
            return self._from(self._number + other._number)
        a, b = self._element, other._element
        if self._are_simple(other):
            return self._fraction(a.numer * b.denom + b.numer * a.denom, a.denom * b.denom)
        return self._of(a + b)

    def __sub__(self, other: Coefficient) -> Coefficient:
        if self._are_numbers(other):
            return self._from(self._number - other._number)
        return self + -other

    def __neg__(self) -> Coefficient:
        return self._of(-self._element) if self._number is None else self._from(-self._number)

    def __mul__(self, other: Coefficient) -> Coefficient:
        if self._are_numbers(other):
            return self._from(self._number * other._number)
        a, b = self._element, other._element
        if self._are_simple(other):
            return self._fraction(a.numer * b.numer, a.denom * b.denom)
        return self._of(a * b)

    def __truediv__(self, other: Coefficient) -> Coefficient:
        if self._are_numbers(other):
            return self._from(self._number / other._number)
        if other._number:
            return self * self._from(1 / other._number)
        return self._of(self._element / other._element)

    def __pow__(self, exponent: int) -> Coefficient:
        if self._number is not None:
            return self._from(self._number**exponent)
        return self._of(self._element**exponent)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Coefficient):
            if self._number is not None or other._number is not None:
                return bool(self._number == other._number)
            return bool(self._element == other._element)
        return isinstance(other, int) and self._number is not None and bool(self._number == other)

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(self._element if self._number is None else self._number)

    def __bool__(self) -> bool:
        return self._number is None or bool(self._number)

    @property
    def is_number(self) -> bool:
        return self._number is not None

    @property
    def is_polynomial(self) -> bool:
        """Is the denominator a number?"""
        return bool(self._element.denom.is_ground)

    @property
    def numerator(self) -> Coefficient:
        return self._of(self._element.field(self._element.numer))

    @property
    def denominator(self) -> Coefficient:
        return self._of(self._element.field(self._element.denom))

    @cached_property
    def names(self) -> frozenset[str]:
        """The symbols that it depends on."""
        return self.numerator_names | self.denominator_names

    @property
    def numerator_names(self) -> frozenset[str]:
        return frozenset(name for powers, _ in self.monomials() for name in powers)

    @property
    def denominator_names(self) -> frozenset[str]:
        return frozenset(name for powers, _ in self.denominator.monomials() for name in powers)

    def monomials(self) -> list[Monomial]:
        """Return the monomials of the numerator."""
        return [
            (
                {n: e for n, e in zip(self._names, exponents, strict=True) if e},
                Fraction(int(number.numerator), int(number.denominator)),
            )
            for exponents, number in self._element.numer.terms()
        ]

    def at(self, numbers: Mapping[str, Fraction]) -> Coefficient:
        """With numbers in place of some symbols.  Raises ZeroDivisionError at a pole."""
        if self.names.isdisjoint(numbers):
            return self
        pairs = zip(self._names, self._field.gens, strict=True)
        values = [
            (gen, QQ(numbers[name].numerator, numbers[name].denominator))
            for name, gen in pairs
            if name in numbers
        ]
        return self._of(self._element.subs(values))

    def degree(self, name: str) -> int:
        """Return the degree in a symbol, or -1 if the symbol is in the denominator."""
        if name in self.denominator_names:
            return -1
        return max((powers.get(name, 0) for powers, _ in self.monomials()), default=0)

    def coefficients(self, name: str, value: Callable[[str], Fraction]) -> list[Fraction]:
        """Return the coefficients in one symbol, lowest first, the others replaced by values.

        Raises ZeroDivisionError where the denominator vanishes; the symbol must not be in it.
        """
        found: dict[int, Fraction] = {}
        for powers, number in self.monomials():
            term = number
            for other, exponent in powers.items():
                term *= 1 if other == name else value(other) ** exponent
            place = powers.get(name, 0)
            found[place] = found.get(place, Fraction(0)) + term
        divisor = Fraction(1)
        if self.denominator != 1:
            (divisor,) = self.denominator.coefficients(name, value)
        return [found.get(k, Fraction(0)) / divisor for k in range(max(found, default=0) + 1)]

    def __str__(self) -> str:
        """Print in the syntax of the language."""
        if self._number is not None:
            return str(self._number)
        return str(self._element).replace("**", "^")

    __repr__ = __str__


def _as_number(element: Any) -> Any:
    """The number that an element is, or None."""
    if element.numer.is_ground and element.denom.is_ground:
        return element.numer.LC / element.denom.LC
    return None


class CoefficientField:
    """The rational functions over ℚ of the symbols that occur in the given scalars."""

    def __init__(self, scalars_in_use: Iterable[Scalar]) -> None:
        names: set[str] = set()
        for scalar in scalars_in_use:
            names.update(_generators(scalar))
        self.names = tuple(sorted(names)) or ("_",)
        self._field = QQ.frac_field(*(SympySymbol(name) for name in self.names)).field
        self._generators = {
            name: Coefficient(generator, self.names)
            for name, generator in zip(self.names, self._field.gens, strict=True)
        }
        self.zero = Coefficient(self._field.zero, self.names)
        self.one = Coefficient(self._field.one, self.names)

    def number(self, value: Fraction | int) -> Coefficient:
        value = Fraction(value)
        return self.one._from(QQ(value.numerator, value.denominator))

    def symbol(self, name: str) -> Coefficient:
        return self._generators[name]

    def sum(self, terms: Iterable[Coefficient]) -> Coefficient:
        total = self.zero
        for term in terms:
            total = total + term
        return total

    def put(
        self, element: Coefficient, replacement: Callable[[str], Coefficient | None]
    ) -> Coefficient:
        """Replace symbols of an element (of this or a smaller field); None keeps a symbol."""
        parts = []
        for polynomial in (element, element.denominator):
            terms = []
            for powers, number in polynomial.monomials():
                term = self.number(number)
                for name, exponent in powers.items():
                    new = replacement(name)
                    term = term * (self.symbol(name) if new is None else new) ** exponent
                terms.append(term)
            parts.append(self.sum(terms))
        return parts[0] / parts[1]

    def of(self, scalar: Scalar) -> Coefficient:
        """Return the element.  Raises ScalarError on a division by zero or a senseless power."""
        match scalar:
            case scalars.Number(value):
                return self.number(value)
            case scalars.Symbol(name):
                return self._generators[name]
            case scalars.Add(terms):
                return self.sum(self.of(term) for term in terms)
            case scalars.Multiply(factors):
                product = self.one
                for factor in factors:
                    product = product * self.of(factor)
                return product
            case scalars.Power(base, exponent):
                return self._power(base, exponent)

    def _power(self, base: Scalar, exponent: Scalar) -> Coefficient:
        offset, slopes = linear_exponent(exponent)
        element = self.of(base)
        if element == 0 and (offset < 0 or slopes):
            raise ScalarError("division by zero")
        result = element**offset
        for symbol, slope in slopes.items():
            result = result * self._generators[power_name(base, symbol)] ** slope
        return result


def power_name(base: Scalar, symbol: str) -> str:
    inner = scalars.to_text(base)
    plain = isinstance(base, scalars.Symbol) or (
        isinstance(base, scalars.Number) and base.value.denominator == 1 and base.value >= 0
    )
    return f"({inner}^{symbol})" if plain else f"(({inner})^{symbol})"


def linear_exponent(exponent: Scalar) -> tuple[int, dict[str, int]]:
    """Split an exponent into a whole number and whole multiples of symbols: 2k + 1 -> 1, {k: 2}."""
    match exponent:
        case scalars.Number(value) if value.denominator == 1:
            return int(value), {}
        case scalars.Symbol(name):
            return 0, {name: 1}
        case scalars.Add(terms):
            offset, slopes = 0, dict[str, int]()
            for term in terms:
                more, part = linear_exponent(term)
                offset += more
                for name, slope in part.items():
                    slopes[name] = slopes.get(name, 0) + slope
            return offset, {name: slope for name, slope in slopes.items() if slope}
        case scalars.Multiply(factors):
            return _scaled_exponent(factors)
        case _:
            raise ScalarError(f"the exponent {scalars.to_text(exponent)} is not a whole number")


def _scaled_exponent(factors: tuple[Scalar, ...]) -> tuple[int, dict[str, int]]:
    offset, slopes = 1, dict[str, int]()
    for factor in factors:
        more, part = linear_exponent(factor)
        if slopes and part:
            raise ScalarError("an exponent may be at most linear in the symbols")
        scaled = {name: slope * more for name, slope in slopes.items()}
        slopes = scaled or {name: slope * offset for name, slope in part.items()}
        offset *= more
    return offset, {name: slope for name, slope in slopes.items() if slope}


def _generators(scalar: Scalar) -> Iterator[str]:
    match scalar:
        case scalars.Symbol(name):
            yield name
        case scalars.Add(parts) | scalars.Multiply(parts):
            for part in parts:
                yield from _generators(part)
        case scalars.Power(base, exponent):
            yield from _generators(base)
            for symbol in linear_exponent(exponent)[1]:
                yield power_name(base, symbol)
        case _:
            return
