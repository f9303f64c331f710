"""Sums over a matrix: each one object, defined by matrix products and products of entries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from weightsmith.dsl.meaning.elaborator import Elaborator
from weightsmith.dsl.meaning.scores import SCORES, scores
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import Node, Shape
from weightsmith.dsl.program.nodes import scaled, split, text_of
from weightsmith.dsl.reading import syntax as s


@dataclass(frozen=True, slots=True)
class Sum:
    """``name(E)``, and what it stands for; ``of_entries`` if that has functions of entries.

    ``expand`` returns the node, or None after a report.
    """

    name: str
    expand: Callable[[Elaborator, s.CallExpression, Node], Node | None]
    of_entries: bool = False


def _column_sums(elaborator: Elaborator, call: s.CallExpression, of: Node) -> Node:
    """The sum of every column: a row of ones times the value."""
    own, inner = split(of)
    shape = Shape("1", inner.shape.columns)
    ones = core.Ones(call.span, Shape("1", inner.shape.rows))
    product = core.Product(call.span, shape, (ones, inner), elaborator.over)
    return scaled(own, product, call.span)


def _trace(elaborator: Elaborator, call: s.CallExpression, of: Node) -> Node | None:
    """The sum of the diagonal: of all entries of the value times, entry by entry, the identity."""
    own, inner = split(of)
    axes, shape = elaborator.axes, Shape(inner.shape.rows, inner.shape.columns)
    if not axes.unify(shape.rows, shape.columns):
        text = text_of(call.positional[0])
        message = f"trace needs a square matrix, but {text} is {axes.text(shape)}"
        elaborator.report.error(call.positional[0].span, message, "of a product: trace(A'*B)")
        return None
    span, tolerance = call.span, elaborator.tolerance
    diagonal = core.Hadamard(span, shape, inner, core.Identity(span, shape), tolerance, "")
    row, column = Shape("1", shape.rows), Shape(shape.columns, "1")
    factors = (core.Ones(span, row), diagonal, core.Ones(span, column))
    product = core.Product(span, Shape("1", "1"), factors, elaborator.over)
    return scaled(own, product, span)


SUMS = {
    one.name: one
    for one in (
        Sum("sum", _column_sums),
        Sum("trace", _trace, of_entries=True),
        *(Sum(name, scores, of_entries=True) for name in SCORES),
    )
}
