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

from weightsmith.backends.lift.fixed import Fixed
from weightsmith.backends.lift.given.tensors import Tensor
from weightsmith.backends.lift.rounding import Rounding

NEAR = 1e-4  # relative, of numbers in front of one fixed matrix

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
    """``reads[m, b]``: the coefficient of block b in matrix m; ``numbers``: the biases.

    ``views[m, v]``: the coefficient of a fixed matrix times a block, by the number of the view.
    ``slack``, ``views_slack``: how far off they may be.
    """

    rows: str
    reads: Tensor
    numbers: Tensor
    slack: Tensor
    views: Tensor
    views_slack: Tensor
    members: list[list[int]] = field(default_factory=list)


def grouped(
    matrices: Sequence[Tensor],
    biases: Sequence[Tensor],
    basis: Basis,
    rounding: Rounding,
    *,
    sums: bool = True,
    views: Sequence[tuple[Fixed, int]] = (),
) -> list[Group]:
    """Sort the rows; rows of zeros are left out.

    ``sums``: may a row read the sum of the rows of a block?  ``views``: fixed matrices that a row
    may be a row of, and which block they meet.  Raises IrregularError.
    """
    read = [matrix @ basis.matrix for matrix in matrices]
    slack = [rounding.slack(matrix, basis.matrix) for matrix in matrices]
    read = [np.where(np.abs(one) > bound, one, 0.0) for one, bound in zip(read, slack, strict=True)]
    groups: list[Group] = []
    for row in range(len(read[0])):
        numbers = np.array([bias[row] for bias in biases])
        if not (np.abs(numbers) > rounding.noise).any() and not any(one[row].any() for one in read):
            continue
        room = [one[row] for one in slack]
        found = _row([one[row] for one in read], room, basis, row, views, sums=sums)
        bound = np.array(
            [[one[row, part].max(initial=0.0) for part in basis.parts] for one in slack]
        )
        bound = np.where(found.slack > 0, found.slack, bound)
        group = Group(found.rows, found.reads, numbers, bound, found.views, found.views_slack)
        size = found.size or _size(found.rows, basis)
        _join(groups, group, found.index, row, size, rounding)
    for group in groups:
        if not all(group.members):
            raise IrregularError(0, next(one for one in group.members if one)[0])
    return groups


@dataclass(slots=True)
class _Row:
    """``rows``: those of its group; ``index``: which of them it is; ``size``: how many, or 0."""

    reads: Tensor
    slack: Tensor
    views: Tensor
    views_slack: Tensor
    rows: str = "1"
    index: int = 0
    size: int = 0

    def may_be(self, rows: str, index: int) -> bool:
        return self.rows == "1" or (self.rows, self.index) == (rows, index)


def _row(
    read: list[Tensor],
    slack: list[Tensor],
    basis: Basis,
    row: int,
    views: Sequence[tuple[Fixed, int]],
    *,
    sums: bool,
) -> _Row:
    """The rows of the group, which of them it is, and the coefficients of blocks and views."""
    blocks, others = (len(read), len(basis.frames)), (len(read), len(views))
    found = _Row(np.zeros(blocks), np.zeros(blocks), np.zeros(others), np.zeros(others))
    rest = []  # what may be a row of a fixed matrix
    summed = False
    for number, one in enumerate(read):
        for at, (frame, part) in enumerate(zip(basis.frames, basis.parts, strict=True)):
            entries = one[part]
            places = np.flatnonzero(entries)
            if not len(places):
                continue
            if frame.rows == "1":
                found.reads[number, at] = entries[0]
            elif len(places) == 1:
                index = int(places[0])
                if not found.may_be(frame.rows, index):
                    raise IrregularError(number, row)
                found.rows, found.index = frame.rows, index
                found.reads[number, at] = entries[index]
            elif sums and len(places) == len(entries) and _is_flat(entries):
                found.reads[number, at] = entries.mean()
                summed = True
            else:
                rest.append((number, at, entries, slack[number][part]))
    for number, at, entries, room in rest:
        if not _is_view(found, number, at, entries, room, views):
            raise IrregularError(number, row)
    if summed and found.rows != "1":
        raise IrregularError(0, row)
    return found


def _is_view(
    found: _Row,
    number: int,
    block: int,
    entries: Tensor,
    slack: Tensor,
    views: Sequence[tuple[Fixed, int]],
) -> bool:
    """Is it a multiple of a row of a fixed matrix, and of that row of the block?  Note which."""
    for view, (matrix, other) in enumerate(views):
        if other != block or matrix.entries.shape[1] != len(entries):
            continue
        for index, line in enumerate(matrix.entries):
            if matrix.rows != "1" and not found.may_be(matrix.rows, index):
                continue
            columns = [line] if matrix.rows != matrix.columns else [line, np.eye(len(line))[index]]
            table = np.stack(columns, axis=1)
            numbers = np.linalg.lstsq(table, entries, rcond=None)[0]
            if not numbers[0] or (np.abs(entries - table @ numbers) > slack).any():
                continue
            errors = np.abs(np.linalg.pinv(table)) @ slack
            found.views[number, view], found.views_slack[number, view] = numbers[0], errors[0]
            if len(columns) > 1 and abs(numbers[1]) > errors[1]:
                found.reads[number, block], found.slack[number, block] = numbers[1], errors[1]
            if matrix.rows != "1":
                found.rows, found.index, found.size = matrix.rows, index, len(matrix.entries)
            return True
    return False


def _size(rows: str, basis: Basis) -> int:
    """How many rows there are of that name."""
    parts = zip(basis.frames, basis.parts, strict=True)
    return next((part.stop - part.start for frame, part in parts if frame.rows == rows), 1)


def _is_flat(entries: Tensor) -> bool:
    return bool(np.ptp(entries) <= 1e-5 * np.abs(entries).max())


def _join(
    groups: list[Group], new: Group, index: int, row: int, size: int, rounding: Rounding
) -> None:
    for group in groups:
        near = np.abs(group.reads - new.reads) <= 2 * (group.slack + new.slack)
        bound = rounding.slack(group.numbers) + rounding.noise
        if (
            group.rows == new.rows
            and near.all()
            and np.allclose(group.views, new.views, rtol=NEAR, atol=0)
            and (np.abs(group.numbers - new.numbers) <= bound).all()
        ):
            group.members[index].append(row)
            return
    new.members = [[] for _ in range(size)]
    new.members[index].append(row)
    groups.append(new)
