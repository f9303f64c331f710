"""Schedule and blocks to the weight template: coefficient matrices, exact, symbolic in size.

Heads are copied with blocks in place of values.  A layer's moves and clears form a linear map N of
the stream; its MLP adds (N − 1)·stream, exactly, as relu(s) − relu(−s) = s.
"""

from __future__ import annotations

import re
from collections import defaultdict

from weightsmith.compiler.ir.coefficients import Coefficient, CoefficientField
from weightsmith.compiler.ir.normal import NormalProgram
from weightsmith.compiler.ir.schedule import (
    Combination,
    Schedule,
    ScheduledHead,
    ScheduledItem,
    ScheduledLayer,
    ScheduledLoop,
    Value,
)
from weightsmith.compiler.ir.template import (
    Block,
    Head,
    Item,
    Layer,
    Matrix,
    Output,
    Repeat,
    Source,
    Template,
    Terms,
    View,
)
from weightsmith.compiler.passes.layers.allocate_blocks import Allocation
from weightsmith.compiler.passes.layers.emit_mlp import MlpEmitter
from weightsmith.dsl.numbers import scalars
from weightsmith.dsl.program.core import CONTEXT, QUERY

MOST_TENANTS = 4  # values in the name of a block
Row = dict[int, Coefficient]


def emit_template(program: NormalProgram, schedule: Schedule, allocation: Allocation) -> Template:
    emitter = _Emitter(program, schedule, allocation)
    body = emitter.items(schedule.items)
    read_in = emitter.read_in()
    sources = emitter.sources()
    return Template(
        algorithm=program.name,
        sources=sources,
        blocks=emitter.blocks,
        groups=_groups(sources),
        read_in=read_in,
        body=body,
        read_out=tuple(
            Output(o.name, emitter.terms(o.terms), o.rows, o.groups, o.transposed)
            for o in schedule.outputs
        ),
        bindings=(),
        matrices=emitter.matrices(),
        views=emitter.views,
    )


class _Emitter:
    def __init__(self, program: NormalProgram, schedule: Schedule, allocation: Allocation) -> None:
        self.program, self.schedule, self.allocation = program, schedule, allocation
        self.field: CoefficientField = program.field
        own = block_names(allocation)
        self.blocks = tuple(map(Block, own, allocation.rows))
        self.views = _views(allocation, own)
        self.names = [*own, *(view.name for view in self.views)]
        self.rows = [*allocation.rows, *(view.rows for view in allocation.views)]
        self.layer_number = 0
        self.used_sources: dict[str, Value] = {}

    def terms(self, combination: Combination) -> Terms:
        row: dict[int, Coefficient] = {}
        for value, coefficient in combination.items():
            block = self.allocation.block[value]
            row[block] = row[block] + coefficient if block in row else coefficient
        return self._row_terms(row)

    def _row_terms(self, row: Row) -> Terms:
        return tuple((self.names[b], str(row[b])) for b in sorted(row) if row[b] != 0)

    def items(self, items: list[ScheduledItem]) -> tuple[Item, ...]:
        """Emit layers and loops; a layer whose moves turn out to move nothing is left out."""
        found: list[Item] = []
        for item in items:
            if isinstance(item, ScheduledLayer):
                layer = self._layer(item)
                found += [layer] if layer.heads or layer.mlp else []
            else:
                found.append(self._repeat(item))
        return tuple(found)

    def _repeat(self, loop: ScheduledLoop) -> Repeat:
        schedule = tuple(
            (one.name, tuple(scalars.to_text(value) for value in one.values))
            for one in sorted(loop.schedule, key=lambda one: one.name)
        )
        return Repeat(scalars.to_text(loop.count), self.items(loop.body), schedule)

    def _layer(self, layer: ScheduledLayer) -> Layer:
        heads = tuple(self._head(head) for head in layer.heads)
        emitter = MlpEmitter(self.field, self.allocation.block, self.rows, self.names)
        mlp = emitter.emit(layer, self.allocation.clears.get(self.layer_number, set()))
        self.layer_number += 1
        return Layer(heads, mlp)

    def _head(self, head: ScheduledHead) -> Head:
        return Head(
            keys=tuple(map(self.terms, head.keys)),
            queries=tuple(map(self.terms, head.queries)),
            values=tuple(self.terms(value) for value in head.values),
            outputs=tuple(
                (self.names[self.allocation.block[value]], index, str(coefficient))
                for value, index, coefficient in head.outputs
            ),
            key_groups=head.spaces,
            query_groups=head.groups,
            scores=head.scores,
        )

    def read_in(self) -> tuple[tuple[str, Terms], ...]:
        rows: list[tuple[int, Terms]] = []
        for value, block in self.allocation.block.items():
            if value in self.schedule.initial:
                combination = self.schedule.initial[value]
                self.used_sources.update({v.name: v for v in combination})
                terms = tuple((v.name, str(c)) for v, c in combination.items())
                rows.append((block, terms))
            elif value.kind in ("letter", "identity", "ones"):
                self.used_sources[value.name] = value
                rows.append((block, ((value.name, "1"),)))
        return tuple((self.names[block], terms) for block, terms in sorted(rows) if terms)

    def matrices(self) -> tuple[Matrix, ...]:
        """The fixed matrices that are used."""
        used = {view.matrix for view in self.views}
        fixed = (one for one in self.program.inputs if one.name in used)
        return tuple(Matrix(one.name, one.rows, one.columns) for one in fixed)

    def sources(self) -> tuple[Source, ...]:
        order = {given.name: i for i, given in enumerate(self.program.inputs)}
        found: list[tuple[int, Source]] = []
        for value in self.used_sources.values():
            if value.kind == "ones":
                groups = tuple(value.word[0].name.split(","))
                found.append((len(order), Source(value.name, "ones", "", value.rows, groups)))
                continue
            if value.kind == "identity":
                source = Source(value.name, "identity", value.rows, value.rows, (value.rows,))
                found.append((len(order), source))
                continue
            letter = value.word[0]
            given = next(i for i in self.program.inputs if i.name == letter.name)
            columns = given.rows if letter.transposed else given.columns
            groups = given.groups or (columns,)
            kind = "transposed" if letter.transposed else "input"
            source = Source(value.name, kind, letter.name, value.rows, groups)
            found.append((order[letter.name], source))
        found.sort(key=lambda pair: (pair[0], pair[1].name))
        return tuple(source for _, source in found)


def _views(allocation: Allocation, names: list[str]) -> tuple[View, ...]:
    found: list[View] = []
    for placed in allocation.views:
        letter, block = placed.matrix, names[placed.block]
        base = name = f"{letter.text()} {block}"
        number = 1
        while name in names or any(view.name == name for view in found):
            number += 1
            name = f"{base} {number}"
        found.append(View(name, letter.name, letter.transposed, block))
    return tuple(found)


def _groups(sources: tuple[Source, ...]) -> tuple[str, ...]:
    found = dict.fromkeys(group for source in sources for group in source.groups)
    first = [group for group in (CONTEXT, QUERY) if group in found]
    return (*first, *(group for group in found if group not in (CONTEXT, QUERY)))


def block_names(allocation: Allocation) -> list[str]:
    """Name each block after the values it holds, one after the other: ``y|prediction``."""
    tenants: dict[int, list[str]] = defaultdict(list)
    for value, block in allocation.block.items():
        plain = re.sub(r"#\d+", "", value.name)
        if plain not in tenants[block]:
            tenants[block].append(plain)
    names: list[str] = []
    for block in range(len(allocation.rows)):
        shown = tenants[block]
        if len(shown) > MOST_TENANTS:
            shown = [*shown[: MOST_TENANTS - 1], "…"]
        base = name = "|".join(shown)
        number = 1
        while name in names:
            number += 1
            name = f"{base} {number}"
        names.append(name)
    return names
