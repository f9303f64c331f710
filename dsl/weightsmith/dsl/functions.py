"""Matrix functions: ``inv``, ``sqrt``, ``exp``, …, which only a target may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightsmith.dsl import core
from weightsmith.dsl import syntax as s
from weightsmith.dsl.canonical import is_symmetric
from weightsmith.dsl.entry_functions import APPROXIMATED
from weightsmith.dsl.nodes import text_of
from weightsmith.dsl.scalars import Scalar
from weightsmith.dsl.scope import Place

if TYPE_CHECKING:
    from weightsmith.dsl.expressions import Elaborator

ANY_SHAPE = ("pinv", "polar")
SYMMETRIC = ("sqrt", "invsqrt", "exp")


def apply_function(elaborator: Elaborator, call: s.CallExpression) -> core.Node | None:
    """Return the node of ``inv(E)``, or None after a report."""
    name, report = call.name.text, elaborator.report
    if len(call.positional) != 1 or call.keywords:
        report.error(call.span, f"{name} takes one matrix", f"write {name}(A)")
        return None
    value = elaborator.value(call.positional[0])
    if isinstance(value, Scalar):
        message = f"{text_of(call)} is not a rational number"
        report.error(call.span, message, "pass the number as a param")
        return None
    if elaborator.place is not Place.TARGET:
        message = f"{name} is not a polynomial, so no head can compute it in one step"
        hint = f"use {name} after 'approximates', or call an algorithm that computes it"
        if name in APPROXIMATED:
            hint = f"{hint}; for every entry: write {name}.({text_of(call.positional[0])})"
        report.error(call.span, message, hint)
        return None
    return None if value is None else _checked(elaborator, call, value)


def _checked(elaborator: Elaborator, call: s.CallExpression, of: core.Node) -> core.Node | None:
    name, axes = call.name.text, elaborator.axes
    shape = core.Shape(of.shape.rows, of.shape.columns)
    argument = call.positional[0]
    if name not in ANY_SHAPE and not axes.unify(shape.rows, shape.columns):
        message = f"{name} needs a square matrix, but {text_of(argument)} is {axes.text(shape)}"
        hint = "pinv takes a matrix of any shape" if name == "inv" else None
        elaborator.report.error(argument.span, message, hint)
        return None
    if name in SYMMETRIC and not is_symmetric(of, elaborator.used, axes.find):
        message = f"{name} needs a symmetric matrix, but {text_of(argument)} need not be symmetric"
        hint = "declare the input as symmetric[d, d], or write a symmetric product such as A*A'"
        elaborator.report.error(argument.span, message, hint)
        return None
    if name in ("inv", "pinv"):
        shape = core.Shape(shape.columns, shape.rows)
    return core.Function(call.span, shape, name, of)
