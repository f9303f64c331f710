"""Values by pair of token groups, and sums of products over the groups of the axis between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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
ONE = Fraction(1)
DIVIDING = ("inv", "pinv")


@remembered
def keys_of(node: Node) -> list[tuple[str, str]]:
    rows = node.shape.row_groups if node.shape.rows == TOKEN else WHOLE
    columns = node.shape.column_groups if node.shape.columns == TOKEN else WHOLE
    return [(row, column) for row in rows for column in columns]


@dataclass(frozen=True, slots=True)
class Link:
    """A factor of a product, and the groups of its rows and columns that are needed."""

    factor: Node
    rows: Groups
    columns: Groups
    divides: bool


@remembered
def links_of(node: core.Product) -> tuple[Link, ...]:
    """Within a product the groups that it sums over, at its ends those of the product."""
    last = len(node.factors) - 1
    return tuple(
        Link(
            factor,
            _groups(factor.shape.rows, node.over if place else node.shape.row_groups),
            _groups(factor.shape.columns, node.over if place < last else node.shape.column_groups),
            isinstance(factor, core.Function) and factor.function in DIVIDING,
        )
        for place, factor in enumerate(node.factors)
    )


def _groups(axis: str, groups: Groups) -> Groups:
    return groups if axis == TOKEN else WHOLE


def contracted(
    left: Blocks, right: Blocks, rows: Iterable[str], summed: Groups, columns: Iterable[str]
) -> Blocks:
    """The sums over the groups of the axis between them, for these rows and columns."""
    return {
        (row, column): _sum(left, right, row, column, summed) for row in rows for column in columns
    }


def _sum(left: Blocks, right: Blocks, row: str, column: str, summed: Groups) -> Near:
    if len(summed) == 1:
        return product(left[row, summed[0]], right[summed[0], column])
    return combination([(ONE, product(left[row, one], right[one, column])) for one in summed])
