"""The transformer with coefficients over blocks: one set of weights for every d and N.

Each weight stands for itself ⊗ identity, which is never written out.  The stream is kept in
pieces, one for each block and group of tokens; a piece that is not there is zero, and costs
nothing.  Without gradients neither does a coefficient that is zero; with them every coefficient
takes part, so that every one can be trained.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from weightsmith.backends.errors import LayoutError
from weightsmith.backends.template.architecture import OutputShape, axis_size, axis_sizes
from weightsmith.backends.torch.frame import Frame, View
from weightsmith.backends.torch.module import (
    Attention,
    Head,
    Kinds,
    Layer,
    Planes,
    Readings,
    Transformer,
)
from weightsmith.backends.torch.pieces import (
    ByGroup,
    Pieces,
    Readable,
    add,
    add_all,
    coefficients,
    combine,
    combine_groups,
    plus,
    scaled,
)
from weightsmith.backends.torch.scores import scored
from weightsmith.backends.torch.structured_mlp import StructuredMlp


class StructuredHead(Head):
    def forward(self, stream: Readable, frame: Frame) -> Pieces:
        """Return what the head adds."""
        products = head_products(self, stream, frame)
        output = coefficients(self.o.weight)
        added: Pieces = {}
        for index, rows in enumerate(self.shape.value_rows):
            for block in frame.blocks_of(rows):
                for group, product in products[index].items():
                    add(added, (block, group), scaled(output[block][index], product))
        return added


class StructuredAttention(Attention):
    def forward(self, stream: Pieces, frame: Frame) -> Pieces:
        """Return what the heads add, all of which read the stream before the layer."""
        added: Pieces = {}
        readable = frame.readable(stream)
        for head in self.heads():
            add_all(added, head(readable, frame))
        return added


class StructuredLayer(Layer):
    def forward(self, stream: Pieces, frame: Frame) -> Pieces:
        """Return the stream after the layer."""
        stream = plus(stream, self.attention(stream, frame))
        return stream if self.mlp is None else plus(stream, self.mlp(stream, frame))


class StructuredTransformer(Transformer):
    """Coefficient matrices over blocks; the number of parameters does not depend on d."""

    kinds = Kinds(StructuredLayer, StructuredAttention, StructuredHead, StructuredMlp)

    def width(self, rows: tuple[str, ...]) -> int:
        return len(rows)

    def forward(
        self, features: Tensor, token_groups: Tensor, dims: Mapping[str, int]
    ) -> dict[str, Tensor]:
        """Return every value at every token, zero outside its groups: batch × tokens × rows.

        ``features``: batch × tokens × F; ``token_groups``: the number of each token's group;
        ``dims``: the sizes of the dimensions that rows are named after.
        """
        groups = range(len(self.architecture.groups))
        places = [(token_groups == group).nonzero().flatten() for group in groups]
        rows = axis_sizes(self.architecture.source_rows, dims)
        if features.shape[-1] != sum(rows):
            raise LayoutError(f"expected {sum(rows)} features a token, got {features.shape[-1]}.")
        planes = {
            (source, group): plane.index_select(1, places[group])
            for source, plane in enumerate(torch.split(features, rows, dim=-1))
            for group in groups
        }
        counts = {name: len(places[g]) for g, name in enumerate(self.architecture.groups)}
        for name, count in counts.items():
            if count != axis_size(name, counts):
                raise LayoutError(f"expected {name} tokens of the group '{name}', got {count}.")
        readings = self.read(planes, {**dims, **counts})
        values: dict[str, Tensor] = {}
        for output in self.architecture.outputs:
            height = axis_size(output.rows, dims)
            value = features.new_zeros(features.shape[0], features.shape[1], height)
            for group, piece in readings[output.name].items():
                place = places[self.architecture.groups.index(group)]
                value = value.index_copy(1, place, piece)
            values[output.name] = value
        return values

    def read(self, planes: Planes, sizes: Mapping[str, int]) -> Readings:
        frame = self._frame(planes, sizes)
        pieces = self._embed(planes, frame)
        for layer in self.layers:
            pieces = layer(pieces, frame)
        return self._values(pieces, frame)

    def states(self, planes: Planes, sizes: Mapping[str, int]) -> Iterator[tuple[Pieces, Readings]]:
        frame = self._frame(planes, sizes)
        pieces = self._embed(planes, frame)
        yield pieces, self._values(pieces, frame)
        for layer in self.layers:
            pieces = layer(pieces, frame)
            yield pieces, self._values(pieces, frame)

    def _frame(self, planes: Planes, sizes: Mapping[str, int]) -> Frame:
        first = next(iter(planes.values()))
        return Frame(
            batch=first.shape[0],
            counts=tuple(axis_sizes(self.architecture.groups, sizes)),
            sizes=sizes,
            block_rows=self.architecture.block_rows,
            dtype=first.dtype,
            device=first.device,
            views=tuple(self._views()),
        )

    def _views(self) -> Iterator[View]:
        for view in self.architecture.views:
            weight = self.matrices[view.matrix].weight
            yield view.block, view.rows, weight.mT if view.transposed else weight

    def _embed(self, planes: Planes, frame: Frame) -> Pieces:
        pieces: Pieces = {}
        weight = coefficients(self.embed.weight)
        for block, rows in enumerate(frame.block_rows):
            among = [s for s, name in enumerate(self.architecture.source_rows) if name == rows]
            for group in range(len(frame.counts)):
                add(pieces, (block, group), combine(weight[block], among, planes, group))
        return pieces

    def _values(self, pieces: Pieces, frame: Frame) -> Readings:
        outputs = self.architecture.outputs
        return {output.name: self._value(output, pieces, frame) for output in outputs}

    def _value(self, output: OutputShape, pieces: Pieces, frame: Frame) -> dict[str, Tensor]:
        (weight,) = coefficients(self.unembed[output.name].weight)
        among, readable = frame.read_of(output.rows), frame.readable(pieces)
        value: dict[str, Tensor] = {}
        for group in output.groups:
            place = self.architecture.groups.index(group)
            piece = combine(weight, among, readable, place)
            value[group] = frame.constant(0.0, place, output.rows) if piece is None else piece
        return value


def head_products(head: Head, pieces: Readable, frame: Frame) -> list[ByGroup]:
    """Return value · scores for each value, by group of queries."""
    if not head.shape.scores.is_linear:
        return scored_products(head, pieces, frame)
    products: list[ByGroup] = [{} for _ in head.shape.value_rows]
    for keys, queries in sides(head, pieces, frame):
        values = values_of(head, pieces, frame, list(keys))
        if scores_first(keys, queries, values):
            parts = through_scores(keys, queries, values)
        else:
            parts = [through_memory(keys, queries, value) for value in values]
        for product, part in zip(products, parts, strict=True):
            for group, piece in part.items():
                add(product, group, piece)
    return products


def sides(head: Head, pieces: Readable, frame: Frame) -> Iterator[tuple[ByGroup, ByGroup]]:
    """The keys and the queries of each of the stacked parts."""
    both = coefficients(head.k.weight), coefficients(head.q.weight), head.shape.key_rows
    for k, q, rows in zip(*both, strict=True):
        among = frame.read_of(rows)
        keys = combine_groups(k, among, pieces, head.key_groups)
        yield keys, combine_groups(q, among, pieces, head.query_groups)


def values_of(head: Head, pieces: Readable, frame: Frame, groups: Sequence[int]) -> list[ByGroup]:
    return [
        combine_groups(v, frame.read_of(rows), pieces, groups)
        for v, rows in zip(coefficients(head.v.weight), head.shape.value_rows, strict=True)
    ]


def scored_products(head: Head, pieces: Readable, frame: Frame) -> list[ByGroup]:
    """value · scores where these are no products alone: keys of zero count, too."""
    parts, counts = list(sides(head, pieces, frame)), [frame.counts[g] for g in head.key_groups]
    values = values_of(head, pieces, frame, head.key_groups)
    products: list[ByGroup] = [{} for _ in values]
    for group in head.query_groups:
        found = [
            _summed([q[group] @ k[place].mT for k, q in parts if place in k and group in q])
            for place in head.key_groups
        ]
        shapes = [(frame.batch, frame.counts[group], count) for count in counts]
        full = [
            torch.zeros(shape, dtype=frame.dtype, device=frame.device) if one is None else one
            for one, shape in zip(found, shapes, strict=True)
        ]
        scores = torch.split(scored(head.shape.scores, torch.cat(full, -1)), counts, -1)
        for place, own in zip(head.key_groups, scores, strict=True):
            for product, value in zip(products, values, strict=True):
                if place in value:
                    add(product, group, own @ value[place])
    return products


def _summed(parts: Sequence[Tensor]) -> Tensor | None:
    return functools.reduce(torch.add, parts) if parts else None


def scores_first(keys: ByGroup, queries: ByGroup, values: Sequence[ByGroup]) -> bool:
    """Whether (Q Kᵀ) V takes fewer products than Q (Kᵀ V), over the pieces that are there."""
    query_tokens = sum(piece.shape[1] for piece in queries.values())
    scores = sum(piece.shape[1] * piece.shape[2] for piece in keys.values()) * query_tokens
    memory = 0
    for value in values:
        for group, piece in value.items():
            rows, tokens, width = keys[group].shape[2], piece.shape[1], piece.shape[2]
            scores += tokens * width * query_tokens
            memory += tokens * width * rows
        if value:
            first = next(iter(value))
            memory += keys[first].shape[2] * value[first].shape[2] * query_tokens
    return scores < memory


def through_scores(keys: ByGroup, queries: ByGroup, values: Sequence[ByGroup]) -> list[ByGroup]:
    """(Q Kᵀ) V, the scores shared by all values."""
    products: list[ByGroup] = [{} for _ in values]
    for group, query in queries.items():
        for place, key in keys.items():
            if not any(place in value for value in values):
                continue
            scores = query @ key.mT
            for product, value in zip(products, values, strict=True):
                if place in value:
                    add(product, group, scores @ value[place])
    return products


def through_memory(keys: ByGroup, queries: ByGroup, value: ByGroup) -> ByGroup:
    """Q (Kᵀ V), the middle matrix shared by all groups of queries."""
    memory: ByGroup = {}
    for place, piece in value.items():
        add(memory, 0, keys[place].mT @ piece)
    return {group: query @ memory[0] for group, query in queries.items()} if memory else {}
