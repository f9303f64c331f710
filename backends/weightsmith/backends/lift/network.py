"""A template with marks for coefficients, from matrices and the frames of their stream."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from weightsmith.backends.lift.blocks import Blocks, Defect, Estimate
from weightsmith.backends.lift.fixed import both_ways, fitting
from weightsmith.backends.lift.frames import Basis, views_of, written
from weightsmith.backends.lift.given.dense import Dense, DenseLayer, DenseMlp
from weightsmith.backends.lift.given.tensors import Tensor
from weightsmith.backends.lift.heads import HeadReader, write_row
from weightsmith.backends.lift.rounding import Rounding
from weightsmith.backends.lift.units import IrregularError, grouped
from weightsmith.compiler.ir.template import (
    Block,
    Hidden,
    Item,
    Layer,
    Matrix,
    Mlp,
    Output,
    Repeat,
    Source,
    Template,
    Terms,
)


@dataclass(frozen=True, slots=True)
class Draft:
    """``template``: coefficients are marks.  ``passes[i][p]``: layer i of the layout in pass p,
    None where nothing is added."""

    template: Template
    passes: tuple[tuple[Layer | None, ...], ...]
    blocks: Blocks
    basis: Basis


def draft(dense: Dense, basis: Basis, rounding: Rounding) -> Draft:
    """Read every matrix.  What is no block is in ``blocks.defects``."""
    blocks = Blocks(rounding.unit, rounding.noise, both_ways(dense.matrices))
    reader = _Reader(dense, basis, rounding, blocks)
    layout = dense.layout
    read_in = reader.read_in()
    passes = tuple(tuple(map(reader.layer, layers)) for layers in dense.passes)
    read_out = tuple(map(reader.output, range(len(layout.outputs))))
    used = {name for _, terms in read_in for name, _ in terms}
    template = Template(
        algorithm=layout.name,
        sources=tuple(
            Source(one.title, one.kind, one.of, one.rows, one.groups)
            for one in layout.sources
            if one.title in used
        ),
        blocks=tuple(Block(frame.name, frame.rows) for frame in basis.frames),
        groups=layout.groups,
        read_in=read_in,
        body=(),
        read_out=read_out,
        bindings=tuple(sorted((name, str(one)) for name, one in layout.bindings.items())),
        sizes=tuple(sorted(layout.counted.items())),
        matrices=tuple(
            Matrix(one.name, one.rows, one.columns)
            for one in dense.matrices
            if any(matrix.name == one.name for matrix, _ in blocks.views)
        ),
        views=tuple(matrix.view(basis.frames[block].name) for matrix, block in blocks.views),
    )
    return Draft(template, passes, reader.blocks, basis)


def body_of(dense: Dense, passes: tuple[tuple[Layer | None, ...], ...]) -> tuple[Item, ...]:
    """Layers in their loops: a loop whose passes are one layer each is a repeat."""
    items: list[Item] = []
    layers = dense.layout.layers
    at = 0
    while at < len(layers):
        loop = layers[at].loop
        end = at + 1
        while loop and end < len(layers) and layers[end].loop == loop:
            end += 1
        items += _looped(dense, loop, passes[at:end])
        at = end
    return tuple(items)


def _looped(
    dense: Dense, loop: str, passes: tuple[tuple[Layer | None, ...], ...]
) -> tuple[Item, ...]:
    if not loop:
        return tuple(one[0] for one in passes if one[0] is not None)
    given = dense.layout.loops[loop]
    if all(one.count(one[0]) == len(one) for one in passes):
        body: tuple[Item, ...] = tuple(one[0] for one in passes if one[0] is not None)
        return (Repeat(given.count, body),) if body else ()
    return tuple(
        layer
        for number in range(given.times)
        for one in passes
        if (layer := one[number if len(one) > 1 else 0]) is not None
    )


@dataclass(slots=True)
class _Reader:
    dense: Dense
    basis: Basis
    rounding: Rounding
    blocks: Blocks

    def read_in(self) -> tuple[tuple[str, Terms], ...]:
        found: dict[str, Terms] = {}
        left = 0
        for source in self.dense.layout.sources:
            columns = self.dense.embed[:, left : left + source.size]
            left += source.size
            slack = self.rounding.slack(columns)
            side = (source.rows, source.name)
            row = write_row(self.blocks, self.basis, columns, slack, side, "embed")
            for block, one in row.items():
                name = self.basis.frames[block].name
                found[name] = (*found.get(name, ()), (source.title, self.blocks.text(one)))
        return tuple((one.name, found[one.name]) for one in self.basis.frames if one.name in found)

    def layer(self, layer: DenseLayer) -> Layer | None:
        where = layer.given.line
        if self.dense.layout.loops.get(layer.given.loop) and layer.number:
            where += f" (pass {layer.number})"
        reader = HeadReader(self.basis, self.rounding, self.blocks)
        heads = [
            reader.read(head, f"{where}, head {number + 1}")
            for number, head in enumerate(layer.heads)
        ]
        mlp = None if layer.mlp is None else self.mlp(layer.mlp, f"{where}, mlp")
        found = Layer(tuple(head for head in heads if head is not None), mlp)
        return found if found.heads or mlp is not None else None

    def mlp(self, mlp: DenseMlp, where: str) -> Mlp | None:
        try:
            groups = grouped(
                (mlp.up, mlp.gate),
                (mlp.up_bias, mlp.gate_bias),
                self.basis,
                self.rounding,
                views=views_of(self.blocks.fixed, self.basis),
            )
        except IrregularError as error:
            kind = "gate" if error.matrix else "up"
            read = (mlp.gate if error.matrix else mlp.up)[error.row] @ self.basis.matrix
            sides = (("", f"unit {error.row}"), ("", "the blocks"))
            self.blocks.check(read[np.newaxis], np.zeros((1, len(read))), f"{where}, {kind}", sides)
            return None
        reader = HeadReader(self.basis, self.rounding, self.blocks)
        hidden: list[Hidden] = []
        outputs = []
        for group in groups:
            columns, slack = written(mlp.down, group, self.rounding)
            side = (group.rows, f"unit {group.members[0][0]}")
            row = write_row(self.blocks, self.basis, columns, slack, side, where, ones=True)
            terms, gate = (reader.row(group, at) for at in (0, 1))
            bias, gate_bias = (self.number(float(group.numbers[at])) for at in (0, 1))
            if not row or (not terms and bias == "0"):
                continue
            hidden.append(
                Hidden(
                    group.rows,
                    reader.terms(terms) if terms else (),
                    bias,
                    reader.terms(gate) if gate else (),
                    gate_bias,
                )
            )
            outputs += [
                (self.basis.frames[block].name, len(hidden) - 1, self.blocks.text(one))
                for block, one in row.items()
            ]
        bias_row = self.down_bias(mlp.down_bias, where)
        return Mlp(tuple(hidden), tuple(outputs), bias_row) if hidden or bias_row else None

    def number(self, value: float) -> str:
        if abs(value) <= self.rounding.noise:
            return "0"
        slack = 2 * self.rounding.unit * abs(value) + self.rounding.noise
        return self.blocks.text(Estimate(value, slack))

    def down_bias(self, bias: Tensor, where: str) -> Terms:
        columns = bias[:, np.newaxis]
        row = write_row(
            self.blocks,
            self.basis,
            columns,
            self.rounding.slack(columns),
            ("1", "down_bias"),
            where,
            ones=True,
        )
        return tuple(
            (self.basis.frames[block].name, self.blocks.text(one)) for block, one in row.items()
        )

    def output(self, number: int) -> Output:
        given, weight = self.dense.layout.outputs[number], self.dense.outputs[number]
        where = f"read_out.{given.name}"
        product = weight @ self.basis.matrix
        slack = self.rounding.slack(weight, self.basis.matrix)
        terms, rows = [], ""
        for place, (frame, part) in enumerate(
            zip(self.basis.frames, self.basis.parts, strict=True)
        ):
            entries = product[:, part]
            fits = len(weight) == part.stop - part.start and rows in ("", frame.rows)
            above = frame.rows if fits else ""
            for matrix in self.blocks.fixed:
                side = matrix.rows, frame.rows
                if rows in ("", matrix.rows) and fitting((matrix,), side, entries.shape):
                    above = above or matrix.rows
            sides = ((above, given.name), (frame.rows, frame.name))
            for known, one in self.blocks.parts(entries, slack[:, part], where, sides):
                rows = above
                name = frame.name if known is None else known.view(frame.name).name
                if known is not None:
                    self.blocks.place(known, place)
                terms.append((name, self.blocks.text(one)))
        if not terms:
            fits = [frame for frame in self.basis.frames if frame.columns.shape[1] == len(weight)]
            if not fits:
                text = f"{where}: it reads nothing that the sources reach"
                self.blocks.defects.append(Defect(where, given.name, "", (0, 0), 0.0, text))
            terms = [(frame.name, "0") for frame in fits[:1]]
            rows = fits[0].rows if fits else ""
        return Output(given.name, tuple(terms), rows, given.at, given.transposed)
