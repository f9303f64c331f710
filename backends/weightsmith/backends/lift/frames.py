"""The stream in coordinates of blocks, found from what can reach it.

A *frame* is a D × r matrix: where the r rows of a block lie in the stream.  The frames of the
sources are columns of the read-in.  A head moves a frame F to O·V·F, hidden units move theirs by
their columns of ``down``; what is then not yet a combination of frames is a new one.  In frames the
stream is the same after any invertible change of its D rows, so rows may be permuted and the stream
rotated.  Directions that nothing reaches are zero in every pass, and left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np

from weightsmith.backends.lift.coefficients import forms_of
from weightsmith.backends.lift.colours import row_colours
from weightsmith.backends.lift.fixed import Fixed, both_ways
from weightsmith.backends.lift.given.dense import Dense
from weightsmith.backends.lift.given.tensors import Tensor
from weightsmith.backends.lift.rounding import ROUNDINGS, Rounding
from weightsmith.backends.lift.units import Group, IrregularError, grouped

MOST_FRAMES = 300
REGULAR = 1e-4  # relative, of products of columns that count as orthogonal
PLAIN = 12  # the largest denominator of a squared length that is taken for exact


@dataclass(frozen=True, slots=True)
class Frame:
    name: str
    rows: str
    columns: Tensor


class Basis:
    """Frames side by side: ``matrix`` is D × D′, ``inverse`` its left inverse."""

    def __init__(self, frames: Sequence[Frame], height: int) -> None:
        self.frames = tuple(frames)
        columns = [frame.columns for frame in frames]
        self.matrix = np.hstack(columns) if columns else np.zeros((height, 0))
        self.inverse: Tensor = np.zeros((0, height))
        if columns:
            self.inverse = np.asarray(np.linalg.pinv(self.matrix), dtype=np.float64)
            error = np.eye(len(self.inverse)) - self.inverse @ self.matrix
            self.inverse = self.inverse + error @ self.inverse  # a step of Newton's
        self.is_coordinates = is_choice(self.matrix)  # is every block a choice of rows?
        if self.is_coordinates:
            self.inverse = self.matrix.T
        ends = np.cumsum([0, *(one.shape[1] for one in columns)])
        self.parts = [slice(a, b) for a, b in pairwise(ends.tolist())]


def is_choice(matrix: Tensor) -> bool:
    """Are the columns different columns of an identity?"""
    single = (np.count_nonzero(matrix, axis=0) == 1).all() and (matrix.max(axis=0) == 1).all()
    return bool(single and (np.count_nonzero(matrix, axis=1) <= 1).all())


def given_basis(dense: Dense) -> Basis:
    """The blocks that the layout names, from the top of the stream to the bottom."""
    frames, top = [], 0
    for block in dense.layout.blocks:
        frames.append(
            Frame(block.name, block.rows, np.eye(dense.height)[:, top : top + block.size])
        )
        top += block.size
    return Basis(frames, dense.height)


def reached_basis(dense: Dense, rounding: Rounding, *, choose: bool) -> Basis:
    """The blocks that the sources reach; with ``choose`` each is made of rows of the stream.

    Which rows, where several would do, is told by the coarsest equitable partition.
    """
    return _Reach(dense, rounding, choose).basis()


class _Reach:
    def __init__(self, dense: Dense, rounding: Rounding, choose: bool) -> None:
        self.dense = dense
        self.rounding = rounding
        self.choose = choose
        self.frames: list[Frame] = []
        self.is_skew = False  # has a frame another length than 1?
        self.scales = [abs(float(form.value)) for form in forms_of(dense.layout)]
        self.now = Basis((), dense.height)
        self.fixed = both_ways(dense.matrices)
        self.colours = np.array(row_colours(dense, rounding)) if choose else np.zeros(0)

    def basis(self) -> Basis:
        left = 0
        for source in self.dense.layout.sources:
            columns = self.dense.embed[:, left : left + source.size]
            self.add(columns, self.rounding.slack(columns), source.rows, source.name)
            left += source.size
        while len(self.frames) < MOST_FRAMES:
            before = len(self.frames)
            self.heads()
            if len(self.frames) == before:
                self.mlps()
            if len(self.frames) == before:
                break
        return self.now

    def heads(self) -> None:
        for layer in self.dense.layers:
            for head in layer.heads:
                for frame in tuple(self.frames):
                    moved = head.o @ (head.v @ frame.columns)
                    slack = self.rounding.slack(head.o, head.v, frame.columns)
                    self.add(moved, slack, frame.rows)

    def mlps(self) -> None:
        for layer in self.dense.layers:
            if layer.mlp is None:
                continue
            mlp = layer.mlp
            try:
                groups = grouped(
                    (mlp.up, mlp.gate),
                    (mlp.up_bias, mlp.gate_bias),
                    self.now,
                    self.rounding,
                    views=views_of(self.fixed, self.now),
                )
            except IrregularError:
                continue  # what is wrong is said when the layer is read
            for group in groups:
                self.add(*written(mlp.down, group, self.rounding), group.rows)
            bias = mlp.down_bias[:, np.newaxis]
            self.add(bias, self.rounding.slack(bias), "1")

    def add(self, moved: Tensor, slack: Tensor, rows: str, name: str = "") -> None:
        """Make frames of what of ``moved`` is no combination of frames."""
        for _ in range(MOST_FRAMES):
            rest = moved - self.now.matrix @ (self.now.inverse @ moved)
            bound = slack + self.rounding.slack(self.now.matrix, self.now.inverse, moved)
            if not (np.abs(rest) > bound).any():
                return
            if rows != "1" and (np.ptp(rest, axis=1) <= 2 * bound.max(axis=1)).all():
                rest, bound, rows = rest[:, :1], bound[:, :1], "1"  # one row, added to every row
            divided = self.divided(rest, bound, rows)
            if divided is not None:
                rest, bound, rows = divided
                moved = rest
            if self.choose:
                found = self.chosen(rest, bound)
            else:  # what is added to a skew basis is a block of its own
                whole = self.is_skew and rest.shape == moved.shape
                found = self.scaled(rest, bound, moved if whole else rest)
            if found is None:
                return
            self.frames.append(Frame(self.named(name), rows, found))
            self.now = Basis(self.frames, self.dense.height)
            name = ""

    def divided(self, rest: Tensor, bound: Tensor, rows: str) -> tuple[Tensor, Tensor, str] | None:
        """Where a fixed matrix was added to new rows of the stream: these rows.

        They are orthogonal and of one length, and the columns of ``rest`` are not.
        """
        if _is_regular(rest, bound):
            return None
        for one in self.fixed:
            if one.columns != rows or one.entries.shape[1] != rest.shape[1]:
                continue
            inverse = np.linalg.pinv(one.entries)
            found, error = rest @ inverse, bound @ np.abs(inverse)
            off = np.abs(rest - found @ one.entries)
            if (off <= bound + error @ np.abs(one.entries)).all() and _is_regular(found, error):
                return found, error, one.rows
        return None

    def named(self, wanted: str) -> str:
        taken = {frame.name for frame in self.frames}
        taken |= {source.name for source in self.dense.layout.sources} - {wanted}
        candidates = (wanted, *(f"h{number}" for number in range(1, MOST_FRAMES + 2)))
        return next(one for one in candidates if one and one not in taken)

    def chosen(self, rest: Tensor, bound: Tensor) -> Tensor | None:
        """For every column the row in which it is largest, among equals that of the first colour;
        None if these are not distinct, or not of one colour."""
        sure = np.where(np.abs(rest) > bound, np.abs(rest), 0.0)
        largest = sure.max(axis=0)
        if not largest.all():
            return None
        ties = sure >= (1 - 1e-4) * largest
        rows = np.where(ties, self.colours[:, np.newaxis], np.inf).argmin(axis=0)
        if len(set(rows.tolist())) < rest.shape[1]:
            return None
        found = np.eye(len(rest))[:, rows]
        return found if not (self.now.matrix.T @ found).any() else None

    def scaled(self, rest: Tensor, bound: Tensor, moved: Tensor) -> Tensor | None:
        """Columns of length 1 in the mean; but a length that is the root of a plain fraction stays
        (or of one times a form, where another one did): then the numbers of blocks stay plain."""
        values = np.linalg.svd(rest, compute_uv=False)
        if len(values) < rest.shape[1] or values[-1] <= np.linalg.norm(bound):
            return None
        root = float((moved**2).sum() / moved.shape[1]) ** 0.5
        error = 4 * ROUNDINGS * self.rounding.unit * max(1.0, root) + self.rounding.noise
        scales = (1.0, *(self.scales if self.is_skew else ()))
        if any(_is_plain(root / scale, error / scale, 2) for scale in scales):
            scales = ()
        for scale in scales:
            if _is_plain_root(root / scale, error / scale):
                self.is_skew = True
                kept: Tensor = moved / scale
                return kept
        scaled: Tensor = moved / root
        return scaled


def _is_regular(columns: Tensor, bound: Tensor) -> bool:
    """Are they orthogonal and of one length?"""
    gram = columns.T @ columns
    scale = float(np.trace(gram)) / len(gram)
    error = REGULAR * scale + 4 * float(bound.max(initial=0)) * scale**0.5
    return bool((np.abs(gram - scale * np.eye(len(gram))) <= error).all())


def _is_plain(number: float, error: float, most: int = PLAIN) -> bool:
    near = Fraction(number).limit_denominator(most)
    return bool(near) and abs(near - number) <= error


def _is_plain_root(root: float, error: float) -> bool:
    """Is it the root of a plain fraction, and no plain fraction itself?"""
    return _is_plain(root**2, error) and not _is_plain(root, error)


def written(down: Tensor, group: Group, rounding: Rounding) -> tuple[Tensor, Tensor]:
    """What a group of hidden units writes, D × r, and what that may be off."""
    columns = [down[:, members].sum(axis=1) for members in group.members]
    slack = [rounding.slack(down[:, members]).sum(axis=1) for members in group.members]
    return np.stack(columns, axis=1), np.stack(slack, axis=1)


def views_of(fixed: Sequence[Fixed], basis: Basis) -> list[tuple[Fixed, int]]:
    """Every fixed matrix with every block that it may meet."""
    return [
        (one, at)
        for one in fixed
        for at, frame in enumerate(basis.frames)
        if frame.rows == one.columns
    ]


def frame_pairs(left: Basis, right: Basis) -> Iterator[tuple[int, int, slice, slice]]:
    for a, above in enumerate(left.parts):
        for b, beside in enumerate(right.parts):
            yield a, b, above, beside
