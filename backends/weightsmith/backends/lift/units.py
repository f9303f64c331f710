"""Rows of a matrix that reads the stream, sorted into groups: one row for each row of a block.

Hidden units are known up to their order, and those that read the same are one.  A group of rows r
has a unit for each of r rows of the blocks that it reads; a group of one row reads blocks of one
row, or the sum of the rows of a block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from weightsmith.backends.lift.given.tensors import Tensor
from weightsmith.backends.lift.rounding import Rounding

if TYPE_CHECKING:
    from weightsmith.backends.lift.frames import Basis


class IrregularError(Exception):
    """A row does not read blocks as a network does: ``matrix`` (by number) and its ``row``."""

    def __init__(self, matrix: int, row: int) -> None:
        super().__init__(matrix, row)
        self.matrix = matrix
        self.row = row


@dataclass(slots=True)
class Group:
    """``reads[m, b]``: the coefficient of block b in matrix m; ``numbers``: the biases."""

    rows: str
    reads: Tensor
    numbers: Tensor
    slack: Tensor  # of the reads
    members: list[list[int]] = field(default_factory=list)


def grouped(
    matrices: Sequence[Tensor],
    biases: Sequence[Tensor],
    basis: Basis,
    rounding: Rounding,
    *,
    sums: bool = True,
) -> list[Group]:
    """Sort the rows; rows of zeros are left out.

    ``sums``: may a row read the sum of the rows of a block?  Raises IrregularError.
    """
    read = [matrix @ basis.matrix for matrix in matrices]
    slack = [rounding.slack(matrix, basis.matrix) for matrix in matrices]
    read = [np.where(np.abs(one) > bound, one, 0.0) for one, bound in zip(read, slack, strict=True)]
    groups: list[Group] = []
    for row in range(len(read[0])):
        numbers = np.array([bias[row] for bias in biases])
        if not (np.abs(numbers) > rounding.noise).any() and not any(one[row].any() for one in read):
            continue
        rows, index, reads = _row([one[row] for one in read], basis, row, sums=sums)
        bound = np.array(
            [[one[row, part].max(initial=0.0) for part in basis.parts] for one in slack]
        )
        _join(groups, Group(rows, reads, numbers, bound), index, row, basis, rounding)
    for group in groups:
        if not all(group.members):
            raise IrregularError(0, next(one for one in group.members if one)[0])
    return groups


def _row(read: list[Tensor], basis: Basis, row: int, *, sums: bool) -> tuple[str, int, Tensor]:
    """The rows of the group, which of them it is, and the coefficients of the blocks."""
    reads = np.zeros((len(read), len(basis.frames)))
    rows, index = "1", 0
    for number, one in enumerate(read):
        for at, (frame, part) in enumerate(zip(basis.frames, basis.parts, strict=True)):
            entries = one[part]
            found = np.flatnonzero(entries)
            if not len(found):
                continue
            if frame.rows == "1":
                reads[number, at] = entries[0]
                continue
            if len(found) == 1:
                if rows not in ("1", frame.rows) or (rows != "1" and index != found[0]):
                    raise IrregularError(number, row)
                rows, index = frame.rows, int(found[0])
                reads[number, at] = entries[index]
            elif sums and len(found) == len(entries) and _is_flat(entries):
                reads[number, at] = entries.mean()
            else:
                raise IrregularError(number, row)
    summed = any(one[part].astype(bool).sum() > 1 for one in read for part in basis.parts)
    if summed and rows != "1":
        raise IrregularError(0, row)
    return rows, index, reads


def _is_flat(entries: Tensor) -> bool:
    return bool(np.ptp(entries) <= 1e-5 * np.abs(entries).max())


def _join(
    groups: list[Group], new: Group, index: int, row: int, basis: Basis, rounding: Rounding
) -> None:
    for group in groups:
        near = np.abs(group.reads - new.reads) <= 2 * (group.slack + new.slack)
        bound = rounding.slack(group.numbers) + rounding.noise
        if (
            group.rows == new.rows
            and near.all()
            and (np.abs(group.numbers - new.numbers) <= bound).all()
        ):
            group.members[index].append(row)
            return
    size = 1
    if new.rows != "1":
        size = next(
            part.stop - part.start
            for part, frame in zip(basis.parts, basis.frames, strict=True)
            if frame.rows == new.rows
        )
    new.members = [[] for _ in range(size)]
    new.members[index].append(row)
    groups.append(new)
