"""The transformer with full weight matrices, as a paper writes it: every size but N is fixed."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from weightsmith.backends.template.architecture import Architecture, axis_size, axis_sizes, row_axes
from weightsmith.backends.template.layout import check_sizes
from weightsmith.backends.torch.module import (
    Attention,
    Head,
    Kinds,
    Layer,
    Mlp,
    Planes,
    Readings,
    Transformer,
)
from weightsmith.backends.torch.pieces import Pieces
from weightsmith.backends.torch.scores import scored

Masks = Mapping[tuple[int, ...], Tensor]  # numbers of groups -> tokens × 1, true in one of them


class DenseHead(Head):
    def forward(self, stream: Tensor, masks: Masks) -> Tensor:
        """Return what the head adds: batch × tokens × D."""
        return attend(self, stream, masks[self.key_groups], masks[self.query_groups])


class DenseAttention(Attention):
    def forward(self, stream: Tensor, masks: Masks) -> Tensor:
        """Return what the heads add, all of which read the stream before the layer."""
        updates: list[Tensor] = [head(stream, masks) for head in self.heads()]
        return functools.reduce(torch.add, updates) if updates else torch.zeros_like(stream)


class DenseMlp(Mlp):
    def forward(self, stream: Tensor) -> Tensor:
        """Return what the MLP adds to the stream after the heads."""
        added: Tensor = self.down(activation(self, stream))
        return added


class DenseLayer(Layer):
    def forward(self, stream: Tensor, masks: Masks) -> Tensor:
        """Return the stream after the layer: batch × tokens × D."""
        stream = stream + self.attention(stream, masks)
        return stream if self.mlp is None else stream + self.mlp(stream)


class DenseTransformer(Transformer):
    """W_Q, W_K, W_V, W_O, W₁, b₁, W₂, embed and unembed over all D rows of the stream."""

    kinds = Kinds(DenseLayer, DenseAttention, DenseHead, DenseMlp)

    def __init__(
        self,
        architecture: Architecture,
        dims: Mapping[str, int],
        dtype: torch.dtype = torch.float64,
    ) -> None:
        self.dims = {axis: axis_size(axis, dims) for axis in row_axes(architecture)}
        super().__init__(architecture.folded, dtype)

    def width(self, rows: tuple[str, ...]) -> int:
        return sum(axis_sizes(rows, self.dims))

    def forward(self, features: Tensor, token_groups: Tensor) -> dict[str, Tensor]:
        """Return every value at every token: batch × tokens × rows.

        ``features``: batch × tokens × F; ``token_groups``: the number of each token's group.
        """
        stream, masks = self.embed(features), self.masks(token_groups)
        for layer in self.layers:
            stream = layer(stream, masks)
        return self._values(stream)

    def _values(self, stream: Tensor) -> dict[str, Tensor]:
        outputs = self.architecture.outputs
        return {output.name: self.unembed[output.name](stream) for output in outputs}

    def masks(self, token_groups: Tensor) -> dict[tuple[int, ...], Tensor]:
        """The tokens that heads look at: a mask for every set of groups that one reads."""
        heads = [head for layer in self.stack() for head in layer.attention.heads()]
        read = {groups: None for h in heads for groups in (h.key_groups, h.query_groups)}
        return {groups: _among(token_groups, groups) for groups in read}

    def read(self, planes: Planes, sizes: Mapping[str, int]) -> Readings:
        counts, features, token_groups = self._laid_out(planes, sizes)
        return self._by_group(self.forward(features, token_groups), counts)

    def states(self, planes: Planes, sizes: Mapping[str, int]) -> Iterator[tuple[Pieces, Readings]]:
        counts, features, token_groups = self._laid_out(planes, sizes)
        stream, masks = self.embed(features), self.masks(token_groups)
        yield self._pieces(stream, counts), self._by_group(self._values(stream), counts)
        for layer in self.layers:
            stream = layer(stream, masks)
            yield self._pieces(stream, counts), self._by_group(self._values(stream), counts)

    def _laid_out(
        self, planes: Planes, sizes: Mapping[str, int]
    ) -> tuple[list[int], Tensor, Tensor]:
        """The tokens of each group, the features, and the number of each token's group."""
        check_sizes(self.dims, sizes)
        counts = axis_sizes(self.architecture.groups, sizes)
        numbers = torch.arange(len(counts), device=self.device)
        token_groups = numbers.repeat_interleave(torch.tensor(counts, device=self.device))
        return counts, self._features(planes, counts), token_groups

    def _pieces(self, stream: Tensor, counts: list[int]) -> Pieces:
        """The stream by block and group."""
        rows = axis_sizes(self.architecture.block_rows, self.dims)
        return {
            (block, group): piece
            for block, part in enumerate(torch.split(stream, rows, dim=2))
            for group, piece in enumerate(torch.split(part, counts, dim=1))
        }

    def _by_group(self, values: Mapping[str, Tensor], counts: list[int]) -> Readings:
        """Every returned value at the groups that it is read at."""
        numbers = {group: number for number, group in enumerate(self.architecture.groups)}
        pieces = {name: torch.split(value, counts, dim=1) for name, value in values.items()}
        return {
            one.name: {group: pieces[one.name][numbers[group]] for group in one.groups}
            for one in self.architecture.outputs
        }

    def _features(self, planes: Planes, counts: list[int]) -> Tensor:
        rows = axis_sizes(self.architecture.source_rows, self.dims)
        batch = next(iter(planes.values())).shape[0]
        features = torch.zeros(batch, sum(counts), sum(rows), dtype=self.dtype, device=self.device)
        for (source, group), plane in planes.items():
            top, left = sum(rows[:source]), sum(counts[:group])
            features[:, left : left + counts[group], top : top + rows[source]] = plane
        return features


def _among(token_groups: Tensor, groups: tuple[int, ...]) -> Tensor:
    """tokens × 1, true where the token belongs to one of the groups."""
    masks = [token_groups == group for group in groups]
    return functools.reduce(torch.logical_or, masks).unsqueeze(-1)


def activation(mlp: Mlp, stream: Tensor) -> Tensor:
    """Return the hidden rows of an MLP: relu, or where they are gated the product."""
    hidden: Tensor = mlp.up(stream)
    if mlp.gate is None:
        return torch.relu(hidden)
    counts = [count for _, count in mlp.runs]
    sides = (torch.split(side, counts, dim=-1) for side in (hidden, mlp.gate(stream)))
    pieces = zip(mlp.runs, *sides, strict=True)
    return torch.cat([h * g if gated else torch.relu(h) for (gated, _), h, g in pieces], -1)


def attend(head: Head, stream: Tensor, is_key: Tensor, is_query: Tensor) -> Tensor:
    """Return what one head adds: batch × tokens × D.  Masks: tokens × 1, true where it looks.

    (Q Kᵀ) V costs N²(r + p) products, Q (Kᵀ V) costs 2Nrp, for N tokens, r rows of the key
    and p rows of the values: the cheaper is taken where the scores are products alone.
    """
    zero = stream.new_zeros(())
    keys = torch.where(is_key, head.k(stream), zero)
    queries = torch.where(is_query, head.q(stream), zero)
    values = head.v(stream)
    tokens, rows, width = stream.shape[-2], keys.shape[-1], values.shape[-1]
    if not head.shape.scores.is_linear:
        scores = scored(head.shape.scores, queries @ keys.mT, is_query & is_key.mT)
        product = scores @ values
    elif tokens * (rows + width) < 2 * rows * width:
        product = (queries @ keys.mT) @ values
    else:
        product = queries @ (keys.mT @ values)
    added: Tensor = head.o(product)
    return added
