"""Rewrites the statements of a checked algorithm for the place it is called from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from weightsmith.dsl.numbers import scalar_algebra as algebra
from weightsmith.dsl.numbers.formulas import substitute_formula
from weightsmith.dsl.numbers.scalars import (
    MAX_NUMBER_BITS,
    Number,
    Scalar,
    ScalarError,
    Symbol,
    free_symbols,
)
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import TOKEN, Node, Shape
from weightsmith.dsl.program.shapes import Axes
from weightsmith.dsl.text.source import Span


class WritingError(Exception):
    """What a call writes out is more than is left of the budget."""


def is_count(number: Fraction) -> bool:
    """True for a whole number that is not negative: what ``repeat`` takes."""
    return number.denominator == 1 and number >= 0


@dataclass
class Inliner:
    """Renames variables, replaces inputs by arguments, dimensions by axes, parameters by scalars.

    A callee's dimension stands for a dimension of the caller, never for the token axis.
    """

    prefix: str
    axes: Axes
    span: Span
    nodes_left: int  # that may still be written
    scalars: dict[str, Scalar] = field(default_factory=dict)
    assigned: list[core.Statement] = field(default_factory=list)
    count: int = 0
    _dimensions: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, Node] = field(default_factory=dict)
    _inputs: dict[str, Node] = field(default_factory=dict)
    _sizes: dict[str, int] = field(default_factory=dict)  # of the scalars, in nodes

    def shape(self, shape: Shape) -> Shape:
        """The shape in the caller; groups stay, as what the callee was checked with."""
        return replace(shape, rows=self.axis(shape.rows), columns=self.axis(shape.columns))

    def axis(self, axis: str) -> str:
        if axis == TOKEN or axis.isdigit():
            return axis
        if axis not in self._dimensions:
            self._dimensions[axis] = self.axes.unknown()
        return self._dimensions[axis]

    def bind(self, wanted: core.Input, node: Node, span: Span) -> None:
        """Let an input stand for ``node``; anything but a name is assigned to a new variable."""
        self.arguments[wanted.name] = node
        cheap = node.of if isinstance(node, core.Transpose) else node
        if isinstance(cheap, core.Name | core.Identity | core.Zero | core.Ones):
            self._inputs[wanted.name] = node
            return
        name = f"{self.prefix}.{wanted.name}"
        self.assigned.append(core.Assign(span, (name,), (node,)))
        self.count += 1
        self._inputs[wanted.name] = core.Name(span, self.shape(wanted.shape), name)

    def of_arguments(self, node: Node) -> Node:
        """The node with the arguments themselves in place of the inputs, to compare it."""
        before, self._inputs = self._inputs, self.arguments
        try:
            return self.node(node)
        finally:
            self._inputs = before

    def statements(self, body: Sequence[core.Statement]) -> tuple[core.Statement, ...]:
        return tuple(self._statement(statement) for statement in body)

    def _statement(self, statement: core.Statement) -> core.Statement:
        self.count += 1
        if isinstance(statement, core.Repeat):
            count = self._scalar(statement.count)
            number = algebra.constant(count)
            if number is not None and not is_count(number):
                raise ScalarError(f"'repeat' would run {number} times")
            schedule = tuple(self._schedule(one) for one in statement.schedule)
            return core.Repeat(statement.span, count, self.statements(statement.body), schedule)
        names = tuple(f"{self.prefix}.{name}" for name in statement.names)
        return core.Assign(statement.span, names, tuple(map(self.node, statement.values)))

    def _schedule(self, one: core.Schedule) -> core.Schedule:
        """The numbers of a ``for`` loop, under a name of this call."""
        values = tuple(map(self._scalar, one.values))
        name = f"{self.prefix}.{one.name}"
        self.scalars[one.name] = Symbol(name)
        return core.Schedule(name, values)

    def returned(self, returned: core.Return) -> Node:
        """The value of a return, restricted to the tokens it is read on."""
        node = self.node(returned.value)
        if not returned.groups:
            return node
        return replace(node, shape=replace(node.shape, column_groups=returned.groups))

    def node(self, node: Node) -> Node:
        """The node in the caller.  Raises WritingError when it is one too many."""
        self.nodes_left -= 1
        if self.nodes_left < 0:
            raise WritingError
        shape = self.shape(node.shape)
        match node:
            case core.Name(name=name):
                return self._name(node, name, shape)
            case core.Identity() | core.Zero() | core.Ones():
                return replace(node, shape=shape)
            case core.Entrywise(of=of):
                function = self._function(node.function)
                return replace(node, shape=shape, function=function, of=self.node(of))
            case core.Hadamard(left=left, right=right):
                tolerance = self._scalar(node.tolerance)
                left, right = self.node(left), self.node(right)
                return replace(node, shape=shape, left=left, right=right, tolerance=tolerance)
            case core.Root():
                raise TypeError("targets are not written out in a caller")
            case core.Transpose(of=of):
                return core.Transpose(node.span, shape, self.node(of))
            case core.Function(of=of):
                return replace(node, shape=shape, of=self.node(of))
            case core.Product(factors=factors):
                return core.Product(node.span, shape, tuple(map(self.node, factors)), node.over)
            case core.Combination(terms=terms):
                parts = tuple((self._scalar(scale), self.node(part)) for scale, part in terms)
                return core.Combination(node.span, shape, parts)

    def _function(
        self, function: core.PiecewiseLinear | core.Approximated
    ) -> core.PiecewiseLinear | core.Approximated:
        """The function with the parameters of the callee replaced."""
        if isinstance(function, core.Approximated):
            formula = substitute_formula(function.formula, self.scalars)
            return core.Approximated(formula, self._scalar(function.tolerance))
        self.nodes_left -= len(function.breakpoints)
        scalar = self._scalar
        breakpoints = tuple(
            (scalar(place), scalar(change)) for place, change in function.breakpoints
        )
        return core.PiecewiseLinear(scalar(function.constant), scalar(function.slope), breakpoints)

    def _scalar(self, scalar: Scalar) -> Scalar:
        """The scalar with the parameters of the callee replaced.  Raises ScalarError."""
        if isinstance(scalar, Number):
            return scalar
        for name in free_symbols(scalar) & self.scalars.keys() - self._sizes.keys():
            self._sizes[name] = algebra.written_nodes(self.scalars[name], {})
        if algebra.written_nodes(scalar, self._sizes) > algebra.MAX_NODES:
            raise ScalarError("a number becomes too long a formula")
        written = algebra.substituted(scalar, self.scalars)
        if algebra.has_long_number(written):
            raise ScalarError(f"a number gets more than {MAX_NUMBER_BITS * 3 // 10} digits")
        return written

    def _name(self, node: core.Name, name: str, shape: Shape) -> Node:
        if name not in self._inputs:
            return core.Name(node.span, shape, f"{self.prefix}.{name}")
        return replace(self._inputs[name], shape=shape)
