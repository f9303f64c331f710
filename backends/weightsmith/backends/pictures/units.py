"""What a picture of a network is made of: heads, MLPs and returned values, with their wires.

A unit has rows; a row has wires, which read from blocks of the residual stream or add to them, and
formulas in the words of ``.net``.  The equal is merged: hidden units with the same wires, and where
a layer has many heads, those that read the same.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from weightsmith.compiler.ir.template import Head, Layer, Mlp, Output, Template, Terms
from weightsmith.compiler.nets.write_layers import MANY, LayerWriter, Units
from weightsmith.dsl.heads import ALL, written

MOST_HEADS = 8  # of a layer that are drawn one by one
MOST_ROWS = 8  # of an MLP
READING = ("values", "keys", "queries", "reads", "gates")
ADDING = ("adds", "clears")
Thing = TypeVar("Thing")
LAYER = "layer   "  # what a line of a layer begins with
KIND = len("mlp   ")  # and after it what the line is of


@dataclass(frozen=True, slots=True)
class Wire:
    """``blocks``: those at its end, with whether they are read through a fixed matrix."""

    role: str  # of READING or ADDING
    blocks: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    wires: tuple[Wire, ...]
    formulas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """``kind`` is head, mlp or return."""

    kind: str
    rows: tuple[Row, ...]

    @property
    def title(self) -> str:
        """All that it does, exact."""
        return f"{self.kind}: " + "\n".join(one for row in self.rows for one in row.formulas)


class UnitMaker:
    """Makes the units of a template's layers."""

    def __init__(self, template: Template, writer: LayerWriter) -> None:
        self.template, self.writer = template, writer
        self.views = {view.name: view.block for view in template.views}

    def layer(self, layer: Layer) -> list[Unit]:
        """The units of a layer: its heads, then its MLP."""
        found = [Unit("head", (self._head(head),)) for head in layer.heads]
        if len(found) > MOST_HEADS:
            found = [_together(group) for group in _grouped(layer.heads, found, _reads_of)]
        if len(found) > MOST_HEADS:
            found = [_together(group) for group in _grouped(found, found, lambda one: one.kind)]
        if layer.mlp is not None and (rows := self._mlp(layer.mlp)):
            found.append(Unit("mlp", tuple(rows)))
        return found

    def output(self, output: Output) -> Unit:
        """What is returned."""
        mark = "ᵀ" if output.transposed else ""
        value = self.writer.combination(output.terms)
        at = ", ".join(output.groups)
        formula = f"{output.name}{mark} = {value} at {at} tokens"
        return Unit(
            "return", (Row(output.name + mark, (self._wire("reads", output.terms),), (formula,)),)
        )

    def _wire(self, role: str, *terms: Terms) -> Wire:
        names = dict.fromkeys(name for each in terms for name, one in each if one != "0")
        blocks = dict.fromkeys((self.views.get(name, name), name in self.views) for name in names)
        return Wire(role, tuple(blocks))

    def _head(self, head: Head) -> Row:
        wires: list[Wire] = []
        added: dict[int, list[tuple[str, bool]]] = {}
        for block, index, _ in head.outputs:
            added.setdefault(index, []).append((block, False))
        read = [self._wire("keys", *head.keys), self._wire("queries", *head.queries)]
        for index, blocks in added.items():
            wires.append(self._wire("values", head.values[index]))
            wires += read if index == min(added) else []
            wires.append(Wire("adds", tuple(dict.fromkeys(blocks))))
        return Row(_head_label(head), tuple(wires), self._lines(Layer((head,), None)))

    def _mlp(self, mlp: Mlp) -> list[Row]:
        rows = [self._part(part) for part in _parts(mlp)]
        if mlp.bias:
            constant = Mlp((), (), mlp.bias)
            added = Wire("adds", tuple((block, False) for block, _ in mlp.bias))
            rows.append(Row("constant", (added,), self._lines(Layer((), constant))))
        rows = _merged(_without_clearing(rows), lambda row: (row.label, row.wires))
        if len(rows) > MOST_ROWS:
            rows = _merged(rows, lambda row: (row.label, row.wires[:-1]))
        if len(rows) > MOST_ROWS:
            rows = _merged(rows, lambda row: row.label)
        return rows

    def _part(self, part: Mlp) -> Row:
        """Hidden units that are one line of text for every block that they add to."""
        first = part.hidden[0]
        lines = self._lines(Layer((), part))
        blocks = tuple(dict.fromkeys((block, False) for block, _, _ in part.outputs))
        added = Wire("adds", blocks)
        if first.is_gated:
            gate = self._wire("gates", first.gate)
            return Row("product", (self._wire("reads", first.terms), gate, added), lines)
        read = self._wire("reads", *(one.terms for one in part.hidden))
        if len(part.hidden) == 1:
            return Row("relu", (read, added), lines)
        if len(part.hidden) > 2:
            return Row(f"{len(part.hidden)} relus", (read, added), lines)
        cleared = f"{self.writer.names[blocks[0][0]]} += (-{self.writer.names[blocks[0][0]]})"
        if lines == (cleared,):
            return Row("clear", (Wire("clears", blocks),), lines)
        return Row("linear", (read, added), lines)

    def _lines(self, layer: Layer) -> tuple[str, ...]:
        """Formulas alone, without the words in front."""
        return tuple(line[len(LAYER) + KIND :] for line in self.writer.layer(layer))


def _head_label(head: Head) -> str:
    scores = head.scores
    found = " ".join(written(scores.function, scores.normalised)).replace("normalised", "normal")
    mask = "" if scores.mask == ALL else scores.mask
    return f"{found} {mask}".strip() or "head"


def _parts(mlp: Mlp) -> Iterable[Mlp]:
    """The hidden units cut as ``LayerWriter`` cuts them into lines: tables, pairs, single ones."""
    units, place = Units(mlp), 0
    while place < len(mlp.hidden):
        end = units.family(place)
        if end - place <= MANY:
            end = place + 1 + units.is_pair(place)
        outputs = tuple((b, i - place, c) for b, i, c in mlp.outputs if place <= i < end)
        if outputs:
            yield Mlp(mlp.hidden[place:end], outputs)
        place = end


def _without_clearing(rows: list[Row]) -> list[Row]:
    """All that sets blocks to zero is one row, the last."""
    cleared = [row for row in rows if row.label == "clear"]
    others = [row for row in rows if row.label != "clear"]
    if not cleared:
        return rows
    names = [row.formulas[0].partition(" += ")[0] for row in cleared]
    row = replace(_one(cleared), formulas=(f"old content taken away: {', '.join(names)}",))
    return [*others, row]


def _merged(rows: list[Row], key: Callable[[Row], Hashable]) -> list[Row]:
    groups: dict[Hashable, list[Row]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return [_one(group) for group in groups.values()]


def _one(rows: Sequence[Row]) -> Row:
    """Several rows as one, with all that they read and add to."""
    wires: dict[str, dict[tuple[str, bool], None]] = {}
    for role in (*READING, *ADDING):
        blocks = [
            one for row in rows for wire in row.wires if wire.role == role for one in wire.blocks
        ]
        if any(wire.role == role for row in rows for wire in row.wires):
            wires[role] = dict.fromkeys(blocks)
    label = rows[0].label if len({row.label for row in rows}) == 1 else "various"
    if len(rows) == 1:
        return rows[0]
    formulas = tuple(one for row in rows for one in row.formulas)
    return Row(label, tuple(Wire(role, tuple(blocks)) for role, blocks in wires.items()), formulas)


def _reads_of(head: Head) -> Hashable:
    def names(*parts: Terms) -> frozenset[str]:
        return frozenset(name for terms in parts for name, _ in terms)

    return (
        names(*head.values),
        names(*head.keys),
        head.scores,
        head.key_groups,
        head.query_groups,
    )


def _grouped(
    things: Iterable[Thing], units: Sequence[Unit], key: Callable[[Thing], Hashable]
) -> list[list[Unit]]:
    groups: dict[Hashable, list[Unit]] = {}
    for one, unit in zip(things, units, strict=True):
        groups.setdefault(key(one), []).append(unit)
    return list(groups.values())


def _together(units: Sequence[Unit]) -> Unit:
    if len(units) == 1:
        return units[0]
    row = _one([row for unit in units for row in unit.rows])
    return Unit(units[0].kind, (replace(row, label=f"{len(units)} heads"),))
