"""Colours for scripts and networks by Pygments: for documentation, and wherever it is used.

The tokens are the language's own, so that there is no second grammar: a script is cut as the
parser cuts it, and every character belongs to some token.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from pygments.lexer import Lexer
from pygments.token import (
    Comment,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Text,
    Whitespace,
    _TokenType,
)

from weightsmith.compiler.nets.read_net import KEYWORDS as NET_LINES
from weightsmith.compiler.nets.write_layers import RESERVED as NET_WORDS
from weightsmith.dsl.reading.lexer import KEYWORDS, MARKS, SKIPPED, Token, pieces_of
from weightsmith.editor import words

Piece = tuple[int, _TokenType, str]
DECLARING = {"use", "from", "algorithm", "assume", "param", "table", "function", "ensure"}
PUNCTUATION = {"LPAR", "RPAR", "LSQB", "RSQB", "_COMMA", "_COLON"}
SCRIPT_WORDS: dict[str, _TokenType] = {
    **dict.fromkeys(KEYWORDS, Keyword),
    **dict.fromkeys(DECLARING, Keyword.Declaration),
    **dict.fromkeys(words.FUNCTIONS, Name.Builtin),
    **dict.fromkeys((*words.ASSUMED, words.ROOT), Name.Builtin),
    **dict.fromkeys((*words.GROUPS, *words.OWNERS, *words.ORDER_WORDS), Keyword.Pseudo),
    **dict.fromkeys(words.KINDS_OF_MATRICES, Keyword.Type),
    **dict.fromkeys(words.CONSTANTS, Keyword.Constant),
}
# words of a line that no table of the reader lists: groups, masks, shapes, hinges
NET_MORE = {*words.GROUPS, *words.ORDER_WORDS, *words.KINDS_OF_MATRICES}
NET_MORE |= {"per", "scratch", "row", "as", "to", "by", "in", "size"}
NET_NAME = r"[^\W\dᵀ][^\Wᵀ]*(?:\.[^\W\dᵀ][^\Wᵀ]*)*"
_NET = re.compile(
    rf"""
      (?P<COMMENT>\#[^\n\r]*)
    | (?P<SPACE>[ \t\r\n\ufeff]+)
    | (?P<NAME>{NET_NAME})
    | (?P<NUMBER>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
    | (?P<MARK>[][(),:;])
    | (?P<SIGN>\+=|\.\*|[·*ᵀ'+\-/^=|"])
    | (?P<OTHER>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_NET_TYPES = {
    "COMMENT": Comment.Single,
    "SPACE": Whitespace,
    "NUMBER": Number,
    "MARK": Punctuation,
    "SIGN": Operator,
    "OTHER": Text,
}


class ScriptLexer(Lexer):  # type: ignore[misc]  # Pygments has no types
    """Scripts, ``.alg``."""

    name = "Weightsmith script"
    aliases: ClassVar[list[str]] = ["alg"]
    filenames: ClassVar[list[str]] = ["*.alg"]

    def get_tokens_unprocessed(self, text: str) -> Iterator[Piece]:
        before = ""
        pieces = list(pieces_of(text))
        for index, piece in enumerate(pieces):
            after = pieces[index + 1].type if index + 1 < len(pieces) else ""
            yield piece.start, _script_type(piece, before, after), piece.text
            before = piece.type if piece.type != SKIPPED else before


def _script_type(piece: Token, before: str, after: str) -> _TokenType:
    if piece.type == SKIPPED:
        return Comment.Single if piece.text.startswith("#") else Whitespace
    if piece.type == "_NEWLINE":
        return Whitespace
    if piece.type == "NUMBER":
        return Number
    if piece.type == "STRING":
        return String
    if piece.type in PUNCTUATION:
        return Punctuation
    if piece.text in MARKS:
        return Operator
    if piece.text in SCRIPT_WORDS:
        return SCRIPT_WORDS[piece.text]
    if before in ("ALGORITHM", "USE", "FUNCTION", "TABLE") or after in ("LPAR", "DOTLPAR"):
        return Name.Function
    return Name if piece.type == "NAME" else Text


class NetLexer(Lexer):  # type: ignore[misc]
    """Networks as text, ``.net``."""

    name = "Weightsmith network"
    aliases: ClassVar[list[str]] = ["net"]
    filenames: ClassVar[list[str]] = ["*.net"]

    def get_tokens_unprocessed(self, text: str) -> Iterator[Piece]:
        for match in _NET.finditer(text):
            found = match.group()
            kind = match.lastgroup or "OTHER"
            yield match.start(), _net_type(kind, found, text, match.start()), found


def _net_type(kind: str, found: str, text: str, start: int) -> _TokenType:
    if kind != "NAME":
        return _NET_TYPES[kind]
    begin = text.rfind("\n", 0, start) + 1
    if found in NET_LINES and not text[begin:start].strip():
        return Keyword.Declaration
    if found in words.FUNCTIONS and found in NET_WORDS:
        return Name.Builtin
    if found in NET_WORDS:
        return Keyword
    return Keyword.Pseudo if found in NET_MORE else Name
