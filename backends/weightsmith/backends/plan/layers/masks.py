"""Groups of different sizes in one batch: tokens that only fill up a group hold zero all along.

The data at such tokens are zero, and so are the mask's entries, which stand for ones.  What a layer
adds there is zero without more ado where it is linear in what they hold; a function that is not 0
at 0 is multiplied by the mask.  So no sum over tokens ever sees them.
"""

from __future__ import annotations

from weightsmith.backends.plan.layers.stream import DIRECT, Value
from weightsmith.backends.plan.operations.graph import Graph, add, scale, single
from weightsmith.backends.plan.operations.nodes import (
    Carried,
    Clamp,
    Combination,
    Entrywise,
    Input,
    Linear,
    Product,
    Ref,
    Repeat,
    Result,
    RowSum,
    Running,
    Scaled,
    Seen,
)

MASK = "mask of"  # in place of the name of an input, which is one word


def mask(graph: Graph, group: str) -> Ref:
    """The input that is 1 at tokens and 0 where there is none: one row."""
    return graph.node(Input(MASK, group), ("1", group))


def masked(graph: Graph, value: Value, row: Ref) -> Value:
    """A value at tokens, zero where there is none."""
    if DIRECT not in value.parts:
        return value
    part = value.parts[DIRECT]
    rows, group = part.shape
    every = single(row, ("1", group))
    every = every if rows == "1" else graph.repeat(every, rows)
    found = add(Combination(part.shape, eye=part.eye), scale(every, part.ones))
    for ref, number in part.terms:
        term = single(ref, part.shape, number)
        kept = term if vanishes(graph, ref) else graph.entrywise(term, every)
        found = add(found, kept)
    return Value({**value.parts, DIRECT: found})


def vanishes(graph: Graph, ref: Ref) -> bool:
    """Is it known that the columns of no token are zero, if those of the stream are?"""
    node = graph.nodes[ref.node]
    if ref.transposed and not isinstance(node, Product):
        return False
    match node:
        case Input() | Carried() | Result():
            return True
        case Product(left=left, right=right):
            return vanishes(graph, left.mT if ref.transposed else right)
        case Running(queries=queries):
            return vanishes(graph, queries)
        case Seen(queries=row, other=other):
            return row is not None and other == 0
        case Clamp(of=of, low=low, high=high):
            return low <= 0 <= high and vanishes(graph, of)
        case Linear(of=of):
            return not (of.ones or of.eye) and all(vanishes(graph, one) for one, _ in of.terms)
        case Entrywise(left=left, right=right):
            return vanishes(graph, left) or vanishes(graph, right)
        case RowSum(of=of) | Repeat(of=of) | Scaled(of=of):
            return vanishes(graph, of)
        case _:
            return False
