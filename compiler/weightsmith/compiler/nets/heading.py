"""What stands above the layers: name, inputs, matrices, parameters, tokens, and the stream.

Blocks start as combinations of inputs (``A'`` is the transpose of a matrix, ``x[context]`` an input
on some of its tokens), ``I[d]``, ``ones`` and ``ones[context]``.
"""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

from weightsmith.compiler.ir.template import Matrix, Source, Terms, View
from weightsmith.compiler.nets.cursor import Cursor
from weightsmith.compiler.nets.layers import FUNCTIONS
from weightsmith.compiler.nets.net import NetInput
from weightsmith.compiler.nets.places import Tables
from weightsmith.compiler.nets.terms import Operands, listed, read_sum
from weightsmith.compiler.nets.tokens import Token
from weightsmith.dsl.numbers.scalar_text import parse_scalar
from weightsmith.dsl.numbers.scalars import Number, ScalarError
from weightsmith.dsl.program.core import CONTEXT, GROUPS, QUERY
from weightsmith.dsl.text.diagnostics import near_hint
from weightsmith.dsl.text.source import Source as Text
from weightsmith.dsl.text.source import Span

PER = {"token": GROUPS, "context": (CONTEXT,), "query": (QUERY,)}
SHAPES = "write [m, n], symmetric[d, d] or [d] per token"
SIZE = "write size(context)"
ENTRIES = "write [[1, 2], [3, 1/2]]"
BLOCK = "write: x  d rows, starts as x"


class Heading:
    """Reads the lines above the layers; the methods raise DiagnosticError on a mistake."""

    def __init__(self, source: Text) -> None:
        self.source = source
        self.name = ""
        self.inputs: dict[str, NetInput] = {}
        self.matrices: dict[str, Matrix] = {}
        self.parameters: list[str] = []
        self.bindings: dict[str, str] = {}
        self.sizes: dict[str, tuple[str, Span]] = {}
        self.groups: tuple[str, ...] = ()
        self.blocks: dict[str, str] = {}
        self.bracketed: set[str] = set()  # of the blocks
        self.read_in: dict[str, Terms] = {}
        self.sources: dict[str, Source] = {}
        self.views: dict[str, View] = {}
        self.readable: dict[str, str] = {}
        self.tables = Tables()

    def network(self, cursor: Cursor) -> None:
        self.name = cursor.name("the name of the network", "write: network gd").text
        cursor.finish()

    def declare(self, cursor: Cursor, what: str) -> str:
        """A name that nothing else has."""
        token = cursor.next
        if token is None or token.kind != "word" or not is_symbol(token.text):
            cursor.fail(
                "net-form", f"expected the name of {what}", "letters, digits and underscores"
            )
        cursor.take()
        for kind, names in self._taken():
            if token.text in names:
                cursor.back(
                    "name-taken",
                    f"'{token.text}' is declared twice",
                    f"there is {kind} of this name",
                )
        return token.text

    def _taken(self) -> tuple[tuple[str, Collection[str]], ...]:
        return (
            ("an input", self.inputs),
            ("a matrix", self.matrices),
            ("a parameter", self.parameters),
            ("a table", self.tables.hinges),
        )

    def _shape(self, cursor: Cursor) -> tuple[list[str], bool, Token]:
        cursor.expect(":", f"after it {SHAPES[len('write ') :]}")
        token = cursor.next
        is_symmetric = token is not None and token.text.startswith("symmetric[")
        if token is None or (token.kind != "name" and not is_symmetric):
            cursor.fail("net-form", "expected a shape", SHAPES)
        cursor.take()
        inside = token.text[len("symmetric[") : -1] if is_symmetric else token.text
        axes = [axis.strip() for axis in inside.split(",")]
        for axis in axes:
            if not is_axis(axis):
                cursor.back(
                    "declared-shape",
                    f"'{axis}' is no dimension",
                    "write a name, or a number such as 3",
                )
        return axes, is_symmetric, token

    def input(self, cursor: Cursor) -> None:
        name = self.declare(cursor, "an input")
        axes, symmetric, token = self._shape(cursor)
        place = Span(self.source, token.start, token.end)
        groups: tuple[str, ...] = ()
        if cursor.accept_word("per"):
            groups = PER.get(cursor.name("token, context or query", SHAPES).text, ())
            if not groups:
                cursor.back("misspelt", "expected token, context or query", SHAPES)
            if len(axes) != 1 or symmetric:
                cursor.fail(
                    "declared-shape",
                    "an input that comes per token has one dimension",
                    SHAPES,
                    place,
                )
        elif len(axes) != 2:
            cursor.fail("declared-shape", "a matrix has two dimensions", SHAPES, place)
        if symmetric and axes[0] != axes[-1]:
            cursor.fail(
                "declared-shape", "a symmetric matrix is square", "write symmetric[d, d]", place
            )
        cursor.finish()
        columns = "" if groups else axes[1]
        self.inputs[name] = NetInput(name, axes[0], columns, groups, symmetric)

    def matrix(self, cursor: Cursor) -> None:
        name = self.declare(cursor, "a matrix")
        axes, symmetric, token = self._shape(cursor)
        if len(axes) != 2 or symmetric:
            place = Span(self.source, token.start, token.end)
            cursor.fail(
                "declared-shape", "a matrix has two dimensions", "write matrix W: [k, d]", place
            )
        entries = self._entries(cursor, axes) if cursor.accept("=") else None
        cursor.finish()
        self.matrices[name] = Matrix(name, axes[0], axes[1], entries)

    def _entries(self, cursor: Cursor, axes: list[str]) -> tuple[tuple[str, ...], ...]:
        token = cursor.next
        if token is None or token.kind != "name":
            cursor.fail("net-number", "expected rows of numbers", ENTRIES)
        cursor.take()
        text = token.text.strip()
        is_nested = text.startswith("[") and text.endswith("]")
        rows = text[1:-1].replace(" ", "").split("],[") if is_nested else []
        try:
            numbers = [tuple(str(number(one)) for one in row.split(",")) for row in rows]
        except ScalarError:
            cursor.back("net-number", "expected rows of numbers", ENTRIES)
        if len({len(row) for row in numbers}) != 1:
            cursor.back("net-number", "expected rows of one length", ENTRIES)
        for axis, found in zip(axes, (len(numbers), len(numbers[0])), strict=True):
            if axis.isdecimal() and axis != str(found):
                cursor.back("net-number", f"expected {' × '.join(axes)} entries", ENTRIES)
        return tuple(numbers)

    def param(self, cursor: Cursor) -> None:
        while True:
            name = self.declare(cursor, "a parameter")
            if not name.isascii():
                cursor.back(
                    "net-form",
                    "expected the name of a parameter",
                    "letters of ASCII, as in scripts",
                )
            if cursor.accept("="):
                self.value(cursor, name)
            self.parameters.append(name)
            if not cursor.accept(","):
                break
        cursor.finish()

    def value(self, cursor: Cursor, name: str) -> None:
        """A number, or the number of tokens of a group."""
        if cursor.accept_word("size"):
            cursor.expect("(", SIZE)
            start = cursor.at
            if cursor.next is None:
                cursor.fail("net-form", "expected a group of tokens", SIZE)
            group = cursor.take().text
            self.sizes[name] = (group, cursor.span(start))
            cursor.expect(")", SIZE)
            return
        start = cursor.at
        while cursor.next is not None and not (cursor.is_mark(",") or cursor.is_mark(":")):
            cursor.take()
        span = cursor.span(start)
        try:
            found = str(number(self.source.text[span.start : span.end]))
        except ScalarError:
            cursor.fail(
                "net-number", "expected a number, or size(context)", "write 3, 3/4 or 0.75", span
            )
        if self.bindings.get(name, found) != found or name in self.sizes:
            cursor.fail(
                "name-taken", f"'{name}' has another value already", "give it one value", span
            )
        self.bindings[name] = found

    def token_groups(self, cursor: Cursor) -> None:
        groups: list[str] = []
        while True:
            token = cursor.next
            if token is None or not (is_axis(token.text) and token.kind in ("word", "number")):
                cursor.fail(
                    "net-form", "expected a group of tokens", "write context, query or d scratch"
                )
            cursor.take()
            if token.text in groups:
                cursor.back(
                    "name-taken", f"the tokens '{token.text}' are named twice", "delete one of them"
                )
            if token.text not in GROUPS and not cursor.accept_word("scratch"):
                one = "d" if token.text == "scratch" else token.text
                hint = near_hint(token.text, GROUPS) or f"write {one} scratch"
                cursor.back("net-form", "expected context, query, or scratch tokens", hint)
            groups.append(token.text)
            self.groups = tuple(groups)
            if not cursor.accept(","):
                break
        cursor.finish()

    # -- the stream ----------------------------------------------------------------------------

    def stream(self, cursor: Cursor) -> None:
        token = cursor.name("a block", BLOCK)
        if token.text in self.blocks:
            cursor.back(
                "name-taken", f"the block '{token.text}' is declared twice", "give it another name"
            )
        for kind, names in self._taken()[1:]:
            if token.kind == "word" and token.text in names:
                cursor.back(
                    "name-taken",
                    f"there is {kind} of this name",
                    f"write the block as [{token.text}]",
                )
        rows = cursor.next
        if rows is None or not is_axis(rows.text) or rows.kind not in ("word", "number"):
            cursor.fail("net-form", "expected a number of rows", BLOCK)
        cursor.take()
        if not cursor.accept_word("rows", "row"):
            cursor.fail("net-form", "expected 'rows'", BLOCK)
        self.blocks[token.text] = rows.text
        self.bracketed |= {token.text} if token.kind == "name" else set()
        self.readable[token.text] = rows.text
        if not (cursor.accept(",") and cursor.accept_word("starts") and cursor.accept_word("as")):
            cursor.fail("net-form", "expected ', starts as'", BLOCK)
        following = cursor.after(1)
        if following is None and cursor.next is not None and cursor.next.text == "0":
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
            hint = "write 2 ones for 2 in every entry"
            cursor.fail(
                "net-nothing", "a block starts as a combination of inputs", hint, cursor.span(start)
            )
        for name, _ in found.terms:
            own = self.sources[name].rows
            if own != rows:
                message = f"'{self.sources[name].name}' has {own} rows, the block {rows}"
                cursor.fail(
                    "net-rows", message, f"write the block with {own} rows", cursor.span(start)
                )
        if found.plain:
            self.read_in[block] = found.plain

    def _is_source(self, cursor: Cursor, count: int) -> bool:
        token = cursor.after(count)
        if token is None or token.kind != "word":
            return False
        word, bracket, _ = token.text.partition("[")
        return word in self.inputs or word == "ones" or (word == "I" and bracket != "")

    def _source(self, cursor: Cursor, rows: str) -> str:
        if not self._is_source(cursor, 0):
            return ""
        token = cursor.take()
        word, bracket, inside = token.text.partition("[")
        inside = inside.removesuffix("]")
        groups = tuple(one.strip() for one in inside.split(",")) if bracket else ()
        if word in self.inputs and not (bracket and word in ("I", "ones")):
            found = self._of_input(cursor, self.inputs[word], groups)
        elif word == "I":
            found = Source(f"I[{inside}]", "identity", inside, inside, (inside,))
        else:
            groups = groups or self.groups
            found = Source(f"1[{rows};{','.join(groups)}]", "ones", "", rows, groups)
        for group in found.groups:
            if group not in self.groups:
                hint = f"the tokens are {listed(self.groups)}; write {group} scratch in their line"
                cursor.back("net-tokens", f"there are no tokens '{group}'", hint)
        ordered = tuple(group for group in self.groups if group in found.groups)
        self.sources[found.name] = Source(found.name, found.kind, found.of, found.rows, ordered)
        return found.name

    def _of_input(self, cursor: Cursor, given: NetInput, some: tuple[str, ...]) -> Source:
        if cursor.accept("'"):
            if given.groups or some:
                cursor.back(
                    "net-tokens", "an input that comes per token is not transposed", "a matrix is"
                )
            return Source(f"{given.name}'", "transposed", given.name, given.columns, (given.rows,))
        if some:
            if not given.groups or set(some) - {*given.groups}:
                its = (
                    f"its tokens are {listed(given.groups)}"
                    if given.groups
                    else "a matrix has none"
                )
                cursor.back("net-tokens", f"'{given.name}' does not come on those tokens", its)
            return Source(f"{given.name}[{','.join(some)}]", "input", given.name, given.rows, some)
        groups = given.groups or (given.columns,)
        groups = tuple(group for group in groups if group in self.groups or not given.groups)
        if not groups:
            hint = f"its tokens are {listed(given.groups)}: write them in the line of tokens"
            cursor.back("net-tokens", f"'{given.name}' comes on no tokens here", hint)
        return Source(given.name, "input", given.name, given.rows, groups)

    # -- what combinations are made of ---------------------------------------------------------

    def operands(self, scheduled: list[str]) -> Operands:
        """Blocks and views; ``scheduled``: the names of numbers that change with the pass."""
        names = (*self.readable, *self.matrices)
        symbols = (*self.parameters, *scheduled)
        functions = (*FUNCTIONS, *self.tables.hinges)

        def starts(cursor: Cursor, count: int) -> bool:
            token = cursor.after(count)
            if token is None or (token.kind == "word" and token.text in symbols):
                return False  # a block of the name of a number stands in brackets
            if token.kind == "word" and token.text in self.matrices:
                return True
            return token.kind in ("word", "name") and token.text in self.blocks

        def read(cursor: Cursor) -> str:
            return self._operand(cursor) if starts(cursor, 0) else ""

        return Operands(read, starts, names, symbols, functions)

    def _operand(self, cursor: Cursor) -> str:
        """A block, or a fixed matrix times a block."""
        token = cursor.take()
        if token.kind == "name" or token.text not in self.matrices:
            return token.text
        matrix, transposed = self.matrices[token.text], cursor.accept("'")
        cursor.accept("*")
        block = cursor.name("a block after the matrix", f"write {matrix.name} x").text
        if block not in self.blocks:
            hint = near_hint(block, self.blocks) or f"the blocks are {listed(self.blocks)}"
            cursor.back("unknown-name", f"there is no block '{block}'", hint)
        meets, rows = matrix.columns, matrix.rows
        if transposed:
            meets, rows = rows, meets
        if self.blocks[block] != meets:
            message = f"'{matrix.name}' meets {meets} rows, but '{block}' has {self.blocks[block]}"
            cursor.back("net-rows", message, "matrix W: [k, d] makes k rows of d")
        name = f"{matrix.name}{'′' if transposed else ''} {block}"
        while name in self.blocks:
            name += "′"
        self.views.setdefault(name, View(name, matrix.name, transposed, block))
        self.readable[name] = rows
        return name


def number(text: str) -> Fraction:
    """A number as it is, ``-3``, ``3/4``, ``0.75``.  Raises ScalarError on anything else."""
    found = parse_scalar(text)
    if not isinstance(found, Number):
        raise ScalarError("no number")
    return found.value


def is_symbol(text: str) -> bool:
    """Is it a name, or names with dots between?"""
    return all(part.isidentifier() for part in text.split("."))


def is_axis(text: str) -> bool:
    return text.isidentifier() or (text.isdecimal() and not text.startswith("0"))
