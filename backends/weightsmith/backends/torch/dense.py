"""The transformer with full weight matrices, as a paper writes it: every size but N is fixed."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from weightsmith.backends.architecture import Architecture, axis_size, axis_sizes, row_axes
from weightsmith.backends.layout import check_sizes
from weightsmith.backends.torch.module import Head, Mlp, Planes, Transformer


class DenseTransformer(Transformer):
    """W_Q, W_K, W_V, W_O, W₁, b₁, W₂, embed and unembed over all D rows of the stream."""

    def __init__(
        self,
        architecture: Architecture,
        dims: Mapping[str, int],
        dtype: torch.dtype = torch.float64,
    ) -> None:
        self.dims = {axis: axis_size(axis, dims) for axis in row_axes(architecture)}
        super().__init__(architecture, dtype)

    def width(self, rows: tuple[str, ...]) -> int:
        return sum(axis_sizes(rows, self.dims))

    def forward(self, features: Tensor, token_groups: Tensor) -> dict[str, Tensor]:
        """Return every value at every token: batch × tokens × rows.

        ``features``: batch × tokens × F; ``token_groups``: the number of each token's group.
        """
        stream = self.embed(features)
        for layer in self.stack():
            is_key = layer.attention.key_groups[:, token_groups].unsqueeze(-1)
            is_query = layer.attention.query_groups[:, token_groups].unsqueeze(-1)
            updates = [
                attend(head, stream, is_key[number], is_query[number])
                for number, head in enumerate(layer.attention.heads())
            ]
            stream = sum(updates, stream)
            if layer.mlp is not None:
                stream = stream + layer.mlp.down(activation(layer.mlp, stream))
        return {
            output.name: self.unembed[output.name](stream) for output in self.architecture.outputs
        }

    def read(self, planes: Planes, sizes: Mapping[str, int]) -> dict[str, dict[str, Tensor]]:
        check_sizes(self.dims, sizes)
        counts = axis_sizes(self.architecture.groups, sizes)
        features = self._features(planes, counts)
        numbers = torch.arange(len(counts), device=self.device)
        token_groups = numbers.repeat_interleave(torch.tensor(counts, device=self.device))
        values = self.forward(features, token_groups)
        readings: dict[str, dict[str, Tensor]] = {}
        for output in self.architecture.outputs:
            pieces = dict(
                zip(
                    self.architecture.groups,
                    torch.split(values[output.name], counts, dim=1),
                    strict=True,
                )
            )
            readings[output.name] = {group: pieces[group] for group in output.groups}
        return readings

    def _features(self, planes: Planes, counts: list[int]) -> Tensor:
        rows = axis_sizes(self.architecture.source_rows, self.dims)
        batch = next(iter(planes.values())).shape[0]
        features = torch.zeros(batch, sum(counts), sum(rows), dtype=self.dtype, device=self.device)
        for (source, group), plane in planes.items():
            top, left = sum(rows[:source]), sum(counts[:group])
            features[:, left : left + counts[group], top : top + rows[source]] = plane
        return features


def activation(mlp: Mlp, stream: Tensor) -> Tensor:
    """Return the hidden rows of an MLP: relu, or where they are gated the product."""
    hidden: Tensor = mlp.up(stream)
    if mlp.gate is None:
        return torch.relu(hidden)
    return torch.where(mlp.gated, hidden * mlp.gate(stream), torch.relu(hidden))


def attend(head: Head, stream: Tensor, is_key: Tensor, is_query: Tensor) -> Tensor:
    """Return what one head adds: batch × tokens × D.  Masks: tokens × 1, true where it looks.

    (Q Kᵀ) V costs N²(r + p) products, Q (Kᵀ V) costs 2Nrp, for N tokens, r rows of the key
    and p rows of the values: the cheaper is taken.
    """
    zero = stream.new_zeros(())
    keys = torch.where(is_key, head.k(stream), zero)
    queries = torch.where(is_query, head.q(stream), zero)
    values = head.v(stream)
    tokens, rows, width = stream.shape[-2], keys.shape[-1], values.shape[-1]
    if tokens * (rows + width) < 2 * rows * width:
        product = (queries @ keys.mT) @ values
    else:
        product = queries @ (keys.mT @ values)
    added: Tensor = head.o(product)
    return added
