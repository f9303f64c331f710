"""Runs a ``template.json`` in exact numbers, from docs/template.md alone."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from tests.attacks.own_numbers import (
    FUNCTIONS,
    Array,
    filled,
    identity,
    of_entries,
    scalar,
    scores,
    times,
)

Json = dict[str, Any]
Inputs = Mapping[str, "Array | Mapping[str, Array]"]
Symbols = dict[str, Fraction]
Stream = dict[tuple[str, str], Array]


class OwnNetwork:
    def __init__(self, template: Json, sizes: Mapping[str, int], symbols: Symbols) -> None:
        self._template, self._sizes = template, sizes
        bound = {name: Fraction(one) for name, one in template["bindings"].items()}
        counted = {n: Fraction(self._size(g)) for n, g in template.get("sizes", {}).items()}
        self._symbols = counted | bound | symbols
        self._rows = {one["name"]: one["rows"] for one in template["blocks"]}
        self._matrices = {one["name"]: one for one in template.get("matrices", [])}
        self._views = {one["name"]: one for one in template.get("views", [])}

    def run(self, inputs: Inputs) -> Stream:
        """Every returned value, by its name and group."""
        self._inputs = inputs
        stream = self._items(self._template["body"], self._start(), self._symbols)
        found = {}
        for one in self._template["read_out"]:
            for group in one["groups"]:
                value = filled(self._size(one["rows"]), self._size(group))
                if one["terms"]:
                    value = self._sum(one["terms"], group, stream, self._symbols)
                found[one["name"], group] = value.T if one["transposed"] else value
        return found

    def _size(self, axis: str) -> int:
        return int(axis) if axis.isdigit() else self._sizes[axis]

    def _source(self, one: Json, group: str) -> Array:
        rows, columns = self._size(one["rows"]), self._size(group)
        if one["kind"] == "ones":
            return filled(rows, columns, Fraction(1))
        if one["kind"] == "identity":
            return identity(rows)
        given = self._inputs[one["of"]]
        value = given if isinstance(given, np.ndarray) else given[group]
        value = value.T if one["kind"] == "transposed" else value
        assert value.shape == (rows, columns)
        return value

    def _start(self) -> Stream:
        sources = {
            (one["name"], group): self._source(one, group)
            for one in self._template["sources"]
            for group in one["groups"]
        }
        stream: Stream = {}
        for block, rows in self._rows.items():
            for group in self._template["groups"]:
                total = filled(self._size(rows), self._size(group))
                for name, number in self._template["read_in"].get(block, []):
                    if (name, group) in sources:
                        total = total + sources[name, group] * scalar(number, self._symbols)
                stream[block, group] = total
        return stream

    def _rows_of(self, name: str) -> str:
        if name not in self._views:
            return str(self._rows[name])
        view = self._views[name]
        matrix = self._matrices[view["matrix"]]
        return str(matrix["columns" if view["transposed"] else "rows"])

    def _read(self, name: str, group: str, stream: Stream) -> Array:
        if name not in self._views:
            return stream[name, group]
        view = self._views[name]
        matrix = self._inputs[view["matrix"]]
        assert isinstance(matrix, np.ndarray)
        return times(matrix.T if view["transposed"] else matrix, stream[view["block"], group])

    def _sum(self, terms: list[list[str]], group: str, stream: Stream, symbols: Symbols) -> Array:
        parts = [self._read(name, group, stream) * scalar(c, symbols) for name, c in terms]
        return sum(parts[1:], parts[0])

    def _items(self, items: list[Json], stream: Stream, symbols: Symbols) -> Stream:
        for item in items:
            if "repeat" not in item:
                stream = self._mlp(
                    item["mlp"], self._heads(item["heads"], stream, symbols), symbols
                )
                continue
            for place in range(int(scalar(item["repeat"], symbols))):
                numbers = {
                    n: scalar(row[place], symbols) for n, row in item.get("with", {}).items()
                }
                stream = self._items(item["body"], stream, symbols | numbers)
        return stream

    def _heads(self, heads: list[Json], stream: Stream, symbols: Symbols) -> Stream:
        after = dict(stream)
        for head in heads:
            said = head.get("scores", {})
            kind = said.get("function", ""), said.get("mask", "all"), said.get("normalised", False)
            for group in head["query_groups"]:
                queries = [self._sum(one, group, stream, symbols) for one in head["queries"]]
                products = []
                for at in head["key_groups"]:
                    keys = [self._sum(one, at, stream, symbols) for one in head["keys"]]
                    parts = [times(k.T, q) for k, q in zip(keys, queries, strict=True)]
                    products.append(sum(parts[1:], parts[0]))
                found = scores(*kind, products) if products else []
                for block, index, number in head["outputs"]:
                    for at, one in zip(head["key_groups"], found, strict=True):
                        value = self._sum(head["values"][index], at, stream, symbols)
                        added = times(value, one) * scalar(number, symbols)
                        after[block, group] = after[block, group] + added
        return after

    def _spread(self, value: Array, rows: str, wanted: str) -> Array:
        if rows == wanted:
            return value
        if rows == "1":
            return np.repeat(value, self._size(wanted), axis=0)
        return times(filled(1, value.shape[0], Fraction(1)), value)

    def _mlp(self, mlp: Json | None, stream: Stream, symbols: Symbols) -> Stream:
        if mlp is None:
            return stream
        after = dict(stream)
        for group in self._template["groups"]:
            units = []
            for unit in mlp["hidden"]:
                rows = unit["rows"]

                def argument(terms: list[list[str]], bias: str, rows: str = rows) -> Array:
                    start = scalar(bias, symbols)
                    total = filled(self._size(rows), self._size(group), start)  # noqa: B023
                    for name, number in terms:
                        read = self._read(name, group, stream)  # noqa: B023
                        total = total + self._spread(read, self._rows_of(name), rows) * scalar(
                            number, symbols
                        )
                    return total

                left = argument(unit["terms"], unit["bias"])
                if unit["gate"] or unit["gate_bias"] != "0":
                    units.append(left * argument(unit["gate"], unit["gate_bias"]))
                else:
                    units.append(of_entries(FUNCTIONS["relu"], left))
            for block, index, number in mlp["outputs"]:
                rows = mlp["hidden"][index]["rows"]
                added = self._spread(units[index], rows, self._rows[block])
                after[block, group] = after[block, group] + added * scalar(number, symbols)
            for block, number in mlp["bias"]:
                after[block, group] = after[block, group] + scalar(number, symbols)
        return after
