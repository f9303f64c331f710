"""The coarsest equitable partition of the rows of the stream.

Rows have one colour when nothing in the weights tells them apart: every matrix has the same numbers
between a row and the rows of every colour.  The rows of a block have one colour, and how rows are
numbered does not matter.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from weightsmith.backends.lift.given.dense import Dense
from weightsmith.backends.lift.given.tensors import Tensor
from weightsmith.backends.lift.rounding import Rounding

DIGITS = 4  # of the numbers that are compared

Signature = tuple[object, ...]


def row_colours(dense: Dense, rounding: Rounding) -> list[int]:
    """The colour of every row, from 0; the order of colours follows from the weights alone."""
    outside, between = _tables(dense, rounding)
    colours = _numbered([_signature(one) for one in outside])
    while True:
        found: list[Signature] = []
        for row, colour in enumerate(colours):
            near = Counter(
                (number, turn, value, colours[other])
                for number, table in enumerate(between)
                for turn, line in enumerate((table[row], table[:, row]))
                for other, value in enumerate(line.tolist())
                if value
            )
            found.append((colour, tuple(sorted(near.items()))))
        finer = _numbered(found)
        if len(set(finer)) == len(set(colours)):
            return finer
        colours = finer


def _tables(dense: Dense, rounding: Rounding) -> tuple[list[list[Tensor]], list[Tensor]]:
    """By row what the sources, the outputs and the hidden units have for it; and tables between
    rows: the products of every head, and of units that read and write."""
    left, sides = 0, []
    for source in dense.layout.sources:
        sides.append(dense.embed[:, left : left + source.size])
        left += source.size
    sides += [weight.T for weight in dense.outputs]
    between = []
    for layer in dense.layers:
        for head in layer.heads:
            between.append(_rounded(head.k.T @ head.q, rounding.slack(head.k.T, head.q)))
            between.append(_rounded(head.o @ head.v, rounding.slack(head.o, head.v)))
        if layer.mlp is not None:
            mlp = layer.mlp
            sides += [mlp.up.T, mlp.gate.T, mlp.down, mlp.down_bias[:, np.newaxis]]
            reads = np.abs(mlp.up.T) + 2 * np.abs(mlp.gate.T)
            between.append(_rounded(mlp.down @ reads.T, rounding.slack(mlp.down, reads.T)))
    rounded = [_rounded(side, rounding.slack(side)) for side in sides]
    return [[side[row] for side in rounded] for row in range(dense.height)], between


def _rounded(table: Tensor, slack: Tensor) -> Tensor:
    sure = np.where(np.abs(table) > slack, table, 0.0)
    return np.array([float(f"{one:.{DIGITS}g}") for one in sure.ravel()]).reshape(sure.shape)


def _signature(row: list[Tensor]) -> Signature:
    return tuple(tuple(sorted(line[line != 0].tolist())) for line in row)


def _numbered(signatures: list[Signature]) -> list[int]:
    order = {one: at for at, one in enumerate(sorted(set(signatures), key=repr))}
    return [order[one] for one in signatures]
