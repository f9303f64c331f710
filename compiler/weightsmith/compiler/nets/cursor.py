"""A place in a line of tokens, and mistakes with their place."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NoReturn

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.reading.refusal import Budget, RefusedError
from weightsmith.compiler.ir.template import Coefficient
from weightsmith.compiler.nets.tokens import Token
from weightsmith.dsl.numbers.scalar_text import parse_scalar
from weightsmith.dsl.numbers.scalars import ScalarError, free_symbols
from weightsmith.dsl.text.codes import Code
from weightsmith.dsl.text.diagnostics import mistake
from weightsmith.dsl.text.source import Source, Span

TOO_LARGE = "write numbers and parameters with + - * / and powers, no larger than they must be"
MOST_WORK = 200_000  # units of the checker, for one coefficient
RATIONAL = re.compile(r"-?[0-9]{1,1000}(/[0-9]{1,1000})?")


class Cursor:
    """Reads tokens one by one.  All mistakes are DiagnosticErrors."""

    def __init__(self, source: Source, tokens: list[Token], end: int) -> None:
        """``end`` is where the line ends, for what is missing there."""
        self.source, self._tokens, self._end = source, tokens, end
        self.at = 0

    @property
    def next(self) -> Token | None:
        return self._tokens[self.at] if self.at < len(self._tokens) else None

    def after(self, count: int) -> Token | None:
        """The token so many places further on."""
        at = self.at + count
        return self._tokens[at] if at < len(self._tokens) else None

    def take(self) -> Token:
        found = self.next
        if found is None:
            self.fail("net-form", "the line ends too early", "write its end, as docs/net.md shows")
        self.at += 1
        return found

    def is_mark(self, text: str) -> bool:
        found = self.next
        return found is not None and found.kind == "mark" and found.text == text

    def is_word(self, *texts: str) -> bool:
        found = self.next
        return found is not None and found.kind == "word" and found.text in texts

    def accept(self, mark: str) -> bool:
        """Step over a mark if it is next."""
        if self.is_mark(mark):
            self.at += 1
            return True
        return False

    def accept_word(self, *texts: str) -> str:
        """Step over one of these words if it is next; "" if not."""
        return self.take().text if self.is_word(*texts) else ""

    def expect(self, mark: str, hint: str = "") -> None:
        if not self.accept(mark):
            known = "close the bracket that was opened" if mark == ")" else f"write {mark}"
            self.fail("net-form", f"expected '{mark}'", hint or known)

    def expect_word(self, text: str, hint: str) -> None:
        if not self.accept_word(text):
            self.fail("net-form", f"expected '{text}'", hint)

    def skip(self) -> None:
        """To the end of the line."""
        self.at = len(self._tokens)

    def name(self, what: str, hint: str) -> Token:
        """A name or a word."""
        found = self.next
        if found is None or found.kind not in ("name", "word"):
            self.fail("net-form", f"expected {what}", hint)
        return self.take()

    def finish(self) -> None:
        """Nothing may follow."""
        if self.next is None:
            return
        if self.is_mark(")"):
            self.fail("bracket", "this bracket was not opened", "open it, or delete it")
        self.fail("net-form", "expected the end of the line", "a comment begins with #")

    def closing(self) -> int:
        """How many tokens on the bracket that is next closes."""
        depth = 0
        for at in range(self.at, len(self._tokens)):
            token = self._tokens[at]
            if token.kind == "mark":
                depth += (token.text == "(") - (token.text == ")")
            if depth == 0:
                return at - self.at
        self.fail("bracket", "this bracket is not closed", "close it with )")

    def span(self, first: int) -> Span:
        """From the token of this number to the one before the present."""
        tokens = self._tokens[first : self.at]
        if not tokens:
            return self.here()
        return Span(self.source, tokens[0].start, tokens[-1].end)

    def here(self) -> Span:
        found = self.next
        if found is None:
            return Span(self.source, self._end, self._end)
        return Span(self.source, found.start, found.end)

    def back(self, code: Code, message: str, hint: str) -> NoReturn:
        """Fail at the token that was taken last."""
        self.at -= 1
        self.fail(code, message, hint)

    def fail(self, code: Code, message: str, hint: str, span: Span | None = None) -> NoReturn:
        raise mistake(code, span or self.here(), message, hint)


def canonical(text: str, cursor: Cursor, span: Span) -> str:
    """A scalar as templates write it."""
    try:
        if RATIONAL.fullmatch(text):
            return str(Fraction(text))
        return _exact(text)
    except (ScalarError, ZeroDivisionError) as problem:
        if isinstance(problem, ZeroDivisionError):
            cursor.fail("net-number", "a division by zero", "write a number, such as 1/2", span)
        cursor.fail("too-large", str(problem), TOO_LARGE, span)


def times(first: Coefficient, second: Coefficient) -> Coefficient:
    """The product of two coefficients.  Raises ScalarError where it is too large."""
    if first == "1":
        return second
    if RATIONAL.fullmatch(first) and RATIONAL.fullmatch(second):
        return str(Fraction(first) * Fraction(second))
    return _exact(f"({first})*({second})")


def added(first: Coefficient, second: Coefficient) -> Coefficient:
    """The sum of two coefficients.  Raises ScalarError where it is too large."""
    if first == "0":
        return second
    if RATIONAL.fullmatch(first) and RATIONAL.fullmatch(second):
        return str(Fraction(first) + Fraction(second))
    return _exact(f"({first}) + ({second})")


def _exact(text: str) -> str:
    """The text of its value, by the rules and within the limits of the checker."""
    scalar = parse_scalar(text)
    try:
        return str(Field(sorted(free_symbols(scalar)), budget=Budget(MOST_WORK)).read(scalar))
    except RefusedError as problem:
        raise ScalarError(str(problem)) from None
