"""``root(w: …)``, a target: the value at which an expression is zero."""

from __future__ import annotations

from weightsmith.dsl.meaning.elaborator import Elaborator
from weightsmith.dsl.program import core
from weightsmith.dsl.program.nodes import bare, text_of
from weightsmith.dsl.program.scope import RESERVED, Definition, MatrixSymbol, ScalarSymbol
from weightsmith.dsl.reading import syntax as s
from weightsmith.dsl.text.diagnostics import near_hint


def read_root(
    elaborator: Elaborator, expression: s.RootExpression, value: core.Node
) -> core.Node | None:
    """Return the target; its unknown has the shape of ``value``.  None after a report."""
    word, scope = expression.variable, elaborator.scope
    if expression.word.text != "root":
        elaborator.value(expression)
        return None
    hidden = scope.get(word.text)
    if (problem := _problem(word.text, hidden)) is not None:
        elaborator.report.error("name-taken", word.span, problem, "choose another name")
        return None
    shape = elaborator.axes.resolve(bare(value.shape))
    unknown = Definition(None, is_input=True)
    scope.define(word.text, MatrixSymbol(word.span, shape, unknown, is_input=True))
    elaborator.in_root = True
    equation = elaborator.matrix(expression.of)
    elaborator.in_root = False
    if hidden is None:
        scope.remove(word.text)
    else:
        scope.define(word.text, hidden)
    if equation is None:
        return None
    if word.text not in elaborator.used:
        message = f"'{word.text}' does not stand in the expression that is to be zero"
        elaborator.report.error(
            "target", expression.span, message, f"write root({word.text}: f({word.text}))"
        )
        return None
    return _checked(elaborator, expression, equation, shape)


def _problem(name: str, hidden: object) -> str | None:
    if name in RESERVED:
        return f"'{name}' is a word of the language"
    if isinstance(hidden, MatrixSymbol) and hidden.is_input:
        return f"'{name}' is an input"
    if isinstance(hidden, ScalarSymbol) and hidden.is_parameter:
        return f"'{name}' is a parameter"
    return None


def _checked(
    elaborator: Elaborator, expression: s.RootExpression, equation: core.Node, shape: core.Shape
) -> core.Node | None:
    axes = elaborator.axes
    if not axes.unify_shapes(bare(equation.shape), shape):
        message = (
            f"the expression that is to be zero has the shape of its root: "
            f"{expression.variable.text} is {axes.text(shape)} but {text_of(expression.of)} is "
            f"{axes.text(equation.shape)}"
        )
        elaborator.report.error("target", expression.of.span, message)
        return None
    return core.Root(expression.span, shape, expression.variable.text, equation)


def misplaced_root(elaborator: Elaborator, expression: s.RootExpression) -> None:
    """Report ``root(w: …)`` within an expression, or another word before such brackets."""
    name = expression.word.text
    message = f"unknown form {name}({expression.variable.text}: …)"
    hint = near_hint(name, ("root",)) or "write root(w: …) as a target"
    if name == "root":
        message = "root(…) stands only as a whole target"
        hint = "write: return w approximates root(w: …)"
    elaborator.report.error("target", expression.span, message, hint)
