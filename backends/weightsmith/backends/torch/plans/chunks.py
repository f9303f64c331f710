"""Long contexts by chunks: what a pass does at tokens, and its sums over them, a chunk at a time.

The plan is that of several processes, whose sums over tokens are of parts (``partial_sums``); here
the parts are chunks that the processor's cache holds.  One chunk after the other does what comes
before a sum and gives its part; then all go on with the total.  So the data are read from memory
once for each sum, not once for each operation, and what a pass makes at tokens is never there as a
whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor

from weightsmith.backends.errors import ShardingError
from weightsmith.backends.plan.build import Plan
from weightsmith.backends.plan.operations.nodes import AllReduced
from weightsmith.backends.plan.partial_sums import sharded_plan
from weightsmith.backends.plan.torch_text import Text
from weightsmith.backends.torch.plans import sparse
from weightsmith.backends.torch.plans.module import Function, PlannedModule, Scalars

LONG = 1 << 16  # tokens from which on chunks are worth their calls
CHUNK = 3 << 19  # bytes of data in a chunk, for each thread: fewer cost calls, more the cache
SUM = re.compile(r"= all_reduce\((.*)\)$", re.MULTILINE)

Chunk = Generator[tuple[Tensor, ...], list[Tensor], tuple[Tensor, ...]]


def chunked(
    plan: Plan, axis: str, sizes: Mapping[str, int], scalars: Scalars | None
) -> PlannedModule | None:
    """The module that runs a plan by chunks of an axis; None where it has no sum over it."""
    try:
        parts = sharded_plan(plan, {axis})
    except ShardingError:
        return None
    if not any(isinstance(node, AllReduced) for node in parts.graph.nodes):
        return None
    return ChunkedModule(plan, parts, axis, sizes, scalars)


class ChunkedModule(PlannedModule):
    """Runs a plan by chunks of an axis of tokens, where the data are full and on the processor."""

    chunk_bytes = CHUNK

    def __init__(
        self,
        plan: Plan,
        parts: Plan,
        axis: str,
        sizes: Mapping[str, int],
        scalars: Scalars | None,
    ) -> None:
        super().__init__(parts, sizes, scalars=scalars)
        self.whole = PlannedModule(plan, sizes, scalars=scalars)
        self._cut = [group == axis for _, group in self.inputs]
        shapes = (parts.graph.shape(ref) for o in parts.outputs for ref in o.pieces.values())
        self._joined = [shape.index(axis) - 2 if axis in shape else None for shape in shapes]

    def written(self, text: Text) -> str:
        """As a generator, which gives its parts of sums and is sent the totals."""
        return SUM.sub(r"= yield (\1,)", text.source)

    def prepared(self, *arrays: Tensor) -> Function:
        """The function for such arrays; that of the whole plan where there is nothing to cut."""
        full = not any(isinstance(array, sparse.Sparse) for array in arrays)
        if not full or arrays[0].device.type != "cpu" or arrays[0].ndim > 3:
            return self.whole.prepared(*arrays)
        chunks = cast(Callable[..., Chunk], super().prepared(*arrays))
        return lambda *arrays: self._run(chunks, arrays)

    def _run(self, chunks: Callable[..., Chunk], arrays: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        running = [chunks(*piece) for piece in self._pieces(arrays)]
        totals: list[Tensor] | None = None
        while True:
            parts: list[Tensor] = []
            values = []
            for one in running:
                try:
                    own = next(one) if totals is None else one.send(totals)
                except StopIteration as end:
                    values.append(cast(tuple[Tensor, ...], end.value))
                    continue
                parts = [a + b for a, b in zip(parts, own, strict=True)] if parts else list(own)
            if values:
                return self._whole_values(values)
            totals = parts

    def _pieces(self, arrays: tuple[Tensor, ...]) -> list[tuple[Tensor, ...]]:
        cut = [array for array, is_cut in zip(arrays, self._cut, strict=True) if is_cut]
        tokens = cut[0].shape[-1]
        bytes_each = sum(array.shape[-2] * array.element_size() for array in cut)
        most = self.chunk_bytes * torch.get_num_threads()  # each has a cache
        step = max(1, most // max(1, bytes_each))
        places = [*range(0, max(tokens, 1), step), tokens]  # one, if there is no token
        return [
            tuple(
                array[..., start:end] if is_cut else array
                for array, is_cut in zip(arrays, self._cut, strict=True)
            )
            for start, end in pairwise(places)
        ]

    def _whole_values(self, values: list[tuple[Tensor, ...]]) -> tuple[Tensor, ...]:
        return tuple(
            pieces[0] if place is None else torch.cat(pieces, place)
            for pieces, place in zip(zip(*values, strict=True), self._joined, strict=True)
        )
