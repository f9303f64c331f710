"""What the readers of expressions share: what is known in one algorithm, and each other.

How an expression of each kind is read stands in ``expressions``; functions of entries, powers and
functions of matrices, which read their parts by way of the elaborator, have modules of their own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise

from weightsmith.dsl.heads import MASKS
from weightsmith.dsl.numbers import scalar_algebra as algebra
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.formulas import Formula
from weightsmith.dsl.numbers.scalars import Scalar
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import Group, Node, Shape
from weightsmith.dsl.program.groups import UNKNOWN, read_groups
from weightsmith.dsl.program.nodes import scaled, text_of, too_long
from weightsmith.dsl.program.scope import Definition, Place, Scope
from weightsmith.dsl.program.shapes import Axes
from weightsmith.dsl.program.sites import INHERITED
from weightsmith.dsl.reading import syntax as s
from weightsmith.dsl.text.diagnostics import Report, near_hint, one_of
from weightsmith.dsl.text.source import Span

Value = Scalar | Node


class Elaborator(ABC):
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
        self.added_up: set[int] = set()  # calls that are multiplied by ones, by their id
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
        self.report.error("too-large", expression.span, f"{problem} in {text_of(expression)}", hint)
        return None

    @abstractmethod
    def _value(self, expression: s.Expression) -> Value | None:
        """The same, however long the value is."""

    def matrix(self, expression: s.Expression) -> Node | None:
        """The value as a matrix; the number 0 is the zero matrix."""
        value = self.value(expression)
        if value == q.ZERO:
            return self.zero(expression.span)
        if isinstance(value, Scalar):
            message = f"expected a matrix, got the number {text_of(expression)}"
            self.report.error(
                "number-or-matrix", expression.span, message, f"write {text_of(expression)}*I"
            )
            return None
        return value

    def scalar(self, expression: s.Expression, what: str = "a number") -> Scalar | None:
        value = self.value(expression)
        if isinstance(value, Node):
            shape = self.axes.text(value.shape)
            message = f"expected {what}, got the matrix {text_of(expression)} {shape}"
            self.report.error(
                "number-or-matrix", expression.span, message, "numbers are made of parameters"
            )
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
            self.report.error("tolerance", expression.span, message, hint)
        return self.tolerance if value is None else value

    def works_on_entries(self, expression: s.Expression, what: str) -> bool:
        """Report, and return False, where entries cannot be mapped: outside of statements."""
        if self.place is Place.STATEMENT or self.in_root:
            return True
        message = f"{what} works on entries and cannot stand in {self.place.value}"
        hint = None
        if self.place is Place.TARGET:
            hint = (
                "of eigenvalues: spectral(sigmoid, A); of entries it stands only inside root(…): "
                "approximates root(w: sigmoid(w*x)*x' - b over context)"
            )
        self.report.error("function-place", expression.span, message, hint)
        return False

    def groups(self, word: s.Word | None) -> tuple[Group, ...]:
        return (read_groups(word, self.report) or ()) if word is not None else ()

    def over_groups(self, clauses: s.Clauses) -> tuple[Group, ...]:
        """The groups of an ``over`` clause, and its mask behind them; a wrong word is reported."""
        word, mask = clauses.over, clauses.mask
        groups = self.groups(word)
        if word is None or not groups:
            return UNKNOWN if word is not None else ()
        if mask is None:
            return groups
        if mask.text not in MASKS:
            message = f"expected {one_of(MASKS)}, got '{mask.text}'"
            self.report.error("misspelt", mask.span, message, near_hint(mask.text, MASKS))
            return UNKNOWN
        if len(groups) > 1:
            message = "tokens are in order within one group"
            self.report.error("token-order", word.span, message, f"write over context {mask.text}")
            return UNKNOWN
        return (*groups, mask.text)

    def call(self, expression: s.CallExpression) -> Sequence[Node] | None:
        """All the values an algorithm returns."""
        return self._call(self, expression)

    # -- parts of expressions ------------------------------------------------------------------

    def chain(
        self,
        span: Span,
        matrices: Sequence[tuple[s.Expression, Node]],
        advice: str | None = None,
    ) -> Node | None:
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
                self.report.error("shapes-multiply", place, message, advice or hint)
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
            self.report.error("division", part.span, str(reason))
            return None

    def divided_by_matrix(self, part: s.Expression) -> bool:
        text = text_of(part)
        hint = f"multiply by an inverse: inv({text}) in a target, elsewhere call an algorithm"
        self.report.error("division", part.span, f"cannot divide by the matrix {text}", hint)
        return False

    def multiple(self, coefficient: Scalar, value: Value, span: Span) -> Value:
        if isinstance(value, Scalar):
            return algebra.times((coefficient, value))
        return scaled(coefficient, value, span)

    def restricted(self, value: Value | None, on: s.Word | None) -> Value | None:
        """Keep the tokens that ``on`` names."""
        groups = self.groups(on)
        if value is None or not groups:
            return value
        if isinstance(value, Scalar):
            if on is not None:
                self.report.error(
                    "token-groups", on.span, "a number has no tokens to select", "remove the clause"
                )
            return None
        return replace(value, shape=replace(value.shape, column_groups=groups))
