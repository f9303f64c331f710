"""Rows and columns of ones in products: what they do there, and their simplest form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.scalars import Scalar
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import Node, Shape
from weightsmith.dsl.program.nodes import split

Find = Callable[[str], str]


def simplest(node: core.Product, find: Find) -> Node:
    """Drop ones that are a single number 1; give every other row of ones a product of its own.

    A row of ones adds up the rows of the factor to its right.  As a product of their own the two
    print as ``sum(…)``, which says how many rows the ones have.
    """
    kept = tuple(factor for factor in node.factors if not _is_number(factor, find))
    if len(kept) == 1 and not _groups(kept[0]):
        return replace(kept[0], shape=node.shape)
    if 1 < len(kept) < len(node.factors):
        node = replace(node, factors=kept)
    return _sums_alone(node, find)


def _is_number(node: Node, find: Find) -> bool:
    return isinstance(node, core.Ones) and find(node.shape.rows) == find(node.shape.columns) == "1"


def _groups(node: Node) -> tuple[str, ...]:
    return node.shape.row_groups + node.shape.column_groups


def _sums_alone(node: core.Product, find: Find) -> core.Product:
    for index, factor in enumerate(node.factors[:-1]):
        is_row = isinstance(factor, core.Ones) and find(factor.shape.rows) == "1"
        if not is_row or len(node.factors) == 2:
            continue
        pair = node.factors[index : index + 2]
        total = core.Product(node.span, Shape("1", pair[1].shape.columns), pair, node.over)
        factors = (*node.factors[:index], total, *node.factors[index + 2 :])
        return _sums_alone(replace(node, factors=factors), find)
    return node


def repeated_row(node: Node, find: Find) -> tuple[Scalar, Node] | None:
    """Return (c, F) for c·(a column of ones times the row F); None for anything else."""
    scale, inner = split(node)
    if not isinstance(inner, core.Product) or len(inner.factors) != 2:
        return None
    column, row = inner.factors
    if not isinstance(column, core.Ones) or find(column.shape.columns) != "1":
        return None
    return (scale, row) if scale != q.ZERO else None
