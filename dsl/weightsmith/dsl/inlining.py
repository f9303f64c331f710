"""Rewrites the statements of a checked algorithm for the place it is called from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from weightsmith.dsl import core
from weightsmith.dsl import scalar_algebra as algebra
from weightsmith.dsl.core import TOKEN, Node, Shape
from weightsmith.dsl.formulas import substitute_formula
from weightsmith.dsl.scalars import Scalar, ScalarError, Symbol
from weightsmith.dsl.shapes import Axes
from weightsmith.dsl.source import Span


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
    scalars: dict[str, Scalar] = field(default_factory=dict)
    assigned: list[core.Statement] = field(default_factory=list)
    count: int = 0
    _dimensions: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, Node] = field(default_factory=dict)
    _inputs: dict[str, Node] = field(default_factory=dict)

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
            count = algebra.substituted(statement.count, self.scalars)
            number = algebra.constant(count)
            if number is not None and not is_count(number):
                raise ScalarError(f"'repeat' would run {number} times")
            schedule = tuple(self._schedule(one) for one in statement.schedule)
            return core.Repeat(statement.span, count, self.statements(statement.body), schedule)
        names = tuple(f"{self.prefix}.{name}" for name in statement.names)
        return core.Assign(statement.span, names, tuple(map(self.node, statement.values)))

    def _schedule(self, one: core.Schedule) -> core.Schedule:
        """The numbers of a ``for`` loop, under a name of this call."""
        values = tuple(algebra.substituted(value, self.scalars) for value in one.values)
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
                tolerance = algebra.substituted(node.tolerance, self.scalars)
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
                parts = tuple(
                    (algebra.substituted(scale, self.scalars), self.node(part))
                    for scale, part in terms
                )
                return core.Combination(node.span, shape, parts)

    def _function(
        self, function: core.PiecewiseLinear | core.Approximated
    ) -> core.PiecewiseLinear | core.Approximated:
        """The function with the parameters of the callee replaced."""

        def scalar(one: Scalar) -> Scalar:
            return algebra.substituted(one, self.scalars)

        if isinstance(function, core.Approximated):
            formula = substitute_formula(function.formula, self.scalars)
            return core.Approximated(formula, scalar(function.tolerance))
        kinks = tuple((scalar(place), scalar(change)) for place, change in function.kinks)
        return core.PiecewiseLinear(scalar(function.constant), scalar(function.slope), kinks)

    def _name(self, node: core.Name, name: str, shape: Shape) -> Node:
        if name not in self._inputs:
            return core.Name(node.span, shape, f"{self.prefix}.{name}")
        return replace(self._inputs[name], shape=shape)
