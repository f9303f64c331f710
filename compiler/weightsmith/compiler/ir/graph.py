"""The graph IR: typed operations, one acyclic graph for the whole program, loops included.

Equal operations on equal operands are one node (common subexpressions are shared from the
start).  A loop is not a cycle: its body hangs between ``Carried`` nodes (the values at the start
of a pass, with an edge from the value before the loop) and ``Exit`` nodes (the values after the
last pass, with an edge from the value after one pass), so that the graph stays acyclic: operands
are there before what is made of them, so that the order of the numbers is a topological one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from weightsmith.dsl.numbers.formulas import Formula
from weightsmith.dsl.numbers.scalars import Scalar, free_symbols
from weightsmith.dsl.program.core import Approximated, PiecewiseLinear, Schedule, Shape
from weightsmith.dsl.program.parts import line_scalars
from weightsmith.dsl.text.source import Span


@dataclass(frozen=True)
class InputOperation:
    name: str
    symmetric: bool


@dataclass(frozen=True)
class IdentityOperation:
    pass


@dataclass(frozen=True)
class ZeroOperation:
    pass


@dataclass(frozen=True)
class OnesOperation:
    pass


@dataclass(frozen=True)
class EntrywiseOperation:
    """A function of every entry; the same function of one value is one node, whatever the site."""

    function: PiecewiseLinear | Approximated
    label: str = field(compare=False)
    site: str = field(compare=False)


@dataclass(frozen=True)
class HadamardOperation:
    """The product entry by entry."""

    tolerance: Scalar
    site: str = field(compare=False)


@dataclass(frozen=True)
class AttentionOperation:
    """value · N(M ∘ f(scores)), of two operands."""

    function: str
    mask: str
    normalised: str
    over: tuple[str, ...]


@dataclass(frozen=True)
class TransposeOperation:
    pass


@dataclass(frozen=True)
class CombineOperation:
    coefficients: tuple[Scalar, ...]


@dataclass(frozen=True)
class MultiplyOperation:
    over: tuple[str, ...]


@dataclass(frozen=True)
class CarriedOperation:
    loop: int
    variable: str


@dataclass(frozen=True)
class ExitOperation:
    loop: int
    variable: str


@dataclass(frozen=True)
class FunctionOperation:
    """A matrix function; only in targets.  ``power`` has an exponent, ``spectral`` a formula."""

    function: str
    exponent: Fraction | None = None
    formula: Formula | None = None


Operation = (
    InputOperation
    | IdentityOperation
    | ZeroOperation
    | OnesOperation
    | EntrywiseOperation
    | HadamardOperation
    | AttentionOperation
    | TransposeOperation
    | CombineOperation
    | MultiplyOperation
    | CarriedOperation
    | ExitOperation
    | FunctionOperation
)


@dataclass(frozen=True)
class GraphLoop:
    """One ``repeat``: for each carried variable the nodes before, at the start, after a pass."""

    index: int
    parent: int | None
    count: Scalar
    span: Span
    carried: tuple[tuple[str, int, int, int], ...]  # variable, initial, carried, next
    schedule: tuple[Schedule, ...] = ()


@dataclass(frozen=True, slots=True)
class _Node:
    operation: Operation
    shape: Shape
    operands: tuple[int, ...]
    span: Span


@dataclass
class Graph:
    loops: list[GraphLoop] = field(default_factory=list)
    returns: list[int] = field(default_factory=list)
    targets: list[int | None] = field(default_factory=list)
    assumptions: list[int] = field(default_factory=list)  # the value of each one
    sites: dict[str, int] = field(default_factory=dict)  # the node of each function of entries
    _nodes: list[_Node] = field(default_factory=list)
    _known: dict[tuple[Operation, Shape, tuple[int, ...]], int] = field(default_factory=dict)

    def add(self, operation: Operation, shape: Shape, operands: tuple[int, ...], span: Span) -> int:
        """Return the node of this operation, adding it if there is none."""
        key = (operation, shape, operands)
        if key not in self._known:
            self._known[key] = len(self._nodes)
            self._nodes.append(_Node(operation, shape, operands, span))
        return self._known[key]

    @property
    def nodes(self) -> range:
        """The numbers of the nodes, operands before what is made of them."""
        return range(len(self._nodes))

    def edges(self) -> list[tuple[int, int]]:
        """From each operand to what is made of it, once each, sorted."""
        return sorted({(one, node) for node in self.nodes for one in self.operands(node)})

    def back_edges(self) -> list[tuple[int, int]]:
        """From each value after a pass to the value at the start of the next."""
        return [(after, start) for loop in self.loops for _, _, start, after in loop.carried]

    def alive(self) -> set[int]:
        """The nodes on which a returned value depends, in any pass."""
        before: dict[int, list[int]] = {}
        for after, start in self.back_edges():
            before.setdefault(start, []).append(after)
        found, waiting = set(self.returns), [*self.returns]
        while waiting:
            node = waiting.pop()
            new = {*self.operands(node), *before.get(node, ())} - found
            found |= new
            waiting += new
        return found

    def operation(self, node: int) -> Operation:
        return self._nodes[node].operation

    def shape(self, node: int) -> Shape:
        return self._nodes[node].shape

    def operands(self, node: int) -> tuple[int, ...]:
        return self._nodes[node].operands

    def span(self, node: int) -> Span:
        return self._nodes[node].span


def homes(graph: Graph) -> dict[int, int | None]:
    """Of each node: the innermost loop whose passes its value depends on."""
    parents = {loop.index: loop.parent for loop in graph.loops}
    scheduled = {one.name: loop.index for loop in graph.loops for one in loop.schedule}
    depths: dict[int | None, int] = {None: 0}
    for loop in graph.loops:  # outer loops come before those within them
        depths[loop.index] = 1 + depths[loop.parent]
    found: dict[int, int | None] = {}
    for node in graph.nodes:
        inside = [found[operand] for operand in graph.operands(node)]
        match graph.operation(node):
            case CarriedOperation(loop=index):
                inside = [index]
            case ExitOperation(loop=index):
                inside = [parents[index]]
            case CombineOperation(coefficients=coefficients):
                inside += _loops_of(coefficients, scheduled)
            case EntrywiseOperation(function=PiecewiseLinear() as function):
                inside += _loops_of(line_scalars(function), scheduled)
        found[node] = max(inside, key=depths.__getitem__, default=None)
    return found


def _loops_of(scalars: Iterable[Scalar], scheduled: Mapping[str, int]) -> list[int]:
    """The loops whose numbers some scalars name."""
    names = {name for one in scalars for name in free_symbols(one)}
    return [scheduled[name] for name in names & scheduled.keys()]
