"""Which matrices of a plan are computed as their transposes, so that fewer transposes are taken.

(A·B)ᵀ = Bᵀ·Aᵀ, and the transpose of a sum, of a product entry by entry or of a function of entries
is that of the transposes.  So a node may stand for its transpose, and whatever reads it follows:
X ← 2X − X·Aᵀ·X, with Y = Xᵀ, is Y ← 2Y − Y·A·Y, and only what comes out is transposed, as a view.

Nodes are joined along what they read, the most frequent reads first, unless that closes a circle;
each is then computed the way in which these reads take no transpose.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from weightsmith.backends.plan.build import Plan, PlannedOutput
from weightsmith.backends.plan.live import Live, live, loop_of
from weightsmith.backends.plan.operations.graph import TOP, Graph
from weightsmith.backends.plan.operations.nodes import (
    Applied,
    Bucket,
    Carried,
    Clamp,
    Entrywise,
    Linear,
    Loop,
    Node,
    Product,
    Ref,
    Result,
    Scaled,
    Table,
    operands,
    renamed,
)
from weightsmith.backends.template.wellformed import TOKEN_GROUPS

STAYS = -1  # in place of a node: all that are computed as they are
COPY = 6  # views of a transpose in the time of a copy of it
Flips = Mapping[int, bool]  # of each node: is its transpose computed?


@dataclass(frozen=True, slots=True)
class _Read:
    """A node that another reads in a loop, or a value that comes out."""

    by: int
    of: Ref
    scope: int


def oriented(plan: Plan) -> Plan:
    """Return the plan with each matrix, or its transpose in its place; the same where none pays."""
    graph, found = plan.graph, live(plan)
    reads = list(_reads(plan, found))
    flips = _flips(graph, found, reads)
    if _cost(graph, reads, flips) >= _cost(graph, reads, dict.fromkeys(flips, False)):
        return plan
    return _rewritten_plan(plan, flips)


def _rewritten_plan(plan: Plan, flips: Flips) -> Plan:
    outputs = tuple(
        PlannedOutput(
            o.name, {group: _turned(ref, False, flips) for group, ref in o.pieces.items()}
        )
        for o in plan.outputs
    )
    return replace(plan, graph=_rewritten(plan.graph, flips), outputs=outputs)


def _reads(plan: Plan, found: Live) -> Iterator[_Read]:
    """All reads; what a loop carries is read by its value of the same place."""
    graph = plan.graph
    for number in sorted(found.uses):
        for ref in operands(graph.nodes[number]):
            yield _Read(number, ref, graph.scopes[number])
    for loop, values in _carried(graph, found).items():
        of = loop_of(graph, loop)
        for place, (first, *_) in values.items():
            yield _Read(first, of.entries[place], of.parent)
            yield _Read(first, of.nexts[place], loop)
    for output in plan.outputs:
        for ref in output.pieces.values():
            yield _Read(STAYS, ref, TOP)


def _carried(graph: Graph, found: Live) -> dict[int, dict[int, list[int]]]:
    """The nodes of each place of each loop: its value in a pass, and after the last one."""
    values: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for number in sorted(found.uses):
        node = graph.nodes[number]
        if isinstance(node, Carried | Result):
            values[node.loop][node.place].append(number)
    return values


def _stays(graph: Graph, number: int) -> bool:
    """Is the node computed as it is?  With tokens it keeps the layout in which they are given."""
    if set(graph.shapes[number]) & set(TOKEN_GROUPS):
        return True
    match graph.nodes[number]:
        case Product(left, right):
            return left == right.mT  # its own transpose
        case Linear() | Entrywise() | Scaled() | Clamp() | Bucket() | Table() | Applied():
            return False
        case Carried() | Result():
            return False
        case _:
            return True


def _flips(graph: Graph, found: Live, reads: list[_Read]) -> Flips:
    joined = _Joined()
    for number in sorted(found.uses):
        if _stays(graph, number):
            joined.join(STAYS, number, False)
    for values in _carried(graph, found).values():
        for first, *others in values.values():
            for other in others:
                joined.join(first, other, False)
    for read in sorted(reads, key=lambda read: -graph.trips[read.scope]):
        joined.join(read.by, read.of.node, read.of.transposed)
    stays = joined.root(STAYS)
    roots = {number: joined.root(number) for number in found.uses}
    return {number: (root != stays) for number, root in roots.items()}


class _Joined:
    """Sets of nodes that are computed in one way, or each in the other: union and find."""

    def __init__(self) -> None:
        self._above: dict[int, tuple[int, bool]] = {}  # the node above, and: the other way?

    def root(self, number: int) -> tuple[int, bool]:
        other = False
        while number in self._above:
            number, change = self._above[number]
            other ^= change
        return number, other

    def join(self, one: int, two: int, other: bool) -> None:
        """The two in one way, or in the ``other``; nothing where they are joined already."""
        (first, change), (second, change_of_second) = self.root(one), self.root(two)
        if first != second:
            self._above[second] = first, change ^ change_of_second ^ other


def _turned(ref: Ref, by: bool, flips: Flips) -> Ref:
    """What a node reads that is flipped, or not."""
    return Ref(ref.node, ref.transposed ^ by ^ flips[ref.node])


def _cost(graph: Graph, reads: list[_Read], flips: Flips) -> int:
    """Of all transposes that are taken; one that a loop reads is copied before it."""
    scopes: dict[int, set[int]] = defaultdict(set)
    for read in reads:
        if _turned(read.of, flips.get(read.by, False), flips).transposed:
            scopes[read.of.node].add(read.scope)
    return sum(
        graph.trips[graph.scopes[node]] * (1 if some == {graph.scopes[node]} else COPY)
        for node, some in scopes.items()
    )


def _rewritten(graph: Graph, flips: Flips) -> Graph:
    """The graph with the same numbers of nodes; those that nothing needs stay."""
    found = Graph()
    found.nodes = [
        _flipped(node, flips[number], flips) if number in flips else node
        for number, node in enumerate(graph.nodes)
    ]
    found.shapes = [
        (shape[1], shape[0]) if flips.get(number) else shape
        for number, shape in enumerate(graph.shapes)
    ]
    found.scopes, found.depths = list(graph.scopes), list(graph.depths)
    found.trips, found.constants = list(graph.trips), dict(graph.constants)
    places = {
        (node.loop, node.place): flips[number]
        for number, node in enumerate(graph.nodes)
        if isinstance(node, Carried | Result) and number in flips
    }
    found.loops = [
        None if loop is None else _flipped_loop(number, loop, places, flips)
        for number, loop in enumerate(graph.loops)
    ]
    return found


def _flipped_loop(
    number: int, loop: Loop, places: Mapping[tuple[int, int], bool], flips: Flips
) -> Loop:
    def moved(refs: tuple[Ref, ...]) -> tuple[Ref, ...]:
        """Of the places that something needs."""
        return tuple(
            _turned(ref, places[number, place], flips) if (number, place) in places else ref
            for place, ref in enumerate(refs)
        )

    return replace(loop, entries=moved(loop.entries), nexts=moved(loop.nexts))


def _flipped(node: Node, flip: bool, flips: Flips) -> Node:
    def moved(ref: Ref) -> Ref:
        return _turned(ref, flip, flips)

    if isinstance(node, Product) and flip:
        return Product(moved(node.right), moved(node.left))
    if isinstance(node, Linear):
        of = node.of
        shape = (of.shape[1], of.shape[0]) if flip else of.shape
        node = Linear(replace(of, shape=shape))
    return renamed(node, moved)
