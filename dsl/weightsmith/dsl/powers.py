"""Powers: of scalars exactly, of square matrices written out as products."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightsmith.dsl import scalar_algebra as algebra
from weightsmith.dsl import scalars as q
from weightsmith.dsl import syntax as s
from weightsmith.dsl.core import Node
from weightsmith.dsl.nodes import MAX_FACTORS, scaled, split, text_of, written_size
from weightsmith.dsl.scalars import Scalar

if TYPE_CHECKING:
    from weightsmith.dsl.expressions import Elaborator

MAX_POWER = 32  # M^n is written out as n factors


def read_power(elaborator: Elaborator, expression: s.PowerExpression) -> Scalar | Node | None:
    """Return the value of ``base ^ exponent``, or None after a report."""
    base = elaborator.value(expression.base)
    exponent = elaborator.scalar(expression.exponent)
    if base is None or exponent is None:
        return None
    if isinstance(base, Node):
        return _matrix_power(elaborator, expression, base, exponent)
    try:
        return algebra.power(base, exponent)
    except q.ScalarError as reason:
        message = f"{text_of(expression)} has no exact value: {reason}"
        elaborator.report.error(expression.span, message, "pass the number as a param")
        return None


def _matrix_power(
    elaborator: Elaborator, expression: s.PowerExpression, base: Node, exponent: Scalar
) -> Node | None:
    number = algebra.constant(exponent)
    text, report = text_of(expression.base), elaborator.report
    if number == -1:
        elaborator.divided_by_matrix(expression.base)
        return None
    if number is None or number < 1 or number.denominator != 1 or number > MAX_POWER:
        message = (
            f"the power of a matrix is a whole number from 1 to {MAX_POWER}, "
            f"got {text_of(expression.exponent)}"
        )
        report.error(expression.exponent.span, message, f"repeat: X = X*{text}")
        return None
    if written_size(base) * int(number) > MAX_FACTORS:
        message = "this power is too long to write out"
        report.error(expression.span, message, "give a part of it a name of its own")
        return None
    coefficient, node = split(base)
    chain = elaborator.chain(expression.span, [(expression.base, node)] * int(number))
    if chain is None:
        return None
    return scaled(algebra.power(coefficient, exponent), chain, expression.span)
