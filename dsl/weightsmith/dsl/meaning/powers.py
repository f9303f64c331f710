"""Powers: of scalars exactly, of square matrices written out as products."""

from __future__ import annotations

from fractions import Fraction

from weightsmith.dsl.meaning.elaborator import Elaborator
from weightsmith.dsl.meaning.functions import fractional_power
from weightsmith.dsl.numbers import scalar_algebra as algebra
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.scalars import Scalar
from weightsmith.dsl.program.core import Node
from weightsmith.dsl.program.nodes import (
    MAX_FACTORS,
    bracketed,
    scaled,
    split,
    text_of,
    written_size,
)
from weightsmith.dsl.program.scope import Place
from weightsmith.dsl.reading import syntax as s

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
        elaborator.report.error("power", expression.span, message, "pass the number as a param")
        return None


def _matrix_power(
    elaborator: Elaborator, expression: s.PowerExpression, base: Node, exponent: Scalar
) -> Node | None:
    number = algebra.constant(exponent)
    report = elaborator.report
    if number == -1:
        elaborator.divided_by_matrix(expression.base)
        return None
    if number is not None and number.denominator != 1 and elaborator.place is Place.TARGET:
        return fractional_power(elaborator, expression, base, number)
    if number is None or number < 1 or number.denominator != 1 or number > MAX_POWER:
        _no_power(elaborator, expression, number)
        return None
    if written_size(base) * int(number) > MAX_FACTORS:
        message = "this power is too long to write out"
        report.error("too-large", expression.span, message, "give a part of it a name of its own")
        return None
    coefficient, node = split(base)
    chain = elaborator.chain(expression.span, [(expression.base, node)] * int(number))
    if chain is None:
        return None
    return scaled(algebra.power(coefficient, exponent), chain, expression.span)


def _no_power(
    elaborator: Elaborator, expression: s.PowerExpression, number: Fraction | None
) -> None:
    """Report an exponent that is no number, no fraction of a target, and not in 1, …, 32."""
    text, exponent = text_of(expression.base), expression.exponent
    message = (
        f"the power of a matrix is a whole number from 1 to {MAX_POWER}, got {text_of(exponent)}"
    )
    hint = f"repeat: X = X*{text}"
    if number is not None and number.denominator != 1:
        hint = f"{hint}; fractions stand after 'approximates': approximates A^({number})"
    if elaborator.place is Place.TARGET:
        message = (
            "in a target the power of a matrix is a fraction, or a whole number from 1 to "
            f"{MAX_POWER}, got {text_of(exponent)}"
        )
        hint = f"write the number itself: {bracketed(expression.base, text)}^(1/2)"
        if number is not None and number < 0:
            hint = f"write inv({text}^{-number})"
    elaborator.report.error("power", exponent.span, message, hint)
