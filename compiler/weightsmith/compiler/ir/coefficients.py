"""The field of coefficients: rational functions of a program's symbols, exact.

A power with a symbol in its exponent (``3^k``) is no rational function of k; it becomes a
symbol of its own, ``(3^k)``, and ``3^(k+1)`` is three times it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from sympy import Symbol as SympySymbol
from sympy.polys.domains import QQ
from sympy.polys.fields import FracElement

from weightsmith.dsl import scalars
from weightsmith.dsl.scalars import Scalar, ScalarError

Coefficient = FracElement


class CoefficientField:
    """The rational functions over ℚ of the symbols that occur in the given scalars."""

    def __init__(self, scalars_in_use: Iterable[Scalar]) -> None:
        names: set[str] = set()
        for scalar in scalars_in_use:
            names.update(_generators(scalar))
        self.names = tuple(sorted(names)) or ("_",)
        self._field = QQ.frac_field(*(SympySymbol(name) for name in self.names)).field
        self._generators = dict(zip(self.names, self._field.gens, strict=True))
        self.zero: Coefficient = self._field.zero
        self.one: Coefficient = self._field.one

    @property
    def domain(self) -> object:
        """The sympy domain, for polynomial rings over this field."""
        return self._field.to_domain()

    def number(self, value: Fraction | int) -> Coefficient:
        value = Fraction(value)
        return self.one * QQ(value.numerator, value.denominator)

    def of(self, scalar: Scalar) -> Coefficient:
        """Return the element; raises ScalarError on a division by zero or a power with no meaning."""
        match scalar:
            case scalars.Number(value):
                return self.number(value)
            case scalars.Symbol(name):
                return self._generators[name]
            case scalars.Add(terms):
                return sum((self.of(term) for term in terms), self.zero)
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

    def is_number(self, element: Coefficient) -> bool:
        return bool(element.numer.is_ground and element.denom.is_ground)

    def text(self, element: Coefficient) -> str:
        """Print in the syntax of the language."""
        return str(element).replace("**", "^")


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
            offset, slopes = 0, {}
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
    offset, slopes = 1, {}
    for factor in factors:
        more, part = linear_exponent(factor)
        if slopes and part:
            raise ScalarError("an exponent may be at most linear in the symbols")
        slopes = {n: s * more for n, s in slopes.items()} or {n: s * offset for n, s in part.items()}
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
