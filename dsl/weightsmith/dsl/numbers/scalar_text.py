"""Reads the text of a scalar, ``2*(L + mu)^(-1)``: the inverse of ``scalars.to_text``.

    sum     = product (("+" | "-") product)*
    product = factor (("*" | "/") factor)*
    factor  = "-" factor | power
    power   = atom ["^" exponent]        exponent = "-" exponent | power
    atom    = number | name | "(" sum ")"

The tree is the one that was printed: nothing is folded, except that ``15/8`` and ``-3`` are
numbers.
"""

from __future__ import annotations

import re
from fractions import Fraction

from weightsmith.dsl.numbers.scalars import (
    MINUS_ONE,
    Add,
    Multiply,
    Number,
    Power,
    Scalar,
    ScalarError,
    Symbol,
    divide,
)
from weightsmith.dsl.text.literals import exact_literal

MAX_LENGTH = 200_000
MAX_DEPTH = 150
MAX_INTEGER_DIGITS = 4_200
_TOKEN = re.compile(
    r"\s*(?:(?P<integer>[0-9]+(?![.0-9eE]))"
    r"|(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z_0-9]*(?:\.[A-Za-z_][A-Za-z_0-9]*)*)"
    r"|(?P<mark>\*\*|[-+*/^()]))"
)


def parse_scalar(text: str) -> Scalar:
    """Return the scalar that ``text`` prints.  Raises ScalarError on anything else."""
    if len(text) > MAX_LENGTH:
        raise ScalarError(f"expected a scalar of at most {MAX_LENGTH} characters, got {len(text)}")
    reader = _Reader(scalar_tokens(text))
    scalar = reader.sum(0)
    if reader.next is not None:
        raise ScalarError(f"expected the end of the scalar, got '{reader.next[:40]}'")
    return scalar


def scalar_tokens(text: str) -> list[tuple[str, str]]:
    """Return the tokens, each with its kind: integer, number, name or mark."""
    tokens: list[tuple[str, str]] = []
    place, end = 0, len(text.rstrip())
    while place < end:
        found = _TOKEN.match(text, place)
        if found is None:
            raise ScalarError(f"expected a scalar, got {text[place : place + 20].strip()!r}")
        kind = found.lastgroup or ""
        tokens.append((kind, found.group(kind)))
        place = found.end()
    return tokens


class _Reader:
    """Recursive descent over the tokens; brackets and signs are the only recursion."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def next(self) -> str | None:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else None

    def _take(self, *marks: str) -> str | None:
        if self._at < len(self._tokens):
            kind, text = self._tokens[self._at]
            if kind == "mark" and text in marks:
                self._at += 1
                return text
        return None

    def sum(self, depth: int) -> Scalar:
        terms = [self._product(depth)]
        while (sign := self._take("+", "-")) is not None:
            term = self._product(depth)
            terms.append(term if sign == "+" else _negative(term))
        return terms[0] if len(terms) == 1 else Add(tuple(terms))

    def _product(self, depth: int) -> Scalar:
        factors = [self._factor(depth)]
        while (mark := self._take("*", "/")) is not None:
            factor = self._factor(depth)
            if mark == "*":
                factors.append(factor)
            else:
                factors = [_quotient(_joined(factors), factor)]
        return _joined(factors)

    def _factor(self, depth: int) -> Scalar:
        _guard(depth)
        if self._take("-"):
            return _negative(self._factor(depth + 1))
        base = self._atom(depth)
        if self._take("^", "**"):
            return Power(base, self._exponent(depth + 1))
        return base

    def _exponent(self, depth: int) -> Scalar:
        return self._factor(depth)

    def _atom(self, depth: int) -> Scalar:
        if self._take("("):
            inner = self.sum(depth + 1)
            if self._take(")") is None:
                raise ScalarError(f"expected ')', got {_shown(self.next)}")
            return inner
        if self._at == len(self._tokens):
            raise ScalarError("expected a number or a name, got the end of the scalar")
        kind, text = self._tokens[self._at]
        self._at += 1
        if kind == "name":
            return Symbol(text)
        if kind == "mark":
            raise ScalarError(f"expected a number or a name, got '{text}'")
        return Number(literal_value(kind, text))


def literal_value(kind: str, text: str) -> Fraction:
    """Return the exact value of a token that is a number."""
    if kind == "integer":
        if len(text) > MAX_INTEGER_DIGITS:
            raise ScalarError(f"expected at most {MAX_INTEGER_DIGITS} digits, got {len(text)}")
        return Fraction(int(text))
    try:
        return exact_literal(text)
    except ValueError as reason:
        raise ScalarError(str(reason)) from None


def _negative(scalar: Scalar) -> Scalar:
    return Number(-scalar.value) if isinstance(scalar, Number) else Multiply((MINUS_ONE, scalar))


def _quotient(numerator: Scalar, denominator: Scalar) -> Scalar:
    if isinstance(numerator, Number) and isinstance(denominator, Number):
        if denominator.value == 0:
            raise ScalarError("division by zero")
        return Number(numerator.value / denominator.value)
    return divide(numerator, denominator)


def _joined(factors: list[Scalar]) -> Scalar:
    return factors[0] if len(factors) == 1 else Multiply(tuple(factors))


def _guard(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ScalarError(f"this scalar is nested more than {MAX_DEPTH} levels deep")


def _shown(text: str | None) -> str:
    return "the end of the scalar" if text is None else f"'{text[:40]}'"
