"""One generic transformer, linear attention and a ReLU MLP, run by its weights alone.

    H ← H + Σ_h O_h (V_h H) · (M_h ∘ (K_h H)ᵀ (Q_h H))
    H ← H + W₂ act(W₁ H + b₁) + b₂,  act: relu, or for a gated hidden row ⊙ (G H + g)

Here are the parameters and their names, the same for both parameterisations: ``dense.py`` holds
full matrices over the rows of the stream, ``structured.py`` coefficients over its blocks.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn

from weightsmith.backends.architecture import Architecture, HeadShape, LayerShape

Planes = Mapping[tuple[int, int], Tensor]  # (source, group) -> batch × tokens × rows


class Matrix(nn.Module):
    """A weight (written × read), a parameter, and where asked for a bias (written)."""

    bias: nn.Parameter | None

    def __init__(self, writes: int, reads: int, dtype: torch.dtype, *, bias: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(writes, reads, dtype=dtype))
        self.bias = nn.Parameter(torch.zeros(writes, dtype=dtype)) if bias else None

    def forward(self, stream: Tensor) -> Tensor:
        """Return the combination (batch × tokens × written) of stream (batch × tokens × read)."""
        return nn.functional.linear(stream, self.weight, self.bias)


class Head(nn.Module):
    """The matrices of one head: queries, keys, values, output."""

    def __init__(self, width: int, keys: int, values: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.q = Matrix(keys, width, dtype)
        self.k = Matrix(keys, width, dtype)
        self.v = Matrix(values, width, dtype)
        self.o = Matrix(width, values, dtype)


class Mlp(nn.Module):
    """The matrices of an MLP; ``gated`` is true at each hidden row that is a product."""

    gate: Matrix | None
    gated: Tensor

    def __init__(
        self, width: int, gated: list[bool], dtype: torch.dtype, *, has_bias: bool
    ) -> None:
        super().__init__()
        hidden = len(gated)
        self.up = Matrix(hidden, width, dtype, bias=True)
        self.gate = Matrix(hidden, width, dtype, bias=True) if any(gated) else None
        self.down = Matrix(width, hidden, dtype, bias=has_bias)
        self.register_buffer("gated", torch.tensor(gated, dtype=torch.bool))


class Attention(nn.Module):
    """The heads of a layer, named by their number, and which groups of tokens each attends to.

    ``key_groups``, ``query_groups``: heads × groups, true where the head reads that group.
    """

    key_groups: Tensor
    query_groups: Tensor

    def __init__(self, heads: list[Head], shape: LayerShape, groups: tuple[str, ...]) -> None:
        super().__init__()
        for number, head in enumerate(heads):
            self.add_module(str(number), head)
        keys = [[group in head.key_groups for group in groups] for head in shape.heads]
        queries = [[group in head.query_groups for group in groups] for head in shape.heads]
        size = (len(heads), len(groups))
        self.register_buffer("key_groups", torch.tensor(keys, dtype=torch.bool).reshape(size))
        self.register_buffer("query_groups", torch.tensor(queries, dtype=torch.bool).reshape(size))

    def heads(self) -> list[Head]:
        return [cast(Head, head) for head in self.children()]


class Layer(nn.Module):
    attention: Attention
    mlp: Mlp | None

    def __init__(self, attention: Attention, mlp: Mlp | None) -> None:
        super().__init__()
        self.attention = attention
        self.mlp = mlp


class Readout(nn.Module):
    """One matrix for each returned value, under the value's name.

    A dot, which PyTorch keeps for itself, is written ``%2E``, and ``%`` is written ``%25``.
    """

    def __init__(self, matrices: Mapping[str, Matrix]) -> None:
        super().__init__()
        for name, matrix in matrices.items():
            # not add_module, which refuses a value named like an attribute, such as 'type'
            self._modules[escaped(name)] = matrix

    def __getitem__(self, name: str) -> Matrix:
        return cast(Matrix, self._modules[escaped(name)])


def escaped(name: str) -> str:
    return name.replace("%", "%25").replace(".", "%2E")


class Transformer(nn.Module, ABC):
    """The parameters of the network; how they act on the stream is the subclass's part."""

    def __init__(self, architecture: Architecture, dtype: torch.dtype = torch.float64) -> None:
        super().__init__()
        self.architecture = architecture
        blocks = architecture.block_rows
        self.embed = self._matrix(blocks, architecture.source_rows, dtype)
        self.layers = nn.ModuleList(self._layer(shape, dtype) for shape in architecture.layers)
        self.unembed = Readout(
            {o.name: self._matrix((o.rows,), blocks, dtype) for o in architecture.outputs}
        )

    @abstractmethod
    def width(self, rows: tuple[str, ...]) -> int:
        """How many rows of a weight stand for these rows of the stream."""

    @abstractmethod
    def read(self, planes: Planes, sizes: Mapping[str, int]) -> dict[str, dict[str, Tensor]]:
        """Run on raw data; return batch × tokens of the group × rows for each value and group.

        ``sizes`` gives each named dimension and each group its size.
        """

    @property
    def dtype(self) -> torch.dtype:
        return self.embed.weight.dtype

    @property
    def device(self) -> torch.device:
        return self.embed.weight.device

    def stack(self) -> list[Layer]:
        return [cast(Layer, layer) for layer in self.layers]

    def _matrix(
        self, writes: tuple[str, ...], reads: tuple[str, ...], dtype: torch.dtype
    ) -> Matrix:
        return Matrix(self.width(writes), self.width(reads), dtype)

    def _layer(self, shape: LayerShape, dtype: torch.dtype) -> Layer:
        heads = [self._head(head, dtype) for head in shape.heads]
        width = self.width(self.architecture.block_rows)
        mlp = None
        if shape.mlp is not None:
            each = zip(shape.mlp.gated, shape.mlp.hidden_rows, strict=True)
            gated = [flag for flag, rows in each for _ in range(self.width((rows,)))]
            mlp = Mlp(width, gated, dtype, has_bias=shape.mlp.has_bias)
        return Layer(Attention(heads, shape, self.architecture.groups), mlp)

    def _head(self, head: HeadShape, dtype: torch.dtype) -> Head:
        width = self.width(self.architecture.block_rows)
        return Head(width, self.width((head.key_rows,)), self.width(head.value_rows), dtype)
