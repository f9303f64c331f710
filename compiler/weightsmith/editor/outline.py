"""The names that a script declares, and where: from its tokens, so that it may be broken.

While somebody types a script has no tree.  Its tokens it always has; and the words that begin
lines, commas and signs tell what a name is: ``param eta``, ``X = …``, ``for g in``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import pairwise

from weightsmith.dsl.reading.layout import LINE_STARTS
from weightsmith.dsl.reading.lexer import Token, tokens_of

OPENING = {"LPAR", "DOTLPAR", "LSQB"}
CLOSING = {"RPAR", "RSQB"}
CALLS = {"LPAR", "DOTLPAR"}


class Kind(Enum):
    """What a name stands for."""

    ALGORITHM = "algorithm"
    USED = "algorithm of another file"
    INPUT = "input"
    DIMENSION = "dimension"
    PARAMETER = "parameter"
    END = "parameter, the end of an interval"
    TABLE = "table"
    FUNCTION = "function"
    VARIABLE = "variable"
    SCHEDULED = "number of a for loop"
    ARGUMENT = "argument"
    UNKNOWN = "unknown of root(…)"


LOCAL = (Kind.ARGUMENT, Kind.UNKNOWN, Kind.SCHEDULED)
Line = list[Token]


@dataclass(frozen=True, slots=True)
class Declared:
    """A name where it is declared or assigned.

    ``line``: the statement, from its first to its last token; ``seen``: where the name is known.
    ``path``: of a used algorithm, its file.
    """

    name: str
    kind: Kind
    start: int
    end: int
    line: tuple[int, int]
    seen: tuple[int, int]
    path: str = ""


@dataclass(slots=True)
class Section:
    """One algorithm, or what stands above the first of them (its name is empty)."""

    name: str
    start: int
    end: int
    declared: list[Declared] = field(default_factory=list)


class Outline:
    """The sections of a text and their names."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [one for one in tokens_of(text) if one.type != "_NEWLINE"]
        self.lines = list(lines_of(text))
        self.sections = self._sections()
        self._place = {token.start: index for index, token in enumerate(self.tokens)}

    # -- reading ------------------------------------------------------------------------------

    def _sections(self) -> list[Section]:
        found = [Section("", 0, len(self.text))]
        for index, line in enumerate(self.lines):
            if line[0].type == "ALGORITHM":
                name = line[1].text if len(line) > 1 else ""
                found[-1].end = line[0].start
                found.append(Section(name, line[0].start, len(self.text)))
            section = found[-1]
            block = self._block_end(index)
            section.declared += _declared(line, section, block)
        for section in found:
            section.declared = _without_later(section)
        return found

    def _block_end(self, index: int) -> int:
        """Where the block ends that a line opens."""
        column = self._column(self.lines[index])
        for line in self.lines[index + 1 :]:
            if self._column(line) <= column:
                return line[0].start
        return len(self.text) + 1

    def _column(self, line: Line) -> int:
        start = line[0].start
        begin = max(self.text.rfind("\n", 0, start), self.text.rfind("\r", 0, start)) + 1
        return start - begin

    # -- asking -------------------------------------------------------------------------------

    def token_at(self, offset: int) -> Token | None:
        """The token at an offset; a name that ends there counts."""
        before: Token | None = None
        for token in self.tokens:
            if token.start > offset:
                break
            if token.start <= offset < token.end:
                return token
            if token.end == offset and token.text[0].isidentifier():
                before = token
        return before

    def after(self, token: Token, count: int = 1) -> Token | None:
        """The token so many places further on."""
        index = self._place[token.start] + count
        return self.tokens[index] if 0 <= index < len(self.tokens) else None

    def line_of(self, offset: int) -> Line:
        """The statement that holds an offset, or ends before it."""
        found: Line = []
        for line in self.lines:
            if line[0].start > offset:
                break
            found = line
        return found

    def section_at(self, offset: int) -> Section:
        return next(one for one in reversed(self.sections) if one.start <= offset)

    def is_call(self, token: Token) -> bool:
        after = self.after(token)
        return token.type == "NAME" and after is not None and after.type in CALLS

    def meanings(self, token: Token) -> list[Declared]:
        """Every place that declares or assigns a name, in order; none of a name that has none."""
        if token.type != "NAME":
            return []
        if (callee := self._keyword_of(token)) is not None:
            inner = next((one for one in self.sections if one.name == callee), None)
            named = [] if inner is None else _named(inner, token.text)
            return [one for one in named if one.kind in (Kind.PARAMETER, Kind.END)]
        section = self.section_at(token.start)
        seen = [
            one
            for one in _named(section, token.text)
            if one.seen[0] <= token.start < one.seen[1] or one.start == token.start
        ]
        local = [one for one in seen if one.kind in LOCAL]
        if local:
            return [max(local, key=lambda one: one.seen[0])]
        others = [one for one in seen if one.kind is not Kind.DIMENSION] or seen
        return others or self._algorithms(token)

    def nearest(self, token: Token) -> Declared | None:
        """Where the value of a name comes from: the assignment above, else the first."""
        found = self.meanings(token)
        line = self.line_of(token.start)
        above = [one for one in found if line and one.start < line[0].start]
        if above:
            return above[-1]
        return found[0] if found else None

    def _keyword_of(self, token: Token) -> str | None:
        """The algorithm that is called, if the name stands for a parameter: f(A, steps = 3)."""
        after = self.after(token)
        if after is None or after.type != "_EQUAL":
            return None
        index, depth = self._place[token.start], 0
        line = self.line_of(token.start)
        while index > 0 and self.tokens[index - 1].start >= line[0].start:
            index -= 1
            depth += (self.tokens[index].type in CLOSING) - (self.tokens[index].type in OPENING)
            if depth < 0:
                return self.tokens[index - 1].text if index else None
        return None

    def _algorithms(self, token: Token) -> list[Declared]:
        kinds = (Kind.ALGORITHM, Kind.USED)
        every = [one for section in self.sections for one in _named(section, token.text)]
        return [one for one in every if one.kind in kinds]


def lines_of(text: str) -> Iterator[Line]:
    """The statements of a text: a line goes on while a bracket is open, up to a word that begins
    a line."""
    line: Line = []
    depth, is_first = 0, True
    for token in tokens_of(text):
        if token.type == "_NEWLINE":
            is_first = True
            if line and depth <= 0:
                yield line
                line, depth = [], 0
            continue
        if is_first and token.type in LINE_STARTS and line:
            yield line
            line, depth = [], 0
        depth += (token.type in OPENING) - (token.type in CLOSING)
        line.append(token)
        is_first = False
    if line:
        yield line


def _named(section: Section, name: str) -> list[Declared]:
    return [one for one in section.declared if one.name == name]


def _declared(line: Line, section: Section, block: int) -> Iterator[Declared]:
    """The names that a line declares; ``block`` is where the block below it ends."""
    whole = (line[0].start, line[-1].end)
    everywhere = (section.start, 1 << 60)

    def one(token: Token, kind: Kind, seen: tuple[int, int] = everywhere) -> Declared:
        return Declared(token.text, kind, token.start, token.end, whole, seen)

    match line[0].type:
        case "USE":
            if len(line) > 1 and line[1].type == "NAME":
                path = line[3].text.strip('"') if len(line) > 3 else ""
                span = line[1].start, line[1].end
                yield Declared(line[1].text, Kind.USED, *span, whole, everywhere, path)
        case "ALGORITHM":
            if len(line) > 1 and line[1].type == "NAME":
                yield one(line[1], Kind.ALGORITHM)
            yield from (one(token, kind) for token, kind in _inputs(line))
        case "ASSUME":
            yield from (one(token, Kind.END) for token in _ends(line))
        case "PARAM":
            yield from (one(token, Kind.PARAMETER) for token in _listed(line))
        case "TABLE" | "FUNCTION":
            if len(line) > 1 and line[1].type == "NAME":
                yield one(line[1], Kind.TABLE if line[0].type == "TABLE" else Kind.FUNCTION)
            if line[0].type == "FUNCTION":
                inner = (line[0].start, line[-1].end + 1)
                yield from (one(token, Kind.ARGUMENT, inner) for token in _arguments(line))
        case "FOR":
            inner = (line[0].start, block)
            yield from (one(token, Kind.SCHEDULED, inner) for token in _targets(line[1:], "_IN"))
        case "NAME":
            yield from (one(token, Kind.VARIABLE) for token in _targets(line, "_EQUAL"))
    for token, inner in _unknowns(line):
        yield one(token, Kind.UNKNOWN, inner)


def _inputs(line: Line) -> Iterator[tuple[Token, Kind]]:
    """``A: symmetric[d, d]``: inputs and the dimensions within their brackets."""
    square = False
    for token, after in zip(line, [*line[1:], line[-1]], strict=True):
        square = token.type == "LSQB" or (square and token.type != "RSQB")
        if token.type != "NAME":
            continue
        if square:
            yield token, Kind.DIMENSION
        elif after.type == "_COLON":
            yield token, Kind.INPUT


def _ends(line: Line) -> Iterator[Token]:
    """The bare names that are ends: ``in [mu, L]``, ``in [-L, L]``, ``<= B``."""
    start = max((i for i, one in enumerate(line) if one.type in ("_IN", "_LESS_EQUAL")), default=-1)
    if start < 0:
        return
    part = line[start:]
    for index, token in enumerate(part):
        before = part[index - 1].type if index else ""
        if before == "MINUS" and index > 1:
            before = part[index - 2].type
        after = part[index + 1].type if index + 1 < len(part) else ""
        is_end = before in ("LSQB", "_COMMA") and after in ("_COMMA", "RSQB")
        is_bound = before == "_LESS_EQUAL" and not after
        if token.type == "NAME" and (is_end or is_bound):
            yield token


def _listed(line: Line) -> Iterator[Token]:
    """``param a, b = 1, c``: the names behind the word and behind commas outside of brackets."""
    depth = 0
    for before, token in pairwise(line):
        if token.type == "NAME" and depth == 0 and before.type in ("PARAM", "_COMMA"):
            yield token
        depth += (token.type in OPENING) - (token.type in CLOSING)


def _arguments(line: Line) -> Iterator[Token]:
    closing = next((i for i, one in enumerate(line) if one.type == "RPAR"), len(line))
    yield from (one for one in line[3:closing] if one.type == "NAME")


def _targets(line: Sequence[Token], end: str) -> list[Token]:
    """``a, b`` in front of a sign or word; nothing if something else stands there."""
    found: list[Token] = []
    for index, token in enumerate(line):
        if token.type == end:
            return found
        if token.type != ("_COMMA" if index % 2 else "NAME"):
            return []
        found += [token] if token.type == "NAME" else []
    return []


def _unknowns(line: Line) -> Iterator[tuple[Token, tuple[int, int]]]:
    """``root(w: …)``: w, and the brackets."""
    for index in range(len(line) - 2):
        opening, name, colon = line[index : index + 3]
        if (opening.type, name.type, colon.type) != ("LPAR", "NAME", "_COLON"):
            continue
        if line[0].type == "ALGORITHM":
            continue
        depth, end = 0, line[-1].end
        for token in line[index:]:
            depth += (token.type in OPENING) - (token.type in CLOSING)
            if depth == 0:
                end = token.end
                break
        yield name, (opening.start, end)


def _without_later(section: Section) -> list[Declared]:
    """Keep one declaration of a dimension, and of an end that nothing else declares."""
    once = (Kind.DIMENSION, Kind.END)
    taken = {one.name for one in section.declared if one.kind in (Kind.PARAMETER, Kind.INPUT)}
    found: list[Declared] = []
    for one in section.declared:
        if one.kind in once and one.name in taken:
            continue
        taken |= {one.name} if one.kind in once else set()
        found.append(one)
    return found
