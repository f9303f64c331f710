"""A ``.net`` file in the layout in which ``show`` prints networks.

Lines keep their words, and single spaces in formulas; columns, indentation and runs of spaces are
made anew.  Comments and blank lines stay, as in scripts.  The network that is read is the same
before and after: that is looked at each time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from weightsmith.compiler.nets.net import Net
from weightsmith.compiler.nets.read_net import KEYWORDS, read_net
from weightsmith.compiler.nets.tokens import Token, tokens_of
from weightsmith.dsl.formatting.written import LayoutError, WrittenLine, joined
from weightsmith.dsl.text.source import Source

INDENT = "    "
LABEL = 8  # columns of the word that begins a line of these sections
WIDE = ("tokens", "stream", "layer", "return", "table")
LOOPS = ("repeat", "for")
PARTS = ("head", "mlp")
PART = 6  # columns of these
BEFORE_WHERE = "   "
_BREAK = re.compile(r"\r\n|\r|\n")


def format_net(source: Source) -> str:
    """Return the network in the one layout.

    Raises DiagnosticError on any mistake: what cannot be read is not laid out.
    """
    before = read_net(source)
    text = source.text.removeprefix("\ufeff")
    mark = source.text[: len(source.text) - len(text)]
    found = _BREAK.search(text)
    ending = "\n" if found is None else found.group()
    lines = list(_lines(Source(source.name, text)))
    written = joined(list(_Writer(text, lines).written()))
    result = mark + "".join(line + ending for line in written)
    after = read_net(Source(source.name, result))
    comments = [line.comment for line in _lines(Source(source.name, result.removeprefix(mark)))]
    is_same = _parts(before) == _parts(after) and [one for one in comments if one] == [
        line.comment for line in lines if line.comment
    ]
    if not is_same:
        raise LayoutError("the layout of this network would change its meaning")
    return result


def _parts(net: Net) -> tuple[object, ...]:
    """All of a network but its text."""
    return net.inputs, net.parameters, net.template


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the file: its tokens, its comment and the column of that, its indentation."""

    tokens: tuple[Token, ...]
    comment: str
    column: int
    indent: int

    def word(self, at: int = 0) -> str:
        if at >= len(self.tokens) or self.tokens[at].kind != "word":
            return ""
        return self.tokens[at].text

    @property
    def keyword(self) -> str:
        """The word that begins the line, if it is one of the reader's."""
        is_added = len(self.tokens) > 1 and self.tokens[1].text == "+="
        return self.word() if self.word() in KEYWORDS and not is_added else ""


def _lines(source: Source) -> Iterator[_Line]:
    text, start = source.text, 0
    for end, after in [
        *((one.start(), one.end()) for one in _BREAK.finditer(text)),
        (len(text), 0),
    ]:
        tokens = tuple(tokens_of(source, start, end))
        behind = tokens[-1].end if tokens else start
        place = text.find("#", behind, end)
        comment = text[place:end].rstrip() if place >= 0 else ""
        first = tokens[0].start if tokens else place
        indent = len(text[start:first].expandtabs(8)) if first >= 0 else 0
        yield _Line(tokens, comment, len(text[start:place].expandtabs(8)), indent)
        start = after


class _Writer:
    def __init__(self, text: str, lines: Sequence[_Line]) -> None:
        self.text, self.lines = text, lines
        self.section = ""
        self.loops: list[int] = []  # how far the open loops are indented
        self.names = max((len(self._name(one)) for one in self._blocks()), default=0)

    def written(self) -> Iterator[WrittenLine]:
        for number, line in enumerate(self.lines):
            if line.tokens:
                yield WrittenLine(self._code(line), line.comment, line.column)
            else:
                yield WrittenLine(self._beside(number, line) + line.comment)

    def _blocks(self) -> Iterator[tuple[Token, ...]]:
        """The tokens of every line that declares a block, without the word in front."""
        section = ""
        for line in self.lines:
            if not line.tokens:
                continue
            section = line.keyword or section
            if section == "stream":
                yield line.tokens[1:] if line.keyword else line.tokens

    def _name(self, block: tuple[Token, ...]) -> str:
        return self._raw(block[0]) if block else ""

    def _raw(self, token: Token) -> str:
        return self.text[token.start : token.end]

    # -- lines --------------------------------------------------------------------------------

    def _code(self, line: _Line) -> str:
        keyword = line.keyword
        self.section = keyword or self.section
        rest = line.tokens[1:] if keyword in WIDE else line.tokens
        if keyword in ("layer", *LOOPS) or line.word() == "":
            self._close(line)
        indent = INDENT * len(self.loops) if self.section in ("layer", *LOOPS) else ""
        if keyword in LOOPS:
            self.loops.append(line.indent)
        label = f"{keyword if keyword in WIDE else '':<{LABEL}}"
        if self.section == "layer":
            return f"{indent}{label}{self._part(rest)}"
        if self.section == "stream":
            rows = self._flat(rest, 1)
            return f"{label}{self._name(rest):<{self.names}}  {rows}"
        if self.section in WIDE:
            return label + self._flat(rest)
        return indent + self._flat(rest)

    def _close(self, line: _Line) -> None:
        """End the loops that are indented as far as a line."""
        while self.loops and self.loops[-1] >= line.indent:
            self.loops.pop()

    def _part(self, tokens: tuple[Token, ...]) -> str:
        """``head  x += …``: the word in its column, the formula, and where it is."""
        following = tokens[1].text if len(tokens) > 1 else ""
        is_part = tokens[0].kind == "word" and tokens[0].text in PARTS and following != "+="
        if not is_part and tokens[0].text == "(":
            return self._flat(tokens)
        label = f"{tokens[0].text if is_part else '':<{PART}}"
        return label + self._flat(tokens, int(is_part), is_formula=True)

    def _flat(self, tokens: Sequence[Token], start: int = 0, *, is_formula: bool = False) -> str:
        """The tokens from one on, with single spaces where there were any."""
        found = ""
        placed = not is_formula
        for index in range(start, len(tokens)):
            token, gap = tokens[index], ""
            if index > start:
                before = tokens[index - 1]
                gap = self._gap(before, token)
                after = tokens[index + 1].text if index + 1 < len(tokens) else ""
                begins = (token.text, after) == ("sum", "over") or token.text == "at"
                if not placed and token.kind == "word" and begins and gap:
                    gap, placed = BEFORE_WHERE, True
            found += gap + self._raw(token)
        return found

    def _gap(self, before: Token, token: Token) -> str:
        marks = (before.text if before.kind == "mark" else "", token.text)
        if token.kind == "mark" and token.text in (",", ":", ";"):
            return ""
        if marks[0] in (",", ":", ";", "+=") or (token.kind == "mark" and token.text == "+="):
            return " "
        return " " if token.start > before.end else ""

    def _beside(self, number: int, line: _Line) -> str:
        """The indentation of a comment: that of the line below it."""
        below = next((one for one in self.lines[number + 1 :] if one.tokens), None)
        if not line.comment or below is None or line.indent == 0:
            return ""
        if below.keyword == "layer" or below.keyword in LOOPS:
            return INDENT * sum(one < below.indent for one in self.loops)
        section = below.keyword or self.section
        if section == "layer":
            return INDENT * len(self.loops) + " " * LABEL
        return "" if below.keyword else " " * LABEL
