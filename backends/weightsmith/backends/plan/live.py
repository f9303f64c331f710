"""Which operations a plan's outputs need, how often each is used, and in which order they run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from weightsmith.backends.plan.build import Plan
from weightsmith.backends.plan.operations.cost import CALL, Sizes, cost_of
from weightsmith.backends.plan.operations.graph import TOP, Graph
from weightsmith.backends.plan.operations.nodes import (
    Carried,
    Linear,
    Loop,
    Product,
    Result,
    operands,
)


@dataclass(frozen=True, slots=True)
class Live:
    """``uses`` of each node that is needed; ``places``: the carried values that each loop needs;
    ``order``: the nodes of each scope, a loop standing where its first result does."""

    uses: Counter[int]
    places: dict[int, tuple[int, ...]]
    order: dict[int, tuple[int, ...]]


def live(plan: Plan) -> Live:
    graph = plan.graph
    seen: set[int] = set()
    carried: dict[int, set[int]] = {}
    uses: Counter[int] = Counter()
    stack = [ref.node for output in plan.outputs for ref in output.pieces.values()]
    uses.update(stack)
    while stack:
        number = stack.pop()
        if number in seen:
            continue
        seen.add(number)
        needed = _needed(graph, number, carried)
        uses.update(needed)
        stack += needed
    return Live(
        uses, {loop: tuple(sorted(some)) for loop, some in carried.items()}, _order(graph, seen)
    )


def loop_of(graph: Graph, number: int) -> Loop:
    found = graph.loops[number]
    if found is None:
        raise LookupError(f"loop {number} was never closed")
    return found


def _needed(graph: Graph, number: int, carried: dict[int, set[int]]) -> list[int]:
    node = graph.nodes[number]
    if not isinstance(node, Carried | Result):
        return [ref.node for ref in operands(node)]
    places = carried.setdefault(node.loop, set())
    if node.place in places:
        return []
    places.add(node.place)
    loop = loop_of(graph, node.loop)
    return [loop.entries[node.place].node, loop.nexts[node.place].node]


def _order(graph: Graph, seen: set[int]) -> dict[int, tuple[int, ...]]:
    scopes: dict[int, list[int]] = {TOP: []}
    for number in sorted(seen):
        scopes.setdefault(graph.scopes[number], []).append(number)
    return {scope: tuple(some) for scope, some in scopes.items()}


def fused(graph: Graph, found: Live) -> Iterator[int]:
    """The products that the one combination which uses them computes by itself."""
    for scope, order in found.order.items():
        linear = [node for n in order if isinstance(node := graph.nodes[n], Linear)]
        for ref, _ in (term for node in linear for term in node.of.terms):
            here = graph.scopes[ref.node] == scope and found.uses[ref.node] == 1
            if here and isinstance(graph.nodes[ref.node], Product):
                yield ref.node


def cost(plan: Plan, sizes: Sizes) -> float:
    """What a plan costs, roughly, in multiplications."""
    found = live(plan)
    nodes = plan.graph.nodes
    total = 0.0
    for number in found.uses:
        total += cost_of(plan.graph, number, sizes)
        node = nodes[number]
        alone = isinstance(node, Linear) and any(
            isinstance(nodes[ref.node], Product) and found.uses[ref.node] == 1
            for ref, _ in node.of.terms
        )
        if alone:  # the product and the sum are one call
            total -= CALL * plan.graph.trips[plan.graph.scopes[number]]
    return total
