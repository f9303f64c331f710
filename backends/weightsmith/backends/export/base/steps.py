"""A plan as the steps of a program: what stands within what, and which values share a variable.

A value that is used once, and has no name of its own, stands within the expression that uses it.
The variables of a loop are those that it carries; where nothing else needs it, the value before the
loop and the one that a pass computes go straight into them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from weightsmith.backends.plan.build import Plan
from weightsmith.backends.plan.live import Live, live, loop_of
from weightsmith.backends.plan.operations.graph import TOP
from weightsmith.backends.plan.operations.nodes import (
    Bucket,
    Carried,
    Combination,
    Input,
    Linear,
    Node,
    Product,
    Ref,
    Result,
    Table,
    operands,
)

MOST = 4  # values in an expression that stands within another
TERMS = 3  # of a sum that stands within another expression


@dataclass(frozen=True, slots=True)
class Compute:
    """A value is computed."""

    node: int


@dataclass(frozen=True, slots=True)
class Run:
    """A loop is run: ``places`` are the values that it carries."""

    loop: int
    places: tuple[int, ...]
    body: tuple[Compute | Run, ...]


Step = Compute | Run


class Steps:
    """The steps of a plan, and the variable of each of its values."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._graph = plan.graph
        self._live: Live = live(plan)
        self._uses = Counter(ref.node for _, ref in self._reads())
        self._user = {ref.node: user for user, ref in self._reads()}
        self._leaves: dict[int, int] = {}
        self.inlined = {node for node in self._all() if self._stands_within(node)}
        self._same: dict[int, int] = {}  # of a value another one with the same variable
        self.held: dict[tuple[int, int], int] = {}  # of a carried value some value
        self.steps = tuple(self._steps(TOP))
        for step in self.steps:
            self._join(step)

    def variable(self, node: int) -> int:
        """The value that stands for all with its variable."""
        while node in self._same:
            node = self._same[node]
        return node

    @cached_property
    def members(self) -> dict[int, list[int]]:
        """The values of each variable, in order."""
        found: dict[int, list[int]] = defaultdict(list)
        for node in self._all():
            found[self.variable(node)].append(node)
        return found

    def _all(self) -> list[int]:
        return sorted(node for order in self._live.order.values() for node in order)

    def _reads(self) -> Iterator[tuple[int | None, Ref]]:
        """Which value reads which; None for loops and for what is returned."""
        for output in self._plan.outputs:
            yield from ((None, ref) for ref in output.pieces.values())
        for node in self._all():
            of = self._graph.nodes[node]
            if not isinstance(of, Bucket):
                yield from ((node, ref) for ref in read_by(of))
        for loop, places in self._live.places.items():
            found = loop_of(self._graph, loop)
            yield from ((None, found.entries[place]) for place in places)
            yield from ((None, found.nexts[place]) for place in places)

    def _stands_within(self, node: int) -> bool:
        of = self._graph.nodes[node]
        user = self._user.get(node)
        self._leaves[node] = sum(self._leaves.get(ref.node, 1) for ref in read_by(of))
        short = not isinstance(of, Linear) or self._is_short(of.of)
        fits = (
            isinstance(of, Product | Linear)
            and short
            and user is not None
            and self._uses[node] == 1
            and self._graph.scopes[user] == self._graph.scopes[node]
            and self._leaves[node] <= MOST
            and not self._is_named(node)
        )
        self._leaves[node] = self._leaves[node] if fits else 1
        return fits

    def _is_short(self, of: Combination) -> bool:
        inner = any(self._leaves.get(ref.node, 1) > 1 for ref, _ in of.terms)
        return not inner and len(of.terms) + bool(of.eye) + bool(of.ones) <= TERMS

    def _is_named(self, node: int) -> bool:
        return block_of(self._plan, node) is not None

    # order

    def _steps(self, scope: int) -> Iterator[Step]:
        done: set[int] = set()
        for number in self._live.order.get(scope, ()):
            node = self._graph.nodes[number]
            if isinstance(node, Result):
                if node.loop not in done:
                    done.add(node.loop)
                    yield self._run(node.loop)
            elif not isinstance(node, Input | Carried | Bucket) and number not in self.inlined:
                yield Compute(number)

    def _run(self, loop: int) -> Run:
        return Run(loop, self._live.places[loop], tuple(self._steps(loop)))

    # variables

    def _join(self, step: Step) -> None:
        if isinstance(step, Compute):
            return
        found = loop_of(self._graph, step.loop)
        for node in self._all():
            of = self._graph.nodes[node]
            if isinstance(of, Carried | Result) and of.loop == step.loop:
                held = self.held.setdefault((of.loop, of.place), node)
                self._unite(node, held)
        for place in step.places:
            self._enter(found.entries[place], found.parent, self.held.get((step.loop, place)))
        for inner in step.body:
            self._join(inner)
        for place in step.places:
            self._go_on(step, place, found.nexts)

    def _unite(self, node: int, other: int) -> None:
        if self.variable(node) != self.variable(other):
            self._same[self.variable(node)] = self.variable(other)

    def _enter(self, entry: Ref, parent: int, held: int | None) -> None:
        """The value before the loop, if nothing else reads it, is made in the loop's variable."""
        of = self._graph.nodes[entry.node]
        own = self._graph.scopes[entry.node] == parent and not isinstance(of, Input | Carried)
        if held is not None and own and not entry.transposed and self._uses[entry.node] == 1:
            self._unite(held, entry.node)

    def _go_on(self, step: Run, place: int, nexts: tuple[Ref, ...]) -> None:
        """What a pass computes goes into the variable, if nothing reads the old value later."""
        after, held = nexts[place], self.held.get((step.loop, place))
        made = next((n for n, one in enumerate(step.body) if one == Compute(after.node)), None)
        if held is None or made is None or after.transposed or after.node in self._same:
            return
        once = sum(nexts[other].node == after.node for other in step.places) == 1
        old = {n for n in self.members_of(held) if isinstance(self._graph.nodes[n], Carried)}
        later = {node for one in step.body[made + 1 :] for node in self.read_in(one)}
        later |= {nexts[other].node for other in step.places}
        if once and not old & later and not self._is_held(after.node):
            self._unite(after.node, held)

    def members_of(self, node: int) -> list[int]:
        return [n for n in self._all() if self.variable(n) == self.variable(node)]

    def _is_held(self, node: int) -> bool:
        """Is it in the variable of some loop already?"""
        return any(self.variable(node) == self.variable(one) for one in self.held.values())

    # reading

    def read_in(self, step: Step) -> set[int]:
        """The values that a step reads."""
        if isinstance(step, Compute):
            return set(self.leaves(step.node))
        found = loop_of(self._graph, step.loop)
        refs = [one for p in step.places for one in (found.entries[p], found.nexts[p])]
        return {ref.node for ref in refs}.union(*(self.read_in(one) for one in step.body))

    def within(self, node: int) -> Iterator[int]:
        """The value and those that stand within its expression."""
        yield node
        for ref in read_by(self._graph.nodes[node]):
            if ref.node in self.inlined:
                yield from self.within(ref.node)

    def leaves(self, node: int) -> Iterator[int]:
        for ref in read_by(self._graph.nodes[node]):
            if ref.node in self.inlined:
                yield from self.leaves(ref.node)
            else:
                yield ref.node


def read_by(node: Node) -> tuple[Ref, ...]:
    """What a value is computed from; a table finds its buckets itself."""
    return (node.of,) if isinstance(node, Table) else operands(node)


def block_of(plan: Plan, node: int) -> tuple[str, str, bool] | None:
    """The block and group whose value this is after some layer, and whether as its transpose."""
    held = plan.origins.blocks
    of = plan.graph.nodes[node]
    rows, columns = plan.graph.shapes[node]
    plain = Combination((rows, columns), ((Ref(node), 1.0),))
    flipped = Combination((columns, rows), ((Ref(node, True), 1.0),))
    own = [(plain, False), (flipped, True)]
    if isinstance(of, Linear):
        turned = tuple(sorted((ref.mT, number) for ref, number in of.of.terms))
        other = Combination((columns, rows), turned, of.of.eye, of.of.ones)
        own += [(of.of, False), (other, True)]
    for combination, is_flipped in own:
        if combination in held:
            return *held[combination], is_flipped
    return None


def apart_from_data(plan: Plan) -> set[int]:
    """The values that may be the same for all of a batch: no input reaches them.

    What a loop carries may be so in some passes, and is among them.  A loop whose count is open
    starts with a value for each of the batch.
    """
    graph = plan.graph
    found: set[int] = set()

    def is_apart(node: Node) -> bool:
        if isinstance(node, Carried | Result):
            loop = loop_of(graph, node.loop)
            starts = () if loop.symbol else (loop.entries[node.place].node,)
            return not found.isdisjoint((*starts, loop.nexts[node.place].node))
        inner = [ref.node for ref in operands(node)]
        return not isinstance(node, Input) and found.issuperset(inner)

    order = [number for some in live(plan).order.values() for number in some]
    while more := {n for n in order if n not in found and is_apart(graph.nodes[n])}:
        found |= more
    return found
