"""``position(context)``, the row 0, 1, 2, … of a group's tokens, and ``X*shift(k)`` made of it.

A token counts those before it: position = 1·(1'·1) with the mask ``before``, one head.  Then

    shift(k) = h(position'·1 - 1'·position + k·1),   h(t) = relu(t + 1) - 2 relu(t) + relu(t - 1),

is 1 where a key stands k tokens before the query, and 0 at every other pair, for h is 1 at 0 and 0
at all other whole numbers.  X*shift(k) is three heads a layer after.
"""

from __future__ import annotations

from fractions import Fraction

from weightsmith.dsl.heads import MASKS
from weightsmith.dsl.meaning.elaborator import Elaborator
from weightsmith.dsl.numbers import scalar_algebra as algebra
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.scalars import Scalar
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import TOKEN, Group, Node, Shape
from weightsmith.dsl.program.groups import MEANING
from weightsmith.dsl.program.nodes import text_of
from weightsmith.dsl.reading import syntax as s
from weightsmith.dsl.text.source import Span

POSITIONS = ("position", "shift")
TENT = core.PiecewiseLinear(
    q.ZERO,
    q.ZERO,
    ((q.MINUS_ONE, q.ONE), (q.ZERO, q.Number(Fraction(-2))), (q.ONE, q.ONE)),
)


def positions(elaborator: Elaborator, call: s.CallExpression) -> Node | None:
    """The node of ``position(context)`` or ``shift(k)``, or None after a report."""
    name = call.name.text
    if not elaborator.works_on_entries(call, f"'{name}'"):
        return None
    given = call.positional[0] if len(call.positional) == 1 and not call.keywords else None
    if given is None:
        hint = "write position(context)" if name == "position" else "write X*shift(1) over context"
        elaborator.report.error(
            "function-arguments", call.span, f"{name} takes one value, got {text_of(call)}", hint
        )
        return None
    return (
        _position(elaborator, call, given)
        if name == "position"
        else _shift(elaborator, call, given)
    )


def _position(elaborator: Elaborator, call: s.CallExpression, given: s.Expression) -> Node | None:
    groups = MEANING.get(given.name, ()) if isinstance(given, s.NameExpression) else ()
    if len(groups) == 1:
        return _counted(call.span, groups[0])
    message = f"tokens are in order within one group, got {text_of(given)}"
    elaborator.report.error("token-order", given.span, message, "write position(context)")
    return None


def _counted(span: Span, group: Group) -> Node:
    value, scores = core.Ones(span, Shape("1", TOKEN)), core.Ones(span, Shape(TOKEN, TOKEN))
    shape = Shape("1", TOKEN)
    return core.Attention(span, shape, value, scores, "", "before", "", (group,))


def _shift(elaborator: Elaborator, call: s.CallExpression, given: s.Expression) -> Node | None:
    steps = elaborator.scalar(given, "a whole number of tokens")
    number = None if steps is None else algebra.constant(steps)
    if steps is None:
        return None
    if number is None or number.denominator != 1:
        message = f"tokens move by a whole number of places, got {text_of(given)}"
        elaborator.report.error(
            "token-order", given.span, message, "write X*shift(1), or X*shift(-1)"
        )
        return None
    over = elaborator.over
    if len(over) != 1 or over[-1] in MASKS:
        message = "shift moves the tokens of one group, in their order"
        elaborator.report.error("token-order", call.span, message, "write X*shift(1) over context")
        return None
    return core.Entrywise(
        call.span, Shape(TOKEN, TOKEN), "shift", TENT, _far(call, over[0], steps), ""
    )


def _far(call: s.CallExpression, group: Group, steps: Scalar) -> Node:
    """How many places a key stands behind the one that the query is to have."""
    span, square = call.span, Shape(TOKEN, TOKEN)
    row, column = core.Ones(span, Shape("1", TOKEN)), core.Ones(span, Shape(TOKEN, "1"))
    key = core.Transpose(span, Shape(TOKEN, "1"), _counted(span, group))
    of_keys = core.Product(span, square, (key, row))
    of_queries = core.Product(span, square, (column, _counted(span, group)))
    terms = ((q.ONE, of_keys), (q.MINUS_ONE, of_queries), (steps, core.Ones(span, square)))
    return core.Combination(span, square, terms if steps != q.ZERO else terms[:2])
