"""Exact rational functions of the symbols, over python-flint's multivariate polynomials.

A ``Rational`` is numerator/denominator in lowest terms, so equality is equality of both.  A power
with a symbol in its exponent is an opaque generator: with one value of log b,
b^(c0 + Σ c_m·m) = b^c0 · Π (b^m)^c_m for whole c, so ``3^(k + 1)`` is ``3·3^k`` and
``(3^k)^-1`` is ``3^(-k)``; an identity between such fractions holds wherever both are defined.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from fractions import Fraction
from math import prod

import flint

from weightsmith.checker.algebra.rational_function import (
    MAX_BITS,
    MAX_DEGREE,
    MAX_TERMS,
    TOO_LARGE,
    Rational,
    fraction,
)
from weightsmith.checker.reading.refusal import Budget, RefusedError, require
from weightsmith.checker.reading.scalar_text import value_at
from weightsmith.checker.reading.work import of_fractions
from weightsmith.dsl.numbers import scalars

__all__ = ["MAX_BITS", "TOO_LARGE", "Field", "Rational"]
MAX_SYMBOLS = 128
MAX_WORDS = 4096  # of one polynomial in matrices
MAX_LETTERS = 200_000  # of all its words together
VANISHES = "A denominator vanishes at the bindings."
MAX_POWERS = 8  # opaque generators such as 3^k


class Field:
    """The rational functions of the given symbols and variables.

    ``symbols`` are the parameters of the script; ``variables`` stand for functions (``lambda``, the
    carried scalars, the error) and may not occur in an exponent.  A symbol that has one of the
    ``values`` is read as that number.  ``sizes``: the symbols that are the size of an axis.
    ``heads``: polynomials may have letters for what heads make of their scores.
    """

    most_symbols, most_powers = MAX_SYMBOLS, MAX_POWERS

    def __init__(
        self,
        symbols: Iterable[str],
        variables: Iterable[str] = (),
        budget: Budget | None = None,
        values: Mapping[str, Fraction] | None = None,
        sizes: Mapping[str, str] | None = None,
        *,
        heads: bool = False,
    ) -> None:
        self.heads = heads
        self.symbols = tuple(symbols)
        self.variables = tuple(variables)
        self.budget = budget or Budget()
        self.names = (*self.symbols, *self.variables)
        self._values = dict(values or {})
        self._serials: dict[Hashable, int] = {}
        require(len(self.names) <= self.most_symbols, f"There are more than {MAX_SYMBOLS} symbols.")
        self._places = {name: place for place, name in enumerate(self.names)}
        require(len(self._places) == len(self.names), "A name is used for two different symbols.")
        generators = tuple(f"g{place}" for place in range(len(self.names) + self.most_powers))
        self._context = flint.fmpz_mpoly_ctx.get(generators, flint.Ordering.lex)
        self._generators = self._context.gens()
        self.powers: list[tuple[Rational, Rational]] = []  # base, exponent of each generator
        self._one = self._context.constant(1)
        self.zero = Rational.of_number(self, flint.fmpq(0))
        self.one = Rational.of_number(self, flint.fmpq(1))
        named = {axis: scalars.Symbol(name) for name, axis in (sizes or {}).items()}
        self.sizes = {axis: self.read(symbol) for axis, symbol in named.items()}

    def serial(self, key: Hashable) -> int:
        """A number for each key: the same for equal keys, another for any other."""
        return self._serials.setdefault(key, len(self._serials))

    def constant(self, value: flint.fmpz) -> flint.fmpz_mpoly:
        """A number as a polynomial."""
        return self._context.constant(value)

    def limited(self, value: flint.fmpq) -> Rational:
        """A number: refused if it is too long; its work is counted."""
        bits = value.height_bits()
        if bits > MAX_BITS:
            raise RefusedError(TOO_LARGE)
        self.budget.spend(of_fractions(bits))
        return Rational.of_number(self, value)

    def check_product(self, terms: int) -> None:
        """Refuse a product of so many terms if they are too many, and count them."""
        require(terms <= 16 * MAX_TERMS, TOO_LARGE)
        self.budget.spend(1 + terms // 8)

    def check_words(self, words: int, letters: int, room: int = 1) -> None:
        """Refuse a polynomial in matrices of too many words, or words too long all together."""
        fits = words <= room * MAX_WORDS and letters <= room * MAX_LETTERS
        require(fits, "A value grows into too many words to be checked.")

    def check_power(self, base: Rational, count: int) -> None:
        """Refuse a power that is too large."""
        parts = (base.numerator, base.denominator)
        single = all(len(part) <= 1 for part in parts)
        numbers = [int(abs(number) - 1) for part in parts for number in part.coeffs() if number]
        bits = max((number.bit_length() for number in numbers), default=0)  # 0 for 0, 1 and −1
        degree = max(0, *(int(part.total_degree()) for part in parts))
        require(count <= (MAX_BITS if single else 64), TOO_LARGE)
        require(count * bits <= MAX_BITS and count * degree <= MAX_DEGREE, TOO_LARGE)

    def fraction(self, top: flint.fmpz_mpoly, bottom: flint.fmpz_mpoly) -> Rational:
        """Reduce to lowest terms, the denominator's leading coefficient positive."""
        require(not bottom.is_zero(), "A denominator is zero for every value of the symbols.")
        self.check_size(top)
        self.check_size(bottom)
        if top.is_zero():
            return self.zero
        common = top.gcd(bottom)
        if not common.is_one():
            top, bottom = top // common, bottom // common
        if not common.is_constant():  # such are found last, and long after others
            self.budget.spend((len(top) + len(bottom)) * max(common.total_degree(), 32))
        if bottom.leading_coefficient() < 0:
            top, bottom = -top, -bottom
        return Rational(self, top, bottom)

    def check_size(self, polynomial: flint.fmpz_mpoly) -> None:
        """Refuse what is too large, and count what it costs to reduce the rest."""
        require(len(polynomial) <= MAX_TERMS, TOO_LARGE)
        if polynomial.is_zero():
            return
        require(polynomial.total_degree() <= MAX_DEGREE, TOO_LARGE)
        bits = max(int(part.bit_length()) for part in polynomial.coeffs())
        require(bits <= MAX_BITS, TOO_LARGE)
        self.budget.spend(4 + len(polynomial) * (1 + bits // 200 + (bits // 700) ** 2))

    def number(self, value: Fraction | flint.fmpq | int) -> Rational:
        if not isinstance(value, flint.fmpq):
            value = flint.fmpq(value.numerator, value.denominator)
        return self.limited(value)

    def variable(self, name: str) -> Rational:
        require(name in self._places, f"The symbol '{name}' is not known here.")
        return Rational(self, self._generators[self._places[name]], self._one)

    def read(self, scalar: scalars.Scalar) -> Rational:
        """The value of a scalar expression of the language."""
        match scalar:
            case scalars.Number(value):
                return self.number(value)
            case scalars.Symbol(name):
                bound = self._values.get(name)
                return self.variable(name) if bound is None else self.number(bound)
            case scalars.Add(terms):
                return sum(map(self.read, terms), self.zero)
            case scalars.Multiply(factors):
                return prod(map(self.read, factors), start=self.one)
            case scalars.Power(base, exponent):
                return self._power(self.read(base), self.read(exponent))

    def _power(self, base: Rational, exponent: Rational) -> Rational:
        require(exponent.denominator.is_one(), "An exponent is not a whole number.")
        result = self.one
        for monomial, count in exponent.numerator.to_dict().items():
            times = int(count)
            require(abs(times) <= MAX_BITS, TOO_LARGE)
            if not any(monomial):
                result = result * base**times
            elif not base.is_one:
                result = result * self._opaque(base, monomial) ** times
        return result

    def _opaque(self, base: Rational, monomial: tuple[int, ...]) -> Rational:
        """The generator that stands for base^monomial."""
        exponent = Rational(self, self._context.from_dict({monomial: 1}), self._one)
        for part in (base, exponent):
            used = self.names_in(part)
            require(
                used.isdisjoint(self.variables), "A power with a varying exponent is not supported."
            )
        known = (base, exponent)
        if known not in self.powers:
            most = self.most_powers
            require(len(self.powers) < most, f"More than {most} symbolic powers.")
            self.powers.append(known)
        place = len(self.names) + self.powers.index(known)
        return Rational(self, self._generators[place], self._one)

    def names_in(self, value: Rational) -> frozenset[str]:
        """Symbols and variables on which a value depends, through powers too."""
        names: set[str] = set()
        for polynomial in (value.numerator, value.denominator):
            for place, degree in enumerate(polynomial.degrees()):
                if degree <= 0:
                    continue
                if place < len(self.names):
                    names.add(self.names[place])
                else:
                    base, exponent = self.powers[place - len(self.names)]
                    names |= self.names_in(base) | self.names_in(exponent)
        return frozenset(names)

    def substitute(self, value: Rational, replacements: Mapping[str, Rational]) -> Rational:
        """Replace variables (never symbols) by rational functions, all at once."""
        require(set(replacements) <= set(self.variables), "Only variables can be replaced.")
        return self.composed(value, replacements)

    def composed(self, value: Rational, replacements: Mapping[str, Rational]) -> Rational:
        """Replace variables, or symbols that stand in no power with a varying exponent."""
        places = {self._places[name]: new for name, new in replacements.items()}
        top = self._compose(value.numerator, places)
        return top / self._compose(value.denominator, places)

    def _compose(self, polynomial: flint.fmpz_mpoly, places: Mapping[int, Rational]) -> Rational:
        total = self.zero
        for monomial, count in polynomial.to_dict().items():
            rest = tuple(0 if place in places else power for place, power in enumerate(monomial))
            term = Rational(self, self._context.from_dict({rest: count}), self._one)
            for place, new in places.items():
                if monomial[place]:
                    term = term * new ** int(monomial[place])
            total = total + term
        return total

    def coefficients(self, value: Rational, name: str) -> dict[int, Rational]:
        """Write a value as a polynomial in one variable: power -> coefficient."""
        return {powers[0]: part for powers, part in self.parts(value, (name,)).items()}

    def parts(self, value: Rational, names: Sequence[str]) -> dict[tuple[int, ...], Rational]:
        """Write a value as a polynomial in some names: their powers -> coefficient."""
        free = [self._places[name] for name in names]
        below = value.denominator.degrees()
        for name, place in zip(names, free, strict=True):
            require(below[place] <= 0, f"'{name}' stands in a denominator here.")
        found: dict[tuple[int, ...], dict[tuple[int, ...], flint.fmpz]] = {}
        for monomial, count in value.numerator.to_dict().items():
            rest = list(monomial)
            for place in free:
                rest[place] = 0
            powers = tuple(int(monomial[place]) for place in free)
            found.setdefault(powers, {})[tuple(rest)] = count
        return {
            powers: self.fraction(self._context.from_dict(part), value.denominator)
            for powers, part in found.items()
        }

    def evaluate(self, value: Rational, bindings: Mapping[str, Fraction]) -> Fraction:
        """The exact value at the bindings; a vanishing denominator is refused."""
        return fraction(self.numeric_terms(value, bindings, ()).get((), flint.fmpq(0)))

    def polynomials(
        self, value: Rational, name: str, bindings: Mapping[str, Fraction]
    ) -> tuple[flint.fmpq_poly, flint.fmpq_poly]:
        """Numerator and denominator as polynomials in one variable, the symbols at the bindings."""
        top, bottom = (
            flint.fmpq_poly([parts.get((k,), 0) for k in range(max(parts, default=(0,))[0] + 1)])
            for parts in (
                self._at(polynomial, (self._places[name],), bindings)
                for polynomial in (value.numerator, value.denominator)
            )
        )
        require(not bottom.is_zero(), VANISHES)
        return top, bottom

    def numeric_terms(
        self, value: Rational, bindings: Mapping[str, Fraction], names: Sequence[str]
    ) -> dict[tuple[int, ...], flint.fmpq]:
        """A polynomial in some variables, the rest at the bindings: exponents -> number."""
        free = [self._places[name] for name in names]
        below = value.denominator.degrees()
        require(all(below[place] <= 0 for place in free), "A scalar is not a polynomial.")
        divisor = self._at(value.denominator, (), bindings)[()]
        require(divisor != 0, VANISHES)
        found = self._at(value.numerator, free, bindings)
        return {powers: number / divisor for powers, number in found.items() if number != 0}

    def _at(
        self, polynomial: flint.fmpz_mpoly, free: Sequence[int], bindings: Mapping[str, Fraction]
    ) -> dict[tuple[int, ...], flint.fmpq]:
        """The coefficients of the monomials in the free places, all others at the bindings."""
        used = [place for place, degree in enumerate(polynomial.degrees()) if degree > 0]
        values = {place: self._value(place, bindings) for place in used if place not in free}
        result: dict[tuple[int, ...], flint.fmpq] = {}
        self.budget.spend(2 + 3 * len(polynomial) * (1 + len(values)))
        for monomial, count in polynomial.to_dict().items():
            term = flint.fmpq(count)
            for place, number in values.items():
                term *= number ** int(monomial[place])
            powers = tuple(int(monomial[place]) for place in free)
            result[powers] = result[powers] + term if powers in result else term
        return result

    def _value(self, place: int, bindings: Mapping[str, Fraction]) -> flint.fmpq:
        if place >= len(self.names):
            base, exponent = self.powers[place - len(self.names)]
            parts = (scalars.Number(self.evaluate(part, bindings)) for part in (base, exponent))
            number = value_at(scalars.Power(*parts), {})
        else:
            name = self.names[place]
            require(name in bindings, f"The symbol '{name}' has no value.")
            number = bindings[name]
        return flint.fmpq(number.numerator, number.denominator)
