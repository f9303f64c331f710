"""Heads in frames: from q, k, v, o to keys, queries, values and outputs.

Where the rows of q and k, and of v, read blocks row by row, they are taken as they stand.
Otherwise the inside of the head was changed, K → R·K, Q → R⁻ᵀ·Q, and only the products KᵀQ and O·V
are read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from weightsmith.backends.lift.blocks import ONE, Blocks, Estimate
from weightsmith.backends.lift.fixed import Fixed
from weightsmith.backends.lift.frames import Basis, frame_pairs, views_of, written
from weightsmith.backends.lift.given.dense import DenseHead
from weightsmith.backends.lift.given.tensors import Tensor
from weightsmith.backends.lift.rounding import Rounding
from weightsmith.backends.lift.units import Group, IrregularError, grouped
from weightsmith.compiler.ir.template import Head, Terms

Row = dict[int, Estimate]  # by block


@dataclass(slots=True)
class HeadReader:
    basis: Basis
    rounding: Rounding
    blocks: Blocks

    def read(self, dense: DenseHead, where: str) -> Head | None:
        """The head, or None if it adds zero."""
        scores = self.pairs_as_given(dense)
        if scores is None:
            scores = self.pairs_of_product(dense, f"{where}, kᵀ·q")
        moves = self.moves_as_given(dense, where)
        if moves is None:
            moves = self.moves_of_product(dense, f"{where}, o·v")
        given = dense.given
        if not moves or not (scores or given.scores.function or given.scores.normalised):
            return None
        if len(scores) == 1 and given.scores.is_linear:
            scores, moves = _scale_moved(scores, moves)
        keys, queries = zip(*scores, strict=True) if scores else (({},), ({},))
        values: list[Terms] = []
        outputs = []
        for value, writes in moves:
            values.append(self.terms(value))
            outputs += [
                (self.name(block), len(values) - 1, self.blocks.text(one))
                for block, one in writes.items()
            ]
        return Head(
            tuple(map(self.terms, keys)),
            tuple(map(self.terms, queries)),
            tuple(values),
            tuple(outputs),
            given.over,
            given.at,
            given.scores,
        )

    @property
    def views(self) -> list[tuple[Fixed, int]]:
        return views_of(self.blocks.fixed, self.basis)

    def name(self, block: int) -> str:
        """Of a block, or after the blocks of a view."""
        frames = self.basis.frames
        if block < len(frames):
            return frames[block].name
        matrix, other = self.blocks.views[block - len(frames)]
        return matrix.view(frames[other].name).name

    def terms(self, row: Row) -> Terms:
        if not row:
            return ((self.name(0), "0"),)
        return tuple((self.name(block), self.blocks.text(one)) for block, one in row.items())

    # -- as they stand --------------------------------------------------------------------------

    def pairs_as_given(self, dense: DenseHead) -> list[tuple[Row, Row]] | None:
        try:
            groups = grouped((dense.k, dense.q), (), self.basis, self.rounding, sums=False)
        except IrregularError:
            return None
        found = []
        for group in groups:
            if any(len(one) != 1 for one in group.members):
                return None
            keys, queries = (self.row(group, at) for at in (0, 1))
            if not keys or not queries:
                continue
            kinds = {self.basis.frames[at].rows for at in (*keys, *queries)}
            if len(kinds) > 1:
                return None
            found.append((keys, queries))
        return found

    def row(self, group: Group, matrix: int) -> Row:
        """What a group reads, as it stands in its matrix."""
        reads, slack = group.reads[matrix], group.slack[matrix]
        if self.basis.is_coordinates:
            sharp = 2 * self.rounding.unit * np.abs(reads) + self.rounding.noise
            mixed = [self.views[at][1] for at in np.flatnonzero(group.views[matrix])]
            slack = np.where(np.isin(np.arange(len(reads)), mixed), slack, sharp)
        found = {
            int(at): Estimate(float(reads[at]), float(slack[at])) for at in np.flatnonzero(reads)
        }
        for at in np.flatnonzero(group.views[matrix]):
            known, block = self.views[at]
            place = len(self.basis.frames) + self.blocks.place(known, block)
            value, error = group.views[matrix, at], group.views_slack[matrix, at]
            found[place] = Estimate(float(value), float(error))
        return found

    def moves_as_given(self, dense: DenseHead, where: str) -> list[tuple[Row, Row]] | None:
        try:
            groups = grouped((dense.v,), (), self.basis, self.rounding, sums=False)
        except IrregularError:
            return None
        trial = Blocks(self.blocks.unit, self.blocks.noise)
        found = []
        for group in groups:
            columns, slack = written(dense.o, group, self.rounding)
            writes = write_row(trial, self.basis, columns, slack, (group.rows, "value"), where)
            value = self.row(group, 0)
            if len({self.basis.frames[at].rows for at in (*value, *writes)}) > 1:
                return None
            if writes:
                found.append((value, writes))
        return None if trial.defects else found

    # -- the products ---------------------------------------------------------------------------

    def pairs_of_product(self, dense: DenseHead, where: str) -> list[tuple[Row, Row]]:
        keys, queries = dense.k @ self.basis.matrix, dense.q @ self.basis.matrix
        slack = self.rounding.slack(self.basis.matrix.T, dense.k.T, dense.q, self.basis.matrix)
        table = self.table(keys.T @ queries, slack, where)
        return [(lead, shape) for shape, lead in _shared(table)]

    def moves_of_product(self, dense: DenseHead, where: str) -> list[tuple[Row, Row]]:
        moved = dense.o @ (dense.v @ self.basis.matrix)
        slack = self.rounding.slack(dense.o, dense.v, self.basis.matrix)
        inside = self.basis.inverse @ moved
        bound = self.rounding.slack(self.basis.inverse, dense.o, dense.v, self.basis.matrix)
        outside = self.rounding.slack(self.basis.matrix, self.basis.inverse, moved)
        rest = moved - self.basis.matrix @ inside
        self.blocks.check(rest, slack + outside, where, (("", "the stream"), ("", "the blocks")))
        return [
            (shape, {block: one.size for block, one in lead.items()})
            if len(lead) == 1
            else (shape, lead)
            for shape, lead in _shared(self.table(inside, bound, where), signed=False)
        ]

    def table(self, product: Tensor, slack: Tensor, where: str) -> dict[int, Row]:
        found: dict[int, Row] = {}
        frames = self.basis.frames
        for a, b, above, beside in frame_pairs(self.basis, self.basis):
            parts = self.blocks.parts(
                product[above, beside],
                slack[above, beside],
                where,
                ((frames[a].rows, frames[a].name), (frames[b].rows, frames[b].name)),
            )
            for matrix, one in parts:
                place = b if matrix is None else len(frames) + self.blocks.place(matrix, b)
                found.setdefault(a, {})[place] = one
        return found


def write_row(
    blocks: Blocks,
    basis: Basis,
    columns: Tensor,
    slack: Tensor,
    side: tuple[str, str],
    where: str,
    *,
    ones: bool = False,
) -> Row:
    """What columns of D rows add to each block.  What they add elsewhere is a defect."""
    sharp = basis.is_coordinates
    inside = basis.inverse @ columns
    bound = np.abs(basis.inverse) @ slack
    rest = columns - basis.matrix @ inside
    blocks.check(
        rest, slack + np.abs(basis.matrix) @ bound, where, (("", "the stream"), (side[0], side[1]))
    )
    found: Row = {}
    for at, (frame, part) in enumerate(zip(basis.frames, basis.parts, strict=True)):
        sides = ((frame.rows, frame.name), side)
        one = blocks.read(inside[part], bound[part], where, sides, ones=ones, sharp=sharp)
        if one is not None:
            found[at] = one
    return found


def _shared(table: dict[int, Row], *, signed: bool = True) -> list[tuple[Row, Row]]:
    """Rows as (shape, {row: factor}): proportional rows have one shape, whose first number is 1
    (or unless ``signed`` −1, where the only row that has it begins with a negative number)."""
    found: list[tuple[Row, Row]] = []
    for at, row in table.items():
        lead = next(iter(row.values()))
        first = next(iter(row))
        shape = {block: ONE if block == first else one.over(lead) for block, one in row.items()}
        for other, leads in found:
            if other.keys() == shape.keys() and all(
                one.is_near(other[block]) for block, one in shape.items()
            ):
                leads[at] = lead
                break
        else:
            found.append((shape, {at: lead}))
    if signed:
        return found
    return [
        ({block: Estimate(-one.value, one.slack) for block, one in shape.items()}, leads)
        if len(leads) == 1 and next(iter(leads.values())).value < 0
        else (shape, leads)
        for shape, leads in found
    ]


def _scale_moved(
    scores: list[tuple[Row, Row]], moves: list[tuple[Row, Row]]
) -> tuple[list[tuple[Row, Row]], list[tuple[Row, Row]]]:
    """One product of three: a number in front of its only key or query goes to the outputs."""
    ((keys, queries),) = scores
    factor = ONE
    if len(keys) == 1:
        factor = factor.times(next(iter(keys.values())))
        keys = dict.fromkeys(keys, ONE)
    if len(queries) == 1:
        factor = factor.times(next(iter(queries.values())))
        queries = dict.fromkeys(queries, ONE)
    if factor == ONE:
        return scores, moves
    scaled = [
        (value, {block: one.times(factor) for block, one in writes.items()})
        for value, writes in moves
    ]
    return [(keys, queries)], scaled
