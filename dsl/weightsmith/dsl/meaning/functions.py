"""Matrix functions: ``inv``, ``sqrt``, ``sign``, ``E^(1/3)``, …, which only a target may use."""

from __future__ import annotations

from fractions import Fraction

from weightsmith.dsl.meaning.elaborator import Elaborator
from weightsmith.dsl.meaning.entry_functions import APPROXIMATED, advice, known_names
from weightsmith.dsl.meaning.function_bodies import formula_of
from weightsmith.dsl.numbers.formulas import Formula
from weightsmith.dsl.numbers.scalars import Scalar
from weightsmith.dsl.program import core
from weightsmith.dsl.program.canonical import is_symmetric
from weightsmith.dsl.program.nodes import text_of
from weightsmith.dsl.program.piecewise import EXACT
from weightsmith.dsl.program.scope import Place
from weightsmith.dsl.reading import syntax as s
from weightsmith.dsl.text.diagnostics import near_hint

ANY_SHAPE = ("pinv", "polar")
SYMMETRIC = ("sqrt", "invsqrt", "exp", "sign", "power", "spectral")
MAX_FRACTION = 64
NO_ROOT = (
    "numbers are fractions: declare a param without a value, and give it a decimal: --set c=1.414"
)
SYMMETRIC_HINT = "declare the input as symmetric[d, d], or write a symmetric product such as A*A'"
SPECTRAL_HINT = (
    "write spectral(f, A) with function f(t) = … declared above, or spectral(sigmoid, A)"
)


def apply_function(elaborator: Elaborator, call: s.CallExpression) -> core.Node | None:
    """Return the node of ``inv(E)``, or None after a report."""
    name, report = call.name.text, elaborator.report
    if name == "spectral":
        return _spectral(elaborator, call)
    if len(call.positional) != 1 or call.keywords:
        report.error(
            "function-arguments", call.span, f"{name} takes one matrix", f"write {name}(A)"
        )
        return None
    value = elaborator.value(call.positional[0])
    if isinstance(value, Scalar):
        message = f"{text_of(call)} is not a rational number"
        report.error("number-or-matrix", call.span, message, NO_ROOT)
        return None
    if elaborator.place is not Place.TARGET:
        _misplaced(elaborator, call)
        return None
    return None if value is None else _checked(elaborator, call, value)


def _misplaced(elaborator: Elaborator, call: s.CallExpression) -> None:
    name, of = call.name.text, text_of(call.positional[-1])
    message = f"{name} is not a polynomial, so no head can compute it in one step"
    hint = f"use {name} after 'approximates', or call an algorithm that computes it"
    if (jump := advice(name)) is not None:
        message, hint = jump[0], f"{jump[1]}; {name} of a matrix stands in a target"
    if name in APPROXIMATED:
        hint = f"{hint}; for every entry: write {name}.({of})"
    place = call.name.span if jump is not None else call.span
    elaborator.report.error("not-polynomial", place, message, hint)


def _checked(elaborator: Elaborator, call: s.CallExpression, of: core.Node) -> core.Node | None:
    name, axes = call.name.text, elaborator.axes
    shape = core.Shape(of.shape.rows, of.shape.columns)
    argument = call.positional[0]
    if name not in ANY_SHAPE and not axes.unify(shape.rows, shape.columns):
        message = f"{name} needs a square matrix, but {text_of(argument)} is {axes.text(shape)}"
        hint = "pinv takes a matrix of any shape" if name == "inv" else None
        elaborator.report.error("not-square", argument.span, message, hint)
        return None
    if name in SYMMETRIC and not _is_symmetric(elaborator, name, argument, of):
        return None
    if name in ("inv", "pinv"):
        shape = core.Shape(shape.columns, shape.rows)
    return core.Function(call.span, shape, name, of)


def _is_symmetric(elaborator: Elaborator, what: str, argument: s.Expression, of: core.Node) -> bool:
    if is_symmetric(of, elaborator.used, elaborator.axes.find):
        return True
    message = f"{what} needs a symmetric matrix, but {text_of(argument)} need not be symmetric"
    elaborator.report.error("not-symmetric", argument.span, message, SYMMETRIC_HINT)
    return False


# -- fractional powers --------------------------------------------------------------------------


def fractional_power(
    elaborator: Elaborator, expression: s.PowerExpression, base: core.Node, exponent: Fraction
) -> core.Node | None:
    """Return the node of ``E^(p/q)``, in a target, or None after a report."""
    shown = f"({exponent})"
    if max(abs(exponent.numerator), exponent.denominator) > MAX_FRACTION:
        message = f"a fractional power is made of numbers up to {MAX_FRACTION}, got {exponent}"
        elaborator.report.error("power", expression.exponent.span, message, "write A^(p/q)")
        return None
    axes, written = elaborator.axes, expression.base
    shape = core.Shape(base.shape.rows, base.shape.columns)
    if not axes.unify(shape.rows, shape.columns):
        message = f"^{shown} needs a square matrix, but {text_of(written)} is {axes.text(shape)}"
        elaborator.report.error("not-square", written.span, message)
        return None
    if not _is_symmetric(elaborator, f"^{shown}", written, base):
        return None
    return core.Function(expression.span, shape, "power", base, exponent)


# -- functions of eigenvalues -------------------------------------------------------------------


def _spectral(elaborator: Elaborator, call: s.CallExpression) -> core.Node | None:
    """``spectral(f, E)``: f, a function of one number, of every eigenvalue of E."""
    report = elaborator.report
    if len(call.positional) != 2 or call.keywords:
        message = "spectral takes the name of a function and one matrix"
        report.error("function-arguments", call.span, message, SPECTRAL_HINT)
        return None
    which, argument = call.positional
    formula = _formula(elaborator, which)
    value = elaborator.matrix(argument)
    if elaborator.place is not Place.TARGET:
        message = "spectral is not a polynomial, so no head can compute it in one step"
        report.error("not-polynomial", call.span, message, "use spectral after 'approximates'")
        return None
    if formula is None or value is None:
        return None
    axes, shape = elaborator.axes, core.Shape(value.shape.rows, value.shape.columns)
    if not axes.unify(shape.rows, shape.columns):
        message = f"spectral needs a square matrix, but {text_of(argument)} is {axes.text(shape)}"
        report.error("not-square", argument.span, message)
        return None
    if not _is_symmetric(elaborator, "spectral", argument, value):
        return None
    label = text_of(which).rpartition(".")[2]
    return core.Function(call.span, shape, "spectral", value, None, formula, label)


def _formula(elaborator: Elaborator, which: s.Expression) -> Formula | None:
    """Return the function that is named, written as a formula; None after a report."""
    report, declared = elaborator.report, elaborator.functions
    name = which.name if isinstance(which, s.NameExpression) else ""
    if name in declared:
        elaborator.used_functions.add(name)
        body = declared[name]
        return None if body is None else formula_of(body)
    if name in APPROXIMATED:
        return APPROXIMATED[name]
    if name in EXACT and not EXACT[name].limits:
        return formula_of(EXACT[name].make())
    message = f"expected the name of a function of one number, got {text_of(which)}"
    near = near_hint(name, known_names(declared)) if name else None
    report.error("function-arguments", which.span, message, near or SPECTRAL_HINT)
    return None
