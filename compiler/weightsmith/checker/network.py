"""The meaning of the network: what every block holds at every group, layer by layer.

    head:  out[q] += Σ_j output_j · (Σ_{g ∈ key_groups} value_j[g] · keys[g]ᵀ) · queries[q]
    mlp:   c·relu(s) − c·relu(−s) = c·s, and nothing else is accepted

The stream maps block and group to a polynomial, or to None: unknown.  Reading an unknown value
makes the result unknown.
"""

from __future__ import annotations

from collections.abc import Iterator

from weightsmith.checker.meaning import Meaning
from weightsmith.checker.rational import Field, Rational
from weightsmith.checker.refusal import quoted, require
from weightsmith.checker.template import (
    Head,
    Hidden,
    Item,
    Layer,
    Mlp,
    Outputs,
    Source,
    Template,
    Terms,
)
from weightsmith.checker.words import Polynomial
from weightsmith.dsl import core

Place = tuple[str, str]  # block, group
Stream = dict[Place, Polynomial | None]


class Network:
    """Runs layers of a template on streams of polynomials."""

    def __init__(self, template: Template, program: core.Program, meaning: Meaning) -> None:
        self.template = template
        self.field: Field = meaning.field
        self._program = program
        self._meaning = meaning
        self._check_groups()

    def _check_groups(self) -> None:
        axes = _axes(self._program)
        for group in self.template.groups:
            known = group in core.GROUPS or group in axes
            require(known, f"The group {quoted(group)} is neither of tokens nor an axis.")
        for name, rows in self.template.blocks.items():
            require(rows in axes, f"The rows {quoted(rows)} of block '{name}' are not an axis.")

    def start(self) -> Stream:
        """The stream after the read-in."""
        sources = {source.name: self._source(source) for source in self.template.sources}
        stream: Stream = {}
        for block, rows in self.template.blocks.items():
            for group in self.template.groups:
                total = Polynomial.zero(self.field, rows, group)
                for name, scalar in self.template.read_in.get(block, ()):
                    plane = sources[name].get(group)
                    if plane is not None:
                        total = total + plane.scaled(self.field.read(scalar))
                stream[block, group] = total
        return stream

    def _source(self, source: Source) -> dict[str, Polynomial]:
        """The planes of a source, by group; it is zero at the groups that are not named."""
        for group in source.groups:
            known = group in self.template.groups
            require(known, f"The source '{source.name}' names {quoted(group)}, not a group.")
        planes = self._planes(source)
        for group in source.groups:
            require(group in planes, f"The source '{source.name}' has no columns at '{group}'.")
        named = {group: planes[group] for group in source.groups}
        for plane in named.values():
            require(plane.rows == source.rows, f"The source '{source.name}' has {plane.rows} rows.")
        return named

    def _planes(self, source: Source) -> dict[str, Polynomial]:
        if source.kind == "identity":
            known = source.of in _axes(self._program)
            require(known, f"The source '{source.name}' is the identity of an unknown axis.")
            return {source.of: Polynomial.identity(self.field, source.of)}
        value = self._meaning.inputs.get(source.of)
        require(value is not None, f"The source '{source.name}' reads an unknown input.")
        parts = value.parts if value is not None else {}
        planes = {polynomial.columns: polynomial for polynomial in parts.values()}
        if source.kind == "input":
            return planes
        matrix = all(part == ("", "") for part in parts)
        require(matrix, f"The source '{source.name}' transposes an input that is not a matrix.")
        return {polynomial.rows: polynomial.transpose() for polynomial in planes.values()}

    def layer(self, layer: Layer, stream: Stream) -> Stream:
        """The stream after one layer: the heads together, then the MLP."""
        self.field.deadline.check()
        after = dict(stream)
        for head in layer.heads:
            self._add_head(head, stream, after)
        return self._mlp(layer.mlp, after) if layer.mlp is not None else after

    def _add_head(self, head: Head, stream: Stream, after: Stream) -> None:
        moments = [self._moment(head, value, stream) for value in head.values]
        for group in head.query_groups:
            queries = self.combine(head.queries, group, stream)
            products = [
                None if moment is None or queries is None else moment @ queries
                for moment in moments
            ]
            for block, index, scalar in head.outputs:
                self._add(after, (block, group), products[index], self.field.read(scalar))

    def _moment(self, head: Head, value: Terms, stream: Stream) -> Polynomial | None:
        """Σ over the key groups of value · keysᵀ, the same for every query."""
        blocks = self.template.blocks
        total = Polynomial.zero(self.field, blocks[value[0][0]], blocks[head.keys[0][0]])
        for group in head.key_groups:
            keys = self.combine(head.keys, group, stream)
            values = self.combine(value, group, stream)
            if keys is None or values is None:
                return None
            total = total + values @ keys.transpose()
        return total

    def combine(self, terms: Terms, group: str, stream: Stream) -> Polynomial | None:
        """Σ coefficient · block at one group; unknown if one of them is."""
        total = None
        for block, scalar in terms:
            held = stream[block, group]
            if held is None:
                return None
            scaled = held.scaled(self.field.read(scalar))
            total = scaled if total is None else total + scaled
        return total

    def _add(
        self, stream: Stream, place: Place, change: Polynomial | None, factor: Rational
    ) -> None:
        held = stream[place]
        unknown = held is None or change is None
        stream[place] = None if unknown else held + change.scaled(factor)  # type: ignore[operator, union-attr]

    def _mlp(self, mlp: Mlp, stream: Stream) -> Stream:
        pairs = _pair_hidden(mlp, self.field)
        after = dict(stream)
        for group in self.template.groups:
            for index in pairs:
                change = self.combine(mlp.hidden[index].terms, group, stream)
                for block, factor in _down(mlp.outputs, index, self.field):
                    self._add(after, (block, group), change, factor)
        return after

    def written(self, items: tuple[Item, ...]) -> frozenset[str]:
        """The blocks that some layer of these items writes."""
        return frozenset(_written(items))


def _axes(program: core.Program) -> frozenset[str]:
    """The axes of a script: its dimensions, and the numbers among its inputs' axes."""
    named = {axis for one in program.inputs for axis in (one.shape.rows, one.shape.columns)}
    return frozenset((*program.dimensions, *named)) - {core.TOKEN}


def _written(items: tuple[Item, ...]) -> Iterator[str]:
    for item in items:
        if isinstance(item, Layer):
            for head in item.heads:
                yield from (block for block, _, _ in head.outputs)
            yield from (block for block, _, _ in (item.mlp.outputs if item.mlp else ()))
        else:
            yield from _written(item.body)


def _down(outputs: Outputs, index: int, field: Field) -> list[tuple[str, Rational]]:
    return [(block, field.read(scalar)) for block, at, scalar in outputs if at == index]


def _pair_hidden(mlp: Mlp, field: Field) -> list[int]:
    """Pair hidden h with h̄ of opposite terms and outputs; return one index of each pair."""
    waiting = list(range(len(mlp.hidden)))
    kept = []
    while waiting:
        first = waiting.pop(0)
        for second in waiting:
            if _opposite(mlp, first, second, field):
                waiting.remove(second)
                kept.append(first)
                break
        else:
            require(False, f"Hidden block {first} of an MLP has no opposite: it is not linear.")
    return kept


def _opposite(mlp: Mlp, first: int, second: int, field: Field) -> bool:
    """terms, bias and outputs: those of the one are minus those of the other, and no bias."""
    one, two = mlp.hidden[first], mlp.hidden[second]
    unbiased = field.read(one.bias).is_zero and field.read(two.bias).is_zero
    terms = _negated(_hidden_terms(one, field), _hidden_terms(two, field))
    down = _negated(dict(_down(mlp.outputs, first, field)), dict(_down(mlp.outputs, second, field)))
    return unbiased and terms and down


def _hidden_terms(hidden: Hidden, field: Field) -> dict[str, Rational]:
    return {block: field.read(scalar) for block, scalar in hidden.terms}


def _negated(left: dict[str, Rational], right: dict[str, Rational]) -> bool:
    return left.keys() == right.keys() and all(left[key] == -right[key] for key in left)
