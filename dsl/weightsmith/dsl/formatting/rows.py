"""A script as rows: what stands in each line of the file, its comment apart."""

from __future__ import annotations

from dataclasses import dataclass

from weightsmith.dsl.reading.lexer import SKIPPED, Token, pieces_of

TAB = 4  # columns of a tab, for comparing how far comments are indented


@dataclass(slots=True)
class Row:
    """One line: its tokens, from which to which of all, and its comment ("" if it has none).

    ``width``: how far it is indented; ``column``: where the comment stands.
    """

    first: int
    last: int
    comment: str
    width: int
    column: int

    @property
    def has_code(self) -> bool:
        return self.last > self.first

    @property
    def is_blank(self) -> bool:
        return not (self.has_code or self.comment)


def rows_of(text: str) -> tuple[list[Row], list[Token]]:
    """Return the rows, and the tokens of all of them in order."""
    rows: list[Row] = []
    tokens: list[Token] = []
    start = first = 0
    comment, place = "", 0
    end = Token("_NEWLINE", "", len(text), len(text))
    for piece in (*pieces_of(text), end):
        if piece.type == "_NEWLINE":
            line = text[start : piece.start]
            width = len(line.expandtabs(TAB)) - len(line.lstrip(" \t").expandtabs(TAB))
            column = len(text[start:place].expandtabs(TAB)) if comment else 0
            rows.append(Row(first, len(tokens), comment, width, column))
            start, first, comment = piece.end, len(tokens), ""
        elif piece.type != SKIPPED:
            tokens.append(piece)
        elif piece.text.startswith("#"):
            comment, place = piece.text.rstrip(), piece.start
    return rows, tokens
