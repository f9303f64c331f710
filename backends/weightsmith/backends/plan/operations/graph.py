"""The operations of a plan, each made once, and the algebra of combinations over them.

Every node belongs to the innermost loop that it depends on: what does not change in a loop leaves
it.  A product and its transpose are one node.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from weightsmith.backends.plan.operations.nodes import (
    FIXED,
    Carried,
    Combination,
    Entrywise,
    Linear,
    Loop,
    Node,
    Product,
    Ref,
    Repeat,
    Result,
    RowSum,
    Scaled,
    Shape,
    operands,
)

TOP = 0  # what is in no loop
ROUND_OFF = 2.0**-50  # relatively: a sum of numbers that is no larger is zero


class Graph:
    """Nodes by number; ``scopes`` says in which loop each is, ``shapes`` its rows and columns."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.shapes: list[Shape] = []
        self.scopes: list[int] = []
        self.loops: list[Loop | None] = [Loop(TOP, 1, (), ())]
        self.depths: list[int] = [0]  # of the loops
        self.trips: list[int] = [1]  # how often each loop's body runs in all
        self.constants: dict[tuple[float, ...], int] = {}  # tables, by their numbers
        self._known: dict[Node, Ref] = {}
        self._whole: dict[Combination, Combination] = {}  # what was written out, as that node
        self._written: list[tuple[int, Combination]] = []  # the same in order, by the node

    # nodes

    def node(self, node: Node, shape: Shape, scope: int | None = None) -> Ref:
        """The node, made unless it is there already."""
        if node in self._known:
            return self._known[node]
        if scope is None:
            inner = [self.scopes[ref.node] for ref in operands(node)]
            scope = max(inner, key=lambda one: self.depths[one], default=TOP)
        ref = Ref(len(self.nodes))
        self.nodes.append(node)
        self.shapes.append(shape)
        self.scopes.append(scope)
        self._known[node] = ref
        return ref

    def forget(self, count: int) -> None:
        """Take back all nodes but the first ``count``: what was made on trial."""
        for node in self.nodes[count:]:
            del self._known[node]
        del self.nodes[count:], self.shapes[count:], self.scopes[count:]
        while self._written and self._written[-1][0] >= count:
            del self._whole[self._written.pop()[1]]

    def shape(self, ref: Ref) -> Shape:
        rows, columns = self.shapes[ref.node]
        return (columns, rows) if ref.transposed else (rows, columns)

    def constant(self, numbers: Iterable[float]) -> int:
        return self.constants.setdefault(tuple(numbers), len(self.constants))

    def open_loop(self, parent: int, count: int) -> int:
        self.loops.append(None)
        self.trips.append(self.trips[parent] * count)
        self.depths.append(self.depths[parent] + 1)
        return len(self.loops) - 1

    def carried(self, loop: int, place: int, shape: Shape) -> Ref:
        return self.node(Carried(loop, place), shape, loop)

    def close_loop(self, loop: int, of: Loop) -> list[Ref]:
        """The carried values after the last pass."""
        self.loops[loop] = of
        shapes = [self.shape(ref) for ref in of.entries]
        return [self.node(Result(loop, p), shape, of.parent) for p, shape in enumerate(shapes)]

    # matrices

    def matrix(self, of: Combination) -> Ref:
        """A combination as one matrix."""
        of = self._plain(of)
        if len(of.terms) == 1 and of.terms[0][1] == 1.0 and of.eye == of.ones == 0.0:
            return of.terms[0][0]
        flipped = transpose(of)
        if Linear(flipped) in self._known:
            return self._known[Linear(flipped)].mT
        ref = self.node(Linear(of), of.shape)
        for one, way in {of: ref, flipped: ref.mT}.items():
            if one not in self._whole:
                self._whole[one] = single(way, one.shape)
                self._written.append((ref.node, one))
        return ref

    def whole(self, of: Combination) -> Combination:
        """The same, as the one node where it was written out."""
        return self._whole.get(of, of)

    def product(self, left: Combination, right: Combination) -> Combination:
        """left · right; an identity in either costs no product.  Ones are written out."""
        shape = (left.shape[0], right.shape[1])
        left, right = self._plain(left), self._plain(right)
        if left.eye and not (left.terms or left.ones):
            return scale(right, left.eye)
        if right.eye and not (right.terms or right.ones):
            return scale(left, right.eye)
        total = Combination(shape)
        if left.eye:
            total, left = add(total, scale(right, left.eye)), _without_eye(left)
        if right.eye:
            total, right = add(total, scale(left, right.eye)), _without_eye(right)
        if is_zero(left) or is_zero(right):
            return total
        first, one = self._factor(left)
        second, other = self._factor(right)
        return add(total, scale(self._product(first, second, shape), one * other))

    def _factor(self, of: Combination) -> tuple[Ref, float]:
        """The matrix and the number that it is times: nothing is written out for a number."""
        if len(of.terms) == 1 and not of.ones:
            return of.terms[0]
        numbers = {abs(c) for _, c in of.terms} | ({abs(of.ones)} if of.ones else set())
        if len(numbers) == 1 and numbers != {1.0}:
            (number,) = numbers
            signs = tuple((ref, math.copysign(1.0, value)) for ref, value in of.terms)
            ones = math.copysign(1.0, of.ones) if of.ones else 0.0
            return self.matrix(Combination(of.shape, signs, ones=ones)), number
        return self.matrix(of), 1.0

    def _product(self, left: Ref, right: Ref, shape: Shape) -> Combination:
        twin = Product(right.mT, left.mT)
        if twin in self._known and twin != Product(left, right):
            return single(self._known[twin].mT, shape)
        return single(self.node(Product(left, right), shape), shape)

    def _plain(self, of: Combination) -> Combination:
        """The same; Xᵀ·X is its own transpose, and taken as it is."""
        if not any(ref.transposed for ref, _ in of.terms):
            return of
        found = Combination(of.shape, (), of.eye, of.ones)
        for ref, number in of.terms:
            found = add(found, single(self._upright(ref), of.shape, number))
        return found

    def _upright(self, ref: Ref) -> Ref:
        node = self.nodes[ref.node]
        is_gram = isinstance(node, Product) and node.left == node.right.mT
        return Ref(ref.node) if is_gram else ref

    def entrywise(self, left: Combination, right: Combination) -> Combination:
        """left ⊙ right; a number in every entry costs no product."""
        total = scale(_only_terms(right), left.ones)
        total = add(total, scale(_only_terms(left), right.ones))
        total = add(total, Combination(left.shape, ones=left.ones * right.ones))
        left, right = _without_ones(left), _without_ones(right)
        if is_zero(left) or is_zero(right):
            return total
        (first, one), (second, other) = self.factor(left), self.factor(right)
        pair = (first, second) if first <= second else (second, first)
        found = self.node(Entrywise(*pair), left.shape)
        return add(total, single(found, left.shape, one * other))

    def factor(self, of: Combination) -> tuple[Ref, float]:
        """The matrix and the number that it is times."""
        return (self.matrix(of), 1.0) if of.eye else self._factor(of)

    def scaled(self, of: Combination, scalar: int) -> Combination:
        """The combination times a scalar that is known when the plan runs; FIXED: as it is."""
        if scalar == FIXED or is_zero(of):
            return of
        ref, number = self.factor(of)
        found = self.node(Scaled(Ref(ref.node), scalar), self.shapes[ref.node])
        return single(found.mT if ref.transposed else found, of.shape, number)

    def row_sum(self, of: Combination) -> Combination:
        shape = ("1", of.shape[1])
        if is_zero(of):
            return Combination(shape)
        ref, number = self.factor(of)
        return single(self.node(RowSum(ref), shape), shape, number)

    def repeat(self, of: Combination, rows: str) -> Combination:
        """One row in every row of ``rows``."""
        shape = (rows, of.shape[1])
        total = Combination(shape, ones=of.ones)
        rest = _without_ones(of)
        if is_zero(rest):
            return total
        ref, number = self.factor(rest)
        return add(total, single(self.node(Repeat(ref, rows), shape), shape, number))


def single(ref: Ref, shape: Shape, number: float = 1.0) -> Combination:
    return Combination(shape, ((ref, number),) if number else ())


def is_zero(of: Combination) -> bool:
    return not (of.terms or of.eye or of.ones)


def add(left: Combination, right: Combination) -> Combination:
    if is_zero(left):
        return right
    if is_zero(right):
        return left
    total = dict(left.terms)
    for ref, number in right.terms:
        total[ref] = _sum(total.get(ref, 0.0), number)
    terms = tuple(sorted((ref, number) for ref, number in total.items() if number))
    return Combination(left.shape, terms, _sum(left.eye, right.eye), _sum(left.ones, right.ones))


def _sum(one: float, other: float) -> float:
    """The sum; what only round-off of the numbers left over is zero."""
    found = one + other
    return 0.0 if abs(found) <= ROUND_OFF * max(abs(one), abs(other)) else found


def scale(of: Combination, number: float) -> Combination:
    if number == 1.0:
        return of
    if number == 0.0:
        return Combination(of.shape)
    terms = tuple((ref, value * number) for ref, value in of.terms)
    return Combination(of.shape, terms, of.eye * number, of.ones * number)


def transpose(of: Combination) -> Combination:
    terms = tuple(sorted((ref.mT, number) for ref, number in of.terms))
    return Combination((of.shape[1], of.shape[0]), terms, of.eye, of.ones)


def _without_eye(of: Combination) -> Combination:
    return Combination(of.shape, of.terms, 0.0, of.ones)


def _without_ones(of: Combination) -> Combination:
    return Combination(of.shape, of.terms, of.eye, 0.0)


_only_terms = _without_ones
