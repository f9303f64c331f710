"""The heads of a layer as products, in the cheapest order.

A head adds V Kᵀ Q to its targets: through the *memory* V Kᵀ, which all queries share, or through
the *scores* Kᵀ Q, which all values share.  All heads of a layer are tried together, for they share
products; heads with the same queries and target may add their memories first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from weightsmith.backends.plan.layers.stream import DIRECT, ZERO, Key, Tokens, Value, applied, total
from weightsmith.backends.plan.operations.cost import Sizes, cost_of
from weightsmith.backends.plan.operations.graph import Graph, add, scale, transpose
from weightsmith.backends.plan.operations.nodes import FIXED, Combination

TOGETHER = 4  # heads of which every choice is tried; of more, each head's alone


@dataclass(frozen=True, slots=True)
class Head:
    """One value of one head: what it reads by group, and (block, coefficient) that it writes.

    ``scalar``: the number of the scalar that all of it is times, or FIXED.
    """

    values: Mapping[int, Value]
    keys: Mapping[int, Value]
    queries: Mapping[int, Value]
    targets: tuple[tuple[int, float], ...]
    scalar: int = FIXED

    @property
    def is_direct(self) -> bool:
        sides = (*self.values.values(), *self.keys.values(), *self.queries.values())
        return all(value.is_direct for value in sides)

    def joined(self, other: Head) -> Head:
        values = {
            group: total(
                [
                    (self.values.get(group, ZERO), self.targets[0][1]),
                    (other.values.get(group, ZERO), other.targets[0][1]),
                ]
            )
            for group in {**self.values, **other.values}
        }
        return replace(self, values=values, targets=((self.targets[0][0], 1.0),))


def signature(values: Mapping[int, Value]) -> tuple[object, ...]:
    """What equal values by group have in common, as a key."""
    return tuple((group, value.signature) for group, value in sorted(values.items()))


@dataclass(frozen=True, slots=True)
class Choice:
    """``through_scores``: of each head; ``merged``: do heads with the same queries add memories?"""

    through_scores: tuple[bool, ...]
    merged: bool


def attention(
    graph: Graph, heads: Sequence[Head], tokens: Mapping[int, Tokens], sizes: Sizes
) -> dict[Key, Value]:
    """What the heads add to each block at each group."""
    heads = _joined(heads)
    best = min(
        _choices(graph, heads, tokens, sizes),
        key=lambda choice: _cost(graph, heads, tokens, sizes, choice),
    )
    return _updates(graph, heads, tokens, best)


def _joined(heads: Sequence[Head]) -> list[Head]:
    """Heads with the same keys, queries and target, as one with the sum of their values."""
    found: dict[object, Head] = {}
    for number, head in enumerate(heads):
        key: object = number
        if len(head.targets) == 1:
            alike = signature(head.keys), signature(head.queries), head.scalar
            key = head.targets[0][0], *alike
        found[key] = found[key].joined(head) if key in found else head
    return list(found.values())


def _choices(
    graph: Graph, heads: Sequence[Head], tokens: Mapping[int, Tokens], sizes: Sizes
) -> list[Choice]:
    options = [(False, True) if head.is_direct else (False,) for head in heads]
    if len(heads) > TOGETHER:
        alone = [
            min(
                either,
                key=lambda way, head=head: _cost(
                    graph, [head], tokens, sizes, Choice((way,), False)
                ),
            )
            for head, either in zip(heads, options, strict=True)
        ]
        options = [(way,) for way in alone]
    merging = (False, True) if len(heads) > 1 else (False,)
    return [Choice(ways, merged) for ways in product(*options) for merged in merging]


def _cost(
    graph: Graph, heads: Sequence[Head], tokens: Mapping[int, Tokens], sizes: Sizes, choice: Choice
) -> float:
    """What the nodes cost that this choice adds."""
    before = len(graph.nodes)
    _updates(graph, heads, tokens, choice)
    cost = sum(cost_of(graph, node, sizes) for node in range(before, len(graph.nodes)))
    graph.forget(before)
    return cost


def _updates(
    graph: Graph, heads: Sequence[Head], tokens: Mapping[int, Tokens], choice: Choice
) -> dict[Key, Value]:
    found: dict[Key, list[Value]] = defaultdict(list)
    memories: dict[object, dict[int, Combination]] = {}  # by queries, then by block
    reads: dict[object, Mapping[int, Value]] = {}
    for number, (head, by_scores) in enumerate(zip(heads, choice.through_scores, strict=True)):
        if by_scores:
            for key, value in _through_scores(graph, head, tokens):
                found[key].append(value)
            continue
        memory = _memory(head, tokens)
        if memory is None:
            continue
        memory = graph.scaled(memory, head.scalar)
        place: object = signature(head.queries) if choice.merged else number
        reads[place] = head.queries
        merged = memories.setdefault(place, {})
        for block, factor in head.targets:
            part = scale(memory, factor)
            merged[block] = add(merged[block], part) if block in merged else part
    for place, by_block in memories.items():
        for block, memory in by_block.items():
            for group, queries in reads[place].items():
                found[block, group].append(_times(graph, memory, queries))
    return {key: total((value, 1.0) for value in values) for key, values in found.items()}


def _times(graph: Graph, memory: Combination, queries: Value) -> Value:
    """memory · queries, the number of a memory that has one taken out."""
    if len(memory.terms) == 1 and not (memory.eye or memory.ones):
        ((ref, number),) = memory.terms
        plain = Combination(memory.shape, ((ref, 1.0),))
        return total([(applied(graph, plain, queries), number)])
    return applied(graph, memory, queries)


def _memory(head: Head, tokens: Mapping[int, Tokens]) -> Combination | None:
    """Σ over groups of keys: V Kᵀ."""
    found: Combination | None = None
    for group, keys in head.keys.items():
        part = tokens[group].outer(head.values.get(group, ZERO), keys)
        if part is not None:
            found = part if found is None else add(found, part)
    return found


def _through_scores(
    graph: Graph, head: Head, tokens: Mapping[int, Tokens]
) -> Iterator[tuple[Key, Value]]:
    for group, queries in head.queries.items():
        for place, keys in head.keys.items():
            key, query = tokens[place].direct(keys), tokens[group].direct(queries)
            value = tokens[place].direct(head.values.get(place, ZERO))
            if key is None or query is None or value is None:
                continue
            scores = graph.product(transpose(key), query)
            added = graph.scaled(graph.product(value, scores), head.scalar)
            for block, number in head.targets:
                yield (block, group), total([(Value({DIRECT: added}), number)])
