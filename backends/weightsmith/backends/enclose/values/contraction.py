"""Values by pair of token groups, and sums of products over the groups of the axis between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

from weightsmith.backends.enclose.matrices.near import Near
from weightsmith.backends.enclose.matrices.products import product
from weightsmith.backends.enclose.matrices.sums import combination
from weightsmith.backends.enclose.values.remembered import remembered
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import TOKEN, Node

Groups = tuple[str, ...]
Blocks = Mapping[tuple[str, str], Near]
WHOLE = ("",)


@remembered
def keys_of(node: Node) -> list[tuple[str, str]]:
    rows = node.shape.row_groups if node.shape.rows == TOKEN else WHOLE
    columns = node.shape.column_groups if node.shape.columns == TOKEN else WHOLE
    return [(row, column) for row in rows for column in columns]


def ends(node: core.Product, axis: str = "", groups: Groups = WHOLE) -> Iterator[Groups]:
    """The groups that are wanted of every partial product: within it those that it sums over."""
    for _ in node.factors[2:]:
        yield node.over
    yield groups if axis == TOKEN else WHOLE


def contracted(
    left: Blocks,
    right: Blocks,
    summed: Groups,
    rows: Groups | None = None,
    columns: Groups | None = None,
) -> Blocks:
    """Of the row and column groups that are named, all if none are or there are none."""
    return {
        (row, column): _sum(left, right, row, column, summed)
        for row in _chosen((row for row, _ in left), rows)
        for column in _chosen((column for _, column in right), columns)
    }


def _chosen(groups: Iterable[str], wanted: Groups | None) -> list[str]:
    return [one for one in dict.fromkeys(groups) if not one or wanted is None or one in wanted]


def _sum(left: Blocks, right: Blocks, row: str, column: str, summed: Groups) -> Near:
    parts = [product(left[row, group], right[group, column]) for group in summed]
    return combination([(Fraction(1), part) for part in parts])
