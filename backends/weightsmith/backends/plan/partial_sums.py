"""From a plan to one for several processes, each of which has a part of an axis of tokens.

What has the axis as its rows or columns is local.  A product over the axis, x·yᵀ summed over
tokens, is a partial sum in each process; the sum of all is wanted by whatever reads it, which
therefore is the same in every process.  Nothing that is sent has the axis in its shape.

The operations of each loop's body are put into *levels*: a level needs partial sums of levels
before it only, and all partial sums of one level are sent in one call.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from weightsmith.backends.errors import ShardingError
from weightsmith.backends.plan.build import Plan, PlannedOutput
from weightsmith.backends.plan.live import Live, live, loop_of
from weightsmith.backends.plan.operations.graph import TOP, Graph
from weightsmith.backends.plan.operations.nodes import (
    AllReduced,
    Axis,
    Carried,
    Loop,
    Node,
    Product,
    Ref,
    Result,
    RowSum,
    Running,
    Shares,
    operands,
    renamed,
)


def sharded_plan(plan: Plan, axes: Collection[Axis]) -> Plan:
    """Return the plan for processes that have a part of each of these axes.

    Raises ShardingError where two such axes meet in one matrix: that has rows in one process and
    columns in another.
    """
    return _Sharded(plan, axes).plan()


def is_partial(graph: Graph, number: int, axes: Collection[Axis]) -> bool:
    """Is the node a sum over one of the axes?"""
    match graph.nodes[number]:
        case Product(left):
            return graph.shape(left)[1] in axes
        case RowSum(of):
            return graph.shape(of)[0] in axes
        case _:
            return False


class _Sharded:
    def __init__(self, plan: Plan, axes: Collection[Axis]) -> None:
        self._plan = plan
        self._old = plan.graph
        self._axes = axes
        self._live: Live = live(plan)
        self._new = Graph()
        self._new.constants = dict(plan.graph.constants)
        self._refs: dict[int, Ref] = {}  # of each node, summed where it is partial
        self._calls = 0

    def plan(self) -> Plan:
        self._check()
        for ref in self._plan.inputs:
            self._copy(ref.node, TOP)
        self._scope(TOP, TOP)
        outputs = tuple(
            PlannedOutput(o.name, {group: self._moved(ref) for group, ref in o.pieces.items()})
            for o in self._plan.outputs
        )
        return Plan(self._new, outputs, tuple(self._moved(ref) for ref in self._plan.inputs))

    def _check(self) -> None:
        for number in self._live.uses:
            rows, columns = self._old.shapes[number]
            if rows in self._axes and columns in self._axes:
                raise ShardingError(
                    f"the network makes a matrix of '{rows}' × '{columns}', and every process has "
                    "a part of both only; run it in one process, or share another axis."
                )
            self._check_scores(number, rows, columns)

    def _check_scores(self, number: int, rows: Axis, columns: Axis) -> None:
        """Sums of scores, and sums up to a token, are over all tokens, not over a part of them."""
        node, over = self._old.nodes[number], set()
        if isinstance(node, Shares):
            over |= set(rows.split("+"))
        if isinstance(node, Running):
            over.add(columns)
        over.update(*(axis.split("+") for axis in (rows, columns) if "+" in axis))
        if not over.isdisjoint(self._axes):
            raise ShardingError(
                "a head of the network has a mask or normalised scores over tokens of which every "
                "process has a part only; run it in one process, or share another axis."
            )

    # levels

    def _levels(self, scope: int) -> dict[int, int]:
        """The level of each node of a scope; a loop in it is in one level."""
        levels: dict[int, int] = {}
        for number in self._live.order.get(scope, ()):
            before = (one for one in self._needs(number) if one in levels)
            levels[number] = max((levels[one] + self._is_partial(one) for one in before), default=0)
        return levels

    def _needs(self, number: int) -> Iterator[int]:
        """What a node is computed from; of a loop all that its body reads."""
        node = self._old.nodes[number]
        if not isinstance(node, Result):
            yield from (ref.node for ref in operands(node))
            return
        loop = loop_of(self._old, node.loop)
        for place in self._live.places[node.loop]:
            yield loop.entries[place].node
            yield loop.nexts[place].node
        for inner in self._live.order.get(node.loop, ()):
            yield from self._needs(inner)

    def _is_partial(self, number: int) -> bool:
        return is_partial(self._old, number, self._axes)

    # the new plan

    def _scope(self, scope: int, into: int) -> None:
        levels = self._levels(scope)
        for level in range(max(levels.values(), default=-1) + 1):
            some = [number for number, found in levels.items() if found == level]
            for number in some:
                self._copy(number, into)
            self._sum([number for number in some if self._is_partial(number)], into)

    def _copy(self, number: int, into: int) -> None:
        node = self._old.nodes[number]
        if number in self._refs:
            return
        if isinstance(node, Result):
            self._loop(node.loop, into)
            return
        shape = self._old.shapes[number]
        self._refs[number] = self._new.node(self._renumbered(node), shape, into)

    def _sum(self, partial: list[int], into: int) -> None:
        """One call for all of these."""
        self._calls += bool(partial)
        for number in partial:
            node, shape = AllReduced(self._refs[number], self._calls), self._old.shapes[number]
            self._refs[number] = self._new.node(node, shape, into)

    def _loop(self, loop: int, into: int) -> None:
        found, places = loop_of(self._old, loop), self._live.places[loop]
        entries = [self._moved(found.entries[place]) for place in places]
        inner = self._new.open_loop(into, found.count)
        for number in self._live.order.get(loop, ()):
            node = self._old.nodes[number]
            if isinstance(node, Carried) and node.loop == loop:
                place, shape = places.index(node.place), self._old.shapes[number]
                self._refs[number] = self._new.carried(inner, place, shape)
        self._scope(loop, inner)
        nexts = [self._moved(found.nexts[place]) for place in places]
        closed = Loop(into, found.count, tuple(entries), tuple(nexts), found.symbol)
        results = self._new.close_loop(inner, closed)
        for number in self._live.order.get(found.parent, ()):
            node = self._old.nodes[number]
            if isinstance(node, Result) and node.loop == loop:
                self._refs[number] = results[places.index(node.place)]

    def _moved(self, ref: Ref) -> Ref:
        found = self._refs[ref.node]
        return found.mT if ref.transposed else found

    def _renumbered(self, node: Node) -> Node:
        return renamed(node, self._moved)
