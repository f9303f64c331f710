"""What the heads of a layer read: combinations of blocks and views, by group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from weightsmith.backends.plan.layers.attention import Head
from weightsmith.backends.plan.layers.looped_numbers import Entry, LayerNumbers
from weightsmith.backends.plan.layers.stream import Value, scaled, total, without_number
from weightsmith.backends.plan.operations.graph import Graph, single
from weightsmith.backends.plan.operations.nodes import Combination

ByGroup = dict[int, Value]  # what is not there is zero


@dataclass(frozen=True, slots=True)
class Reading:
    """The stream before the heads: what a block or a view holds at a group."""

    graph: Graph
    groups: tuple[str, ...]
    readable: Callable[[int, int], Value]

    def read(self, row: list[Entry], groups: tuple[str, ...]) -> ByGroup:
        """Σ row[place] · block or view, at each group where it is not zero."""
        found = {}
        for name in groups:
            group = self.groups.index(name)
            terms = [
                (scaled(self.graph, self._whole(self.readable(place, group)), scalar), number)
                for place, (number, scalar) in enumerate(row)
                if number
            ]
            value = total(terms)
            if not value.is_zero:
                found[group] = value
        return found

    def _whole(self, value: Value) -> Value:
        """A block that heads read is one matrix, or a number times an identity."""
        return Value({source: self._one(part) for source, part in value.parts.items()})

    def _one(self, part: Combination) -> Combination:
        if len(part.terms) + bool(part.eye) + bool(part.ones) == 1:
            return part
        return single(self.graph.matrix(part), part.shape)


def linear_heads(reading: Reading, layer: LayerNumbers, number: int) -> Iterator[Head]:
    """The values of a head whose scores are products alone, for each of its stacked keys."""
    shape = layer.shape.heads[number]
    q, k, v, o = (layer.rows(f"attention.{number}.{m}.weight") for m in "qkvo")
    for one_key, one_query in zip(k, q, strict=True):
        keys = reading.read(one_key, shape.key_groups)
        queries = reading.read(one_query, shape.query_groups)
        if not keys or not queries:
            continue
        (keys, one), (queries, other) = without_number(keys), without_number(queries)
        for index, row in enumerate(v):
            values = reading.read(row, shape.key_groups)
            for scalar, targets in targets_of(o, index).items() if values else ():
                found = tuple((block, entry * one * other) for block, entry in targets)
                yield Head(values, keys, queries, found, scalar)


def targets_of(o: list[list[Entry]], index: int) -> dict[int, list[tuple[int, float]]]:
    """Of one value the blocks and the numbers, by the scalar that they are times."""
    found: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for block, line in enumerate(o):
        entry, scalar = line[index]
        if entry:
            found[scalar].append((block, entry))
    return found
