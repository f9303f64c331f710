"""The meaning of the network: what every block holds at every group, layer by layer.

    head:  out[q] += Σ_j output_j · Σ_{g ∈ key_groups} value_j[g] · scores[g, q],
           scores[g, q] = Σ_i keys_i[g]ᵀ · queries_i[q], or what scores.py makes of that
    mlp:   see linear_mlp.py, and mlp.py where functions are applied to entries

At the tokens of a group a block is a matrix, a column for each token; the stream maps block and
group to its polynomial.  What a head sums over tokens, value · key', is a product of matrices.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.algebra.words import Letter, Polynomial
from weightsmith.checker.networks.linear_mlp import linear_changes
from weightsmith.checker.reading.refusal import RefusedError, quoted, require
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
        self._views = {view.name: view for view in template.views}
        self._matrices = {name: self._matrix(name) for name in template.matrices}
        self._check_groups()

    def _matrix(self, name: str) -> Polynomial:
        """A fixed matrix, as a letter: the script's input of this name, if there is one."""
        matrix = self.template.matrices[name]
        value = self._meaning.inputs.get(name)
        if value is None:
            return Polynomial.letter(self.field, Letter(name, matrix.rows, matrix.columns))
        found = value.parts.get(("", ""))
        if found is None or found.shape != (matrix.rows, matrix.columns):
            raise RefusedError(f"The matrix '{name}' is no input of that shape in the script.")
        return found

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
            require(
                group in planes,
                f"The network reads '{source.name}' at {quoted(group)}, where the script declares "
                "none of it.",
            )
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
        add = self._add_linear if head.scores.is_linear else self._add_scored
        add(head, stream, after)

    def _add_linear(self, head: Head, stream: Stream, after: Stream) -> None:
        """The product value·keys' first: it is the same for every query."""
        moments = [
            [self._moment(head, value, keys, stream) for keys in head.keys] for value in head.values
        ]
        for group in head.query_groups:
            queries = [self.combine(one, group, stream) for one in head.queries]
            for place, own in enumerate(moments):
                products = [one @ two for one, two in zip(own, queries, strict=True)]
                self._add(head, place, sum(products[1:], products[0]), group, after)

    def _add_scored(self, head: Head, stream: Stream, after: Stream) -> None:
        from weightsmith.checker.semantics.scores import scored  # loaded where it is not linear

        require(bool(head.key_groups), "A head is summed over no tokens.")
        for group in head.query_groups:
            queries = [self.combine(one, group, stream) for one in head.queries]
            products = {}
            for key_group in head.key_groups:
                keys = (self.combine(one, key_group, stream).transpose() for one in head.keys)
                parts = [one @ two for one, two in zip(keys, queries, strict=True)]
                products[key_group] = sum(parts[1:], parts[0])
            scores = scored(head.scores, products)
            for place, value in enumerate(head.values):
                parts = [self.combine(value, one, stream) @ scores[one] for one in scores]
                self._add(head, place, sum(parts[1:], parts[0]), group, after)

    def _add(self, head: Head, place: int, change: Polynomial, group: str, after: Stream) -> None:
        """Add what the value of this place gives to the blocks that it is for."""
        for block, index, scalar in head.outputs:
            if index == place:
                scaled = change.scaled(self.field.read(scalar))
                after[block, group] = after[block, group] + scaled

    def _moment(self, head: Head, value: Terms, keys: Terms, stream: Stream) -> Polynomial:
        """Σ over the key groups of value · keysᵀ, the same for every query."""
        rows = self.template.readable
        parts = (
            self.combine(value, group, stream) @ self.combine(keys, group, stream).transpose()
            for group in head.key_groups
        )
        return sum(parts, Polynomial.zero(self.field, rows[value[0][0]], rows[keys[0][0]]))

    def combine(self, terms: Terms, group: str, stream: Stream) -> Polynomial:
        """Σ coefficient · block or view at one group; at least one term."""
        require(bool(terms), "A combination of the network has no terms.")
        parts = [
            self._read(name, group, stream).scaled(self.field.read(scalar))
            for name, scalar in terms
        ]
        return sum(parts[1:], parts[0])

    def _read(self, name: str, group: str, stream: Stream) -> Polynomial:
        """What a block holds at a group, or a view of it."""
        view = self._views.get(name)
        if view is None:
            return stream[name, group]
        matrix = self._matrices[view.matrix]
        return (matrix.transpose() if view.transposed else matrix) @ stream[view.block, group]

    def _mlp(self, mlp: Mlp, stream: Stream) -> Stream:
        after = dict(stream)
        for group in self.template.groups:
            readable = (*self.template.blocks, *self._views)
            held = {name: self._read(name, group, stream) for name in readable}
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
    from weightsmith.checker.networks.mlp import mlp_changes  # loaded where it applies functions

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
