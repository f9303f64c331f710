"""What is the same for every piece of one call of the structured transformer: sizes and rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from weightsmith.backends.template.architecture import axis_size
from weightsmith.backends.template.wellformed import join
from weightsmith.backends.torch.pieces import Coefficient, Pieces, Readable

View = tuple[int, str, Tensor]  # of a block: its rows, and the matrix that it is times


@dataclass(frozen=True, slots=True)
class Frame:
    batch: int
    counts: tuple[int, ...]  # tokens of each group
    sizes: Mapping[str, int]
    block_rows: tuple[str, ...]
    dtype: torch.dtype
    device: torch.device
    views: tuple[View, ...] = ()

    @property
    def read_rows(self) -> tuple[str, ...]:
        """The rows of what weights read: blocks, then views."""
        return (*self.block_rows, *(rows for _, rows, _ in self.views))

    def blocks_of(self, rows: str) -> list[int]:
        """The blocks of rows named ``rows``."""
        return [block for block, name in enumerate(self.block_rows) if name == rows]

    def read_of(self, rows: str) -> list[int]:
        """The blocks and views of rows named ``rows``."""
        return [place for place, name in enumerate(self.read_rows) if name == rows]

    def joined(self, rows: str) -> list[str]:
        """The rows of blocks and views that an MLP may join to rows named ``rows``."""
        return [name for name in dict.fromkeys(self.read_rows) if join(name, rows)]

    def readable(self, pieces: Pieces) -> Readable:
        """The blocks of the stream, and the views of them."""
        return Viewed(pieces, self) if self.views else pieces

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


class Viewed(Mapping[tuple[int, int], Tensor]):
    """The stream with views, numbered after the blocks; each computed when something reads it."""

    def __init__(self, pieces: Pieces, frame: Frame) -> None:
        self._pieces = dict(pieces)
        self._blocks = len(frame.block_rows)
        self._views = frame.views

    def __getitem__(self, key: tuple[int, int]) -> Tensor:
        if key not in self._pieces:
            place, group = key
            if place < self._blocks:
                raise KeyError(key)
            block, _, matrix = self._views[place - self._blocks]
            self._pieces[key] = self._pieces[block, group] @ matrix.mT
        return self._pieces[key]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        blocks = [key for key in self._pieces if key[0] < self._blocks]
        yield from blocks
        for place, (block, _, _) in enumerate(self._views, start=self._blocks):
            yield from ((place, group) for one, group in blocks if one == block)

    def __len__(self) -> int:
        return sum(1 for _ in self)
