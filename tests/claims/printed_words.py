"""Reads expressions as they are printed: a parser of its own, shared with nothing under test.

whole:  sum [on GROUP] [over GROUP]
sum:    [-] term {+|- term}
term:   factor {*|/ factor}
factor: atom {' | ^ exponent}
atom:   number | NAME[@GROUP] | ( whole ) | NAME( whole, … )
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?)|(?P<name>[A-Za-z_]\w*(?:\.\w+)*)"
    r"|(?P<mark>\.\*|[-+*/^'()@,\[\]]))"
)
TOKENS = {"tokens": ("context", "query"), "context": ("context",), "query": ("query",)}


@dataclass(frozen=True)
class Number:
    value: Fraction


@dataclass(frozen=True)
class Name:
    name: str
    group: str = ""


@dataclass(frozen=True)
class Apply:
    """An operation: + - neg * / ' ^, or the name of a function."""

    operation: str
    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class Clause:
    """``over`` or ``on`` token groups."""

    kind: str
    of: Expression
    groups: tuple[str, ...]


Expression = Number | Name | Apply | Clause


class UnreadableError(Exception):
    """A printed text that cannot be read in exactly one way."""


def read(text: str) -> Expression:
    """Read a whole text as one expression."""
    reader = _Reader(text)
    found = reader.whole()
    if reader.waiting is not None:
        raise UnreadableError(f"'{reader.waiting}' is left over in: {text}")
    return found


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text.replace("·", "*").replace("−", "-").strip()
        self.place = 0
        self.kind, self.waiting = self._next()

    def _next(self) -> tuple[str, str | None]:
        if self.place >= len(self.text):
            return "end", None
        found = TOKEN.match(self.text, self.place)
        if found is None or found.lastgroup is None:
            raise UnreadableError(f"cannot read '{self.text[self.place :]}'")
        self.place = found.end()
        return found.lastgroup, found[found.lastgroup]

    def take(self, wanted: str | None = None) -> str:
        word = self.waiting
        if word is None or (wanted is not None and word != wanted):
            raise UnreadableError(f"expected '{wanted}', got '{word}' in: {self.text}")
        self.kind, self.waiting = self._next()
        return word

    def whole(self) -> Expression:
        found = self.sum()
        while self.waiting in ("on", "over"):
            kind = self.take()
            found = Clause(kind, found, TOKENS[self.take()])
        return found

    def sum(self) -> Expression:
        found = self.signed(self.term)
        while self.waiting in ("+", "-"):
            found = Apply(self.take(), (found, self.term()))
        return found

    def signed(self, read_part: Callable[[], Expression]) -> Expression:
        if self.waiting != "-":
            return read_part()
        self.take()
        return Apply("neg", (read_part(),))

    def term(self) -> Expression:
        found = self.factor()
        while self.waiting in ("*", "/"):
            found = Apply(self.take(), (found, self.factor()))
        return found

    def factor(self) -> Expression:
        found = self.atom()
        while self.waiting in ("'", "^"):
            if self.take() == "'":
                found = Apply("'", (found,))
            else:
                found = Apply("^", (found, self.signed(self.atom)))
        return found

    def atom(self) -> Expression:
        if self.kind == "number":
            return Number(Fraction(self.take()))
        if self.waiting == "(":
            return self.bracketed()[0]
        if self.kind != "name":
            raise UnreadableError(f"unexpected '{self.waiting}' in: {self.text}")
        name = self.take()
        if self.waiting == "(":
            return Apply(name, self.bracketed())
        if self.waiting == "@":
            self.take()
            return Name(name, self.take())
        return Name(name)

    def bracketed(self) -> tuple[Expression, ...]:
        self.take("(")
        parts = [self.whole()]
        while self.waiting == ",":
            self.take()
            parts.append(self.whole())
        self.take(")")
        return tuple(parts)


def number(expression: Expression, values: dict[str, Fraction]) -> Fraction:
    """The exact number that an expression of scalars is."""
    match expression:
        case Number(value):
            return value
        case Name(name):
            if name not in values:
                raise UnreadableError(f"'{name}' has no value")
            return values[name]
        case Apply(operation, parts):
            return _combined(operation, [number(part, values) for part in parts])
        case Clause():
            raise UnreadableError("a number has no clause")


def _combined(operation: str, parts: list[Fraction]) -> Fraction:
    match operation, parts:
        case "neg", [one]:
            return -one
        case "+", [left, right]:
            return left + right
        case "-", [left, right]:
            return left - right
        case "*", [left, right]:
            return left * right
        case "/", [left, right]:
            return left / right
        case "^", [left, right] if right.denominator == 1:
            return left ** int(right)
    raise UnreadableError(f"'{operation}' is no operation of exact numbers")
