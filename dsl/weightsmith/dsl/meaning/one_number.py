"""A 1 x 1 value times a matrix: where the two do not multiply, every entry gets the factor.

Written out with what exists: the value moves to a place of the product where a side is 1,
s*x = x*s for a column; where there is none, s*X is (ones*s*ones) .* X.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from weightsmith.dsl.meaning.elaborator import Elaborator
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import Node, Shape
from weightsmith.dsl.program.nodes import bare, bracketed, scaled, split, text_of
from weightsmith.dsl.program.shapes import is_unknown
from weightsmith.dsl.reading import syntax as s
from weightsmith.dsl.text.source import Span

Factor = tuple[s.Expression, Node]
WHAT = "a 1 x 1 value times a matrix"


def is_one_number(elaborator: Elaborator, value: Node) -> bool:
    """True of a value that is known to be 1 x 1."""
    return elaborator.axes.resolve(bare(value.shape)) == Shape("1", "1")


def product_of(elaborator: Elaborator, whole: s.Expression, factors: list[Factor]) -> Node | None:
    """Return the product of matrices, in which 1 x 1 values may stand anywhere; None if told."""
    _ends_of_one(elaborator, factors)
    others = [one for one in factors if not is_one_number(elaborator, one[1])]
    if len(others) in (0, len(factors)):
        return elaborator.chain(whole.span, factors, _bracket_hint(elaborator, factors))
    for (_, left), (_, right) in pairwise(others):
        if not elaborator.axes.unify(left.shape.columns, right.shape.rows):
            hint = _bracket_hint(elaborator, others)
            return elaborator.chain(whole.span, others, hint)  # says what is wrong
    if len(others) == 1 and isinstance(others[0][1], core.Ones):
        singles = [one for one in factors if one is not others[0]]
        return _everywhere(elaborator, whole.span, _chained(elaborator, whole, singles), others[0])
    placed, left_over = _placed(elaborator, factors, others)
    value = elaborator.chain(whole.span, placed)
    if value is None or not left_over:
        return value
    if not elaborator.works_on_entries(whole, WHAT):
        return None
    return times_everywhere(elaborator, whole.span, _chained(elaborator, whole, left_over), value)


def _ends_of_one(elaborator: Elaborator, factors: list[Factor]) -> None:
    """A product that begins or ends with ones: one row, one column, where nothing says more."""
    first, last = factors[0][1], factors[-1][1]
    if len(factors) > 1 and isinstance(first, core.Ones):
        elaborator.repeated_rows.append(first.shape.rows)
    if len(factors) > 1 and isinstance(last, core.Ones):
        elaborator.repeated_rows.append(last.shape.columns)


def _bracket_hint(elaborator: Elaborator, factors: list[Factor]) -> str | None:
    """``(v'*v)*A`` for v'*v*A, in which brackets make one number."""
    axes = elaborator.axes
    shapes = [axes.resolve(bare(node.shape)) for _, node in factors]
    rows = [at for at, shape in enumerate(shapes) if shape.rows == "1"]
    for start in rows:
        end = next((at for at in range(start, len(shapes)) if shapes[at].columns == "1"), start)
        whole, number = range(len(shapes)), range(start, end + 1)
        texts = [bracketed(part, text_of(part)) for part, _ in factors]
        if len(number) in (1, len(whole)):
            continue
        inner = "*".join(texts[at] for at in number)
        parts = [f"({inner})" if at == start else texts[at] for at in whole if at not in number[1:]]
        return f"if {inner} is meant as one number: {'*'.join(parts)}"
    return None


def times_everywhere(elaborator: Elaborator, span: Span, number: Node, value: Node) -> Node:
    """(ones*s*ones) .* X."""
    (first, one), (second, of) = split(number), split(value)
    shape = bare(of.shape)
    spread = _spread(elaborator, span, one, shape)
    left, right = (of, spread) if isinstance(of, core.Identity) else (spread, of)
    entries = core.Hadamard(span, shape, left, right, elaborator.tolerance, "")
    return scaled(first, scaled(second, entries, span), span)


def _chained(elaborator: Elaborator, whole: s.Expression, singles: Sequence[Factor]) -> Node:
    value = elaborator.chain(whole.span, singles)
    if value is None:
        raise TypeError("1 x 1 values multiply")
    return value


def _spread(elaborator: Elaborator, span: Span, number: Node, shape: Shape) -> Node:
    """ones*s*ones."""
    column = core.Ones(span, Shape(shape.rows, "1"))
    row = core.Ones(span, Shape("1", shape.columns))
    return core.Product(span, shape, (column, number, row), elaborator.over)


def _everywhere(elaborator: Elaborator, span: Span, number: Node, ones: Factor) -> Node:
    """s*ones: of the size that is needed, of one row or column where nothing says it."""
    own, one = split(number)
    shape = bare(ones[1].shape)
    elaborator.repeated_rows += [shape.rows, shape.columns]
    return scaled(own, _spread(elaborator, span, one, shape), span)


def _placed(
    elaborator: Elaborator, factors: list[Factor], others: list[Factor]
) -> tuple[list[Factor], list[Factor]]:
    """The factors, every 1 x 1 value where a side is 1, and those for which there is no place."""
    find = elaborator.axes.find
    sides = [find(others[0][1].shape.rows), *(find(one.shape.columns) for _, one in others)]
    at: list[list[Factor]] = [[] for _ in sides]
    left_over: list[Factor] = []
    alone = len(others) == 1 and isinstance(others[0][1], core.Identity)
    gap = 0
    for one in factors:
        if gap < len(others) and one is others[gap]:
            gap += 1
        elif sides[gap] == "1" or (is_unknown(sides[gap]) and not alone):
            at[gap].append(one)
        elif "1" in sides:
            at[sides.index("1")].append(one)
        else:
            left_over.append(one)
    placed = [*at[0]]
    for other, after in zip(others, at[1:], strict=True):
        placed += [other, *after]
    return placed, left_over
