"""The MLP of a layer: what is linear in it as combinations, the rest as few functions.

Hidden units with the same argument up to a factor are one piecewise-linear function of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from fractions import Fraction
from math import inf

from weightsmith.backends.plan.graph import Graph, add, is_zero, single
from weightsmith.backends.plan.hinges import Hinge, Pieces, pieces_of
from weightsmith.backends.plan.looped_numbers import LayerNumbers
from weightsmith.backends.plan.nodes import Bucket, Clamp, Combination, Ref, Shape, Table
from weightsmith.backends.plan.stream import DIRECT, Key, Tokens, Value, total
from weightsmith.backends.wellformed import join

FEW = 3  # knots of a function that needs no table
Read = Callable[[int, int], Value]  # what a block holds at a group
Row = tuple[float, ...]


class MlpPlan:
    """Adds an MLP at one group after the other."""

    def __init__(
        self, graph: Graph, block_rows: tuple[str, ...], layer: LayerNumbers, read: Read
    ) -> None:
        self._graph = graph
        self._rows = block_rows
        self._tensors = {
            name.removeprefix("mlp."): tensor.tolist()
            for name, tensor in layer.tensors.items()
            if name.startswith("mlp.")
        }
        self._shape = layer.shape.mlp
        self._read = read
        self._functions = list(self._bundles())

    def updates(self, group: int, name: str, tokens: Tokens) -> Iterator[tuple[Key, Value]]:
        """What is added to each block at the group, whose tokens are the axis ``name``."""
        for rows, row, hinges in self._functions:
            argument = self._mapped(row, rows, group)
            for block, some in hinges.items():
                added = self._function(argument, some, (rows, name), tokens)
                yield (block, group), self._to_block(added, rows, block)
        for unit, gated in enumerate(self._shape.gated if self._shape else ()):
            if gated:
                yield from self._gated(unit, group, name, tokens)
        for block, number in enumerate(self._tensors.get("down.bias", ())):
            if number:
                yield (block, group), _ones((self._rows[block], name), number)

    def _bundles(self) -> Iterator[tuple[str, Row, dict[int, list[Hinge]]]]:
        """Units by their rows and argument: rows, argument, hinges by block."""
        found: dict[tuple[str, Row], dict[int, list[Hinge]]] = {}
        for unit, rows in enumerate(self._shape.hidden_rows if self._shape else ()):
            if self._shape is not None and self._shape.gated[unit]:
                continue
            row: Row = tuple(self._tensors["up.weight"][unit])
            first = next((number for number in row if number), 0.0)
            argument = tuple(float(Fraction(c) / Fraction(first)) for c in row) if first else row
            by_block = found.setdefault((rows, argument), defaultdict(list))
            bias = Fraction(self._tensors["up.bias"][unit])
            for block, line in enumerate(self._tensors["down.weight"]):
                if line[unit]:
                    by_block[block] += _hinges(Fraction(first), bias, Fraction(line[unit]))
        for (rows, argument), by_block in found.items():
            yield rows, argument, by_block

    def _mapped(self, row: Row, rows: str, group: int) -> Value:
        """Σ row[block] · block, in ``rows``."""
        parts = [
            (self._in_rows(self._read(block, group), self._rows[block], rows), number)
            for block, number in enumerate(row)
            if number
        ]
        return total(parts)

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
            terms = self._mapped(tuple(self._tensors[f"{side}.weight"][unit]), rows, group)
            bias = Combination(shape, ones=self._tensors[f"{side}.bias"][unit])
            sides.append(add(tokens.direct(terms) or Combination(shape), bias))
        found = _value(self._graph.entrywise(*sides))
        for block, line in enumerate(self._tensors["down.weight"]):
            if line[unit]:
                added = self._to_block(found, rows, block)
                yield (block, group), total([(added, line[unit])])


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
