"""The stream in pieces, one for each block and group of tokens; one not there is zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import torch
from torch import Tensor

Pieces = dict[tuple[int, int], Tensor]  # (block, group) -> batch × tokens × rows
Readable = Mapping[tuple[int, int], Tensor]  # the same, after the blocks the views
ByGroup = dict[int, Tensor]
Coefficient = float | Tensor
Row = tuple[float, ...]
Key = TypeVar("Key")


def coefficients(weight: Tensor) -> Sequence[Sequence[Coefficient]]:
    """The entries of a small matrix: numbers, or with gradients the entries themselves."""
    if is_trained(weight):
        return [row.unbind() for row in weight.unbind()]
    rows: list[list[float]] = weight.tolist()
    return rows


def is_trained(weight: Tensor) -> bool:
    """Whether every entry takes part, a zero too."""
    return torch.is_grad_enabled() and weight.requires_grad


def rows_of(weight: Tensor) -> list[Row]:
    """The entries of a small matrix as numbers, without gradients."""
    return [tuple(row) for row in weight.tolist()]


def is_zero(coefficient: Coefficient) -> bool:
    return isinstance(coefficient, float) and coefficient == 0.0


def scaled(coefficient: Coefficient, piece: Tensor | None) -> Tensor | None:
    """coefficient · piece; None where it is zero, the piece itself where the coefficient is 1."""
    if piece is None or is_zero(coefficient):
        return None
    if isinstance(coefficient, float) and coefficient == 1.0:
        return piece
    return coefficient * piece


def combine(
    weight: Sequence[Coefficient],
    among: Sequence[int],
    pieces: Readable,
    group: int,
) -> Tensor | None:
    """Σ weight[b] · piece b at one group; None where no term is there."""
    total: dict[int, Tensor] = {}
    for index in among:
        if not is_zero(weight[index]):
            add(total, 0, scaled(weight[index], pieces.get((index, group))))
    return total.get(0)


def combine_groups(
    weight: Sequence[Coefficient], among: Sequence[int], pieces: Readable, groups: Sequence[int]
) -> ByGroup:
    found = {group: combine(weight, among, pieces, group) for group in groups}
    return {group: piece for group, piece in found.items() if piece is not None}


def add(pieces: dict[Key, Tensor], key: Key, piece: Tensor | None) -> None:
    """Add a piece to the one at ``key``; never in place, for pieces may be shared."""
    if piece is not None:
        pieces[key] = pieces[key] + piece if key in pieces else piece


def add_all(pieces: Pieces, more: Pieces) -> None:
    for key, piece in more.items():
        add(pieces, key, piece)


def plus(pieces: Pieces, more: Pieces) -> Pieces:
    """The sum of two streams; neither is changed."""
    total = dict(pieces)
    add_all(total, more)
    return total
