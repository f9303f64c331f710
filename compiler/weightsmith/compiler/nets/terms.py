"""Combinations: ``x``, ``-eta/N y``, ``W0 x - y``, ``(x + 2 z)``, with a number: ``w - eta*lam``.

A term is a coefficient, a space, and a block, or a matrix and a block; a coefficient that contains
``*`` stands in brackets.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from weightsmith.compiler.ir.template import Coefficient, Terms
from weightsmith.compiler.nets.cursor import Cursor, added, canonical, times
from weightsmith.dsl.reading.other_languages import name_hint
from weightsmith.dsl.text.diagnostics import near_hint

MOST_LISTED = 20  # names in a hint
ENDS = ("+", "-", ")", ",", ":", ";", "=", "+=", ".*")


@dataclass(frozen=True, slots=True)
class Sum:
    """Σ coefficient · name + constant."""

    terms: tuple[tuple[str, Coefficient], ...]
    constant: Coefficient = "0"

    @property
    def plain(self) -> Terms:
        """Without a term twice, and without those that are zero."""
        return tuple((name, one) for name, one in self._total().items() if one != "0")

    @property
    def kept(self) -> Terms:
        """The same, but the first of several that are all zero stays: it has rows."""
        return self.plain or tuple(self._total().items())[:1]

    def _total(self) -> dict[str, Coefficient]:
        total: dict[str, Coefficient] = {}
        for name, coefficient in self.terms:
            total[name] = added(total[name], coefficient) if name in total else coefficient
        return total


@dataclass(frozen=True, slots=True)
class Operands:
    """What may stand in a combination.

    ``read`` steps over one operand and returns its name, or "" if none is next; ``starts`` says if
    one begins so many tokens further on.  ``names`` are those that a mistake may have meant,
    ``symbols`` the scalars, ``functions`` words that no coefficient has.
    """

    read: Callable[[Cursor], str]
    starts: Callable[[Cursor, int], bool]
    names: Collection[str]
    symbols: Collection[str]
    functions: Collection[str] = ()


def read_sum(cursor: Cursor, operands: Operands) -> Sum:
    """Read a combination up to what cannot belong to it."""
    terms: list[tuple[str, Coefficient]] = []
    constant = "0"
    first = True
    while True:
        sign = read_sign(cursor, first=first)
        if not sign:
            return Sum(tuple(terms), constant)
        first = False
        coefficient, inner = read_term(cursor, operands)
        coefficient = times(coefficient, sign)
        if inner is None:
            constant = added(constant, coefficient)
            continue
        terms += [(name, times(coefficient, one)) for name, one in inner.terms]
        if inner.constant != "0":
            constant = added(constant, times(coefficient, inner.constant))


def read_sign(cursor: Cursor, *, first: bool) -> str:
    """``1`` or ``-1``; "" if there is no further term."""
    if cursor.accept("-"):
        return "-1"
    return "1" if cursor.accept("+") or first else ""


def read_term(cursor: Cursor, operands: Operands) -> tuple[Coefficient, Sum | None]:
    """A coefficient and what it multiplies; None if it is a number that stands alone."""
    coefficient = read_coefficient(cursor, operands)
    inner = read_operand(cursor, operands)
    if not coefficient and inner is None:
        _refuse(cursor, operands)
    if inner is not None and (cursor.is_mark("/") or cursor.is_mark("^")):
        cursor.fail(
            "net-number",
            "only numbers are divided, and raised to powers",
            "write 1/2 x in place of x/2",
        )
    return coefficient or "1", inner


def read_operand(cursor: Cursor, operands: Operands) -> Sum | None:
    """A block, a view, or a combination in brackets; None if none is next."""
    if cursor.is_mark("(") and _holds_operands(cursor, operands):
        cursor.take()
        found = read_sum(cursor, operands)
        cursor.expect(")")
        return found
    name = operands.read(cursor)
    return Sum(((name, "1"),)) if name else None


def read_coefficient(cursor: Cursor, operands: Operands) -> Coefficient:
    """The numbers and symbols in front of an operand, or that stand alone; "" if there are none."""
    first, open_atom = cursor.at, True  # is an atom expected?
    while cursor.next is not None:
        token = cursor.next
        if open_atom and (is_operand(cursor, operands) or is_function(cursor, operands)):
            break
        if open_atom and is_product(cursor):
            break
        if not open_atom and (token.text not in ("*", "/", "^") or token.kind != "mark"):
            break
        if open_atom and token.kind == "mark" and token.text in ENDS[:1] + ENDS[2:]:
            break
        if open_atom:
            _take_atom(cursor, operands)
        else:
            cursor.take()
        open_atom = not open_atom
    if cursor.at == first:
        return ""
    span = cursor.span(first)
    text = cursor.source.text[span.start : span.end].replace("·", "*")
    if open_atom:
        if not text.endswith("*"):
            cursor.fail(
                "net-number",
                "nothing is divided by a block",
                "write 1/2 x: a number, then the block",
            )
        if not (
            is_operand(cursor, operands) or is_function(cursor, operands) or is_product(cursor)
        ):
            _refuse(cursor, operands)
        text = text[:-1]
    return canonical(text, cursor, span)


def is_operand(cursor: Cursor, operands: Operands) -> bool:
    """Is a block, a view or a combination in brackets next?"""
    if cursor.is_mark("("):
        return _holds_operands(cursor, operands)
    return operands.starts(cursor, 0)


def is_function(cursor: Cursor, operands: Operands) -> bool:
    """Is ``relu(`` or ``relu[d](`` next?"""
    token, after = cursor.next, cursor.after(1)
    if token is None or token.kind != "word" or after is None or after.text != "(":
        return False
    return token.text.partition("[")[0] in operands.functions


def is_product(cursor: Cursor) -> bool:
    """Is ``(…) .*`` next?"""
    if not cursor.is_mark("("):
        return False
    following = cursor.after(cursor.closing() + 1)
    return following is not None and following.text == ".*"


def _take_atom(cursor: Cursor, operands: Operands) -> None:
    while cursor.accept("-"):
        pass
    if cursor.is_mark("("):
        for _ in range(cursor.closing() + 1):
            token = cursor.take()
            _check_symbol(cursor, operands, token.kind, token.text)
        return
    token = cursor.take()
    if token.kind not in ("word", "number"):
        cursor.at -= 1
        _refuse(cursor, operands)
    _check_symbol(cursor, operands, token.kind, token.text)


def _check_symbol(cursor: Cursor, operands: Operands, kind: str, text: str) -> None:
    if kind in ("word", "name") and text not in operands.symbols:
        cursor.at -= 1
        _refuse(cursor, operands)


def _refuse(cursor: Cursor, operands: Operands) -> None:
    token = cursor.next
    known = (*operands.names, *operands.symbols)
    if token is not None and token.kind in ("word", "name"):
        if token.kind == "word" and token.text in operands.functions:
            message = f"'{token.text}' stands without brackets"
            cursor.fail(
                "net-form", message, f"write {token.text}(…), and in the brackets what it is of"
            )
        hint = near_hint(token.text, (*known, *operands.functions))
        if token.text in operands.symbols:
            hint = "a parameter stands without brackets"
        elif "." in token.text and (foreign := name_hint(token.text)) is not None:
            hint = foreign
        elif hint is None:
            hint = f"known here: {listed(known)}"
        cursor.fail("unknown-name", f"'{token.text}' is not known", hint)
    cursor.fail("net-form", "expected a term", "write for example x, -y or (eta/N) x")


def _holds_operands(cursor: Cursor, operands: Operands) -> bool:
    return any(operands.starts(cursor, count) for count in range(1, cursor.closing()))


EQUAL_ROWS = "what is added, multiplied or written has equal rows; a matrix changes them"


def listed(names: Collection[str]) -> str:
    """Some names for a hint."""
    some = list(names)[:MOST_LISTED]
    return ", ".join(some) + ", …" * (len(names) > MOST_LISTED) or "none"
