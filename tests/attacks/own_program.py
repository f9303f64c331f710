"""Runs a core program, as a certificate has it, in exact numbers, from docs/format.md alone."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from tests.attacks.own_network import Inputs, Json, Symbols
from tests.attacks.own_numbers import (
    NAUGHT,
    Array,
    filled,
    identity,
    of_entries,
    scalar,
    scores,
    times,
)

Value = dict[tuple[str, str], Array]  # by the groups of its rows and columns, "" where no tokens
Node = list[Any]


class OwnProgram:
    def __init__(self, program: Json, sizes: Mapping[str, int], symbols: Symbols) -> None:
        self._program, self._sizes = program, sizes
        counted = {n: Fraction(self._size(g)) for n, g in program.get("sizes", {}).items()}
        self._symbols = counted | symbols

    def run(self, inputs: Inputs) -> dict[tuple[str, str], Array]:
        """Every returned value, by its name and group."""
        values: dict[str, Value] = {}
        for name, one in inputs.items():
            plain = isinstance(one, np.ndarray)
            values[name] = {("", ""): one} if plain else {("", g): a for g, a in one.items()}  # type: ignore[union-attr, dict-item]
        values = self._body(self._program["body"], values, self._symbols)
        found = {}
        for one in self._program["returns"]:
            for (row, column), value in self._of(one["value"], values, self._symbols).items():
                group = row or column or one["value"][1][1]
                if not one["on"] or group in one["on"]:
                    found[one["name"], group] = value
        return found

    def _size(self, axis: str) -> int:
        return int(axis) if axis.isdigit() else self._sizes[axis]

    def _parts(self, shape: list[Any]) -> list[tuple[tuple[str, str], int, int]]:
        rows, columns = ((a[0], a[1:]) if isinstance(a, list) else (a, [""]) for a in shape)
        return [
            ((r, c), self._size(r or rows[0]), self._size(c or columns[0]))
            for r in rows[1]
            for c in columns[1]
        ]

    def _body(
        self, body: list[Json], values: dict[str, Value], symbols: Symbols
    ) -> dict[str, Value]:
        for one in body:
            if "let" in one:
                found = [self._of(each, values, symbols) for each in one["be"]]
                values = values | dict(zip(one["let"], found, strict=True))
                continue
            for place in range(int(scalar(one["repeat"], symbols))):
                rows = one.get("for") or {}
                numbers = {name: scalar(row[place], symbols) for name, row in rows.items()}
                values = self._body(one["body"], values, symbols | numbers)
        return values

    def _of(self, node: Node, values: dict[str, Value], symbols: Symbols) -> Value:
        found = self._whole(node, values, symbols)
        return {part: found[part] for part, _, _ in self._parts(node[1])}

    def _whole(self, node: Node, values: dict[str, Value], symbols: Symbols) -> Value:
        parts = self._parts(node[1])
        match node[0]:
            case "name":
                return values[node[2]]
            case "identity":
                return {p: identity(r) if p[0] == p[1] else filled(r, c) for p, r, c in parts}
            case "zero":
                return {p: filled(r, c) for p, r, c in parts}
            case "ones":
                return {p: filled(r, c, Fraction(1)) for p, r, c in parts}
            case "transpose":
                inner = self._of(node[2], values, symbols)
                return {(c, r): one.T for (r, c), one in inner.items()}
            case "sum":
                total = {p: filled(r, c) for p, r, c in parts}
                for number, each in node[2:]:
                    one = self._whole(each, values, symbols)
                    total = {p: a + one[p] * scalar(number, symbols) for p, a in total.items()}
                return total
            case "product":
                factors = [self._of(each, values, symbols) for each in node[3:]]
                result = factors[0]
                for factor in factors[1:]:
                    result = self._product(result, factor, node[2])
                return result
            case "entrywise":
                return self._entrywise(node, values, symbols)
            case "entrywise product":
                one, two = (self._of(each, values, symbols) for each in node[4:6])
                return {p: a * two[p] for p, a in one.items()}
            case "attention":
                return self._attention(node, values, symbols)
        raise ValueError(node[0])

    def _product(self, one: Value, two: Value, over: list[str]) -> Value:
        groups = over if any(column for _, column in one) else [""]
        found: Value = {}
        for row in {row for row, _ in one}:
            for column in {column for _, column in two}:
                terms = [times(one[row, group], two[group, column]) for group in groups]
                found[row, column] = sum(terms[1:], terms[0])
        return found

    def _entrywise(self, node: Node, values: dict[str, Value], symbols: Symbols) -> Value:
        said = node[4]
        constant, slope = scalar(said["constant"], symbols), scalar(said["slope"], symbols)
        kinks = [[scalar(each, symbols) for each in pair] for pair in said["kinks"]]

        def function(t: Fraction) -> Fraction:
            bends = (change * max(t - place, NAUGHT) for place, change in kinks)
            return sum(bends, constant + slope * t)

        inner = self._of(node[5], values, symbols)
        return {part: of_entries(function, one) for part, one in inner.items()}

    def _attention(self, node: Node, values: dict[str, Value], symbols: Symbols) -> Value:
        function, mask, normalised, over = node[2:6]
        value, products = (self._of(each, values, symbols) for each in node[6:8])
        found: Value = {}
        for column in {column for _, column in products}:
            if mask == "all" or column in over:
                weights = scores(function, mask, normalised, [products[g, column] for g in over])
                terms = [times(value["", g], w) for g, w in zip(over, weights, strict=True)]
                found["", column] = sum(terms[1:], terms[0])
        return found
