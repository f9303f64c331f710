"""Are these weights this network?  The template is made matrices again and compared with them.

The insides of heads may be changed, and hidden units permuted, so products and sums over equal
units are compared, entry by entry, in the frames of the stream.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import hypot

import numpy as np

from weightsmith.backends.lift.frames import Basis
from weightsmith.backends.lift.given.dense import Dense, DenseHead, DenseMlp
from weightsmith.backends.lift.given.tensors import Tensor
from weightsmith.backends.lift.rounding import Rounding
from weightsmith.backends.template.instantiate import dense_weights
from weightsmith.compiler.ir.template import Head, Layer, Template

ELSEWHERE = "elsewhere"  # blocks that the network does not have
Side = Sequence[tuple[str, slice]]
Sides = tuple[Side, Side]  # the names and places of what stands above, and beside


@dataclass(slots=True)
class Agreement:
    """``entries`` were compared; ``largest``: the largest difference; ``worst``: the largest in
    units of what roundings explain, at ``where``, ``off`` by so much.  ``distances``: the norms
    of the difference and of the network's own, by product of weights; ``blocks``: the same, by
    block of each that the network has, and for the rest of it."""

    entries: int = 0
    largest: float = 0.0
    worst: float = 0.0
    where: str = ""
    off: float = 0.0
    distances: dict[str, tuple[float, float]] = field(default_factory=dict)
    blocks: dict[str, dict[str, tuple[float, float]]] = field(default_factory=dict)

    def compare(self, found: Tensor, wanted: Tensor, slack: Tensor, where: str) -> None:
        """Compare two arrays of one shape."""
        off = np.abs(found - wanted)
        self.entries += off.size
        if not off.size:
            return
        self.largest = max(self.largest, float(off.max()))
        ratio = float(
            np.divide(off, slack, out=np.where(off > 0, np.inf, 0.0), where=slack > 0).max()
        )
        if ratio > self.worst or not self.where:
            self.worst, self.where, self.off = max(ratio, self.worst), where, float(off.max())
        _add(self.distances, where, off, wanted)

    def split(self, off: Tensor, wanted: Tensor, where: str, sides: Sides) -> None:
        """Note the norms of the blocks of a product."""
        found = self.blocks.setdefault(where, {})
        for above, rows in sides[0]:
            for beside, columns in sides[1]:
                own = wanted[rows, columns]
                name = f"{above} by {beside}" if own.any() else ELSEWHERE
                _add(found, name, off[rows, columns], own)


def _add(norms: dict[str, tuple[float, float]], name: str, off: Tensor, wanted: Tensor) -> None:
    before = norms.get(name, (0.0, 0.0))
    now = (float(np.linalg.norm(one)) for one in (off, wanted))
    norms[name] = hypot(before[0], next(now)), hypot(before[1], next(now))


def agreement(
    dense: Dense,
    basis: Basis,
    template: Template,
    passes: tuple[tuple[Layer | None, ...], ...],
    numbers: Mapping[str, Fraction],
    rounding: Rounding,
) -> Agreement:
    """Compare the network, ``template`` with the layers of ``passes``, with the weights."""
    layers = [layer for one in passes for layer in one if layer is not None]
    sizes = {
        frame.rows: part.stop - part.start
        for frame, part in zip(basis.frames, basis.parts, strict=True)
        if not frame.rows.isdigit()
    }
    sizes |= {one.rows: one.size for one in dense.layout.sources if not one.rows.isdigit()}
    axes = {row for row in sizes if row in _axes(template)}
    entries = {one.name: _texts(one.entries) for one in dense.matrices}
    matrices = tuple(replace(one, entries=entries[one.name]) for one in template.matrices)
    flat = replace(template, body=tuple(layers), matrices=matrices)
    weights = dense_weights(flat, {axis: sizes[axis] for axis in axes}, numbers)
    made = {name: np.asarray(one, dtype=np.float64) for name, one in weights.tensors.items()}
    found = Agreement()
    compared = _Compared(dense, basis, rounding, made, found)
    compared.edges(template)
    number = 0
    for given, own in zip(dense.passes, passes, strict=True):
        for dense_layer, layer in zip(given, own, strict=True):
            where = dense_layer.given.line
            compared.layer(dense_layer.heads, dense_layer.mlp, layer, f"layers.{number}", where)
            number += layer is not None
    return found


def _texts(entries: Tensor) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(str(Fraction(one)) for one in row) for row in entries.tolist())


def _axes(template: Template) -> set[str]:
    ends = {one.rows for one in template.sources} | {one.rows for one in template.read_out}
    return ends | {one.rows for one in template.blocks}


@dataclass(slots=True)
class _Compared:
    dense: Dense
    basis: Basis
    rounding: Rounding
    made: Mapping[str, Tensor]
    found: Agreement

    def edges(self, template: Template) -> None:
        """The read-in and the read-out."""
        kept, left = [], 0
        sources: list[tuple[str, slice]] = []
        names = {one.name for one in template.sources}
        for source in self.dense.layout.sources:
            columns = self.dense.embed[:, left : left + source.size]
            left += source.size
            if source.title in names:
                first = sources[-1][1].stop if sources else 0
                sources.append((source.title, slice(first, first + source.size)))
                kept.append(columns)
            else:
                slack = self.rounding.slack(columns)
                self.found.compare(columns, np.zeros_like(columns), slack, "embed")
        embed = np.hstack(kept)
        wanted = self.basis.matrix @ self.made["embed.weight"]
        slack = self.rounding.slack(embed) + self.rounding.slack(
            self.basis.matrix, self.made["embed.weight"]
        )
        self.found.compare(embed, wanted, slack, "embed")
        self.split(embed - wanted, self.made["embed.weight"], "embed", sources)
        for output, weight in zip(template.read_out, self.dense.outputs, strict=True):
            name = f"unembed.{output.name}.weight"
            slack = self.rounding.slack(weight, self.basis.matrix)
            read = weight @ self.basis.matrix
            self.found.compare(read, self.made[name], slack, f"read_out.{output.name}")
            sides = [(output.name, slice(None))], self.frames()
            where = f"read_out.{output.name}"
            self.found.split(read - self.made[name], self.made[name], where, sides)

    def layer(
        self,
        heads: tuple[DenseHead, ...],
        mlp: DenseMlp | None,
        layer: Layer | None,
        prefix: str,
        where: str,
    ) -> None:
        own = list(layer.heads) if layer is not None else []
        number = 0
        for at, dense in enumerate(heads):
            place = f"{where}, head {at + 1}"
            if number < len(own) and not self.is_zero(dense):
                name = f"{prefix}.attention.{number}"
                self.head(dense, own[number], name, place)
                number += 1
            else:
                self.zero(dense, place)
        if number < len(own):
            self.found.worst, self.found.where = np.inf, f"{where}: heads"
        if mlp is not None:
            self.mlp(mlp, prefix if layer is not None and layer.mlp is not None else "", where)

    def frames(self) -> Side:
        basis = self.basis
        return [(one.name, part) for one, part in zip(basis.frames, basis.parts, strict=True)]

    def split(self, off: Tensor, wanted: Tensor, where: str, beside: Side) -> None:
        """As ``Agreement.split``, of a difference in rows of the stream; ``wanted`` in frames."""
        inside = self.basis.inverse @ off
        rest = off - self.basis.matrix @ inside
        self.found.split(inside, wanted, where, (self.frames(), beside))
        _add(self.found.blocks[where], ELSEWHERE, rest, np.zeros(1))

    def scores(self, dense: DenseHead) -> tuple[Tensor, Tensor]:
        basis = self.basis.matrix
        product = (dense.k @ basis).T @ (dense.q @ basis)
        return product, self.rounding.slack(basis.T, dense.k.T, dense.q, basis)

    def moves(self, dense: DenseHead) -> tuple[Tensor, Tensor]:
        basis = self.basis.matrix
        return dense.o @ (dense.v @ basis), self.rounding.slack(dense.o, dense.v, basis)

    def is_zero(self, dense: DenseHead) -> bool:
        """Does the head add nothing, whatever stands in the stream?"""
        scores = dense.given.scores
        open_scores = bool(scores.function or scores.normalised)
        no_moves, no_scores = (
            bool((np.abs(one) <= slack).all())
            for one, slack in (self.moves(dense), self.scores(dense))
        )
        return no_moves or (no_scores and not open_scores)

    def zero(self, dense: DenseHead, where: str) -> None:
        if not self.is_zero(dense):
            self.found.worst, self.found.where = np.inf, where
        moved, _ = self.moves(dense)
        smaller = min(
            float(np.abs(moved).max(initial=0)), float(np.abs(self.scores(dense)[0]).max())
        )
        self.found.largest = max(self.found.largest, smaller)
        self.found.entries += moved.size

    def head(self, dense: DenseHead, head: Head, name: str, where: str) -> None:
        product, slack = self.scores(dense)
        wanted = self.made[f"{name}.k.weight"].T @ self.made[f"{name}.q.weight"]
        scale = 1.0
        if head.scores.is_linear and len(head.keys) == 1 and (wanted != 0).any():
            scale = float((product * wanted).sum() / (wanted**2).sum())
        self.found.compare(product, scale * wanted, slack, f"{where}, kᵀ·q")
        off = product - scale * wanted
        self.found.split(off, wanted, f"{where}, kᵀ·q", (self.frames(), self.frames()))
        moved, bound = self.moves(dense)
        inside = self.made[f"{name}.o.weight"] @ self.made[f"{name}.v.weight"]
        onto = self.basis.matrix @ inside
        bound = bound + self.rounding.slack(self.basis.matrix, inside) / abs(scale)
        self.found.compare(moved, onto / scale, bound, f"{where}, o·v")
        self.split(moved - onto / scale, inside / scale, f"{where}, o·v", self.frames())

    def mlp(self, mlp: DenseMlp, prefix: str, where: str) -> None:
        """Units that read the same write the same together."""
        reads = np.hstack(
            [mlp.up @ self.basis.matrix, mlp.gate @ self.basis.matrix]
            + [one[:, np.newaxis] for one in (mlp.up_bias, mlp.gate_bias)]
        )
        slack = np.hstack(
            [self.rounding.slack(one, self.basis.matrix) for one in (mlp.up, mlp.gate)]
            + [self.rounding.slack(one[:, np.newaxis]) for one in (mlp.up_bias, mlp.gate_bias)]
        )
        width, height = self.basis.matrix.shape[1], self.dense.height
        wanted = np.zeros((0, reads.shape[1]))
        onto, bias = np.zeros((height, 0)), np.zeros(height)
        if prefix:
            up, down = (self.made[f"{prefix}.mlp.{one}.weight"] for one in ("up", "down"))
            gate = self.made.get(f"{prefix}.mlp.gate.weight", np.zeros_like(up))
            biases = [
                self.made.get(f"{prefix}.mlp.{one}.bias", np.zeros(len(up)))[:, np.newaxis]
                for one in ("up", "gate")
            ]
            wanted, onto = np.hstack([up, gate, *biases]), self.basis.matrix @ down
            bias = self.basis.matrix @ self.made.get(f"{prefix}.mlp.down.bias", np.zeros(width))
        left = onto.copy()  # what the network writes and the weights have not yet
        bound = self.rounding.slack(onto)
        extra: list[tuple[Tensor, Tensor, Tensor]] = []
        room_of = self.rounding.slack(mlp.down)
        for unit, row in enumerate(reads):
            if not (np.abs(row) > slack[unit]).any():
                continue
            near = [
                at for at, one in enumerate(wanted) if (np.abs(one - row) <= 2 * slack[unit]).all()
            ]
            column, own = mlp.down[:, unit], room_of[:, unit]
            if near:
                at = min(near, key=lambda one: float(np.abs(wanted[one] - row).max()))
                self.found.compare(row, wanted[at], slack[unit], f"{where}, mlp up")
                left[:, at] -= column
                bound[:, at] += own
                continue
            for other, total, room in extra:
                if (np.abs(other - row) <= 4 * slack[unit]).all():
                    total += column
                    room += own
                    break
            else:
                extra.append((row, column.copy(), own.copy()))
        self.found.compare(onto - left, onto, bound, f"{where}, mlp down")
        for _, total, room in extra:
            self.found.compare(total, np.zeros_like(total), room, f"{where}, mlp down")
        both = np.stack([mlp.down_bias, bias], axis=1)
        own = self.rounding.slack(both[:, :1]) + self.rounding.slack(both[:, 1:])
        self.found.compare(both[:, :1], both[:, 1:], own, f"{where}, mlp down_bias")
