"""The residual stream while a plan is made: what each block holds at each group of tokens.

A value is ``direct``, a combination of matrices, or an ``image`` of the data at tokens,
Σ_s combination_s · source_s, whose combinations know no number of tokens: of w·x − y a layer then
changes w only.  Two images are multiplied out before they meet, or meet in the Gram matrices of
the sources: (L s)(M t)ᵀ = L (s tᵀ) Mᵀ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from weightsmith.backends.plan.operations.graph import Graph, add, is_zero, scale, transpose
from weightsmith.backends.plan.operations.nodes import Combination, Ref

DIRECT = -1  # in place of the number of a source

Key = tuple[int, int]  # block, group


@dataclass(frozen=True, slots=True)
class Value:
    """What a block, or a combination of blocks, holds at one group: by source, or DIRECT."""

    parts: Mapping[int, Combination] = field(default_factory=dict)

    @property
    def signature(self) -> tuple[tuple[int, Combination], ...]:
        """What two equal values have in common, as a key."""
        return tuple(sorted(self.parts.items(), key=lambda part: part[0]))

    @property
    def is_zero(self) -> bool:
        return not self.parts

    @property
    def is_direct(self) -> bool:
        return all(source == DIRECT for source in self.parts)


ZERO = Value()


def total(values: Iterable[tuple[Value, float]]) -> Value:
    """Σ number · value."""
    parts: dict[int, Combination] = {}
    for value, number in values:
        for source, part in value.parts.items() if number else ():
            scaled = scale(part, number)
            parts[source] = add(parts[source], scaled) if source in parts else scaled
    return Value({source: part for source, part in parts.items() if not is_zero(part)})


@dataclass(frozen=True, slots=True)
class Tokens:
    """The data at one group that images are taken of: each source as a matrix."""

    graph: Graph
    sources: Mapping[int, Ref]
    gram: bool

    def direct(self, value: Value) -> Combination | None:
        """The value itself, its images multiplied out; None for zero."""
        found: Combination | None = None
        for source, part in value.parts.items():
            if source != DIRECT:
                part = self.graph.product(part, self._source(source))
            found = part if found is None else add(found, part)
        return None if found is None or is_zero(found) else found

    def outer(self, left: Value, right: Value) -> Combination | None:
        """left · rightᵀ, summed over the tokens of the group; None for zero."""
        found: Combination | None = None
        if not self.gram:
            one_side, other_side = self.direct(left), self.direct(right)
            if one_side is None or other_side is None:
                return None
            found = self.graph.product(one_side, transpose(other_side))
            return None if is_zero(found) else found
        for source, one in left.parts.items():
            for other, two in right.parts.items():
                part = self.graph.product(self._met(one, source, other), transpose(two))
                found = part if found is None else add(found, part)
        return None if found is None or is_zero(found) else found

    def _met(self, one: Combination, source: int, other: int) -> Combination:
        """one · source · otherᵀ."""
        if source == other == DIRECT:
            return one
        if source == DIRECT:
            return self.graph.product(one, transpose(self._source(other)))
        if other == DIRECT:
            return self.graph.product(one, self._source(source))
        gram = self.graph.product(self._source(source), transpose(self._source(other)))
        return self.graph.product(one, gram)

    def _source(self, source: int) -> Combination:
        ref = self.sources[source]
        return Combination(self.graph.shape(ref), ((ref, 1.0),))


def applied(graph: Graph, matrix: Combination, value: Value) -> Value:
    """matrix · value."""
    return Value(
        {s: p for s, part in value.parts.items() if not is_zero(p := graph.product(matrix, part))}
    )


def scaled(graph: Graph, value: Value, scalar: int) -> Value:
    """The value times a scalar that is known when the plan runs; FIXED: as it is."""
    return Value({source: graph.scaled(part, scalar) for source, part in value.parts.items()})


def without_number(values: dict[int, Value]) -> tuple[dict[int, Value], float]:
    """The same values by group, but for a number that all are times."""
    parts = [part for value in values.values() for part in value.parts.values()]
    numbers = {c for part in parts for _, c in part.terms}
    numbers |= {c for part in parts for c in (part.eye, part.ones) if c}
    if len(numbers) != 1:
        return values, 1.0
    (number,) = numbers
    unit = {
        group: Value({source: _unit(part) for source, part in value.parts.items()})
        for group, value in values.items()
    }
    return unit, number


def _unit(part: Combination) -> Combination:
    terms = tuple((ref, 1.0) for ref, _ in part.terms)
    return Combination(part.shape, terms, float(bool(part.eye)), float(bool(part.ones)))
