"""The matrices of a network, as the layout arranges them: D rows of the stream throughout."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from weightsmith.backends.errors import LiftError
from weightsmith.backends.lift.given.layout import (
    GivenHead,
    GivenLayer,
    GivenMatrix,
    GivenMlp,
    Layout,
    Reference,
)
from weightsmith.backends.lift.given.tensors import Tensor, Tensors


@dataclass(frozen=True, slots=True)
class DenseHead:
    """q, k: K × D; v: V × D; o: D × V."""

    given: GivenHead
    q: Tensor
    k: Tensor
    v: Tensor
    o: Tensor


@dataclass(frozen=True, slots=True)
class DenseMlp:
    """up, gate: H × D; up_bias, gate_bias: H; down: D × H; down_bias: D.  Zero if not given."""

    given: GivenMlp
    up: Tensor
    up_bias: Tensor
    gate: Tensor
    gate_bias: Tensor
    down: Tensor
    down_bias: Tensor


@dataclass(frozen=True, slots=True)
class DenseLayer:
    """``number`` is {i} in the names of its tensors."""

    given: GivenLayer
    number: int
    heads: tuple[DenseHead, ...]
    mlp: DenseMlp | None


@dataclass(frozen=True, slots=True)
class DenseMatrix:
    """A fixed matrix, rows × columns."""

    name: str
    rows: str
    columns: str
    entries: Tensor


@dataclass(frozen=True, slots=True)
class Dense:
    """``embed``: D × (rows of all sources).  ``passes``: every distinct layer of the tensors, in
    the order of the layout; a layer of a loop once for every pass that has tensors of its own."""

    layout: Layout
    rounding: float
    embed: Tensor
    passes: tuple[tuple[DenseLayer, ...], ...]  # by layer of the layout
    outputs: tuple[Tensor, ...]
    matrices: tuple[DenseMatrix, ...] = ()

    @property
    def layers(self) -> Iterator[DenseLayer]:
        for one in self.passes:
            yield from one

    @property
    def height(self) -> int:
        return int(self.embed.shape[0])


def dense_network(layout: Layout, tensors: Tensors) -> Dense:
    """Arrange the tensors.  Raises LiftError where shapes do not fit each other."""
    embed = tensors(layout.embed)
    width = sum(source.size for source in layout.sources)
    if embed.ndim != 2 or embed.shape[1] != width:
        raise LiftError(
            f"embed: expected {width} columns, as many as the sources have rows, "
            f"got the shape {embed.shape}."
        )
    arrange = _Arrange(tensors, embed.shape[0])
    if layout.blocks and sum(one.size for one in layout.blocks) != embed.shape[0]:
        rows = sum(one.size for one in layout.blocks)
        raise LiftError(f"stream: its blocks have {rows} rows, the read-in {embed.shape[0]}.")
    return Dense(
        layout,
        tensors.rounding,
        embed,
        tuple(tuple(arrange.passes(layer, layout)) for layer in layout.layers),
        tuple(arrange.read(f"read_out.{one.name}", one.weight) for one in layout.outputs),
        tuple(arrange.matrix(one, layout.sizes) for one in layout.matrices),
    )


@dataclass(slots=True)
class _Arrange:
    tensors: Tensors
    height: int

    def passes(self, layer: GivenLayer, layout: Layout) -> Iterator[DenseLayer]:
        loop = layout.loops.get(layer.loop)
        first = loop.first if loop else 0
        yield self.layer(layer, first)
        if loop and any("{i}" in one.tensor for one in references(layer)):
            for number in range(first + 1, first + loop.times):
                yield self.layer(layer, number)

    def layer(self, given: GivenLayer, number: int) -> DenseLayer:
        heads = tuple(
            self.head(f"{given.line}, head {at + 1}", head, number)
            for at, head in enumerate(given.heads)
        )
        mlp = None if given.mlp is None else self.mlp(f"{given.line}, mlp", given.mlp, number)
        return DenseLayer(given, number, heads, mlp)

    def head(self, key: str, given: GivenHead, number: int) -> DenseHead:
        q, k, v = (
            self.read(f"{key}.{name}", one, number)
            for name, one in (("q", given.q), ("k", given.k), ("v", given.v))
        )
        o = self.write(f"{key}.o", given.o, number)
        if q.shape != k.shape:
            raise LiftError(f"{key}: q has the shape {q.shape}, k {k.shape}.")
        if v.shape[0] != o.shape[1]:
            raise LiftError(f"{key}: v has {v.shape[0]} rows, o {o.shape[1]} columns.")
        return DenseHead(given, q, k, v, o)

    def mlp(self, key: str, given: GivenMlp, number: int) -> DenseMlp:
        up = self.read(f"{key}.up", given.up, number)
        hidden = up.shape[0]
        down = self.write(f"{key}.down", given.down, number)
        if down.shape[1] != hidden:
            raise LiftError(f"{key}: up has {hidden} rows, down {down.shape[1]} columns.")
        gate = np.zeros_like(up)
        if given.gate is not None:
            gate = self.read(f"{key}.gate", given.gate, number)
            if gate.shape != up.shape:
                raise LiftError(f"{key}: up has the shape {up.shape}, gate {gate.shape}.")
        return DenseMlp(
            given,
            up,
            self.bias(f"{key}.up_bias", given.up_bias, number, hidden),
            gate,
            self.bias(f"{key}.gate_bias", given.gate_bias, number, hidden),
            down,
            self.bias(f"{key}.down_bias", given.down_bias, number, self.height),
        )

    def read(self, key: str, reference: Reference, number: int = 0) -> Tensor:
        found = self.tensors(reference, number)
        if found.ndim != 2 or found.shape[1] != self.height:
            turn = ""
            if found.ndim == 2 and found.shape[0] == self.height:
                turn = f"; '{reference.tensor}.T' has"
            raise LiftError(
                f"{key}: expected {self.height} columns, the rows of the stream, got the shape "
                f"{found.shape}{turn}."
            )
        return found

    def write(self, key: str, reference: Reference, number: int) -> Tensor:
        found = self.tensors(reference, number)
        if found.ndim != 2 or found.shape[0] != self.height:
            raise LiftError(
                f"{key}: expected {self.height} rows, those of the stream, got the shape "
                f"{found.shape}."
            )
        return found

    def matrix(self, given: GivenMatrix, sizes: Mapping[str, int]) -> DenseMatrix:
        if isinstance(given.entries, Reference):
            entries = self.tensors(given.entries)
        else:
            entries = np.array([[float(one) for one in line] for line in given.entries])
        wanted = [int(axis) if axis.isdigit() else sizes.get(axis) for axis in given.axes]
        fits = entries.ndim == 2 and all(
            size in (None, found) for size, found in zip(wanted, entries.shape, strict=True)
        )
        if not fits or not entries.any():
            raise LiftError(
                f"matrices.{given.name}: expected {given.rows} × {given.columns} numbers, not all "
                f"zero, got the shape {entries.shape}."
            )
        return DenseMatrix(given.name, given.rows, given.columns, entries)

    def bias(self, key: str, reference: Reference | None, number: int, size: int) -> Tensor:
        if reference is None:
            return np.zeros(size)
        found = self.tensors(reference, number)
        if found.shape != (size,):
            raise LiftError(f"{key}: expected {size} numbers, got the shape {found.shape}.")
        return found


def references(layer: GivenLayer) -> Iterator[Reference]:
    """Every tensor that a layer is made of."""
    for head in layer.heads:
        yield from (head.q, head.k, head.v, head.o)
    if layer.mlp is not None:
        mlp = layer.mlp
        for one in (mlp.up, mlp.up_bias, mlp.gate, mlp.gate_bias, mlp.down, mlp.down_bias):
            if one is not None:
                yield one
