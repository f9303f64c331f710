"""Exact scalar expressions: the numbers a script multiplies its matrices with.

A scalar is a tree over rational numbers and named symbols (parameters, the ends of a spectrum).
It never holds a float: ``0.1`` in a script is the rational 1/10.  The same text form,
``2/(L + mu)``, stands in scripts, in ``template.json`` and in ``certificate.json``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from weightsmith.dsl.text.shown import number_text, shown

if TYPE_CHECKING:  # the kernel loads no messages
    from weightsmith.dsl.text.codes import Code

MAX_POWER_BITS = 1 << 20  # a value that is longer than this, or becomes so on the way, is refused
MAX_NUMBER_BITS = 12_000  # of the numbers of a script and of its parameters: 3,600 digits


class ScalarError(Exception):
    """A scalar has no exact value: an unbound symbol, a division by zero, a huge power."""

    code: Code = "coefficient"

    def __init__(self, message: str) -> None:
        super().__init__(shown(message))


class PowerError(ScalarError):
    """A power that is too large to hold, or that is no whole number where it must be one."""


class LongNumberError(ScalarError):
    """An exact value has more digits than a number may have."""


@dataclass(frozen=True, slots=True)
class Number:
    value: Fraction


@dataclass(frozen=True, slots=True)
class Symbol:
    name: str


@dataclass(frozen=True, slots=True)
class Add:
    terms: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Multiply:
    factors: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Power:
    """``base ^ exponent``; division is the power -1; the exponent may be a symbol (``3^k``)."""

    base: Scalar
    exponent: Scalar


Scalar = Number | Symbol | Add | Multiply | Power
Spend = Callable[[int], None]  # told how long a number is that was computed

ZERO = Number(Fraction(0))
ONE = Number(Fraction(1))
MINUS_ONE = Number(Fraction(-1))


def divide(numerator: Scalar, denominator: Scalar) -> Scalar:
    return Multiply((numerator, Power(denominator, MINUS_ONE)))


def free_symbols(scalar: Scalar) -> frozenset[str]:
    """The names that must be bound before ``evaluate`` can answer."""
    match scalar:
        case Number():
            return frozenset()
        case Symbol(name):
            return frozenset({name})
        case Add(parts) | Multiply(parts):
            return frozenset().union(*(free_symbols(part) for part in parts))
        case Power(base, exponent):
            return free_symbols(base) | free_symbols(exponent)


def evaluate(
    scalar: Scalar,
    bindings: Mapping[str, Fraction],
    *,
    most_bits: int = MAX_POWER_BITS,
    spend: Spend | None = None,
) -> Fraction:
    """Return the exact value.

    Raises ScalarError on an unbound symbol, on a division by zero, and where a part of the value
    has a numerator or denominator of more than ``most_bits`` bits.  ``spend`` is told the bits of
    every sum, product and power, and may raise an error of its own.
    """

    if isinstance(scalar, Number):
        return scalar.value

    def value(part: Scalar) -> Fraction:
        return evaluate(part, bindings, most_bits=most_bits, spend=spend)

    def short(number: Fraction) -> Fraction:
        _refuse_long(number, most_bits)
        if spend is not None:
            spend(bits(number))
        return number

    match scalar:
        case Symbol(name):
            if name not in bindings:
                raise ScalarError(f"'{name}' has no value")
            return bindings[name]
        case Add(terms):
            total = Fraction(0)
            for term in terms:
                total = short(total + value(term))
            return total
        case Multiply(factors):
            product = Fraction(1)
            for factor in factors:
                product = short(product * value(factor))
            return product
        case Power(base, exponent):
            return short(_power(value(base), value(exponent), most_bits))


def bits(number: Fraction) -> int:
    """How long a number is: the bits of its numerator or of its denominator."""
    return max(number.numerator.bit_length(), number.denominator.bit_length())


def _refuse_long(number: Fraction, most_bits: int) -> None:
    if bits(number) > most_bits:
        raise LongNumberError(f"this number has more than {most_bits * 3 // 10} digits")


def _power(base: Fraction, exponent: Fraction, most_bits: int) -> Fraction:
    if exponent.denominator != 1:
        raise ScalarError(f"the exponent {number_text(exponent)} is not a whole number")
    if base == 0 and exponent < 0:
        raise ScalarError("division by zero")
    if bits(base) > 1 and bits(base) * abs(exponent) > most_bits:
        size = number_text(exponent)
        raise LongNumberError(f"a power with exponent {size} is too large to hold exactly")
    return base ** int(exponent)


def substitute(scalar: Scalar, replacements: Mapping[str, Scalar]) -> Scalar:
    """Replace symbols by scalars, all at once."""
    match scalar:
        case Number():
            return scalar
        case Symbol(name):
            return replacements.get(name, scalar)
        case Add(terms):
            return Add(tuple(substitute(term, replacements) for term in terms))
        case Multiply(factors):
            return Multiply(tuple(substitute(factor, replacements) for factor in factors))
        case Power(base, exponent):
            return Power(substitute(base, replacements), substitute(exponent, replacements))


def to_text(scalar: Scalar) -> str:
    """Print in the syntax of the language; ``parse_scalar`` reads it back."""
    return _text(scalar, 0)


def _text(scalar: Scalar, tightness: int) -> str:
    match scalar:
        case Number(value):
            text, own = str(value), 3 if value >= 0 and value.denominator == 1 else 1
        case Symbol(name):
            text, own = name, 3
        case Add(terms):
            text, own = " + ".join(_text(term, 1) for term in terms) or "0", 0
        case Multiply(factors):
            text, own = "*".join(_text(factor, 2) for factor in factors) or "1", 1
        case Power(base, exponent):
            text, own = f"{_text(base, 3)}^{_text(exponent, 3)}", 2
    return f"({text})" if own < tightness else text
