"""The first lines of loops: ``repeat steps:`` and ``for g, h in (1, 2), (3, 4):``."""

from __future__ import annotations

from collections.abc import Collection

from weightsmith.compiler.ir.template import Coefficient, Schedule
from weightsmith.compiler.nets.cursor import RATIONAL, Cursor, canonical
from weightsmith.compiler.nets.terms import listed
from weightsmith.dsl.text.diagnostics import near_hint
from weightsmith.dsl.text.source import Span


def read_count(cursor: Cursor, symbols: Collection[str]) -> Coefficient:
    """How often a loop runs."""
    start = cursor.at
    found = _scalar(cursor, symbols, (":", "="), "how often the loop runs")
    check_count(found, cursor, cursor.span(start))
    return found


def check_count(text: str, cursor: Cursor, span: Span) -> None:
    """A count that is a number is a whole one, from 0."""
    if RATIONAL.fullmatch(text) and not text.isdecimal():
        cursor.fail(
            "count",
            f"a loop does not run {text} times",
            "write a whole number, or a parameter",
            span,
        )


def read_names(cursor: Cursor, taken: Collection[str]) -> list[str]:
    """The names between ``for`` and ``in``."""
    names: list[str] = []
    while True:
        if cursor.next is None or cursor.next.kind not in ("word", "name"):
            cursor.fail("net-form", "expected the name of a number", "write: for g in 3/2, 2:")
        name = cursor.take().text
        if not (name.isidentifier() and name.isascii()):
            cursor.back(
                "net-form", "expected the name of a number", "letters, digits and underscores"
            )
        if name in taken or name in names:
            cursor.back(
                "name-taken",
                f"'{name}' is the name of something else",
                "give the number its own name",
            )
        names.append(name)
        if not cursor.accept(","):
            break
    if not cursor.accept_word("in"):
        cursor.fail("net-form", "expected 'in'", "write: for g in 3/2, 2:")
    return names


def read_schedule(cursor: Cursor, names: list[str], symbols: Collection[str]) -> Schedule:
    """The numbers of every pass."""
    rows = [_row(cursor, names, symbols)]
    while cursor.accept(","):
        rows.append(_row(cursor, names, symbols))
    return tuple(sorted(zip(names, zip(*rows, strict=True), strict=True)))


def _row(cursor: Cursor, names: list[str], symbols: Collection[str]) -> tuple[Coefficient, ...]:
    count = len(names)
    if count == 1:
        return (_scalar(cursor, symbols, (",", ":", ")"), "a number for a pass"),)
    start = cursor.at
    if not cursor.accept("("):
        cursor.fail(
            "for-numbers", f"expected {count} numbers in brackets", "for g, h in (1, 2), (3, 4):"
        )
    found = [_scalar(cursor, symbols, (",", ":", ")"), "a number for a pass")]
    while cursor.accept(","):
        found.append(_scalar(cursor, symbols, (",", ":", ")"), "a number for a pass"))
    cursor.expect(")")
    if len(found) != count:
        message = f"expected {count} numbers for a pass, got {len(found)}"
        cursor.fail("for-numbers", message, f"the names are {listed(names)}", cursor.span(start))
    return tuple(found)


def _scalar(
    cursor: Cursor, symbols: Collection[str], ends: tuple[str, ...], what: str
) -> Coefficient:
    """A scalar up to one of these marks, outside of brackets."""
    start, depth = cursor.at, 0
    while cursor.next is not None and (depth > 0 or not any(map(cursor.is_mark, ends))):
        token = cursor.take()
        if token.kind == "mark":
            depth += (token.text == "(") - (token.text == ")")
        elif token.kind != "number" and token.text not in symbols:
            hint = near_hint(token.text, symbols) or f"the parameters are {listed(symbols)}"
            cursor.back("unknown-name", f"there is no parameter '{token.text}'", hint)
    if cursor.at == start:
        cursor.fail("net-form", f"expected {what}", "write a number, or a parameter")
    span = cursor.span(start)
    text = cursor.source.text[span.start : span.end].replace("·", "*")
    return canonical(text, cursor, span)
