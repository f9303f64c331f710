"""Text to tokens, without layout: one regular expression, matched from end to end.

Every character belongs to some token, so the lexer itself never fails: what has no meaning
becomes a FOREIGN token, and the layout reports it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

KEYWORDS = {
    "use": "USE",
    "from": "_FROM",
    "algorithm": "ALGORITHM",
    "assume": "ASSUME",
    "in": "_IN",
    "param": "PARAM",
    "table": "TABLE",
    "function": "FUNCTION",
    "repeat": "REPEAT",
    "for": "FOR",
    "until": "UNTIL",
    "return": "RETURN",
    "approximates": "_APPROXIMATES",
    "over": "OVER",
    "on": "ON",
    "within": "WITHIN",
    "per": "_PER",
    "or": "_OR",
    "synthesize": "SYNTHESIZE",
    "ensure": "ENSURE",
}
MARKS = {
    "(": "LPAR",
    ".(": "DOTLPAR",
    ")": "RPAR",
    "[": "LSQB",
    "]": "RSQB",
    "+": "PLUS",
    "-": "MINUS",
    "*": "STAR",
    "/": "SLASH",
    ".*": "DOTSTAR",
    "./": "DOTSLASH",
    "'": "PRIME",
    "^": "_CARET",
    "**": "_CARET",
    ",": "_COMMA",
    ":": "_COLON",
    "=": "_EQUAL",
    "<=": "_LESS_EQUAL",
}
SKIPPED = "SKIPPED"
_TOKEN = re.compile(
    r"""
      (?P<NAME>[A-Za-z_][A-Za-z_0-9]*(?:\.[A-Za-z_][A-Za-z_0-9]*)*)
    | (?P<SKIPPED>[ \t]+ | \#[^\n\r]* | \A\uFEFF)
    | (?P<FOREIGN>== | [>!+*:/-]= | \.\^ | \.')
    | (?P<MARK>\*\* | <= | \.[*/(] | [][()+*/'^,:=-])
    | (?P<NUMBER>(?:[0-9]+(?:\.(?!/|\*(?!\*))[0-9]*)? | \.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<_NEWLINE>\r\n | \r | \n)
    | (?P<STRING>"[^"\n\r]*")
    | (?P<OTHER>.)
    """,
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    """A terminal of the grammar where it stands; offsets in characters, end exclusive."""

    type: str
    text: str
    start: int
    end: int


def tokens_of(text: str) -> Iterator[Token]:
    """Yield the tokens of a script; spaces and comments are dropped."""
    return (token for token in pieces_of(text) if token.type != SKIPPED)


def pieces_of(text: str) -> Iterator[Token]:
    """Yield all of a text: its tokens, and between them spaces and comments, as SKIPPED."""
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        found = match.group()
        if kind == "NAME":
            kind = KEYWORDS.get(found, "NAME")
        elif kind == "MARK":
            kind = MARKS[found]
        elif kind is None or kind == "OTHER":
            kind = "FOREIGN"
        yield Token(kind, found, match.start(), match.end())
