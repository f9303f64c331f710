"""Graph to normal form: expand every node into polynomials over inputs and carried variables.

A value with a token axis becomes a family, one polynomial a token group; a product that contracts
the token axis sums over the groups of its ``over``.  A function of entries becomes a letter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from weightsmith.compiler.ir.coefficients import CoefficientField
from weightsmith.compiler.ir.graph import (
    AttentionOperation,
    CarriedOperation,
    CombineOperation,
    EntrywiseOperation,
    ExitOperation,
    FunctionOperation,
    Graph,
    GraphLoop,
    HadamardOperation,
    IdentityOperation,
    InputOperation,
    MultiplyOperation,
    OnesOperation,
    TransposeOperation,
    ZeroOperation,
    homes,
)
from weightsmith.compiler.ir.normal import (
    Application,
    Carried,
    InputLetter,
    Loop,
    NormalProgram,
    Returned,
)
from weightsmith.compiler.ir.polynomial import (
    Alphabet,
    Family,
    Letter,
    Polynomial,
)
from weightsmith.compiler.passes.normalizing.drop_dead_state import drop_dead_state
from weightsmith.compiler.passes.normalizing.fold_entries import folded, ones, ones_axes
from weightsmith.compiler.passes.normalizing.fuse_entries import fused
from weightsmith.compiler.passes.normalizing.scores import attention
from weightsmith.compiler.passes.normalizing.symmetries import with_symmetries
from weightsmith.dsl.numbers.scalars import Scalar
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import TOKEN
from weightsmith.dsl.program.letters import of_loop
from weightsmith.dsl.text.diagnostics import DiagnosticError, mistake
from weightsmith.dsl.text.source import Span

MAX_TERMS = 2_000  # a polynomial with more words than this is refused
MAX_LETTERS = 81  # so is a longer word: four attention layers of degree
MAX_CHAIN = 64  # functions of functions in one pass: planning goes from the last to the first


def normalize(
    program: core.Program, graph: Graph, field: CoefficientField, *, fuse: bool = False
) -> NormalProgram:
    """Expand the graph.  Raises DiagnosticError where a polynomial would explode.

    ``fuse`` functions of functions: sound always, but proven only where all is made of numbers.
    """
    expansion = _Expansion(graph, field, fuse)
    families = [expansion.family(node) for node in graph.nodes]
    inputs = tuple(
        InputLetter(i.name, i.shape.rows, i.shape.columns, i.shape.column_groups, i.fixed)
        for i in program.inputs
    )
    normal = NormalProgram(
        program.name,
        field,
        Alphabet(expansion.axes, frozenset(i.name for i in program.inputs if i.symmetric)),
        inputs,
        tuple(_loop(graph, families, loop) for loop in _children(graph, None)),
        tuple(
            _returned(returned, families[node])
            for returned, node in zip(program.returns, graph.returns, strict=True)
        ),
        tuple(
            None if node is None else _held(families[node], returned.value.shape.rows == TOKEN)
            for returned, node in zip(program.returns, graph.targets, strict=True)
        ),
        expansion.functions,
        tuple(_only(families[node]) for node in graph.assumptions),
        tuple(expansion.applications),
    )
    return with_symmetries(drop_dead_state(normal))


class _Expansion:
    """Computes the family of each node from those of its operands (memory, not recursion)."""

    def __init__(self, graph: Graph, field: CoefficientField, fuse: bool) -> None:
        self.graph, self.field = graph, field
        self.axes: dict[str, tuple[str, str]] = {}
        self.families: list[Family] = []
        self.functions: dict[str, tuple[FunctionOperation, Polynomial]] = {}
        self.applications: list[Application] = []
        self.chains: dict[str, int] = {}  # of a function's letter: how many it is made of, nested
        self.home = homes(graph)
        self.fuse = fuse

    def family(self, node: int) -> Family:
        shape, span = self.graph.shape(node), self.graph.span(node)
        operands = [self.families[operand] for operand in self.graph.operands(node)]
        result: dict[tuple[str, str], Polynomial] = {}
        operation = self.graph.operation(node)
        if isinstance(operation, EntrywiseOperation | HadamardOperation):
            result = self._applied(node, operation, operands)
        elif isinstance(operation, AttentionOperation):
            result = self._attention(node, operation, operands)
        else:
            for rows in _spaces(shape.rows, shape.row_groups):
                for columns in _spaces(shape.columns, shape.column_groups):
                    result[rows, columns] = self._value(node, operands, rows, columns)
        for value in result.values():
            _guard(value, span)
        self.families.append(result)
        return result

    def _applied(
        self, node: int, operation: EntrywiseOperation | HadamardOperation, operands: list[Family]
    ) -> dict[tuple[str, str], Polynomial]:
        """The letter of a function of entries, or the constant that it is."""
        shape = self.graph.shape(node)
        if shape.rows == shape.columns == TOKEN:
            message = "a value whose rows and columns are both tokens cannot be held"
            hint = "apply the function to a value with columns for tokens, before the product"
            raise mistake("token-rows", self.graph.span(node), message, hint)
        places = [
            (rows, columns)
            for rows in _spaces(shape.rows, shape.row_groups)
            for columns in _spaces(shape.columns, shape.column_groups)
        ]
        operands = [{place: operand[place] for place in places} for operand in operands]
        constant = folded(operation, operands, self.field)
        if constant is not None:
            self.axes.update(ones_axes(constant))
            return constant
        label = "product" if isinstance(operation, HadamardOperation) else operation.label
        name = f"{label}[{operation.site}]"
        flipped = shape.rows == TOKEN
        self._guard_chain(name, operands, self.graph.span(node))
        arguments = tuple(_held(operand, flipped) for operand in operands)
        first = next(iter(arguments[0].values()))
        function = (
            operation.function if isinstance(operation, EntrywiseOperation) else operation.tolerance
        )
        axis = first.rows
        applied = Application(
            name, function, arguments, axis, tuple(arguments[0]), self.home[node], flipped
        )
        known = self.applications if self.fuse else []
        self.applications.append(fused(applied, known))
        self.axes[name] = (axis, "" if TOKEN in (shape.rows, shape.columns) else first.columns)
        return {
            (rows, columns): Polynomial.letter(
                self.field,
                rows,
                columns,
                Letter(name, self._group(shape, rows, columns), flipped),
            )
            for rows, columns in places
        }

    def _attention(
        self, node: int, operation: AttentionOperation, operands: list[Family]
    ) -> dict[tuple[str, str], Polynomial]:
        """The letter of what a head adds, or zero."""
        shape, span = self.graph.shape(node), self.graph.span(node)
        name = f"head[{node}]"
        values, products = operands
        known = {**self.axes}
        for family in operands:
            known |= ones_axes(family)
        self.axes.update(known)
        head = attention(operation, name, (values, products), known, self.home[node], span)
        places = [(shape.rows, group) for group in shape.column_groups]
        if head is None:
            return {place: Polynomial.zero(self.field, *place) for place in places}
        self._guard_chain(name, [{(g, ""): p for g, p in c.items()} for c in head.arguments], span)
        self.applications.append(replace(head, spaces=tuple(shape.column_groups)))
        for columns in head.arguments:
            self.axes.update(ones_axes({("", group): one for group, one in columns.items()}))
        self.axes[name] = (shape.rows, "")
        return {
            (rows, group): Polynomial.letter(self.field, rows, group, Letter(name, group))
            for rows, group in places
        }

    def _guard_chain(self, name: str, operands: list[Family], span: Span) -> None:
        """Refuse functions of functions of functions that are nested too deeply."""
        read = {
            letter.name
            for operand in operands
            for polynomial in operand.values()
            for word in polynomial.terms
            for letter in word
        }
        self.chains[name] = 1 + max((self.chains.get(letter, 0) for letter in read), default=0)
        if self.chains[name] > MAX_CHAIN:
            message = f"more than {MAX_CHAIN} functions of entries, each of the one before"
            hint = "write the step once, in a 'repeat': what a loop carries begins a new chain"
            raise mistake("too-large", span, message, hint)

    @staticmethod
    def _group(shape: core.Shape, rows: str, columns: str) -> str:
        if shape.rows == TOKEN:
            return rows
        return columns if shape.columns == TOKEN else ""

    def _value(self, node: int, operands: list[Family], rows: str, columns: str) -> Polynomial:
        match self.graph.operation(node):
            case InputOperation(name):
                return self._letter(name, self.graph.shape(node), rows, columns)
            case CarriedOperation(loop, variable) | ExitOperation(loop, variable):
                return self._letter(of_loop(variable, loop), self.graph.shape(node), rows, columns)
            case IdentityOperation():
                if rows == columns:
                    return Polynomial.identity(self.field, rows)
                return Polynomial.zero(self.field, rows, columns)
            case ZeroOperation():
                return Polynomial.zero(self.field, rows, columns)
            case OnesOperation():
                value = ones(rows, columns, self.field.one)
                self.axes.update(ones_axes({(rows, columns): value}))
                return value
            case TransposeOperation():
                return _transpose(operands[0][columns, rows])
            case CombineOperation(coefficients):
                return self._combination(coefficients, operands, rows, columns)
            case MultiplyOperation(over):
                return self._product(node, operands, over, rows, columns)
            case FunctionOperation() as function:
                name = f"{function.function}[{node}]"
                self.functions[name] = (function, operands[0][self._argument(node, rows, columns)])
                return self._letter(name, self.graph.shape(node), rows, columns)
            case EntrywiseOperation() | HadamardOperation() | AttentionOperation():
                raise TypeError("it is expanded as a whole")

    def _argument(self, node: int, rows: str, columns: str) -> tuple[str, str]:
        """``inv`` and ``pinv`` exchange the two axes of their argument."""
        shape = self.graph.shape(self.graph.operands(node)[0])
        same = (shape.rows, shape.columns) == (rows, columns)
        return (rows, columns) if same else (columns, rows)

    def _letter(self, name: str, shape: core.Shape, rows: str, columns: str) -> Polynomial:
        flipped = shape.rows == TOKEN
        own_rows, own_columns = (columns, rows) if flipped else (rows, columns)
        axis = shape.rows if flipped else shape.columns
        group = own_columns if axis == TOKEN else ""
        self.axes[name] = (own_rows, "" if group else own_columns)
        return Polynomial.letter(self.field, rows, columns, Letter(name, group, flipped))

    def _combination(
        self,
        coefficients: tuple[Scalar, ...],
        operands: list[Family],
        rows: str,
        columns: str,
    ) -> Polynomial:
        total = Polynomial.zero(self.field, rows, columns)
        for coefficient, operand in zip(coefficients, operands, strict=True):
            total = total + operand[rows, columns].scaled(self.field.of(coefficient))
        return total

    def _product(
        self, node: int, operands: list[Family], over: tuple[str, ...], rows: str, columns: str
    ) -> Polynomial:
        shapes = [self.graph.shape(operand) for operand in self.graph.operands(node)]
        row: dict[str, Polynomial] = {
            space: operands[0][rows, space] for space in self._contracted(shapes[0], over)
        }
        if len(operands) == 1:
            return operands[0][rows, columns]
        for position in range(1, len(operands)):
            last = position == len(operands) - 1
            spaces = [columns] if last else self._contracted(shapes[position], over)
            row = {
                space: self._contract(row, operands[position], rows, space, self.graph.span(node))
                for space in spaces
            }
        return row[columns]

    @staticmethod
    def _contracted(shape: core.Shape, over: tuple[str, ...]) -> list[str]:
        if shape.columns != TOKEN:
            return [shape.columns]
        return [group for group in shape.column_groups if group in over]

    def _contract(
        self, row: dict[str, Polynomial], factor: Family, rows: str, columns: str, span: Span
    ) -> Polynomial:
        total = Polynomial.zero(self.field, rows, columns)
        for space, left in row.items():
            right = factor[space, columns]
            if len(left.terms) * len(right.terms) > 4 * MAX_TERMS:
                raise _exploded(span)
            total = total + left @ right
        return total


def _guard(value: Polynomial, span: Span) -> None:
    if len(value.terms) > MAX_TERMS or any(len(word) > MAX_LETTERS for word in value.terms):
        raise _exploded(span)


def _exploded(span: Span) -> DiagnosticError:
    message = (
        f"expanded over the inputs and loop variables, this value has more than {MAX_TERMS} terms "
        f"or a product of more than {MAX_LETTERS} matrices"
    )
    hint = "write the step once, in a 'repeat': the compiler never unrolls a loop"
    return mistake("too-large", span, message, hint)


def _spaces(axis: str, groups: tuple[str, ...]) -> tuple[str, ...]:
    return groups if axis == TOKEN else (axis,)


def _transpose(value: Polynomial) -> Polynomial:
    terms = {
        tuple(letter._replace(transposed=not letter.transposed) for letter in reversed(word)): c
        for word, c in value.terms.items()
    }
    return Polynomial(value.field, value.columns, value.rows, terms)


def _children(graph: Graph, parent: int | None) -> Iterator[GraphLoop]:
    return (loop for loop in graph.loops if loop.parent == parent)


def _loop(graph: Graph, families: list[Family], loop: GraphLoop) -> Loop:
    carried = tuple(
        _carried(
            graph.shape(start),
            of_loop(variable, loop.index),
            variable,
            families[a],
            families[b],
        )
        for variable, a, start, b in loop.carried
    )
    inner = tuple(_loop(graph, families, child) for child in _children(graph, loop.index))
    return Loop(loop.index, loop.count, carried, inner, loop.schedule)


def _carried(
    shape: core.Shape, letter: str, variable: str, initial: Family, after: Family
) -> Carried:
    flipped = shape.rows == TOKEN
    axis, groups = (
        (shape.columns, shape.row_groups) if flipped else (shape.rows, shape.column_groups)
    )
    spaces = groups if TOKEN in (shape.rows, shape.columns) else (shape.columns,)
    first, second = _held(initial, flipped), _held(after, flipped)
    return Carried(
        letter,
        variable,
        axis,
        spaces,
        {space: first[space] for space in spaces},
        {space: second[space] for space in spaces},
        flipped,
    )


def _held(family: Family, flipped: bool) -> dict[str, Polynomial]:
    if flipped:
        return {rows: _transpose(value) for (rows, _), value in family.items()}
    return {columns: value for (_, columns), value in family.items()}


def _returned(returned: core.Return, family: Family) -> Returned:
    flipped = returned.value.shape.rows == TOKEN
    held = _held(family, flipped)
    shape = returned.value.shape
    rows = shape.columns if flipped else shape.rows
    groups = returned.groups or tuple(held)
    return Returned(returned.name, rows, {group: held[group] for group in groups}, flipped)


def _only(family: Family) -> Polynomial:
    (value,) = family.values()
    return value
