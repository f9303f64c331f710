"""The meaning of an expression: a scalar, or a matrix whose axes may still be unknown.

A mistake is reported and gives None; whatever contains it gives None in silence, so that one
mistake is one message.  Token groups and the axes of ``I`` and ``0`` come later (``finish``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from weightsmith.dsl.meaning.elaborator import Elaborator, Value
from weightsmith.dsl.meaning.entry_functions import known_names, written_call
from weightsmith.dsl.meaning.entrywise import (
    apply_entry_function,
    entry_product,
    is_entry_function,
    reciprocal_of,
)
from weightsmith.dsl.meaning.functions import apply_function
from weightsmith.dsl.meaning.one_number import is_one_number, product_of
from weightsmith.dsl.meaning.powers import read_power
from weightsmith.dsl.meaning.roots import misplaced_root
from weightsmith.dsl.numbers import scalar_algebra as algebra
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.scalars import Scalar
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import Node, Shape
from weightsmith.dsl.program.nodes import bare, bracketed, scaled, split, text_of
from weightsmith.dsl.program.scope import (
    MATRIX_FUNCTIONS,
    REGIONS,
    BrokenSymbol,
    DimensionSymbol,
    MatrixSymbol,
    Place,
)
from weightsmith.dsl.reading import syntax as s
from weightsmith.dsl.reading.other_languages import name_hint
from weightsmith.dsl.text.source import Span


class ExpressionReader(Elaborator):
    """Gives every kind of expression its meaning."""

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
                self.report.error(
                    "number-or-matrix",
                    span,
                    message,
                    "sizes stay symbolic: declare a param instead",
                )
                return None
        return symbol.scalar

    def _unknown(self, name: str, span: Span) -> None:
        if name in self.assigned:
            message = f"'{name}' has no value here"
            other = [one for one in self.scope.names() if one.lower() == name.lower()]
            hint = "it is assigned later, or only inside 'repeat': assign it before this line"
            hint = f"did you mean '{other[0]}'? Capitals count" if other else hint
            self.report.error("no-value-yet", span, message, hint)
            return
        if name in self.scope.left:
            what = self.scope.left[name]
            message = f"'{name}' is a {what} of a 'for' loop, and has no value outside of it"
            hint = f"use it in the block, or write the {what} itself"
            self.report.error("no-value-yet", span, message, hint)
            return
        if name in MATRIX_FUNCTIONS + REGIONS:
            self.report.error(
                "function-arguments", span, f"'{name}' is a function", f"write {name}(A)"
            )
            return
        if name in known_names(self.functions):
            self.report.error(
                "function-arguments", span, f"'{name}' is a function", f"write {written_call(name)}"
            )
            return
        near = name_hint(name) or self.report.near(name, (*self.scope.names(), "I"))
        hint = near or f"declare it as an input, or as a number: param {name}"
        self.report.error("unknown-name", span, f"unknown name '{name}'", hint)

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
        self.report.error("number-or-matrix", part.span, message, hint)

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
        self.report.error(
            "shapes-differ",
            other[0].span,
            message,
            self._transposed(left, right, text_of(other[0])),
        )
        return False

    def _transposed(self, wanted: Shape, given: Shape, text: str) -> str | None:
        """Suggest the transpose where it would fit."""
        wanted, given = self.axes.resolve(wanted), self.axes.resolve(given)
        fits = (wanted.rows, wanted.columns) == (given.columns, given.rows)
        return f"did you mean the transpose, {text}'?" if fits else None

    def _product(self, expression: s.ProductExpression) -> Value | None:
        coefficients: list[Scalar] = []
        matrices: list[tuple[s.Expression, Node]] = []
        sound = True
        for (_, part), (_, after) in pairwise(expression.factors):
            if isinstance(after, s.NameExpression) and after.name == "ones":
                self.added_up.add(id(part))
        for exponent, part in expression.factors:
            value = self.value(part)
            if value is None:
                sound = False
            elif isinstance(value, Scalar):
                factor = value if exponent > 0 else self.reciprocal(value, part)
                sound &= factor is not None
                coefficients.append(factor or q.ONE)
            elif exponent < 0 and is_one_number(self, value) and self.place is Place.STATEMENT:
                matrices.append((part, reciprocal_of(self, part, value)))
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
        chain = product_of(self, expression, matrices)
        return None if chain is None else scaled(coefficient, chain, expression.span)

    # -- powers, transposes, clauses, calls ---------------------------------------------------

    def _transpose(self, expression: s.TransposeExpression) -> Node | None:
        value = self.value(expression.of)
        if isinstance(value, Scalar):
            message = f"cannot transpose the number {text_of(expression.of)}"
            self.report.error("number-or-matrix", expression.span, message, "remove the '")
            return None
        if value is None:
            return None
        shape = Shape(value.shape.columns, value.shape.rows)
        return core.Transpose(expression.span, shape, value)

    def _scoped(self, expression: s.ScopedExpression) -> Value | None:
        clauses = expression.clauses
        over = self.over_groups(clauses) or self.over
        with self.within(self.place, over, clauses.within):
            value = self.value(expression.of)
        value = self.restricted(value, clauses.on)
        return replace(value, span=expression.span) if isinstance(value, Node) else value

    def _called(self, expression: s.CallExpression) -> Value | None:
        name = expression.name.text
        is_called = name in self.algorithms and self.place is Place.STATEMENT
        if name in MATRIX_FUNCTIONS and not expression.is_dotted and not is_called:
            return apply_function(self, expression)
        if is_entry_function(self, expression):
            return apply_entry_function(self, expression)
        results = self.call(expression)
        if results is None:
            return None
        if len(results) != 1:
            message = f"'{expression.name.text}' returns {len(results)} values, here one is needed"
            names = ", ".join("XYZWVU"[: len(results)])
            self.report.error(
                "call-values", expression.span, message, f"write {names} = {text_of(expression)}"
            )
            return None
        return results[0]
