"""The meaning of an expression: a scalar, or a matrix whose axes may still be unknown.

A mistake is reported and gives None; whatever contains it gives None in silence, so that one
mistake is one message.  Token groups and the axes of ``I`` and ``0`` come later (``finish``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise

from weightsmith.dsl import core
from weightsmith.dsl import scalar_algebra as algebra
from weightsmith.dsl import scalars as q
from weightsmith.dsl import syntax as s
from weightsmith.dsl.core import Group, Node, Shape
from weightsmith.dsl.diagnostics import Report
from weightsmith.dsl.entry_functions import known_names, written_call
from weightsmith.dsl.entrywise import apply_entry_function, entry_product, is_entry_function
from weightsmith.dsl.formulas import Formula
from weightsmith.dsl.functions import apply_function
from weightsmith.dsl.groups import UNKNOWN, read_groups
from weightsmith.dsl.nodes import bare, bracketed, scaled, split, text_of, too_long
from weightsmith.dsl.other_languages import name_hint
from weightsmith.dsl.powers import read_power
from weightsmith.dsl.roots import misplaced_root
from weightsmith.dsl.scalars import Scalar
from weightsmith.dsl.scope import (
    MATRIX_FUNCTIONS,
    REGIONS,
    BrokenSymbol,
    Definition,
    DimensionSymbol,
    MatrixSymbol,
    Place,
    Scope,
)
from weightsmith.dsl.shapes import Axes
from weightsmith.dsl.source import Span
from weightsmith.dsl.tolerances import INHERITED

Value = Scalar | Node


class Elaborator:
    """Gives expressions their meaning in one algorithm."""

    def __init__(
        self,
        report: Report,
        call: Callable[[Elaborator, s.CallExpression], Sequence[Node] | None],
        assigned: frozenset[str],
        algorithms: AbstractSet[str] = frozenset(),
        later: frozenset[str] = frozenset(),
    ) -> None:
        self.report = report
        self.axes = Axes()
        self.scope = Scope()
        self.place = Place.STATEMENT
        self.over: tuple[Group, ...] = ()
        self.tolerance: Scalar = INHERITED
        self.in_root = False
        self.functions: dict[str, core.PiecewiseLinear | Formula | None] = {}
        self.used_functions: set[str] = set()
        self.repeated_rows: list[str] = []  # unknown axes that a row was repeated along
        self.algorithms = algorithms  # those that may be called
        self.later = later  # those of the script, of which some may be called further down only
        self.used: dict[str, Definition] = {}
        self._call = call
        self.assigned = assigned  # every name that is assigned somewhere in the algorithm

    # -- entrances ----------------------------------------------------------------------------

    def value(self, expression: s.Expression) -> Value | None:
        """The meaning of an expression, or None after a report."""
        value = self._value(expression)
        problem = too_long(value)
        if problem is None:
            return value
        hint = "write a number that is near, or pass it as a param"
        self.report.error(expression.span, f"{problem} in {text_of(expression)}", hint)
        return None

    def _value(self, expression: s.Expression) -> Value | None:
        match expression:
            case s.NumberExpression(value=number):
                return q.Number(number)
            case s.NameExpression():
                return self._name(expression)
            case s.NegativeExpression(of=of):
                value = self.value(of)
                return None if value is None else self.multiple(q.MINUS_ONE, value, expression.span)
            case s.SumExpression():
                return self._sum(expression)
            case s.ProductExpression():
                return self._product(expression)
            case s.EntryProductExpression():
                return entry_product(self, expression)
            case s.PowerExpression():
                return read_power(self, expression)
            case s.TransposeExpression():
                return self._transpose(expression)
            case s.ScopedExpression():
                return self._scoped(expression)
            case s.CallExpression():
                return self._called(expression)
            case s.RootExpression():
                misplaced_root(self, expression)
                return None

    def matrix(self, expression: s.Expression) -> Node | None:
        """The value as a matrix; the number 0 is the zero matrix."""
        value = self.value(expression)
        if value == q.ZERO:
            return self.zero(expression.span)
        if isinstance(value, Scalar):
            message = f"expected a matrix, got the number {text_of(expression)}"
            self.report.error(expression.span, message, f"write {text_of(expression)}*I")
            return None
        return value

    def scalar(self, expression: s.Expression, what: str = "a number") -> Scalar | None:
        value = self.value(expression)
        if isinstance(value, Node):
            shape = self.axes.text(value.shape)
            message = f"expected {what}, got the matrix {text_of(expression)} {shape}"
            self.report.error(expression.span, message, "numbers are made of parameters")
            return None
        return value

    def zero(self, span: Span) -> Node:
        return core.Zero(span, Shape(self.axes.unknown(), self.axes.unknown()))

    @contextmanager
    def within(
        self, place: Place, over: tuple[Group, ...] = (), tolerance: s.Expression | None = None
    ) -> Iterator[None]:
        """Read expressions that stand in ``place``, under clauses ``over`` and ``within``."""
        before = self.place, self.over, self.tolerance
        self.tolerance = self.tolerance_of(tolerance)
        self.place, self.over = place, over
        try:
            yield
        finally:
            self.place, self.over, self.tolerance = before

    def tolerance_of(
        self, expression: s.Expression | None, hint: str = "write within 1e-4"
    ) -> Scalar:
        """The number of a ``within`` clause; without one, the present tolerance."""
        if expression is None:
            return self.tolerance
        with self.within(Place.NUMBER):
            value = self.scalar(expression, "a number as tolerance")
        number = None if value is None else algebra.constant(value)
        if number is not None and number <= 0:
            message = f"a tolerance is above 0, got {text_of(expression)}"
            self.report.error(expression.span, message, hint)
        return self.tolerance if value is None else value

    def groups(self, word: s.Word | None) -> tuple[Group, ...]:
        return (read_groups(word, self.report) or ()) if word is not None else ()

    def over_groups(self, word: s.Word | None) -> tuple[Group, ...]:
        """The groups of an ``over`` clause; a wrong word is reported once, here."""
        return UNKNOWN if word is not None and not self.groups(word) else self.groups(word)

    # -- names --------------------------------------------------------------------------------

    def _name(self, expression: s.NameExpression) -> Value | None:
        name, span = expression.name, expression.span
        if name == "I":
            axis = self.axes.unknown()
            return core.Identity(span, Shape(axis, axis))
        if name == "ones":
            return core.Ones(span, Shape(self.axes.unknown(), self.axes.unknown()))
        symbol = self.scope.use(name)
        match symbol:
            case MatrixSymbol():
                self.used[name] = symbol.definition
                return core.Name(span, symbol.shape, name)
            case None:
                self._unknown(name, span)
                return None
            case BrokenSymbol():
                return None
            case DimensionSymbol():
                message = f"'{name}' is a dimension, not a number"
                self.report.error(span, message, "sizes stay symbolic: declare a param instead")
                return None
        return symbol.scalar

    def _unknown(self, name: str, span: Span) -> None:
        if name in self.assigned:
            message = f"'{name}' has no value here"
            hint = "it is assigned later, or only inside 'repeat': assign it before this line"
            self.report.error(span, message, hint)
            return
        if name in self.scope.left:
            message = f"'{name}' is a number of a 'for' loop, and has no value outside of it"
            self.report.error(span, message, "use it in the block, or write the number itself")
            return
        if name in MATRIX_FUNCTIONS + REGIONS:
            self.report.error(span, f"'{name}' is a function", f"write {name}(A)")
            return
        if name in known_names(self.functions):
            self.report.error(span, f"'{name}' is a function", f"write {written_call(name)}")
            return
        near = name_hint(name) or self.report.near(name, (*self.scope.names(), "I"))
        hint = near or f"declare it as an input, or as a number: param {name}"
        self.report.error(span, f"unknown name '{name}'", hint)

    # -- sums and products --------------------------------------------------------------------

    def _sum(self, expression: s.SumExpression) -> Value | None:
        values = [(sign, part, self.value(part)) for sign, part in expression.terms]
        if any(value is None for _, _, value in values):
            return None
        if all(isinstance(value, Scalar) for _, _, value in values):
            return algebra.plus(
                value if sign > 0 else algebra.negated(value)
                for sign, _, value in values
                if isinstance(value, Scalar)
            )
        terms = [(sign, part, value) for sign, part, value in values if value != q.ZERO]
        return self._matrix_sum(expression.span, terms)

    def _matrix_sum(
        self, span: Span, values: Sequence[tuple[int, s.Expression, Value | None]]
    ) -> Node | None:
        first: tuple[s.Expression, Node] | None = None
        terms: list[tuple[Scalar, Node]] = []
        sound = True
        for sign, part, value in values:
            if not isinstance(value, Node):
                self._number_added(part)
                sound = False
                continue
            first = first or (part, value)
            sound &= self._same_shape(first, (part, value))
            coefficient, node = split(value)
            terms.append((coefficient if sign > 0 else algebra.negated(coefficient), node))
        if not sound or first is None:
            return None
        if len(terms) == 1 and terms[0][0] == q.ONE:
            return terms[0][1]
        return core.Combination(span, bare(first[1].shape), tuple(terms))

    def _number_added(self, part: s.Expression) -> None:
        text = text_of(part)
        message = f"the number {text} is added to a matrix"
        times = f"{bracketed(part, text)}*"
        hint = f"write {times}I, or {times}ones to add it to every entry"
        self.report.error(part.span, message, hint)

    def _same_shape(
        self, first: tuple[s.Expression, Node], other: tuple[s.Expression, Node]
    ) -> bool:
        left, right = first[1].shape, other[1].shape
        if self.axes.unify_shapes(left, right):
            return True
        message = (
            f"the terms of a sum must have one shape: {text_of(first[0])} is "
            f"{self.axes.text(left)} but {text_of(other[0])} is {self.axes.text(right)}"
        )
        self.report.error(other[0].span, message, self._turned(left, right, text_of(other[0])))
        return False

    def _turned(self, wanted: Shape, given: Shape, text: str) -> str | None:
        """Suggest the transpose where it would fit."""
        wanted, given = self.axes.resolve(wanted), self.axes.resolve(given)
        fits = (wanted.rows, wanted.columns) == (given.columns, given.rows)
        return f"did you mean the transpose, {text}'?" if fits else None

    def _product(self, expression: s.ProductExpression) -> Value | None:
        coefficients: list[Scalar] = []
        matrices: list[tuple[s.Expression, Node]] = []
        sound = True
        for exponent, part in expression.factors:
            value = self.value(part)
            if value is None:
                sound = False
            elif isinstance(value, Scalar):
                factor = value if exponent > 0 else self.reciprocal(value, part)
                sound &= factor is not None
                coefficients.append(factor or q.ONE)
            elif exponent < 0:
                sound = self.divided_by_matrix(part)
            else:
                coefficient, node = split(value)
                coefficients.append(coefficient)
                matrices.append((part, node))
        if not sound:
            return None
        coefficient = algebra.times(coefficients)
        if not matrices:
            return coefficient
        chain = self.chain(expression.span, matrices)
        return None if chain is None else scaled(coefficient, chain, expression.span)

    def chain(self, span: Span, matrices: Sequence[tuple[s.Expression, Node]]) -> Node | None:
        for (left_part, left), (right_part, right) in pairwise(matrices):
            if not self.axes.unify(left.shape.columns, right.shape.rows):
                first, second = text_of(left_part), text_of(right_part)
                message = (
                    f"these do not multiply: {first} is {self.axes.text(left.shape)} "
                    f"but {second} is {self.axes.text(right.shape)}"
                )
                place = Span(span.source, left_part.span.start, right_part.span.end)
                place = span if left_part is right_part else place
                hint = f"the columns of {first} must be the rows of {second}"
                if self._agree(left.shape, right.shape):
                    hint = f"{first} .* {second} is the product entry by entry"
                self.report.error(place, message, hint)
                return None
        nodes = tuple(node for _, node in matrices)
        if len(nodes) == 1:
            return nodes[0]
        shape = Shape(nodes[0].shape.rows, nodes[-1].shape.columns)
        return core.Product(span, shape, nodes, self.over)

    def _agree(self, left: Shape, right: Shape) -> bool:
        left, right = self.axes.resolve(left), self.axes.resolve(right)
        return (left.rows, left.columns) == (right.rows, right.columns)

    def reciprocal(self, value: Scalar, part: s.Expression) -> Scalar | None:
        try:
            return algebra.power(value, q.MINUS_ONE)
        except q.ScalarError as reason:
            self.report.error(part.span, str(reason))
            return None

    def divided_by_matrix(self, part: s.Expression) -> bool:
        text = text_of(part)
        hint = f"multiply by an inverse: inv({text}) in a target, elsewhere call an algorithm"
        self.report.error(part.span, f"cannot divide by the matrix {text}", hint)
        return False

    def multiple(self, coefficient: Scalar, value: Value, span: Span) -> Value:
        if isinstance(value, Scalar):
            return algebra.times((coefficient, value))
        return scaled(coefficient, value, span)

    # -- powers, transposes, clauses, calls ---------------------------------------------------

    def _transpose(self, expression: s.TransposeExpression) -> Node | None:
        value = self.value(expression.of)
        if isinstance(value, Scalar):
            message = f"cannot transpose the number {text_of(expression.of)}"
            self.report.error(expression.span, message, "remove the '")
            return None
        if value is None:
            return None
        shape = Shape(value.shape.columns, value.shape.rows)
        return core.Transpose(expression.span, shape, value)

    def _scoped(self, expression: s.ScopedExpression) -> Value | None:
        clauses = expression.clauses
        over = self.over_groups(clauses.over) or self.over
        with self.within(self.place, over, clauses.within):
            value = self.value(expression.of)
        value = self.restricted(value, clauses.on)
        return replace(value, span=expression.span) if isinstance(value, Node) else value

    def restricted(self, value: Value | None, on: s.Word | None) -> Value | None:
        """Keep the tokens that ``on`` names."""
        groups = self.groups(on)
        if value is None or not groups:
            return value
        if isinstance(value, Scalar):
            if on is not None:
                self.report.error(on.span, "a number has no tokens to select", "remove the clause")
            return None
        return replace(value, shape=replace(value.shape, column_groups=groups))

    def _called(self, expression: s.CallExpression) -> Value | None:
        name = expression.name.text
        is_called = name in self.algorithms and self.place is Place.STATEMENT
        if name in MATRIX_FUNCTIONS and not expression.is_dotted and not is_called:
            return apply_function(self, expression)
        if is_entry_function(self, expression):
            return apply_entry_function(self, expression)
        results = self._call(self, expression)
        if results is None:
            return None
        if len(results) != 1:
            message = f"'{expression.name.text}' returns {len(results)} values, here one is needed"
            names = ", ".join("XYZWVU"[: len(results)])
            self.report.error(expression.span, message, f"write {names} = {text_of(expression)}")
            return None
        return results[0]

    def call(self, expression: s.CallExpression) -> Sequence[Node] | None:
        """All the values an algorithm returns."""
        return self._call(self, expression)
