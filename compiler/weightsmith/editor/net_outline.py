"""The names of a ``.net`` file, whatever else stands in it: nothing here fails on a mistake.

A line is cut by the reader's own tokens, up to the first that is none.  An input and a block often
share a name: behind ``starts as`` it means the input, elsewhere the block.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum

from weightsmith.compiler.nets.read_net import KEYWORDS
from weightsmith.compiler.nets.tokens import Token, each_token
from weightsmith.dsl.text.diagnostics import DiagnosticError
from weightsmith.dsl.text.source import Source

ROWS = ("rows", "row")
_END = re.compile(r"\r\n|\r|\n")


class NetKind(Enum):
    """What a name is; in this order it is looked up where all could be meant."""

    BLOCK = "block"
    MATRIX = "fixed matrix"
    PARAMETER = "parameter"
    SCHEDULED = "number for each pass"
    INPUT = "input"
    TABLE = "table"
    NETWORK = "network"
    OUTPUT = "returned value"
    GROUP = "group of tokens"


@dataclass(frozen=True, slots=True)
class NetName:
    """A name where it is declared: its kind, its token, and the line around it."""

    kind: NetKind
    name: str
    token: Token
    line: NetLine


@dataclass(frozen=True, slots=True)
class NetLine:
    """One line: where it is, its tokens, and the word that begins its part of the file."""

    number: int  # from 1
    start: int
    end: int
    tokens: tuple[Token, ...]
    part: str

    def before(self, offset: int) -> list[Token]:
        """The tokens that end in front of an offset."""
        return [one for one in self.tokens if one.end <= offset]

    @property
    def written(self) -> str:
        """The block to which it adds something, or none."""
        for one, after in zip(self.tokens, self.tokens[1:], strict=False):
            if (after.kind, after.text) == ("mark", "+="):
                return one.text
        return ""


class NetOutline:
    """The lines and the names of a network."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.lines = list(_lines(source))
        self.names = [one for line in self.lines for one in _declared(line)]

    def line_at(self, offset: int) -> NetLine:
        """The line that holds an offset; its end belongs to it."""
        return next(one for one in reversed(self.lines) if one.start <= offset)

    def token_at(self, offset: int) -> Token | None:
        """The name or word at an offset, or that ends there."""
        for token in self.line_at(offset).tokens:
            if token.start <= offset <= token.end and token.kind in ("word", "name"):
                return token
        return None

    def of_kind(self, kind: NetKind) -> list[NetName]:
        return [one for one in self.names if one.kind is kind]

    def meaning(self, token: Token) -> NetName | None:
        """What a name stands for at its place."""
        line, name = self.line_at(token.start), base(token)
        wanted = list(NetKind)
        before = [one.text for one in line.before(token.start)]
        is_listed = before[-1:] == [","] and bool({"over", "at"} & set(before))
        if is_listed or before[-1:] in (["over"], ["at"], ["per"]) or line.part == "tokens":
            wanted = [NetKind.GROUP]
        elif "starts" in before:
            wanted = [NetKind.INPUT]
        here = [one for one in self.names if one.token is token]
        for kind in wanted:
            here += [one for one in self.names if one.kind is kind and one.name == name]
        return here[0] if here else None


def base(token: Token) -> str:
    """The name in a token: ``x`` of ``x[context]``."""
    return token.text.partition("[")[0] if token.kind == "word" else token.text


def _lines(source: Source) -> Iterator[NetLine]:
    part, start = "", 0
    ends = [match.span() for match in _END.finditer(source.text)]
    for number, (end, after) in enumerate([*ends, (len(source.text), 0)], 1):
        first = start + (number == 1 and source.text.startswith("\ufeff"))
        tokens: list[Token] = []
        with suppress(DiagnosticError):  # those in front of a mistake stay
            tokens.extend(each_token(source, first, end))
        if tokens and tokens[0].text in KEYWORDS and tokens[0].kind == "word":
            part = tokens[0].text
        yield NetLine(number, start, end, tuple(tokens), part)
        start = after


def _declared(line: NetLine) -> Iterator[NetName]:
    tokens = list(line.tokens)
    begins = bool(tokens) and tokens[0].text == line.part
    rest = tokens[1:] if begins else tokens
    one = {
        "network": NetKind.NETWORK,
        "input": NetKind.INPUT,
        "matrix": NetKind.MATRIX,
        "table": NetKind.TABLE,
        "return": NetKind.OUTPUT,
    }
    if begins and line.part in one:
        yield from (NetName(one[line.part], base(token), token, line) for token in rest[:1])
    elif begins and line.part == "param":
        yield from _each(line, NetKind.PARAMETER, _firsts(rest))
    elif begins and line.part == "for":
        names = rest[: next((n for n, token in enumerate(rest) if token.text == "in"), len(rest))]
        yield from _each(line, NetKind.SCHEDULED, [one for one in names if one.kind == "word"])
    elif begins and line.part == "tokens":
        groups = [token for token in rest if token.kind == "word" and token.text != "scratch"]
        yield from _each(line, NetKind.GROUP, groups)
    elif line.part == "stream" and len(rest) > 2 and rest[2].text in ROWS:
        yield NetName(NetKind.BLOCK, rest[0].text, rest[0], line)


def _each(line: NetLine, kind: NetKind, tokens: list[Token]) -> Iterator[NetName]:
    return (NetName(kind, token.text, token, line) for token in tokens)


def _firsts(tokens: list[Token]) -> list[Token]:
    """The first token, and those behind a comma that stands in no bracket."""
    found, depth, is_first = [], 0, True
    for token in tokens:
        if is_first and token.kind == "word":
            found.append(token)
        depth += (token.text == "(") - (token.text == ")")
        is_first = token.text == "," and depth == 0
    return found
