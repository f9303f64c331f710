"""The field of a program's coefficients: the checker's rational functions, without its limits.

What a compiler makes is checked afterwards, within the limits.  The text of a coefficient, as in a
template, is ``str`` of it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

import flint

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.algebra.rational_function import Rational
from weightsmith.checker.reading.refusal import Budget, RefusedError, require
from weightsmith.dsl.numbers import scalars
from weightsmith.dsl.numbers.scalars import Scalar, ScalarError

Coefficient = Rational
Power = tuple[Scalar, Scalar]


class _Uncounted(Budget):
    def spend(self, units: int = 1) -> None:
        """Count nothing."""


UNCOUNTED = _Uncounted()


class CoefficientField(Field):
    """The rational functions over ℚ of the symbols that occur in the given scalars."""

    most_symbols = sys.maxsize

    def __init__(
        self, scalars_in_use: Iterable[Scalar], variables: Iterable[str] = (), powers: int = 0
    ) -> None:
        used = tuple(scalars_in_use)
        names = frozenset[str]().union(*map(scalars.free_symbols, used))
        self.most_powers = powers + sum(
            len(scalars.free_symbols(exponent))
            for _, exponent in {power for scalar in used for power in _powers(scalar)}
        )
        super().__init__(sorted(names), variables, UNCOUNTED)

    def of(self, scalar: Scalar) -> Coefficient:
        """Return the element.  Raises ScalarError on a division by zero or a senseless power."""
        try:
            return self.read(scalar)
        except RefusedError as problem:
            raise ScalarError(str(problem)) from None

    def sum(self, terms: Iterable[Coefficient]) -> Coefficient:
        return sum(terms, self.zero)

    def extended(self, names: Iterable[str]) -> CoefficientField:
        """The field with further variables."""
        symbols = map(scalars.Symbol, self.symbols)
        return CoefficientField(symbols, (*self.variables, *names), self.most_powers)

    def moved(self, value: Coefficient) -> Coefficient:
        """An element of the field that this one extends."""
        for base, exponent in value.field.powers[len(self.powers) :]:
            self.powers.append((self._copied(base), self._copied(exponent)))
        return self._copied(value)

    def _copied(self, value: Coefficient) -> Coefficient:
        if value.number is not None:
            return self.number(value.number)
        there = len(value.field.names)
        more = (0,) * (len(self.names) - there)
        top, bottom = (
            self._context.from_dict(
                {(*each[:there], *more, *each[there:]): count for each, count in part}
            )
            for part in (value.numerator.to_dict().items(), value.denominator.to_dict().items())
        )
        return Rational(self, top, bottom)

    def limited(self, value: flint.fmpq) -> Coefficient:
        return Rational.of_number(self, value)

    def check_size(self, polynomial: flint.fmpz_mpoly) -> None: ...

    def check_product(self, terms: int) -> None: ...

    def check_words(self, words: int, letters: int, room: int = 1) -> None: ...

    def check_power(self, base: Rational, count: int) -> None: ...


def _powers(scalar: Scalar) -> Iterator[Power]:
    """The powers with a symbol in their exponents."""
    match scalar:
        case scalars.Add(parts) | scalars.Multiply(parts):
            for part in parts:
                yield from _powers(part)
        case scalars.Power(base, exponent):
            yield from _powers(base)
            if scalars.free_symbols(exponent):
                yield base, exponent
        case _:
            return


def denominator_names(value: Coefficient) -> frozenset[str]:
    field = value.field
    return field.names_in(Rational(field, value.denominator, field.one.numerator))


def at(value: Coefficient, numbers: Mapping[str, Fraction]) -> Coefficient:
    """With numbers in place of some symbols.  Raises RefusedError at a pole."""
    field = value.field
    used = value.names & numbers.keys()
    found = field.composed(value, {name: field.number(numbers[name]) for name in used})
    require(used.isdisjoint(found.names), "A number of a pass stands in an exponent.")
    return found
