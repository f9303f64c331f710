"""What an operation costs, roughly, in multiplications: enough to choose between two orders."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import inf

from weightsmith.backends.plan.operations.graph import Graph
from weightsmith.backends.plan.operations.nodes import (
    Applied,
    Axis,
    Carried,
    Fixed,
    Input,
    Linear,
    Product,
    Result,
    Running,
    Seen,
    Shares,
)

CALL = 8_000  # multiplications in the time of one call
MOVE = 4  # multiplications in the time that a number takes to be read or written
FUNCTION = 4  # moves in the time of a function of an entry
RUNNING = 12  # calls of a sum up to each token
USUAL = {"context": 1024, "query": 64}
DIMENSION = 64


class Sizes:
    """The size of every axis; usual ones where nothing is said.

    ``sharded``: the axes of which each process has a part only.
    """

    def __init__(
        self, known: Mapping[str, int] | None = None, sharded: Collection[Axis] = ()
    ) -> None:
        self._known = known or {}
        self.sharded = sharded

    def __getitem__(self, axis: Axis) -> int:
        if "+" in axis:
            return sum(self[one] for one in axis.split("+"))
        if axis.isdigit():
            return int(axis)
        return self._known.get(axis, USUAL.get(axis, DIMENSION))


def cost_of(graph: Graph, number: int, sizes: Sizes) -> float:
    node, (rows, columns) = graph.nodes[number], graph.shapes[number]
    r, c = sizes[rows], sizes[columns]
    if rows in sizes.sharded and columns in sizes.sharded:
        return inf  # tokens of one process times those of another
    if isinstance(node, Input | Carried | Result | Fixed):
        return 0.0
    if isinstance(node, Product):
        inner = sizes[graph.shape(node.left)[1]]
        once = r * inner * c + MOVE * (r * inner + inner * c + r * c)
    elif isinstance(node, Linear):
        read = sum(not isinstance(graph.nodes[ref.node], Product) for ref, _ in node.of.terms)
        once = MOVE * (read + 1) * r * c
    elif isinstance(node, Running):
        inner, chunk = sizes[graph.shape(node.keys)[0]], node.chunk
        once = RUNNING * CALL + c * (chunk * (r + inner) + 2 * r * inner)
        once += MOVE * c * (3 * (r + inner) + 2 * chunk + 3 * r * inner // chunk)
    elif isinstance(node, Applied | Shares | Seen):
        once = FUNCTION * MOVE * r * c
    else:
        once = 2 * MOVE * r * c
    return graph.trips[graph.scopes[number]] * (CALL + once)
