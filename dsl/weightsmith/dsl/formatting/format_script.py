"""The one layout of a script: what ``weightsmith fmt`` and editors write.

Blocks are indented by four spaces.  Lines stay as they are cut; what continues within brackets is
indented by four more for every line that left one open.  Comments stay, and so do blank lines, at
most two together; comments at line ends that stood below one another still do.  Line breaks are
those of the first line, a byte order mark stays.

The parser's tokens are the same before and after, blocks included, so the meaning is: that is
looked at each time.
"""

from __future__ import annotations

from collections.abc import Iterator

from weightsmith.dsl.formatting.rows import Row, rows_of
from weightsmith.dsl.formatting.spacing import CLOSING, OPENING, gap
from weightsmith.dsl.formatting.written import LayoutError, WrittenLine, joined
from weightsmith.dsl.reading.layout import lay_out
from weightsmith.dsl.reading.lexer import tokens_of
from weightsmith.dsl.reading.parser import parse
from weightsmith.dsl.text.source import Source

INDENT = "    "
BYTE_ORDER_MARK = "\ufeff"
LAYOUT = {"_NEWLINE", "_INDENT", "_DEDENT"}


def format_script(source: Source) -> str:
    """Return the script in the one layout.

    Raises DiagnosticError on a mistake of syntax: what cannot be parsed is not laid out.
    """
    parse(source)
    text = source.text
    mark = BYTE_ORDER_MARK if text.startswith(BYTE_ORDER_MARK) else ""
    lines = _Formatter(source).lines()
    result = mark + "".join(line + _line_break(text) for line in lines)
    before, after = _meaning(source), _meaning(Source(source.name, result))
    if before != after or _comments(text) != _comments(result):
        raise LayoutError("the layout of this script would change its meaning")
    return result


def _line_break(text: str) -> str:
    """The first line break of a text."""
    for token in tokens_of(text):
        if token.type == "_NEWLINE":
            return token.text
    return "\n"


def _meaning(source: Source) -> list[tuple[str, str]]:
    """All that the parser sees of a script."""
    laid_out = lay_out(source, tokens_of(source.text))
    return [(one.type, "" if one.type in LAYOUT else one.text) for one in laid_out]


def _comments(text: str) -> list[str]:
    return [row.comment for row in rows_of(text)[0] if row.comment]


class _Formatter:
    def __init__(self, source: Source) -> None:
        self.text = source.text
        self.rows, self.tokens = rows_of(self.text)
        self.levels = _levels(source)
        self.blocks: list[int] = []  # how far the blocks were indented that are open
        self.open: list[int] = []  # the rows that the open brackets stand in

    def lines(self) -> list[str]:
        written = [self._line(number, row) for number, row in enumerate(self.rows)]
        return joined(written)

    def _line(self, number: int, row: Row) -> WrittenLine:
        if row.is_blank:
            return WrittenLine("")
        if not row.has_code:
            return WrittenLine(self._comment_indent(number, row) + row.comment)
        is_start = not self.open
        if is_start:
            level = self._level(row)
            self.blocks[level:] = [row.width]
        code = "".join(self._parts(number, row, is_start))
        return WrittenLine(INDENT * (len(self.blocks) - 1) + code, row.comment, row.column)

    def _level(self, row: Row) -> int:
        return self.levels[self.tokens[row.first].start]

    def _parts(self, number: int, row: Row, is_start: bool) -> Iterator[str]:
        """The code of a row; opens and closes its brackets."""
        for index in range(row.first, row.last):
            token = self.tokens[index]
            if index == row.first and not is_start:
                yield INDENT * self._depth(row)
            if token.type in OPENING:
                self.open.append(number)
            elif token.type in CLOSING:
                self.open.pop()
            if index > row.first:
                yield gap(self.text, self.tokens, index)
            yield token.text

    def _depth(self, row: Row) -> int:
        """How many rows have left a bracket open that this row does not close at its start."""
        closed = 0
        for token in self.tokens[row.first : row.last]:
            if token.type not in CLOSING:
                break
            closed += 1
        return len(set(self.open[: len(self.open) - closed]))

    def _comment_indent(self, number: int, row: Row) -> str:
        """A comment stands as far as the line below; at the end of blocks, as far as it stood."""
        if self.open:
            return INDENT * (len(self.blocks) - 1 + len(set(self.open)))
        below = next((one for one in self.rows[number + 1 :] if one.has_code), None)
        level = 0 if below is None else self._level(below)
        for inner in range(len(self.blocks) - 1, level, -1):
            if self.blocks[inner] <= row.width:
                return INDENT * inner
        return INDENT * level


def _levels(source: Source) -> dict[int, int]:
    """How many blocks each token stands in, by its place."""
    found: dict[int, int] = {}
    level = 0
    for token in lay_out(source, tokens_of(source.text)):
        level += (token.type == "_INDENT") - (token.type == "_DEDENT")
        if token.type not in LAYOUT:
            found[token.start] = level
    return found
