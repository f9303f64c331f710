"""The meaning of the network: what every block holds at every group, layer by layer.

    head:  out[q] += Σ_j output_j · (Σ_{g ∈ key_groups} value_j[g] · keys[g]ᵀ) · queries[q]
    mlp:   see linear_mlp.py, and mlp.py where functions are applied to entries

At the tokens of a group a block is a matrix, a column for each token; the stream maps block and
group to its polynomial.  What a head sums over tokens, value · key', is a product of matrices.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.algebra.words import Polynomial
from weightsmith.checker.reading.refusal import quoted, require
from weightsmith.checker.reading.scalar_text import value_at
from weightsmith.checker.reading.template import (
    Head,
    Item,
    Layer,
    Mlp,
    Source,
    Template,
    Terms,
    repeats_in,
    scalars_in,
)
from weightsmith.checker.semantics.linear_mlp import linear_changes
from weightsmith.checker.semantics.meaning import Meaning
from weightsmith.dsl.numbers.scalars import Number, Scalar, free_symbols
from weightsmith.dsl.program import core

Place = tuple[str, str]  # block, group
Stream = dict[Place, Polynomial]


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
        for rows in _hidden_rows(self.template.body):
            require(rows in axes, f"The rows {quoted(rows)} of a hidden block are not an axis.")

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
        if source.kind == "ones":
            require(source.of == "", f"The source '{source.name}' is of nothing: leave 'of' empty.")
            known = source.rows in _axes(self._program)
            require(known, f"The rows of the source '{source.name}' are not an axis.")
            ones = (Polynomial.ones(self.field, source.rows, group) for group in source.groups)
            return dict(zip(source.groups, ones, strict=True))
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
        self.field.budget.spend(20)
        after = dict(stream)
        for head in layer.heads:
            self._add_head(head, stream, after)
        return self._mlp(layer.mlp, after) if layer.mlp is not None else after

    def _add_head(self, head: Head, stream: Stream, after: Stream) -> None:
        moments = [self._moment(head, value, stream) for value in head.values]
        for group in head.query_groups:
            queries = self.combine(head.queries, group, stream)
            products = [moment @ queries for moment in moments]
            for block, index, scalar in head.outputs:
                change = products[index].scaled(self.field.read(scalar))
                after[block, group] = after[block, group] + change

    def _moment(self, head: Head, value: Terms, stream: Stream) -> Polynomial:
        """Σ over the key groups of value · keysᵀ, the same for every query."""
        blocks = self.template.blocks
        parts = (
            self.combine(value, group, stream) @ self.combine(head.keys, group, stream).transpose()
            for group in head.key_groups
        )
        return sum(parts, Polynomial.zero(self.field, blocks[value[0][0]], blocks[head.keys[0][0]]))

    def combine(self, terms: Terms, group: str, stream: Stream) -> Polynomial:
        """Σ coefficient · block at one group; at least one term."""
        require(bool(terms), "A combination of the network has no terms.")
        parts = [stream[block, group].scaled(self.field.read(scalar)) for block, scalar in terms]
        return sum(parts[1:], parts[0])

    def _mlp(self, mlp: Mlp, stream: Stream) -> Stream:
        after = dict(stream)
        for group in self.template.groups:
            held = {block: stream[block, group] for block in self.template.blocks}
            for block, change in _changes(mlp, held, group, self.field):
                after[block, group] = after[block, group] + change
        return after

    def written(self, items: tuple[Item, ...]) -> frozenset[str]:
        """The blocks that some layer of these items writes."""
        return frozenset(_written(items))


def _changes(
    mlp: Mlp, held: dict[str, Polynomial], group: str, field: Field
) -> Iterable[tuple[str, Polynomial]]:
    """What an MLP adds to blocks at a group."""
    linear = linear_changes(mlp, held, group, field)
    if linear is not None:
        return linear
    from weightsmith.checker.semantics.mlp import mlp_changes  # loaded where it applies functions

    return mlp_changes(mlp, held, group, field)


def _axes(program: core.Program) -> frozenset[str]:
    """The axes of a script: its dimensions, the numbers among its inputs' axes, and 1."""
    named = {axis for one in program.inputs for axis in (one.shape.rows, one.shape.columns)}
    return frozenset((*program.dimensions, *named, "1")) - {core.TOKEN}


def _hidden_rows(items: tuple[Item, ...]) -> Iterator[str]:
    for item in items:
        if not isinstance(item, Layer):
            yield from _hidden_rows(item.body)
        elif item.mlp is not None:
            yield from (unit.rows for unit in item.mlp.hidden)


def _written(items: tuple[Item, ...]) -> Iterator[str]:
    for item in items:
        if isinstance(item, Layer):
            for head in item.heads:
                yield from (block for block, _, _ in head.outputs)
            if item.mlp is not None:
                yield from (block for block, _, _ in item.mlp.outputs)
                yield from (block for block, _ in item.mlp.bias)
        else:
            yield from _written(item.body)


def check_values(template: Template) -> None:
    """At the bindings the network is there: no coefficient that it uses divides by zero.

    As rational functions 1 and (L - 5)/(L - 5) are equal; at L = 5 a network has only the first.
    """
    known = template.bindings.keys()
    for scalar in dict.fromkeys(one for one in _scalars(template) if not isinstance(one, Number)):
        if free_symbols(scalar) <= known:
            value_at(scalar, template.bindings)


def _scalars(template: Template) -> Iterator[Scalar]:
    ends = (*template.read_in.values(), *(output.terms for output in template.read_out))
    yield from (scalar for terms in ends for _, scalar in terms)
    body = template.body
    if any(repeat.schedule for repeat in repeats_in(body)):
        from weightsmith.checker.semantics.schedules import written_out  # loaded where needed

        body = written_out(body)
    yield from _run(body, template)


def _run(items: tuple[Item, ...], template: Template) -> Iterator[Scalar]:
    """Of the layers that are run: a body without a pass is left out."""
    for item in items:
        if isinstance(item, Layer):
            yield from scalars_in(item)
            continue
        yield item.count
        counted = free_symbols(item.count) <= template.bindings.keys()
        if not counted or value_at(item.count, template.bindings) != 0:
            yield from _run(item.body, template)
