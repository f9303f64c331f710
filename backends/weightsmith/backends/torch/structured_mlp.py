"""The MLP of the structured transformer, where equal combinations are computed once.

A table of p pieces is p hidden blocks that differ in the bias only.  Hidden blocks with the same
rows, terms and gate are a *bundle*: its units u_j = relu(terms + bias_j), or the products
(terms + bias_j) ⊙ (gate + gate_bias_j), share one combination of blocks, and one matrix product
adds Σ_j down[b, j] · u_j to every block b.  Where few units share their terms each is a ``Single``,
which needs no matrix.  While weights are trained every unit has its own terms, and a bundle holds
all units of the same rows.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from weightsmith.backends.torch.frame import Frame
from weightsmith.backends.torch.module import Matrix, Mlp
from weightsmith.backends.torch.pieces import (
    Pieces,
    Readable,
    Row,
    add,
    add_all,
    coefficients,
    combine,
    is_trained,
    is_zero,
    rows_of,
    scaled,
)

CHUNK = 2**18  # numbers of hidden units at a time, where units share their terms
FEW = 3  # units that are not worth a matrix
Added = Iterator[tuple[int, Tensor]]  # block, what is added to it, in the rows of the units


@dataclass(frozen=True, slots=True)
class Single:
    """One hidden block without a gate."""

    rows: str
    weight: Row
    bias: float
    down: dict[int, float]  # of the blocks it writes

    def added(self, group: int, pieces: Readable, frame: Frame) -> Added:
        piece = combination(self.weight, group, self.rows, pieces, frame)
        if piece is not None:
            unit = torch.relu(piece if self.bias == 0 else piece + self.bias)
        elif self.bias > 0:
            unit = frame.constant(self.bias, group, self.rows)
        else:
            return
        for block, coefficient in self.down.items():
            part = scaled(coefficient, unit)
            if part is not None:
                yield block, part


@dataclass(frozen=True, slots=True)
class Affine:
    """Combinations of blocks plus a bias, one for each unit of a bundle.

    ``weight``: the coefficients that all units share, or units × blocks while they are trained.
    """

    weight: Row | Tensor
    bias: Tensor
    has_bias: bool

    def terms(self, group: int, rows: str, pieces: Readable, frame: Frame) -> Tensor | None:
        """The combinations, units (or 1) × numbers of a piece; None where they are zero."""
        if isinstance(self.weight, Tensor):
            return every_combination(self.weight, group, rows, pieces, frame)
        piece = combination(self.weight, group, rows, pieces, frame)
        return None if piece is None else piece.reshape(1, -1)

    def plus(self, terms: Tensor, units: slice) -> Tensor:
        """The terms with the bias of some units."""
        some = terms[units] if isinstance(self.weight, Tensor) else terms
        return some + self.bias[units].unsqueeze(1) if self.has_bias else some


@dataclass(frozen=True, slots=True)
class Bundle:
    """Hidden blocks computed together; ``targets`` × units are the entries of ``down``."""

    rows: str
    up: Affine
    gate: Affine | None
    targets: list[int]
    down: Tensor

    def added(self, group: int, pieces: Readable, frame: Frame) -> Added:
        shape = frame.shape(group, self.rows)
        sides: list[Tensor] = []
        for side in (self.up,) if self.gate is None else (self.up, self.gate):
            terms = side.terms(group, self.rows, pieces, frame)
            if terms is None and self._is_zero(side):
                return
            zero = self.down.new_zeros(())
            sides.append(zero.expand(1, math.prod(shape)) if terms is None else terms)
        total = self._sum(sides).view(len(self.targets), *shape)
        yield from zip(self.targets, total, strict=True)

    def _is_zero(self, side: Affine) -> bool:
        """Whether the units are zero where this side has no terms."""
        if self.gate is None and side.has_bias:
            return float(side.bias.detach().max()) <= 0
        return not side.has_bias

    def _sum(self, sides: Sequence[Tensor]) -> Tensor:
        """Return down · units, from the terms (and the terms of the gate) of the units."""
        count = self.down.shape[1]
        step = max(1, CHUNK // max(1, sides[0].shape[1]))
        if isinstance(self.up.weight, Tensor):
            step = count
        slices = [slice(start, start + step) for start in range(0, count, step)]
        parts = (product(self.down[:, some], self._units(sides, some)) for some in slices)
        return functools.reduce(operator.iadd, parts)

    def _units(self, sides: Sequence[Tensor], units: slice) -> Tensor:
        left = self.up.plus(sides[0], units)
        if self.gate is not None:
            return left * self.gate.plus(sides[1], units)
        return torch.relu_(left) if self.up.has_bias else torch.relu(left)


class StructuredMlp(Mlp):
    def forward(self, stream: Pieces, frame: Frame) -> Pieces:
        """Return what the MLP adds to the stream after the heads, token by token."""
        added: Pieces = {}
        readable = frame.readable(stream)
        groups = range(len(frame.counts))
        for units in bundles(self, frame):
            for group in groups:
                for block, piece in units.added(group, readable, frame):
                    rows = frame.block_rows[block]
                    add(added, (block, group), frame.mapped(piece, units.rows, rows))
        add_all(added, self._constants(frame))
        return added

    def _constants(self, frame: Frame) -> Pieces:
        """The bias that is added after the hidden blocks."""
        if self.down.bias is None:
            return {}
        (bias,) = coefficients(self.down.bias.unsqueeze(0))
        return {
            (block, group): frame.constant(value, group, frame.block_rows[block])
            for block, value in enumerate(bias)
            if not is_zero(value)
            for group in range(len(frame.counts))
        }


def bundles(module: Mlp, frame: Frame) -> Iterator[Single | Bundle]:
    """Sort the hidden blocks by what they share; those that write nothing are left out."""
    trained = any(is_trained(parameter) for parameter in module.parameters())
    down = rows_of(module.down.weight)
    for (rows, up, gate), units in alike(module, trained=trained).items():
        targets = [
            block
            for name in frame.joined(rows)
            for block in frame.blocks_of(name)
            if trained or any(down[block][unit] for unit in units)
        ]
        if len(units) <= FEW and gate is None and not trained:
            biases: list[float] = module.up.bias.tolist() if module.up.bias is not None else []
            for unit in units if targets else ():
                writes = {block: down[block][unit] for block in targets}
                yield Single(rows, up, biases[unit] if biases else 0.0, writes)
        elif targets:
            yield Bundle(
                rows=rows,
                up=affine(module.up, up, units, trained=trained),
                gate=None
                if module.gate is None or gate is None
                else affine(module.gate, gate, units, trained=trained),
                targets=targets,
                down=module.down.weight[targets][:, units],
            )


def alike(module: Mlp, *, trained: bool) -> dict[tuple[str, Row, Row | None], list[int]]:
    """The hidden blocks by rows, and by weights of terms and gate unless they are trained."""
    gated = module.shape.gated
    up = [()] * len(gated) if trained else rows_of(module.up.weight)
    gate = up if module.gate is None or trained else rows_of(module.gate.weight)
    found: dict[tuple[str, Row, Row | None], list[int]] = {}
    for unit, rows in enumerate(module.shape.hidden_rows):
        key = rows, up[unit], gate[unit] if gated[unit] else None
        found.setdefault(key, []).append(unit)
    return found


def affine(matrix: Matrix, row: Row, units: list[int], *, trained: bool) -> Affine:
    """What a matrix with a bias says of these units; untrained they share ``row``."""
    bias = matrix.weight.new_zeros(len(units)) if matrix.bias is None else matrix.bias[units]
    weight = matrix.weight[units] if trained else row
    return Affine(weight, bias, has_bias=trained or bool(bias.any()))


def product(down: Tensor, units: Tensor) -> Tensor:
    """Return down · units; for one unit entry by entry, which is faster than as matrices."""
    return down * units if len(units) == 1 else down @ units


def combination(
    weight: Row, group: int, rows: str, pieces: Readable, frame: Frame
) -> Tensor | None:
    """Return Σ weight[b] · piece b in ``rows``; None where no term is there."""
    total: dict[int, Tensor] = {}
    for name in frame.joined(rows):
        piece = combine(weight, frame.read_of(name), pieces, group)
        add(total, 0, None if piece is None else frame.mapped(piece, name, rows))
    return total.get(0)


def every_combination(
    weight: Tensor, group: int, rows: str, pieces: Readable, frame: Frame
) -> Tensor | None:
    """Return weight · pieces: units × numbers of a piece; None where no piece is there."""
    found = {
        block: frame.mapped(pieces[block, group], name, rows)
        for name in frame.joined(rows)
        for block in frame.read_of(name)
        if (block, group) in pieces
    }
    if not found:
        return None
    return weight[:, list(found)] @ torch.stack(list(found.values())).flatten(1)
