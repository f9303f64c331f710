"""One generic transformer, attention and a ReLU MLP, run by its weights alone.

    H ← H + Σ_h O_h (V_h H) · S_h,  S_h = M_h ∘ (K_h H)ᵀ (Q_h H), or what scores.py makes of it
    H ← H + W₂ act(W₁ H + b₁) + b₂,  act: relu, or for a gated hidden row ⊙ (G H + g)

Here are the parameters and their names, the same for both parameterisations: ``dense.py`` holds
full matrices over the rows of the stream, ``structured.py`` coefficients over its blocks.  A layer
takes the stream and returns the stream after it; its attention, each of its heads and its MLP
return what they add.  Which groups a head reads, and which hidden blocks are gated, belongs to the
architecture: there are no buffers, and ``state_dict`` has the tensors of ``model.safetensors``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar, cast

import torch
from torch import Tensor, nn

from weightsmith.backends.template.architecture import (
    Architecture,
    HeadShape,
    LayerShape,
    MlpShape,
)
from weightsmith.backends.torch.pieces import Pieces

Planes = Mapping[tuple[int, int], Tensor]  # (source, group) -> batch × tokens × rows
Readings = dict[str, dict[str, Tensor]]  # value, group -> batch × tokens of the group × rows


class Matrix(nn.Module):
    """A weight (written × read), a parameter, and where asked for a bias (written).

    ``used``, ``used_bias``: 1 where an entry takes part, 0 where it does not; None if all do.
    """

    bias: nn.Parameter | None
    used: Tensor | None
    used_bias: Tensor | None

    def __init__(self, writes: int, reads: int, dtype: torch.dtype, *, bias: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(writes, reads, dtype=dtype))
        self.bias = nn.Parameter(torch.zeros(writes, dtype=dtype)) if bias else None
        self.register_buffer("used", None, persistent=False)
        self.register_buffer("used_bias", None, persistent=False)

    def confine(self, used: Tensor, used_bias: Tensor | None) -> None:
        """Let only these entries take part, whatever an optimiser does to the others."""
        self.used, self.used_bias = used, used_bias
        self.register_state_dict_pre_hook(_clear_unused)  # type: ignore[no-untyped-call]

    def forward(self, stream: Tensor) -> Tensor:
        """Return the combination (batch × tokens × written) of stream (batch × tokens × read)."""
        weight = self.weight if self.used is None else self.weight * self.used
        bias = self.bias
        if bias is None or self.used_bias is None:
            return nn.functional.linear(stream, weight, bias)
        return nn.functional.linear(stream, weight, bias * self.used_bias)


def _clear_unused(module: nn.Module, *_: object) -> None:
    """A state has zeros where nothing takes part, also after an optimiser that mixes entries."""
    matrix = cast(Matrix, module)
    with torch.no_grad():
        for parameter, used in ((matrix.weight, matrix.used), (matrix.bias, matrix.used_bias)):
            if parameter is not None and used is not None and bool(parameter[used == 0].any()):
                parameter.mul_(used)


@dataclass(frozen=True, slots=True)
class Widths:
    """How many rows of weights stand for the stream, for what is read of it (views too), and for
    the keys and the values of a head."""

    stream: int
    read: int
    keys: int
    values: int


class Head(nn.Module):
    """The matrices of one head: queries, keys, values, output.

    ``key_groups``, ``query_groups``: the numbers of the groups whose tokens it reads.
    """

    def __init__(
        self, shape: HeadShape, groups: tuple[str, ...], widths: Widths, dtype: torch.dtype
    ) -> None:
        super().__init__()
        self.shape = shape
        self.key_groups = tuple(map(groups.index, shape.key_groups))
        self.query_groups = tuple(map(groups.index, shape.query_groups))
        self.q = Matrix(widths.keys, widths.read, dtype)
        self.k = Matrix(widths.keys, widths.read, dtype)
        self.v = Matrix(widths.values, widths.read, dtype)
        self.o = Matrix(widths.stream, widths.values, dtype)


class Mlp(nn.Module):
    """The matrices of an MLP.

    ``runs``: its hidden rows as (are they products?, how many), neighbours of a kind together.
    """

    gate: Matrix | None

    def __init__(
        self, shape: MlpShape, heights: Sequence[int], widths: Widths, dtype: torch.dtype
    ) -> None:
        super().__init__()
        self.shape = shape
        blocks = groupby(zip(shape.gated, heights, strict=True), key=lambda block: block[0])
        self.runs = [(gated, sum(height for _, height in run)) for gated, run in blocks]
        hidden = sum(heights)
        self.up = Matrix(hidden, widths.read, dtype, bias=True)
        self.gate = Matrix(hidden, widths.read, dtype, bias=True) if shape.has_gate else None
        self.down = Matrix(widths.stream, hidden, dtype, bias=shape.has_bias)


class Attention(nn.Module):
    """The heads of a layer, named by their number."""

    def __init__(self, heads: Sequence[Head]) -> None:
        super().__init__()
        for number, head in enumerate(heads):
            self.add_module(str(number), head)

    def heads(self) -> list[Head]:
        return [cast(Head, head) for head in self.children()]


class Layer(nn.Module):
    """The attention of a layer, and its MLP if it has one."""

    attention: Attention
    mlp: Mlp | None

    def __init__(self, attention: Attention, mlp: Mlp | None) -> None:
        super().__init__()
        self.attention = attention
        self.mlp = mlp


@dataclass(frozen=True, slots=True)
class Kinds:
    """The modules of a parameterisation, each with its ``forward``."""

    layer: Callable[[Attention, Mlp | None], Layer]
    attention: Callable[[Sequence[Head]], Attention]
    head: Callable[[HeadShape, tuple[str, ...], Widths, torch.dtype], Head]
    mlp: Callable[[MlpShape, Sequence[int], Widths, torch.dtype], Mlp]


class Readout(nn.Module):
    """One matrix for each name: of a returned value, or of a fixed matrix.

    A dot, which PyTorch keeps for itself, is written ``%2E`` in the name of a submodule, and ``%``
    is written ``%25``; ``state_dict`` and ``load_state_dict`` have the names as they are.
    """

    def __init__(self, matrices: Mapping[str, Matrix]) -> None:
        super().__init__()
        for name, matrix in matrices.items():
            # not add_module, which refuses a value named like an attribute, such as 'type'
            self._modules[escaped(name)] = matrix
        self.names = {escaped(name): name for name in matrices if escaped(name) != name}
        self.register_state_dict_post_hook(_names_of_the_file)  # type: ignore[no-untyped-call]
        self.register_load_state_dict_pre_hook(_names_of_the_module)  # type: ignore[no-untyped-call]

    def __getitem__(self, name: str) -> Matrix:
        return cast(Matrix, self._modules[escaped(name)])


def escaped(name: str) -> str:
    return name.replace("%", "%25").replace(".", "%2E")


def _names_of_the_file(
    module: nn.Module, state: dict[str, object], prefix: str, *_: object
) -> None:
    """Give the tensors of a state their names in ``model.safetensors``, in the same order."""
    names = cast(Readout, module).names
    renamed = {f"{prefix}{inner}.weight": f"{prefix}{name}.weight" for inner, name in names.items()}
    for key in list(state) if renamed else ():
        state[renamed.get(key, key)] = state.pop(key)


def _names_of_the_module(
    module: nn.Module, state: dict[str, object], prefix: str, *_: object
) -> None:
    for inner, name in cast(Readout, module).names.items():
        if f"{prefix}{name}.weight" in state:
            state[f"{prefix}{inner}.weight"] = state.pop(f"{prefix}{name}.weight")


class Transformer(nn.Module, ABC):
    """The parameters of the network; how they act on the stream is the subclass's part."""

    kinds: ClassVar[Kinds]

    def __init__(self, architecture: Architecture, dtype: torch.dtype = torch.float64) -> None:
        super().__init__()
        self.architecture = architecture
        blocks = architecture.block_rows
        self.embed = self._matrix(blocks, architecture.source_rows, dtype)
        self.layers = nn.ModuleList(self._layer(shape, dtype) for shape in architecture.layers)
        reads = architecture.read_rows
        self.unembed = Readout(
            {o.name: self._matrix((o.rows,), reads, dtype) for o in architecture.outputs}
        )
        self.matrices = Readout({m.name: Matrix(*m.size, dtype) for m in architecture.fixed})

    @abstractmethod
    def width(self, rows: tuple[str, ...]) -> int:
        """How many rows of a weight stand for these rows of the stream."""

    @abstractmethod
    def read(self, planes: Planes, sizes: Mapping[str, int]) -> Readings:
        """Run on raw data; return every value.

        ``sizes`` gives each named dimension and each group its size.
        """

    @abstractmethod
    def states(self, planes: Planes, sizes: Mapping[str, int]) -> Iterator[tuple[Pieces, Readings]]:
        """Run on raw data; the stream before the first layer and after each, and its values.

        They are what the network would return if it had no more layers.
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
        mlp = None
        if shape.mlp is not None:
            heights = [self.width((rows,)) for rows in shape.mlp.hidden_rows]
            mlp = self.kinds.mlp(shape.mlp, heights, self._widths(), dtype)
        return self.kinds.layer(self.kinds.attention(heads), mlp)

    def _head(self, head: HeadShape, dtype: torch.dtype) -> Head:
        widths = self._widths(head.key_rows, head.value_rows)
        return self.kinds.head(head, self.architecture.groups, widths, dtype)

    def _widths(self, keys: tuple[str, ...] = (), values: tuple[str, ...] = ()) -> Widths:
        sides = self.architecture.block_rows, self.architecture.read_rows, keys, values
        return Widths(*map(self.width, sides))
