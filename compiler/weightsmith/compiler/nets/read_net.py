"""A ``.net`` file to a template.

    network gd                                  # the name; a comment
    input x: [d] per token                      # as in a script; also  symmetric[d, d]
    matrix W0: [k, d]                           # a fixed matrix; = [[1, 2], [3, 1/2]] if known
    param eta, n = size(context), steps = 3     # symbols; one may be a number of tokens
    tokens  context, query, d scratch
    stream  x  d rows, starts as x
            X  d rows, starts as 1/2 I[d]
    repeat steps:
        layer   head  x += -eta x·xᵀ·x   sum over context; at context, query
                mlp   x += relu(x - 1)
    for g in 3/2, 2:                            # a number for each pass
        layer   mlp   x += g x
    return  output = x at query tokens


``heading`` reads what stands above the layers, ``layers`` their lines.  docs/net.md has the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from weightsmith.compiler.ir.template import Block, Item, Output, Repeat, Template
from weightsmith.compiler.nets.cursor import TOO_LARGE, Cursor
from weightsmith.compiler.nets.heading import Heading, is_axis
from weightsmith.compiler.nets.layers import FUNCTIONS, LayerReader, read_nothing
from weightsmith.compiler.nets.loops import check_count, read_count, read_names, read_schedule
from weightsmith.compiler.nets.net import Net
from weightsmith.compiler.nets.places import Rows, read_groups
from weightsmith.compiler.nets.tables import MOST_HINGES, Hinge, read_hinges
from weightsmith.compiler.nets.terms import EQUAL_ROWS, listed, read_sum
from weightsmith.compiler.nets.tokens import tokens_of
from weightsmith.dsl.numbers.scalars import ScalarError
from weightsmith.dsl.text.characters import unsafe_character
from weightsmith.dsl.text.diagnostics import Diagnostic, DiagnosticError, error, mistake, near_hint
from weightsmith.dsl.text.source import Source as Text
from weightsmith.dsl.text.source import Span

ORDER = {  # of the lines; a table may stand anywhere
    **{"network": 0, "input": 1, "matrix": 1, "param": 1, "tokens": 2, "stream": 3},
    **{"repeat": 4, "for": 4, "layer": 4, "return": 5},
}
KEYWORDS = (*ORDER, "table")
AGAIN = {  # lines that stand once, and what to write in place of a second
    "network": "write another network in a file of its own",
    "tokens": "write all groups in one line: tokens  context, query",
    "stream": "write further blocks below, without 'stream'",
}
NEEDED = {  # what nobody can do without, and the line in which it stands
    "network": "network gd",
    "tokens": "tokens  context, query",
    "stream": "stream  x  d rows, starts as x",
    "return": "return  output = x at query tokens",
}
RETURN = f"write: {NEEDED['return']}"
MOST_BYTES = 3_900_000  # of a file, fewer than are read of one
MOST_MISTAKES = 50
MAX_NESTING = 40


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its tokens, and how far it is indented."""

    cursor: Cursor
    indent: int


def is_net(text: str) -> bool:
    """Does a text begin like a network, and not like a script?"""
    for line in text.splitlines():
        bare = line.partition("#")[0].strip()
        if bare:
            return bare.split()[0] == "network"
    return False


def read_net(source: Text) -> Net:
    """Read a network.  Raises DiagnosticError with everything that is wrong with it."""
    if len(source.text.encode("utf-8", "replace")) > MOST_BYTES:
        message = f"a network has at most {MOST_BYTES:,} bytes"
        raise mistake("too-large", Span(source, 0, 0), message, "write it as several networks")
    place = unsafe_character(source.text.removeprefix("\ufeff"), lines=True)
    if place is not None:
        place += source.text.startswith("\ufeff")
        message = "this character cannot be seen, or is none"
        raise mistake("character", Span(source, place, place + 1), message, "delete it")
    return _Reader(source).read()


@dataclass(slots=True)
class _Open:
    """A loop whose body is being read; the whole network is the outermost."""

    indent: int
    place: Span
    count: str = "1"
    schedule: tuple[tuple[str, tuple[str, ...]], ...] = ()
    items: list[Item] = field(default_factory=list)
    body_indent: int = -1
    is_empty: bool = False  # and is that said?


class _Reader(Heading):
    """Reads line by line; goes on after a mistake, so that all are said together."""

    def __init__(self, source: Text) -> None:
        super().__init__(source)
        self.mistakes: list[Diagnostic] = []
        self.outputs: list[Output] = []
        self.loops: list[_Open] = [_Open(-1, Span(source, 0, 0))]
        self.layer: LayerReader | None = None
        self.section = ""
        self.wrong = len(ORDER)  # sections after this one may be misread for a mistake
        self.table: list[Hinge] = []  # that is being read
        self.seen: set[str] = set()

    def read(self) -> Net:
        lines = list(self._lines())
        if self.mistakes:
            raise DiagnosticError(self.mistakes[:MOST_MISTAKES])
        for line in self._without_tables(lines):
            self._try(line, self._line)
        self._close(-1)
        if not self.mistakes:
            self._check_whole()
        if self.mistakes:
            self.mistakes.sort(key=lambda one: one.span.start)
            raise DiagnosticError(self.mistakes[:MOST_MISTAKES])
        return Net(
            self.source, tuple(self.inputs.values()), tuple(self.parameters), self._template()
        )

    def _try(self, line: Line, read: Callable[[Line], None]) -> None:
        if len(self.mistakes) > MOST_MISTAKES:
            return
        try:
            read(line)
        except DiagnosticError as found:
            self.mistakes += found.diagnostics
            self.wrong = min(self.wrong, ORDER.get(self.section, 0))
        except ScalarError as problem:
            self.mistakes.append(error("too-large", line.cursor.span(0), str(problem), TOO_LARGE))

    def _template(self) -> Template:
        return Template(
            algorithm=self.name,
            sources=tuple(self.sources.values()),
            blocks=tuple(Block(name, rows) for name, rows in self.blocks.items()),
            groups=self.groups,
            read_in=tuple(self.read_in.items()),
            body=tuple(self.loops[0].items),
            read_out=tuple(self.outputs),
            bindings=tuple(sorted(self.bindings.items())),
            matrices=tuple(self.matrices.values()),
            views=tuple(self.views.values()),
            sizes=tuple((name, group) for name, (group, _) in sorted(self.sizes.items())),
        )

    def _check_whole(self) -> None:
        end = Span(self.source, len(self.source.text), len(self.source.text))
        for keyword, what in NEEDED.items():
            if keyword not in self.seen:
                message = f"a network needs a line that begins with '{keyword}'"
                self.mistakes.append(error("net-form", end, message, f"write: {what}"))
        for name, (group, span) in self.sizes.items():
            if group not in self.groups:
                message = f"'{name}' is the size of '{group}', which is no group of tokens"
                hint = f"the groups of tokens are {listed(self.groups)}"
                self.mistakes.append(error("net-tokens", span, message, hint))

    def _lines(self) -> Iterator[Line]:
        text, start = self.source.text, 0
        for whole in text.splitlines(keepends=True):
            bare = whole.rstrip("\r\n")
            end = start + len(bare)
            begin = start + (start == 0 and bare.startswith("\ufeff"))
            try:
                tokens = tokens_of(self.source, begin, end)
            except DiagnosticError as found:
                self.mistakes += found.diagnostics
                if len(self.mistakes) > MOST_MISTAKES:
                    return
                tokens = []
            if tokens:
                indent = len(text[begin : tokens[0].start].expandtabs(8))
                yield Line(Cursor(self.source, tokens, tokens[-1].end), indent)
            start += len(whole)

    def _without_tables(self, lines: list[Line]) -> list[Line]:
        """Read the tables, wherever they stand; return the other lines."""
        others, is_table = [], False
        for line in lines:
            following = line.cursor.after(1)
            is_free = following is None or following.text != "+="
            if is_free and line.cursor.is_word("table"):
                is_table = True
                self._try(line, self._table)
            elif is_table and is_free and line.cursor.is_word("above", "below"):
                self._try(line, self._hinges)
            else:
                is_table = False
                others.append(line)
        return others

    def _line(self, line: Line) -> None:
        cursor = line.cursor
        following = cursor.after(1)
        keyword = ""
        if following is None or following.text != "+=":
            keyword = cursor.accept_word(*ORDER)
        if keyword:
            self._in_order(cursor, keyword)
        if ORDER.get(self.section, 0) > self.wrong:
            return
        if keyword:
            sections: dict[str, Callable[[], None]] = {
                "network": lambda: self.network(cursor),
                "input": lambda: self.input(cursor),
                "matrix": lambda: self.matrix(cursor),
                "param": lambda: self.param(cursor),
                "tokens": lambda: self.token_groups(cursor),
                "stream": lambda: self.stream(cursor),
                "repeat": lambda: self._repeat(line),
                "for": lambda: self._for(line),
                "layer": lambda: self._layer(line),
                "return": lambda: self._return(cursor),
            }
            sections[keyword]()
        elif self.section == "stream":
            self.stream(cursor)
        elif self.section in ("repeat", "for") and cursor.is_mark("("):
            self.loops[-1].is_empty = True
            read_nothing(cursor)
        elif self.section == "layer" and self.layer is not None:
            self.layer.line(cursor)
        else:
            token = cursor.take()
            hint = near_hint(token.text, KEYWORDS) or f"lines begin with {', '.join(KEYWORDS)}"
            cursor.back("misspelt", f"'{token.text}' begins no line here", hint)

    def _in_order(self, cursor: Cursor, keyword: str) -> None:
        """Does such a line stand here?"""
        if keyword in AGAIN and keyword in self.seen:
            cursor.back("net-order", f"'{keyword}' stands once in a network", AGAIN[keyword])
        later = [one for one in self.seen if ORDER[one] > ORDER[keyword]]
        self.seen.add(keyword)
        if later:
            message = f"'{keyword}' stands too late"
            cursor.back("net-order", message, f"write it above '{min(later)}'")
        self.section = keyword
        for needed in ("tokens", "stream"):
            if ORDER[needed] < ORDER[keyword] and needed not in self.seen:
                self.seen.add(needed)  # say it once
                message = f"a line that begins with '{needed}' is missing above"
                cursor.back("net-order", message, f"write: {NEEDED[needed]}")

    # -- tables --------------------------------------------------------------------------------

    def _table(self, line: Line) -> None:
        """The name of a table; hinges may follow it in its line."""
        cursor = line.cursor
        cursor.take()
        self.table = []
        name = self.declare(cursor, "a table")
        if name in KEYWORDS or name in FUNCTIONS:
            cursor.back("reserved-word", f"'{name}' is a word of its own here", "call the table f1")
        self.tables.hinges[name] = self.table
        if cursor.next is not None:
            self._hinges(line)

    def _hinges(self, line: Line) -> None:
        room = MOST_HINGES - sum(map(len, self.tables.hinges.values()))
        self.table += read_hinges(line.cursor, room)

    # -- layers --------------------------------------------------------------------------------

    def _place(self, line: Line) -> None:
        """Find the loop in whose body a line stands, by its indentation."""
        self._close(line.indent)
        loop = self.loops[-1]
        if loop.body_indent < 0:
            loop.body_indent = line.indent
        if line.indent != loop.body_indent:
            message = "this line is indented unlike those before it"
            hint = f"expected {loop.body_indent} spaces in front, got {line.indent}"
            self.mistakes.append(error("indentation", self._first(line), message, hint))

    def _first(self, line: Line) -> Span:
        """The first word of a line."""
        token = line.cursor.after(-line.cursor.at)
        return line.cursor.here() if token is None else Span(self.source, token.start, token.end)

    def _close(self, indent: int) -> None:
        """End the layer, and the loops that are indented as far as this."""
        if self.layer is not None:
            layer, self.layer = self.layer.layer(), None
            self.loops[-1].items.append(layer)
        while len(self.loops) > 1 and self.loops[-1].indent >= indent:
            loop = self.loops.pop()
            if not (loop.items or loop.is_empty or self.mistakes):
                hint = "write its layers below it, further to the right, or (nothing)"
                message = "nothing stands in this loop"
                self.mistakes.append(error("indentation", loop.place, message, hint))
            item = Repeat(loop.count, tuple(loop.items), loop.schedule)
            self.loops[-1].items.append(item)

    def _layer(self, line: Line) -> None:
        self._place(line)
        rows = Rows(self.blocks, self.readable, self.groups)
        self.layer = LayerReader(self.operands(self._scheduled()), rows, self.tables)
        if line.cursor.is_mark("("):
            read_nothing(line.cursor)
            return
        self.layer.line(line.cursor)

    def _open(self, line: Line) -> _Open:
        self._place(line)
        if len(self.loops) > MAX_NESTING:
            message = f"loops are nested deeper than {MAX_NESTING}"
            line.cursor.fail("too-large", message, "write several layers", self._first(line))
        self.loops.append(_Open(line.indent, self._first(line)))
        return self.loops[-1]

    def _scheduled(self) -> list[str]:
        return [name for loop in self.loops for name, _ in loop.schedule]

    def _end_of_head(self, cursor: Cursor) -> None:
        if not cursor.accept(":"):
            cursor.fail("net-form", "expected ':'", "the layers of the loop stand below, indented")
        cursor.finish()

    def _repeat(self, line: Line) -> None:
        """``repeat steps:``, also ``repeat steps = 12:``."""
        loop, cursor = self._open(line), line.cursor
        loop.count = read_count(cursor, (*self.parameters, *self._scheduled()))
        if cursor.accept("="):
            if loop.count not in self.parameters:
                cursor.back(
                    "net-number", "only a parameter has a value", f"write repeat {loop.count}:"
                )
            start = cursor.at
            self.value(cursor, loop.count)
            check_count(self.bindings.get(loop.count, "0"), cursor, cursor.span(start))
        elif loop.count in self.bindings:
            value = self.bindings[loop.count]
            check_count(value, cursor, cursor.span(1))
        self._end_of_head(cursor)

    def _for(self, line: Line) -> None:
        """``for g in 3/2, 2:`` or ``for g, h in (1, 2), (3, 4):``."""
        symbols = (*self.parameters, *self._scheduled())
        loop, cursor = self._open(line), line.cursor
        taken = {*self.blocks} - self.bracketed | {*self.matrices, *self.inputs}
        names = read_names(cursor, taken)
        loop.schedule = tuple((name, ()) for name in names)
        loop.schedule = read_schedule(cursor, names, symbols)
        loop.count = str(len(loop.schedule[0][1]))
        self._end_of_head(cursor)

    # -- what is returned ----------------------------------------------------------------------

    def _return(self, cursor: Cursor) -> None:
        self._close(-1)
        name = cursor.name("the name of the returned value", RETURN).text
        if any(output.name == name for output in self.outputs):
            cursor.back("name-taken", f"'{name}' is returned twice", "give it another name")
        transposed = cursor.accept("'")
        if not cursor.accept("="):
            cursor.fail("net-form", "expected '='", RETURN)
        start = cursor.at
        found = read_sum(cursor, self.operands([]))
        if found.constant != "0":
            hint = "add a block that starts as ones"
            message = "a number stands here without a block of ones"
            cursor.fail("net-nothing", message, hint, cursor.span(start))
        rows = ""
        if cursor.accept_word("of"):
            rows = cursor.take().text
            if not is_axis(rows):
                cursor.back("declared-shape", f"'{rows}' is no dimension", "write 0 of d rows")
            cursor.expect_word("rows", "write 0 of d rows")
        rows = rows or next((self.readable[name] for name, _ in found.terms), "")
        if not rows:
            hint = "write how many rows it has: 0 of d rows"
            cursor.fail("net-nothing", "this value is zero", hint, cursor.span(start))
        for block, _ in found.terms:
            if self.readable[block] != rows:
                message = f"expected {rows} rows, but '{block}' has {self.readable[block]}"
                cursor.fail("net-rows", message, EQUAL_ROWS, cursor.span(start))
        if not cursor.accept_word("at"):
            cursor.fail("net-form", "expected 'at' and groups of tokens", RETURN)
        groups = read_groups(cursor, self.groups)
        if not cursor.accept_word("tokens", "token"):
            cursor.fail("net-form", "expected 'tokens'", RETURN)
        cursor.finish()
        self.outputs.append(Output(name, found.plain, rows, groups, transposed))
