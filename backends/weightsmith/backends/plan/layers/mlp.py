"""The MLP of a layer: what is linear in it as combinations, the rest as few functions.

Hidden units with the same argument up to a factor are one piecewise-linear function of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from fractions import Fraction
from math import inf

from weightsmith.backends.plan.layers.hinges import Hinge, Pieces, pieces_of
from weightsmith.backends.plan.layers.looped_numbers import Entry, LayerNumbers
from weightsmith.backends.plan.layers.stream import DIRECT, Key, Tokens, Value, scaled, total
from weightsmith.backends.plan.operations.graph import Graph, add, is_zero, single
from weightsmith.backends.plan.operations.nodes import (
    FIXED,
    Bucket,
    Clamp,
    Combination,
    Ref,
    Shape,
    Table,
)
from weightsmith.backends.template.wellformed import join

NOTHING: Entry = (0.0, FIXED)
FEW = 3  # knots of a function that needs no table
Read = Callable[[int, int], Value]  # what a block holds at a group
Row = tuple[Entry, ...]
Argument = tuple[str, Row, Entry]  # its rows, its combination of blocks, a number in every entry


class MlpPlan:
    """Adds an MLP at one group after the other."""

    def __init__(
        self, graph: Graph, block_rows: tuple[str, ...], layer: LayerNumbers, read: Read
    ) -> None:
        self._graph = graph
        self._rows = block_rows
        names = [name for name in layer.tensors if name.startswith("mlp.")]
        self._rows_of = {name: layer.rows(name) for name in names if name.endswith(".weight")}
        self._biases = {name: layer.row(name) for name in names if name.endswith(".bias")}
        self._shape = layer.shape.mlp
        self._read = read
        self._functions = self._bundles()

    def updates(self, group: int, name: str, tokens: Tokens) -> Iterator[tuple[Key, Value]]:
        """What is added to each block at the group, whose tokens are the axis ``name``."""
        for (rows, row, offset), hinges in self._functions.items():
            shape = (rows, name)
            argument = total(
                [(self._mapped(row, rows, group), 1.0), (self._ones(shape, offset), 1.0)]
            )
            for (block, scalar), some in hinges.items():
                added = scaled(self._graph, self._function(argument, some, shape, tokens), scalar)
                yield (block, group), self._to_block(added, rows, block)
        for unit, gated in enumerate(self._shape.gated if self._shape else ()):
            if gated:
                yield from self._gated(unit, group, name, tokens)
        for block, entry in enumerate(self._biases.get("mlp.down.bias", ())):
            if entry[0]:
                yield (block, group), self._ones((self._rows[block], name), entry)

    def _bundles(self) -> dict[Argument, dict[tuple[int, int], list[Hinge]]]:
        """Units by their argument: hinges by block, and by the scalar that they are times."""
        found: dict[Argument, dict[tuple[int, int], list[Hinge]]] = {}
        if self._shape is None:
            return found
        up, biases = self._rows_of["mlp.up.weight"], self._biases["mlp.up.bias"]
        down = self._rows_of["mlp.down.weight"]
        for unit, rows in enumerate(self._shape.hidden_rows):
            if self._shape.gated[unit]:
                continue
            row, offset, first, bias = _argument(up[unit], biases[unit])
            by_place = found.setdefault((rows, row, offset), defaultdict(list))
            for block, line in enumerate(down):
                number, scalar = line[unit]
                if number:
                    by_place[block, scalar] += _hinges(first, bias, Fraction(number))
        return found

    def _mapped(self, row: Row, rows: str, group: int) -> Value:
        """Σ row[block] · block, in ``rows``."""
        parts = [
            (
                scaled(
                    self._graph,
                    self._in_rows(self._read(block, group), self._rows[block], rows),
                    scalar,
                ),
                number,
            )
            for block, (number, scalar) in enumerate(row)
            if number
        ]
        return total(parts)

    def _ones(self, shape: Shape, entry: Entry) -> Value:
        """A number in every entry."""
        number, scalar = entry
        return total([(scaled(self._graph, _ones(shape, 1), scalar), number)])

    def _in_rows(self, value: Value, rows: str, to: str) -> Value:
        if rows == to:
            return value
        change = self._graph.row_sum if to == "1" else lambda part: self._graph.repeat(part, to)
        return Value({source: change(part) for source, part in value.parts.items()})

    def _to_block(self, value: Value, rows: str, block: int) -> Value:
        to = self._rows[block]
        return self._in_rows(value, rows, to) if join(rows, to) else Value()

    def _function(
        self, argument: Value, hinges: list[Hinge], shape: Shape, tokens: Tokens
    ) -> Value:
        """The function of these hinges, of the argument."""
        plain = pieces_of(hinges)
        if not plain.knots:
            return total([(argument, float(plain.slopes[0])), (_ones(shape, plain.level), 1.0)])
        given = tokens.direct(argument) or Combination(shape)
        shift = Fraction(given.ones)
        rest = Combination(shape, given.terms, given.eye)
        if is_zero(rest):
            return _ones(shape, _at(plain, shift))
        ref, number = self._graph.factor(rest)
        moved = [_substituted(hinge, Fraction(number), shift) for hinge in hinges]
        return _value(apply_pieces(self._graph, ref, pieces_of(moved), shape))

    def _gated(
        self, unit: int, group: int, name: str, tokens: Tokens
    ) -> Iterator[tuple[Key, Value]]:
        rows = self._shape.hidden_rows[unit] if self._shape is not None else "1"
        shape = (rows, name)
        sides = []
        for side in ("up", "gate"):
            terms = self._mapped(tuple(self._rows_of[f"mlp.{side}.weight"][unit]), rows, group)
            bias = self._ones(shape, self._biases[f"mlp.{side}.bias"][unit])
            given = tokens.direct(terms) or Combination(shape)
            sides.append(add(given, tokens.direct(bias) or Combination(shape)))
        found = _value(self._graph.entrywise(*sides))
        for block, line in enumerate(self._rows_of["mlp.down.weight"]):
            number, scalar = line[unit]
            if number:
                added = self._to_block(scaled(self._graph, found, scalar), rows, block)
                yield (block, group), total([(added, number)])


def apply_pieces(graph: Graph, ref: Ref, pieces: Pieces, shape: Shape) -> Combination:
    """The function of one matrix, entry by entry."""
    if len(pieces.knots) > FEW:
        return _table(graph, ref, pieces, shape)
    knots, slopes = pieces.knots, pieces.slopes
    if not knots:
        return _line(ref, pieces.slopes[0], pieces.level, shape)
    if len(knots) == 2 and slopes[0] == slopes[2]:
        inner = graph.node(Clamp(ref, float(knots[0]), float(knots[1])), shape)
        line = _line(ref, slopes[0], pieces.values[0] - slopes[1] * knots[0], shape)
        return add(line, single(inner, shape, float(slopes[1] - slopes[0])))
    flat = min(range(len(slopes)), key=lambda piece: abs(slopes[piece]))
    anchor = max(flat - 1, 0)
    level = pieces.values[anchor] - slopes[flat] * knots[anchor]
    total = Combination(shape)
    for place, knot in enumerate(knots):
        by = slopes[place + 1] - slopes[place]
        right = place >= flat
        ends = (float(knot), inf) if right else (-inf, float(knot))
        number = by if right else -by  # by · (max(u, k) − k), or by · (k − min(u, k))
        level -= number * knot
        clamped = graph.node(Clamp(ref, *ends), shape)
        total = add(total, single(clamped, shape, float(number)))
    return add(total, _line(ref, slopes[flat], level, shape))


def _table(graph: Graph, ref: Ref, pieces: Pieces, shape: Shape) -> Combination:
    knots = graph.constant(float(knot) for knot in pieces.knots)
    anchors = graph.constant(float(knot) for knot in (pieces.knots[0], *pieces.knots))
    values = graph.constant(float(value) for value in (pieces.values[0], *pieces.values))
    slopes = graph.constant(float(slope) for slope in pieces.slopes)
    bucket = graph.node(Bucket(ref, knots), shape)
    return single(graph.node(Table(ref, bucket, anchors, values, slopes), shape), shape)


def _line(ref: Ref, slope: Fraction, level: Fraction, shape: Shape) -> Combination:
    return add(single(ref, shape, float(slope)), Combination(shape, ones=float(level)))


def _argument(row: list[Entry], bias: Entry) -> tuple[Row, Entry, Fraction, Fraction]:
    """relu(row + bias) as relu(first · (argument + offset) + number): argument, offset, the others.

    A bias that is trained is the offset, and no knot.
    """
    number, scalar = bias
    first = Fraction(next((entry for entry, _ in row if entry), 0.0))
    if scalar == FIXED or not number:
        offset, constant = NOTHING, Fraction(number)
    else:
        first = first or Fraction(1)
        offset, constant = (float(Fraction(number) / first), scalar), Fraction(0)
    if not first:
        return tuple(row), offset, first, constant
    argument = tuple((float(Fraction(entry) / first), by) for entry, by in row)
    return argument, offset, first, constant


def _hinges(first: Fraction, bias: Fraction, down: Fraction) -> list[Hinge]:
    """down · relu(first · u + bias); without an argument a line with the same value at u = 0."""
    if first:
        return [Hinge(1 if first > 0 else -1, -bias / first, down * abs(first))]
    return [Hinge(1, -bias, down), Hinge(-1, -bias, -down)] if bias > 0 else []


def _substituted(hinge: Hinge, number: Fraction, shift: Fraction) -> Hinge:
    """The hinge as one of u′, where u = number · u′ + shift."""
    sign = hinge.sign if number > 0 else -hinge.sign
    return Hinge(sign, (hinge.knot - shift) / number, hinge.down * abs(number))


def _at(pieces: Pieces, place: Fraction) -> Fraction:
    passed = sum(knot <= place for knot in pieces.knots)
    anchor = max(passed - 1, 0)
    return pieces.values[anchor] + pieces.slopes[passed] * (place - pieces.knots[anchor])


def _ones(shape: Shape, number: Fraction | float) -> Value:
    return _value(Combination(shape, ones=float(number)))


def _value(part: Combination) -> Value:
    return Value() if is_zero(part) else Value({DIRECT: part})
