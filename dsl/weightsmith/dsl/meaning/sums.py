"""Sums over a matrix, and its diagonal: each defined by matrix products and products of entries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate

from weightsmith.dsl.heads import WORDS
from weightsmith.dsl.meaning.elaborator import Elaborator
from weightsmith.dsl.meaning.scores import scores
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import TOKEN, Node, Shape
from weightsmith.dsl.program.nodes import scaled, split, text_of
from weightsmith.dsl.program.shapes import is_unknown
from weightsmith.dsl.reading import syntax as s


@dataclass(frozen=True, slots=True)
class Sum:
    """``name(E)``, and what it stands for; ``of_entries`` if that has functions of entries.

    ``expand`` takes the values, as many as ``takes``, and returns the node, or None after a report.
    """

    name: str
    written: str
    expand: Callable[[Elaborator, s.CallExpression, list[Node]], Node | None]
    takes: int = 1
    of_entries: bool = False


def _column_sums(elaborator: Elaborator, call: s.CallExpression, values: list[Node]) -> Node:
    """The sum of every column: a row of ones times the value."""
    own, inner = split(values[0])
    _warn_of_rows(elaborator, call, inner)
    shape = Shape("1", inner.shape.columns)
    ones = core.Ones(call.span, Shape("1", inner.shape.rows))
    product = core.Product(call.span, shape, (ones, inner), elaborator.over)
    return scaled(own, product, call.span)


def _warn_of_rows(elaborator: Elaborator, call: s.CallExpression, of: Node) -> None:
    """Say what is left where all entries were meant: the diagonal as a row, a row as it was."""
    if id(call) in elaborator.added_up:
        return
    written, text = call.positional[0], text_of(call.positional[0])
    if isinstance(of, core.Hadamard) and core.Identity in (type(of.left), type(of.right)):
        name = "A"
        if isinstance(written, s.EntryProductExpression):
            is_right = isinstance(of.right, core.Identity)
            name = _inside(text_of(written.left if is_right else written.right))
        message = f"sum adds up every column, so sum({text}) is the diagonal, as one row"
        hint = f"their sum is trace({name}), the column of them diag({name})"
        elaborator.report.warning("suspicious-sum", call.span, message, hint)
    elif elaborator.axes.find(of.shape.rows) == "1" and isinstance(written, s.CallExpression):
        message = f"sum adds up every column, and {text} is one row already"
        hint = f"the sum of the entries of a row is a product: {text}*ones"
        elaborator.report.warning("suspicious-sum", call.span, message, hint)


def _inside(text: str) -> str:
    """The text without brackets around all of it."""
    inner = text[1:-1]
    depths = accumulate((one == "(") - (one == ")") for one in inner)
    return inner if text[0] + text[-1] == "()" and min(depths) >= 0 else text


def _trace(elaborator: Elaborator, call: s.CallExpression, values: list[Node]) -> Node | None:
    """The sum of the diagonal: of all entries of the value times, entry by entry, the identity."""
    own, inner = split(values[0])
    axes, shape = elaborator.axes, Shape(inner.shape.rows, inner.shape.columns)
    if not axes.unify(shape.rows, shape.columns):
        text = text_of(call.positional[0])
        message = f"trace needs a square matrix, but {text} is {axes.text(shape)}"
        elaborator.report.error(
            "not-square", call.positional[0].span, message, "of a product: trace(A'*B)"
        )
        return None
    if axes.find(shape.rows) == TOKEN:
        text = text_of(call.positional[0])
        message = f"{text} is {axes.text(shape)}: no value has tokens in rows and columns"
        elaborator.report.error("token-rows", call.span, message, "the trace of x'*y is dot(x, y)")
        return None
    return scaled(
        own, _of_all(elaborator, call, _diagonal_part(elaborator, call, inner)), call.span
    )


def _diagonal_part(elaborator: Elaborator, call: s.CallExpression, of: Node) -> core.Hadamard:
    shape = Shape(of.shape.rows, of.shape.rows)
    identity = core.Identity(call.span, shape)
    return core.Hadamard(call.span, shape, of, identity, elaborator.tolerance, "")


def _of_all(elaborator: Elaborator, call: s.CallExpression, of: Node) -> Node:
    """The sum of all entries: a row of ones times the value times a column of ones."""
    row, column = Shape("1", of.shape.rows), Shape(of.shape.columns, "1")
    factors = (core.Ones(call.span, row), of, core.Ones(call.span, column))
    return core.Product(call.span, Shape("1", "1"), factors, elaborator.over)


# -- the product of two vectors -----------------------------------------------------------------


def _dot(elaborator: Elaborator, call: s.CallExpression, values: list[Node]) -> Node | None:
    """Σ x_ij·y_ij: of two columns x'*y, of two rows x*y', else the sum of the entries of x .* y."""
    (first, x), (second, y) = map(split, values)
    axes, span = elaborator.axes, call.span
    left, right = (Shape(one.shape.rows, one.shape.columns) for one in (x, y))
    if not axes.unify_shapes(left, right):
        texts = [text_of(one) for one in call.positional]
        message = (
            f"dot takes two values of one shape, but {texts[0]} is {axes.text(left)} "
            f"and {texts[1]} is {axes.text(right)}"
        )
        elaborator.report.error(
            "shapes-differ", span, message, f"the product of matrices is {texts[0]}*{texts[1]}"
        )
        return None
    shape = axes.resolve(left)
    turned = Shape(shape.columns, shape.rows)
    if shape.columns == "1":
        factors: tuple[Node, Node] = (core.Transpose(span, turned, x), y)
    elif shape.rows == "1":
        factors = (x, core.Transpose(span, turned, y))
    else:
        if not elaborator.works_on_entries(call, "'dot' of two matrices"):
            return None
        entries = core.Hadamard(span, shape, x, y, elaborator.tolerance, "")
        return scaled(first, scaled(second, _of_all(elaborator, call, entries), span), span)
    product = core.Product(span, Shape("1", "1"), factors, elaborator.over)
    return scaled(first, scaled(second, product, span), span)


# -- the diagonal -------------------------------------------------------------------------------


def _diagonal(elaborator: Elaborator, call: s.CallExpression, values: list[Node]) -> Node | None:
    """Of a square matrix its diagonal, a column; of a column or a row the matrix that has it.

    (A .* I)*ones;  (v*ones) .* I.  The second of the first is A .* I.
    """
    own, inner = split(values[0])
    axes, span = elaborator.axes, call.span
    shape = axes.resolve(Shape(inner.shape.rows, inner.shape.columns))
    text = text_of(call.positional[0])
    if (known := _part_of(inner)) is not None:
        return scaled(own, known, span)
    if shape == Shape("1", "1"):
        return values[0]
    if TOKEN in (shape.rows, shape.columns) and _by_tokens(elaborator, call, shape):
        return None
    if shape.rows == shape.columns:
        column = Shape(shape.rows, "1")
        factors = (_diagonal_part(elaborator, call, inner), core.Ones(span, column))
        return scaled(own, core.Product(span, column, factors, elaborator.over), span)
    if (
        "1" not in (shape.rows, shape.columns)
        or is_unknown(shape.rows)
        or is_unknown(shape.columns)
    ):
        message = f"diag takes a square matrix or a column, but {text} is {axes.text(shape)}"
        elaborator.report.error("not-square", call.positional[0].span, message)
        return None
    if shape.rows == "1":
        shape = Shape(shape.columns, "1")
        inner = core.Transpose(span, shape, inner)
    ones = core.Ones(span, Shape("1", shape.rows))
    whole = Shape(shape.rows, shape.rows)
    repeated = core.Product(span, whole, (inner, ones), elaborator.over)
    return scaled(own, _diagonal_part(elaborator, call, repeated), span)


def _by_tokens(elaborator: Elaborator, call: s.CallExpression, shape: Shape) -> bool:
    """Report a diagonal matrix, or the diagonal of one, whose rows and columns are tokens."""
    text, name = text_of(call.positional[0]), call.name.text
    sides = {shape.rows, shape.columns}
    if sides == {TOKEN}:
        message = (
            f"{text} is {elaborator.axes.text(shape)}: no value has tokens in rows and columns"
        )
        hint = "the diagonal of x'*y is sum(x .* y), one row"
    elif sides == {TOKEN, "1"}:
        message = f"{name}({text}) would have tokens in rows and columns, and no value has"
        hint = f"multiply entry by entry: {text} .* E"
    else:
        return False
    elaborator.report.error("token-rows", call.span, message, hint)
    return True


def _part_of(node: Node) -> core.Hadamard | None:
    """A .* I of (A .* I)*ones: what ``diag(diag(A))`` is."""
    if not isinstance(node, core.Product) or len(node.factors) != 2:
        return None
    part, ones = node.factors
    if not isinstance(part, core.Hadamard) or not isinstance(part.right, core.Identity):
        return None
    return part if isinstance(ones, core.Ones) and node.shape.columns == "1" else None


SUMS = {
    one.name: one
    for one in (
        Sum("sum", "sum(E)", _column_sums),
        Sum("trace", "trace(A)", _trace, of_entries=True),
        Sum("dot", "dot(x, y)", _dot, takes=2),
        Sum("diag", "diag(A)", _diagonal, of_entries=True),
        *(Sum(name, f"{name}(k'*q)", scores, of_entries=True) for name in WORDS),
    )
}
