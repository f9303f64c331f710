"""Heads whose scores are more than products: functions of them, masks, divided columns.

The keys of all groups stand side by side, so that a query has one column of scores:

    out += c · V · N(M ∘ f(Σ_i K_iᵀ · Q_i)),    V = [V_1 V_2 …],  K_i = [K_i1 K_i2 …] by group

A mask with a diagonal, alone, leaves them sums of products, which are taken up to each token by
chunks where that is cheaper than all scores.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf

from weightsmith.backends.plan.layers.looped_numbers import LayerNumbers
from weightsmith.backends.plan.layers.reading import ByGroup, Reading, targets_of
from weightsmith.backends.plan.layers.stream import DIRECT, ZERO, Key, Tokens, Value, total
from weightsmith.backends.plan.operations.cost import Sizes, cost_of
from weightsmith.backends.plan.operations.graph import Graph, add, is_zero, single, transpose
from weightsmith.backends.plan.operations.nodes import (
    Applied,
    Axis,
    Beside,
    Combination,
    Ref,
    RowSum,
    Running,
    Seen,
    Shares,
)
from weightsmith.backends.template.architecture import HeadShape
from weightsmith.compiler.ir.template import Scores
from weightsmith.dsl.heads import ALL, MASKS, NORMALISATIONS

INSIDE = 1.0  # every function of the language, and its slope, is finite there
CHUNKS = (32, 64)  # tokens of a chunk, where rows of values times those of keys are few, or many
FEW = 1024  # speed only, as in torch/plans/running.py


@dataclass(frozen=True, slots=True)
class Written:
    """One value of a head, and (block, coefficient) that it writes, times a scalar or FIXED."""

    values: ByGroup
    rows: str
    targets: tuple[tuple[int, float], ...]
    scalar: int


@dataclass(frozen=True, slots=True)
class ScoredHead:
    """``parts``: keys and queries by group of each of the stacked rows; ``masks``: of a group the
    row that is 1 at its tokens, where it has one."""

    shape: HeadShape
    groups: tuple[str, ...]
    parts: tuple[tuple[ByGroup, ByGroup], ...]
    values: tuple[Written, ...]
    masks: Mapping[str, Ref]


def described(scores: Scores) -> str:
    """What a head does to its scores, as the predicate of a sentence."""
    parts = [f"has {scores.function} of its scores"] if scores.function else []
    if scores.mask != ALL:
        parts.append("has a mask")
    if scores.normalised:
        parts.append(f"divides its scores by {NORMALISATIONS[scores.normalised].says}")
    return " and ".join(parts) or "is linear"


def scored_head(
    reading: Reading, layer: LayerNumbers, number: int, masks: Mapping[str, Ref]
) -> ScoredHead:
    shape = layer.shape.heads[number]
    q, k, v, o = (layer.rows(f"attention.{number}.{m}.weight") for m in "qkvo")
    parts = tuple(
        (reading.read(key, shape.key_groups), reading.read(query, shape.query_groups))
        for key, query in zip(k, q, strict=True)
    )
    written = []
    for index, (row, rows) in enumerate(zip(v, shape.value_rows, strict=True)):
        values = reading.read(row, shape.key_groups)
        for scalar, targets in targets_of(o, index).items() if values else ():
            written.append(Written(values, rows, tuple(targets), scalar))
    return ScoredHead(shape, reading.groups, parts, tuple(written), masks)


def scored_updates(
    graph: Graph, head: ScoredHead, tokens: Mapping[int, Tokens], sizes: Sizes | None
) -> Iterator[tuple[Key, Value]]:
    """What the head adds to each block at each group; without ``sizes`` through all scores."""
    plan = _Scored(graph, head, tokens)
    for name in head.shape.query_groups:
        group = head.groups.index(name)
        for one in head.values:
            scores = head.shape.scores
            by_chunks = scores.mask != ALL and MASKS[scores.mask].diagonal is not None
            if sizes is not None and by_chunks and not (scores.function or scores.normalised):
                added = plan.cheapest(group, one, sizes)
            else:
                added = plan.through_scores(group, one)
            added = graph.scaled(added, one.scalar)
            for block, number in one.targets if not is_zero(added) else ():
                yield (block, group), total([(Value({DIRECT: added}), number)])


class _Scored:
    def __init__(self, graph: Graph, head: ScoredHead, tokens: Mapping[int, Tokens]) -> None:
        self._graph = graph
        self._head = head
        self._tokens = tokens
        self._keys = [head.groups.index(name) for name in head.shape.key_groups]
        self._axis = "+".join(head.shape.key_groups)  # of all keys

    # through scores

    def through_scores(self, group: int, one: Written) -> Combination:
        values = self._beside(one.values, one.rows)
        return self._graph.product(values, self._scores(group))

    def _scores(self, group: int) -> Combination:
        """Keys by queries of the group."""
        scores, shape = self._head.shape.scores, (self._axis, self._head.groups[group])
        masked = scores.mask != ALL or self._has_masks(group)
        kind = NORMALISATIONS[scores.normalised] if scores.normalised else None
        softmax = kind is not None and kind.is_fused(scores.function)
        found = self._products(group, shape)
        if masked and scores.function:
            found = self._seen(found, group, -inf if softmax else INSIDE)
        if scores.function and not softmax:
            found = single(
                self._graph.node(Applied(self._matrix(found), scores.function), shape), shape
            )
        if masked and not softmax:
            found = self._seen(found, group, 0.0)
        if kind is not None:
            by = None if softmax else self._divisor(kind.divisor, found, group)
            found = single(self._graph.node(Shares(self._matrix(found), by), shape), shape)
            found = self._seen(found, group, 0.0) if masked else found
        return found

    def _divisor(self, text: str, of: Combination, group: int) -> Ref:
        """The row that columns are divided by; 0 may stand where nothing is seen."""
        graph, (_, queries) = self._graph, of.shape

        def seen() -> Ref:
            every = Combination(of.shape, ones=1.0)
            masked = self._head.shape.scores.mask != ALL or self._has_masks(group)
            return self._matrix(self._seen(every, group, 0.0) if masked else every)

        def value(expression: ast.expr) -> Ref:
            match expression:
                case ast.Name("x"):
                    return self._matrix(of)
                case ast.Name("seen"):
                    return seen()
                case ast.Call(ast.Name("sum"), [inner]):
                    return graph.node(RowSum(value(inner)), ("1", queries))
                case ast.Call(ast.Name("abs"), [inner]):
                    argument = value(inner)
                    return graph.node(Applied(argument, "abs"), graph.shape(argument))
            raise TypeError(f"no divisor: {text}")

        return value(ast.parse(text, mode="eval").body)

    def _products(self, group: int, shape: tuple[Axis, Axis]) -> Combination:
        """Σ over the stacked parts of keysᵀ · queries."""
        found = Combination(shape)
        for (keys, queries), rows in zip(self._head.parts, self._head.shape.key_rows, strict=True):
            query = self._tokens[group].direct(queries.get(group, ZERO))
            if keys and query is not None:
                key = transpose(self._beside(keys, rows))
                found = add(found, self._graph.product(key, query))
        return found

    def _seen(self, of: Combination, group: int, other: float) -> Combination:
        shape, name = of.shape, self._head.groups[group]
        node = Seen(
            self._matrix(of),
            self._head.shape.scores.mask,
            self._key_masks(),
            self._head.masks.get(name),
            other,
        )
        return single(self._graph.node(node, shape), shape)

    def _has_masks(self, group: int) -> bool:
        names = (*self._head.shape.key_groups, self._head.groups[group])
        return any(name in self._head.masks for name in names)

    def _key_masks(self) -> Ref | None:
        """The row that is 1 where there is a key."""
        names, masks = self._head.shape.key_groups, self._head.masks
        if not any(name in masks for name in names):
            return None
        rows = [
            masks.get(name) or self._graph.matrix(Combination(("1", name), ones=1.0))
            for name in names
        ]
        return self._joined(rows, "1")

    def _beside(self, values: ByGroup, rows: str) -> Combination:
        """What is held at all keys, group after group."""
        parts = [
            self._tokens[group].direct(values.get(group, ZERO))
            or Combination((rows, self._head.groups[group]))
            for group in self._keys
        ]
        if len(parts) == 1:
            return parts[0]
        return single(self._joined([*map(self._matrix, parts)], rows), (rows, self._axis))

    def _joined(self, rows: list[Ref], height: str) -> Ref:
        if len(rows) == 1:
            return rows[0]
        return self._graph.node(Beside(tuple(rows)), (height, self._axis))

    def _matrix(self, of: Combination) -> Ref:
        return self._graph.matrix(of)

    # sums up to each token

    def cheapest(self, group: int, one: Written, sizes: Sizes) -> Combination:
        """Through all scores, or by chunks."""
        rows = max(sizes[axis] for axis in self._head.shape.key_rows)
        before = len(self._graph.nodes)
        options = {0: 0.0, CHUNKS[rows * sizes[one.rows] > FEW]: 0.0}
        for chunk in options:
            self._masked(group, one, chunk)
            made = range(before, len(self._graph.nodes))
            options[chunk] = sum(cost_of(self._graph, node, sizes) for node in made)
            self._graph.forget(before)
        return self._masked(group, one, min(options, key=lambda chunk: options[chunk]))

    def _masked(self, group: int, one: Written, chunk: int) -> Combination:
        if not chunk:
            return self.through_scores(group, one)
        found = Combination((one.rows, self._head.groups[group]))
        value = self._tokens[group].direct(one.values.get(group, ZERO))
        for keys, queries in self._head.parts:
            key, query = (
                self._tokens[group].direct(side.get(group, ZERO)) for side in (keys, queries)
            )
            if value is None or key is None or query is None:
                continue
            sides = [self._graph.factor(side) for side in (value, key, query)]
            (v, k, q), numbers = zip(*sides, strict=True)
            node = Running(v, k, q, self._head.shape.scores.mask, chunk)
            number = numbers[0] * numbers[1] * numbers[2]
            found = add(found, single(self._graph.node(node, found.shape), found.shape, number))
        return found
