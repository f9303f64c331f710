"""What is the same for every piece of one call of the structured transformer: sizes and rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from weightsmith.backends.template.architecture import axis_size
from weightsmith.backends.template.wellformed import join
from weightsmith.backends.torch.pieces import Coefficient


@dataclass(frozen=True, slots=True)
class Frame:
    batch: int
    counts: tuple[int, ...]  # tokens of each group
    sizes: Mapping[str, int]
    block_rows: tuple[str, ...]
    dtype: torch.dtype
    device: torch.device

    def blocks_of(self, rows: str) -> list[int]:
        """The blocks of rows named ``rows``."""
        return [block for block, name in enumerate(self.block_rows) if name == rows]

    def joined(self, rows: str) -> list[str]:
        """The rows of blocks that an MLP may join to rows named ``rows``."""
        return [name for name in dict.fromkeys(self.block_rows) if join(name, rows)]

    def mapped(self, piece: Tensor, rows: str, to: str) -> Tensor:
        """A piece of ``rows`` in rows ``to``: itself, the sum of its rows, or its row repeated."""
        if rows == to:
            return piece
        if to == "1":
            return piece.sum(-1, keepdim=True)
        return piece.expand(-1, -1, axis_size(to, self.sizes))

    def constant(self, value: Coefficient, group: int, rows: str) -> Tensor:
        """A piece with one value everywhere."""
        shape = self.shape(group, rows)
        return torch.zeros(shape, dtype=self.dtype, device=self.device) + value

    def shape(self, group: int, rows: str) -> tuple[int, int, int]:
        """batch × tokens × rows of a piece."""
        return self.batch, self.counts[group], axis_size(rows, self.sizes)
