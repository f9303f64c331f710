"""How much space stands between two tokens of one line.

Sums, entry-wise products, ``=`` and ``<=`` have a space on both sides; ``^`` and ``'`` have none.
``*`` and ``/`` are as they were written, with a space on both sides or with none, since that is how
a reader is shown what belongs together: ``w - eta * (w*x - y) * x'``.  In front of a clause there
may be two spaces, if they were written.
"""

from __future__ import annotations

from collections.abc import Sequence

from weightsmith.dsl.reading.lexer import Token

OPENING = frozenset({"LPAR", "DOTLPAR", "LSQB"})
CLOSING = frozenset({"RPAR", "RSQB"})
_CLAUSES = {"OVER", "ON", "WITHIN", "_APPROXIMATES"}
_OPERANDS = {"NAME", "NUMBER", "PRIME", *CLOSING}  # a minus after one of these has two sides
_TIGHT_BEFORE = {*CLOSING, "_COMMA", "_COLON", "PRIME", "DOTLPAR", "_CARET"}
_PRODUCT = {"STAR", "SLASH"}


def gap(text: str, tokens: Sequence[Token], index: int) -> str:
    """The space between a token and the one before it; both stand in one line of the text."""
    before, token = tokens[index - 1], tokens[index]
    if _is_tight(tokens, index):
        return ""
    if token.type in _PRODUCT:
        return _around(text, tokens, index)
    if before.type in _PRODUCT:
        return _around(text, tokens, index - 1)
    if token.type in _CLAUSES and token.start - before.end > 1:
        return "  "
    return " "


def _is_tight(tokens: Sequence[Token], index: int) -> bool:
    """Does nothing stand between the two, however it was written?"""
    before, token = tokens[index - 1], tokens[index]
    if before.type in OPENING or token.type in _TIGHT_BEFORE or before.type == "_CARET":
        return True
    if before.type == "NAME" and token.type in OPENING:  # f(x), symmetric[d, d]
        return True
    return before.type == "MINUS" and _is_sign(tokens, index - 1)


def _is_sign(tokens: Sequence[Token], index: int) -> bool:
    """Is this minus that of a negative, not of a difference?"""
    return index == 0 or tokens[index - 1].type not in _OPERANDS


def _around(text: str, tokens: Sequence[Token], index: int) -> str:
    """The space on both sides of ``*`` or ``/``.

    One stays after a number with a dot at its end: ``2. * x`` without it is ``2 .* x``.
    """
    before, operator = tokens[index - 1], tokens[index]
    if before.type == "NUMBER" and before.text.endswith("."):
        return " "
    sides = (text[before.end : operator.start], text[operator.end : tokens[index + 1].start])
    return " " if all(sides) else ""
