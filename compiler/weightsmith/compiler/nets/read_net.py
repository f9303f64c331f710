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

Blocks start as combinations of inputs (``A'`` is the transpose of a matrix), ``I[d]``, ``ones`` and
``ones[context]``.  docs/net.md describes the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from weightsmith.compiler.ir.template import (
    Block,
    Item,
    Matrix,
    Output,
    Repeat,
    Source,
    Template,
    Terms,
    View,
)
from weightsmith.compiler.nets.cursor import Cursor, canonical
from weightsmith.compiler.nets.layers import FUNCTIONS, LayerReader, Rows
from weightsmith.compiler.nets.net import Net, NetInput
from weightsmith.compiler.nets.terms import Operands, read_sum
from weightsmith.compiler.nets.tokens import Token, tokens_of
from weightsmith.dsl.program.core import CONTEXT, GROUPS, QUERY
from weightsmith.dsl.text.diagnostics import Diagnostic, DiagnosticError, error, near_hint
from weightsmith.dsl.text.source import Source as Text
from weightsmith.dsl.text.source import Span

PER = {"token": GROUPS, "context": (CONTEXT,), "query": (QUERY,)}
SECTIONS = ("network", "input", "matrix", "param", "tokens", "stream", "repeat", "for", "layer")
KEYWORDS = (*SECTIONS, "return")
MOST_LENGTH = 4_000_000  # characters of a file
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
    if len(source.text) > MOST_LENGTH:
        raise DiagnosticError([error(Span(source, 0, 0), "this file is too long for a network")])
    return _Reader(source).read()


@dataclass(slots=True)
class _Open:
    """A loop whose body is being read; the whole network is the outermost."""

    indent: int
    count: str = "1"
    schedule: tuple[tuple[str, tuple[str, ...]], ...] = ()
    items: list[Item] = field(default_factory=list)
    body_indent: int = -1


class _Reader:
    """Reads line by line; goes on after a mistake, so that all are said together."""

    def __init__(self, source: Text) -> None:
        self.source = source
        self.mistakes: list[Diagnostic] = []
        self.name = ""
        self.inputs: dict[str, NetInput] = {}
        self.matrices: dict[str, Matrix] = {}
        self.parameters: list[str] = []
        self.bindings: dict[str, str] = {}
        self.sizes: dict[str, str] = {}
        self.groups: tuple[str, ...] = ()
        self.blocks: dict[str, str] = {}
        self.read_in: dict[str, Terms] = {}
        self.sources: dict[str, Source] = {}
        self.views: dict[str, View] = {}
        self.readable: dict[str, str] = {}
        self.outputs: list[Output] = []
        self.loops: list[_Open] = [_Open(-1)]
        self.layer: LayerReader | None = None
        self.section = ""

    def read(self) -> Net:
        for line in self._lines():
            try:
                self._line(line)
            except DiagnosticError as found:
                self.mistakes += found.diagnostics
        try:
            self._close(-1)
            self._check_whole()
        except DiagnosticError as found:
            self.mistakes += found.diagnostics
        if self.mistakes:
            raise DiagnosticError(self.mistakes)
        return Net(
            self.source, tuple(self.inputs.values()), tuple(self.parameters), self._template()
        )

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
            sizes=tuple(sorted(self.sizes.items())),
        )

    def _check_whole(self) -> None:
        end = Span(self.source, len(self.source.text), len(self.source.text))
        if not self.mistakes:
            for what, found in (
                ("'network' and its name", self.name),
                ("'tokens'", self.groups),
                ("'stream' and its blocks", self.blocks),
                ("'return'", self.outputs),
            ):
                if not found:
                    raise DiagnosticError([error(end, f"a network needs {what}")])

    def _lines(self) -> Iterator[Line]:
        text, start = self.source.text, 0
        for whole in text.splitlines(keepends=True):
            bare = whole.rstrip("\r\n")
            end = start + len(bare)
            try:
                tokens = tokens_of(self.source, start, end)
            except DiagnosticError as found:
                self.mistakes += found.diagnostics
                tokens = []
            if tokens:
                indent = len(bare[: tokens[0].start - start].expandtabs(8))
                yield Line(Cursor(self.source, tokens, tokens[-1].end), indent)
            start += len(whole)

    def _line(self, line: Line) -> None:
        cursor = line.cursor
        following = cursor.after(1)
        keyword = ""
        if following is None or following.text != "+=":
            keyword = cursor.accept_word(*KEYWORDS)
        if keyword:
            self.section = keyword
            sections: dict[str, Callable[[Line], None]] = {
                "network": self._network,
                "input": self._input,
                "matrix": self._matrix,
                "param": self._param,
                "tokens": self._tokens,
                "stream": self._stream,
                "repeat": self._repeat,
                "for": self._for,
                "layer": self._layer,
                "return": self._return,
            }
            sections[keyword](line)
        elif self.section == "stream":
            self._stream(line)
        elif self.section == "layer" and self.layer is not None:
            self.layer.line(cursor)
        else:
            token = cursor.take()
            cursor.at -= 1
            hint = near_hint(token.text, KEYWORDS) or f"lines begin with {', '.join(KEYWORDS)}"
            cursor.fail(f"'{token.text}' begins no line here", hint)

    # -- what stands above ---------------------------------------------------------------------

    def _network(self, line: Line) -> None:
        if self.name:
            line.cursor.fail("a file holds one network")
        self.name = line.cursor.name("the name of the network").text
        line.cursor.finish()

    def _declare(self, cursor: Cursor, what: str) -> str:
        token = cursor.take()
        if token.kind != "word" or not token.text.isidentifier():
            cursor.at -= 1
            cursor.fail(f"expected the name of {what}")
        taken = {**self.inputs, **self.matrices, **dict.fromkeys(self.parameters, None)}
        if token.text in taken:
            cursor.at -= 1
            cursor.fail(f"'{token.text}' is declared twice")
        return token.text

    def _shape(self, cursor: Cursor) -> tuple[list[str], bool, Token]:
        token = cursor.take()
        symmetric = token.kind == "word" and token.text.startswith("symmetric[")
        if token.kind != "name" and not symmetric:
            cursor.at -= 1
            cursor.fail("expected a shape", "write [m, n], symmetric[d, d] or [d] per token")
        inside = token.text[len("symmetric[") : -1] if symmetric else token.text
        axes = [axis.strip() for axis in inside.split(",")]
        for axis in axes:
            if not _is_axis(axis):
                cursor.at -= 1
                cursor.fail(f"'{axis}' is not a dimension", "write a name, or a number such as 3")
        return axes, symmetric, token

    def _input(self, line: Line) -> None:
        cursor = line.cursor
        name = self._declare(cursor, "an input")
        cursor.expect(":")
        axes, symmetric, token = self._shape(cursor)
        place = Span(self.source, token.start, token.end)
        groups: tuple[str, ...] = ()
        if cursor.accept_word("per"):
            groups = PER.get(cursor.name("token, context or query").text, ())
            if not groups or len(axes) != 1:
                cursor.fail("write [d] per token, [d] per context or [d] per query", span=place)
        elif len(axes) != 2:
            cursor.fail("a matrix has two dimensions", "write [m, n], or [d] per token", place)
        if symmetric and axes[0] != axes[-1]:
            cursor.fail("a symmetric matrix is square", span=place)
        cursor.finish()
        columns = "" if groups else axes[1]
        self.inputs[name] = NetInput(name, axes[0], columns, groups, symmetric)

    def _matrix(self, line: Line) -> None:
        cursor = line.cursor
        name = self._declare(cursor, "a matrix")
        cursor.expect(":")
        axes, symmetric, token = self._shape(cursor)
        if len(axes) != 2 or symmetric:
            place = Span(self.source, token.start, token.end)
            cursor.fail("a matrix has two dimensions", "write matrix W: [k, d]", place)
        entries = None
        if cursor.accept("="):
            entries = self._entries(cursor)
        cursor.finish()
        self.matrices[name] = Matrix(name, axes[0], axes[1], entries)

    def _entries(self, cursor: Cursor) -> tuple[tuple[str, ...], ...]:
        token = cursor.take()
        span = Span(self.source, token.start, token.end)
        try:
            rows = [row.strip(" []") for row in token.text.split("]")]
            numbers = [
                [str(Fraction(one)) for one in row.lstrip(", [").split(",")] for row in rows if row
            ]
        except (ValueError, ZeroDivisionError):
            cursor.fail("expected rows of numbers", "write [[1, 2], [3, 1/2]]", span)
        if token.kind != "name" or len({len(row) for row in numbers}) != 1:
            cursor.fail("expected rows of one length", "write [[1, 2], [3, 1/2]]", span)
        return tuple(map(tuple, numbers))

    def _param(self, line: Line) -> None:
        cursor = line.cursor
        while True:
            name = self._declare(cursor, "a parameter")
            if cursor.accept("="):
                self._value(cursor, name)
            self.parameters.append(name)
            if not cursor.accept(","):
                break
        cursor.finish()

    def _value(self, cursor: Cursor, name: str) -> None:
        """A number, or the number of tokens of a group."""
        if cursor.accept_word("size"):
            cursor.expect("(")
            self.sizes[name] = cursor.name("a group of tokens").text
            cursor.expect(")")
            return
        start = cursor.at
        cursor.accept("-")
        while cursor.next is not None and not (cursor.is_mark(",") or cursor.is_mark(":")):
            cursor.take()
        span = cursor.span(start)
        try:
            self.bindings[name] = str(Fraction(self.source.text[span.start : span.end]))
        except (ValueError, ZeroDivisionError):
            cursor.fail("expected a number, or size(context)", span=span)

    def _tokens(self, line: Line) -> None:
        cursor, groups = line.cursor, []
        while True:
            token = cursor.take()
            if token.text not in GROUPS:
                cursor.expect_word("scratch")
            groups.append(token.text)
            if not cursor.accept(","):
                break
        cursor.finish()
        if len(set(groups)) < len(groups):
            cursor.fail("a group of tokens is named twice")
        self.groups = tuple(groups)
        for name, group in self.sizes.items():
            if group not in groups:
                cursor.fail(f"'{name}' is the size of '{group}', which is no group of tokens")

    # -- the stream ----------------------------------------------------------------------------

    def _stream(self, line: Line) -> None:
        cursor = line.cursor
        token = cursor.name("a block")
        if token.text in self.blocks:
            cursor.at -= 1
            cursor.fail(f"the block '{token.text}' is declared twice")
        rows = cursor.take()
        if not _is_axis(rows.text):
            cursor.at -= 1
            cursor.fail("expected a number of rows", "write: x  d rows, starts as x")
        if not cursor.accept_word("rows", "row"):
            cursor.fail("expected 'rows'", "write: x  d rows, starts as x")
        self.blocks[token.text] = rows.text
        self.readable[token.text] = rows.text
        cursor.expect(",")
        cursor.expect_word("starts")
        cursor.expect_word("as")
        if cursor.next is not None and cursor.next.text == "0":
            cursor.take()
        else:
            self._starts(cursor, token.text, rows.text)
        cursor.finish()

    def _starts(self, cursor: Cursor, block: str, rows: str) -> None:
        start = cursor.at
        known = (*self.inputs, "I[…]", "ones")
        operands = Operands(
            lambda c: self._source(c, rows), self._is_source, known, self.parameters
        )
        found = read_sum(cursor, operands)
        if found.constant != "0":
            cursor.fail("a block starts as a combination of sources", "write 2 ones for twos")
        for name, _ in found.plain:
            own = self.sources[name].rows
            if own != rows:
                message = f"'{name}' has {own} rows, the block {rows}"
                cursor.fail(message, span=cursor.span(start))
        if found.plain:
            self.read_in[block] = found.plain

    def _is_source(self, cursor: Cursor, count: int) -> bool:
        token = cursor.after(count)
        if token is None or token.kind != "word":
            return False
        return token.text in self.inputs or token.text.partition("[")[0] in ("I", "ones")

    def _source(self, cursor: Cursor, rows: str) -> str:
        if not self._is_source(cursor, 0):
            return ""
        token = cursor.take()
        word, _, inside = token.text.partition("[")
        inside = inside.removesuffix("]")
        if token.text in self.inputs:
            found = self._of_input(cursor, self.inputs[token.text])
        elif word == "I":
            found = Source(f"I[{inside}]", "identity", inside, inside, (inside,))
        else:
            groups = tuple(one.strip() for one in inside.split(",")) if inside else self.groups
            found = Source(f"1[{rows};{','.join(groups)}]", "ones", "", rows, groups)
        for group in found.groups:
            if group not in self.groups:
                cursor.at -= 1
                cursor.fail(f"there are no tokens '{group}'", f"write tokens … {group} scratch")
        self.sources[found.name] = found
        return found.name

    def _of_input(self, cursor: Cursor, given: NetInput) -> Source:
        if cursor.accept("'"):
            if given.groups:
                cursor.fail("only a matrix is transposed, not a per-token input")
            return Source(f"{given.name}'", "transposed", given.name, given.columns, (given.rows,))
        groups = given.groups or (given.columns,)
        groups = tuple(group for group in groups if group in self.groups or not given.groups)
        return Source(given.name, "input", given.name, given.rows, groups)

    # -- layers --------------------------------------------------------------------------------

    def _operands(self) -> Operands:
        names = (*self.readable, *self.matrices)
        scheduled = [name for loop in self.loops for name, _ in loop.schedule]
        symbols = (*self.parameters, *scheduled)
        return Operands(self._operand, self._is_block, names, symbols, FUNCTIONS)

    def _is_block(self, cursor: Cursor, count: int) -> bool:
        token = cursor.after(count)
        if token is None:
            return False
        if token.kind == "name":
            return token.text in self.blocks
        return token.kind == "word" and (token.text in self.blocks or token.text in self.matrices)

    def _operand(self, cursor: Cursor) -> str:
        """A block, or a fixed matrix times a block."""
        if not self._is_block(cursor, 0):
            return ""
        token = cursor.take()
        if token.text in self.blocks:
            return token.text
        matrix, transposed = self.matrices[token.text], cursor.accept("'")
        cursor.accept("*")
        block = cursor.name(f"a block that '{matrix.name}' multiplies").text
        if block not in self.blocks:
            cursor.at -= 1
            cursor.fail(f"there is no block '{block}'", near_hint(block, self.blocks))
        meets, rows = matrix.columns, matrix.rows
        if transposed:
            meets, rows = rows, meets
        if self.blocks[block] != meets:
            message = f"'{matrix.name}' meets {meets} rows, but '{block}' has {self.blocks[block]}"
            cursor.fail(message)
        name = f"{matrix.name}{'′' if transposed else ''} {block}"
        self.views.setdefault(name, View(name, matrix.name, transposed, block))
        self.readable[name] = rows
        return name

    def _place(self, line: Line) -> _Open:
        """The loop in whose body a line stands, by its indentation."""
        self._close(line.indent)
        loop = self.loops[-1]
        if loop.body_indent < 0:
            if len(self.loops) > 1 and line.indent <= loop.indent:
                line.cursor.fail("the body of a loop is indented")
            loop.body_indent = line.indent
        if line.indent != loop.body_indent:
            line.cursor.fail("this line is indented unlike those before it")
        return loop

    def _close(self, indent: int) -> None:
        """End the layer, and the loops that are indented as far as this."""
        if self.layer is not None:
            layer, self.layer = self.layer.layer(), None
            self.loops[-1].items.append(layer)
        while len(self.loops) > 1 and self.loops[-1].indent >= indent:
            loop = self.loops.pop()
            item = Repeat(loop.count, tuple(loop.items), loop.schedule)
            self.loops[-1].items.append(item)

    def _layer(self, line: Line) -> None:
        self._place(line)
        rows = Rows(self.blocks, self.readable, self.groups)
        self.layer = LayerReader(self._operands(), rows)
        if line.cursor.accept("("):  # (nothing)
            line.cursor.accept_word("nothing")
            line.cursor.expect(")")
            line.cursor.finish()
            return
        self.layer.line(line.cursor)

    def _open(self, line: Line, loop: _Open) -> None:
        self._place(line)
        if len(self.loops) > MAX_NESTING:
            line.cursor.fail("loops are nested too deep")
        self.loops.append(loop)

    def _repeat(self, line: Line) -> None:
        """``repeat steps:``, also ``repeat steps = 12:``."""
        cursor, start = line.cursor, line.cursor.at
        while cursor.next is not None and not (cursor.is_mark(":") or cursor.is_mark("=")):
            token = cursor.take()
            if token.kind == "word" and token.text not in self.parameters:
                cursor.at -= 1
                hint = near_hint(token.text, self.parameters) or f"write param {token.text}"
                cursor.fail(f"'{token.text}' is not declared", hint)
        span = cursor.span(start)
        count = canonical(self.source.text[span.start : span.end], cursor, span)
        if cursor.accept("="):
            self._value(cursor, count)
        cursor.expect(":")
        cursor.finish()
        self._open(line, _Open(line.indent, count))

    def _for(self, line: Line) -> None:
        """``for g in 3/2, 2:`` or ``for g, h in (1, 2), (3, 4):``."""
        cursor = line.cursor
        names = [cursor.name("the name of a number").text]
        while cursor.accept(","):
            names.append(cursor.name("the name of a number").text)
        cursor.expect_word("in")
        rows = [self._row(cursor, len(names))]
        while cursor.accept(","):
            rows.append(self._row(cursor, len(names)))
        cursor.expect(":")
        cursor.finish()
        columns = zip(names, zip(*rows, strict=True), strict=True)
        self._open(line, _Open(line.indent, str(len(rows)), tuple(sorted(columns))))

    def _row(self, cursor: Cursor, count: int) -> tuple[str, ...]:
        several = count > 1
        if several:
            cursor.expect("(")
        found = [self._number(cursor)]
        while several and cursor.accept(","):
            found.append(self._number(cursor))
        if several:
            cursor.expect(")")
        if len(found) != count:
            cursor.fail(f"expected {count} numbers for a pass, got {len(found)}")
        return tuple(found)

    def _number(self, cursor: Cursor) -> str:
        """A scalar up to a comma, a colon or the bracket that is open."""
        start, depth = cursor.at, 0
        while cursor.next is not None:
            if depth == 0 and any(map(cursor.is_mark, (",", ":", ")"))):
                break
            token = cursor.take()
            if token.kind == "mark":
                depth += (token.text == "(") - (token.text == ")")
        span = cursor.span(start)
        return canonical(self.source.text[span.start : span.end], cursor, span)

    def _return(self, line: Line) -> None:
        self._close(-1)
        cursor = line.cursor
        name = cursor.name("the name of the returned value").text
        transposed = cursor.accept("'")
        cursor.expect("=")
        start = cursor.at
        found = read_sum(cursor, self._operands())
        rows = ""
        if cursor.accept_word("of"):
            rows = cursor.take().text
            cursor.expect_word("rows")
        if found.constant != "0":
            cursor.fail("a returned value is a combination of blocks", span=cursor.span(start))
        rows = rows or (self.readable[found.plain[0][0]] if found.plain else "")
        if not rows or any(self.readable[name] != rows for name, _ in found.plain):
            cursor.fail("the rows of this value do not agree", span=cursor.span(start))
        cursor.expect_word("at")
        groups = [cursor.take().text]
        while cursor.accept(","):
            groups.append(cursor.take().text)
        for group in groups:
            if group not in self.groups:
                known = ", ".join(self.groups)
                cursor.fail(f"there is no group '{group}'", f"the groups of tokens are {known}")
        if not cursor.accept_word("tokens", "token"):
            cursor.fail("expected 'tokens'")
        cursor.finish()
        ordered = tuple(group for group in self.groups if group in groups)
        self.outputs.append(Output(name, found.plain, rows, ordered, transposed))


def _is_axis(text: str) -> bool:
    return text.isidentifier() or (text.isdecimal() and not text.startswith("0"))
