"""Runs the network of template.json in 150 digits, as docs/template.md describes it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import printed_numbers as n
from flint import arb, arb_mat
from printed_values import Data, Grid
from printed_words import number, read

Json = dict[str, object]
State = dict[tuple[str, str], arb_mat]  # by block and group


@dataclass(frozen=True)
class PrintedNetwork:
    """``sizes`` are those of axes and of token groups."""

    template: Json
    numbers: Mapping[str, Fraction]
    exact: dict[str, arb]

    @classmethod
    def of(cls, file: bytes) -> PrintedNetwork:
        template = json.loads(file)
        values = {name: Fraction(text) for name, text in template["bindings"].items()}
        return cls(template, values, {})

    def coefficient(self, text: str, scheduled: Mapping[str, Fraction]) -> arb:
        if scheduled:
            return n.exactly(number(read(text), {**self.numbers, **scheduled}))
        if text not in self.exact:
            self.exact[text] = n.exactly(number(read(text), dict(self.numbers)))
        return self.exact[text]

    def count(self, text: str, scheduled: Mapping[str, Fraction]) -> int:
        """How many passes a loop has."""
        return int(self.coefficient(text, scheduled).mid().fmpq().p)

    def stored(self, part: arb_mat) -> arb_mat:
        """What the stream holds of a block after heads or an MLP."""
        return part.mid()

    def run(self, data: Data, sizes: Mapping[str, int]) -> dict[str, Grid]:
        """The returned values for the data."""
        return _Run(self, data, sizes).outputs()


class _Run:
    def __init__(self, network: PrintedNetwork, data: Data, sizes: Mapping[str, int]) -> None:
        self.network, self.data, self.sizes = network, data, sizes
        template = network.template
        self.groups = cast(list[str], template["groups"])
        blocks = cast(list[Json], template["blocks"])
        self.rows = {str(one["name"]): self.size(str(one["rows"])) for one in blocks}
        self.state: State = {
            (name, group): arb_mat(rows, self.size(group))
            for name, rows in self.rows.items()
            for group in self.groups
        }
        self.passes: dict[str, Fraction] = {}

    def size(self, axis: str) -> int:
        return int(axis) if axis.isdigit() else self.sizes[axis]

    def scalar(self, text: object) -> arb:
        return self.network.coefficient(str(text), self.passes)

    def outputs(self) -> dict[str, Grid]:
        self._read_in()
        self._body(cast(list[Json], self.network.template["body"]))
        found = {}
        for one in cast(list[Json], self.network.template["read_out"]):
            rows = self.size(str(one["rows"]))
            parts = {}
            for group in cast(list[str], one["groups"]):
                part = self._sum(self.state, one["terms"], rows, group)
                place = group if group in ("context", "query") else ""
                parts[(place, "") if one["transposed"] else ("", place)] = (
                    part.transpose() if one["transposed"] else part
                )
            found[str(one["name"])] = Grid(parts)
        return found

    def _read_in(self) -> None:
        sources: State = {}
        for one in cast(list[Json], self.network.template["sources"]):
            for group in self.groups:
                rows = self.size(str(one["rows"]))
                inside = group in cast(list[str], one["groups"])
                sources[str(one["name"]), group] = (
                    self._source(one, rows, group) if inside else arb_mat(rows, self.size(group))
                )
        for name, terms in cast(Json, self.network.template["read_in"]).items():
            for group in self.groups:
                self.state[name, group] = self._sum(sources, terms, self.rows[name], group)

    def _source(self, one: Json, rows: int, group: str) -> arb_mat:
        kind, columns = one["kind"], self.size(group)
        if kind == "identity":
            return n.identity(rows) if rows else arb_mat(0, 0)
        if kind == "ones":
            return arb_mat(rows, columns, [n.ONE] * (rows * columns))
        parts = self.data[str(one["of"])].parts
        if kind == "transposed":
            return parts["", ""].transpose()
        return parts["", group] if ("", group) in parts else parts["", ""]

    def _sum(self, state: State, terms: object, rows: int, group: str) -> arb_mat:
        found = arb_mat(rows, self.size(group))
        for name, text in cast(list[list[str]], terms):
            found += state[name, group] * self.scalar(text)
        return found

    def _body(self, body: Sequence[Json]) -> None:
        for one in body:
            if "repeat" not in one:
                self._layer(one)
                continue
            schedule = cast(dict[str, list[str]], one.get("with") or {})
            count = self.network.count(str(one["repeat"]), self.passes)
            outer = dict(self.passes)
            for step in range(count):
                own = {
                    g: number(read(v[step]), dict(self.network.numbers))
                    for g, v in schedule.items()
                }
                self.passes = {**outer, **own}
                self._body(cast(list[Json], one["body"]))
            self.passes = outer

    def _layer(self, layer: Json) -> None:
        update = dict(self.state)
        for head in cast(list[Json], layer["heads"]):
            self._head(head, update)
        self.state = {key: self.network.stored(part) for key, part in update.items()}
        if layer["mlp"] is not None:
            self._mlp(cast(Json, layer["mlp"]))

    def _rows_of(self, terms: object) -> int:
        return self.rows[cast(list[list[str]], terms)[0][0]]

    def _head(self, head: Json, update: State) -> None:
        (keys,), (queries,) = cast(list[Json], head["keys"]), cast(list[Json], head["queries"])
        key_groups = cast(list[str], head["key_groups"])
        products = []
        for value in cast(list[object], head["values"]):
            found = arb_mat(self._rows_of(value), self._rows_of(keys))
            for group in key_groups:
                key = self._sum(self.state, keys, found.ncols(), group)
                found += self._sum(self.state, value, found.nrows(), group) * key.transpose()
            products.append(found)
        for group in cast(list[str], head["query_groups"]):
            query = self._sum(self.state, queries, self._rows_of(queries), group)
            for name, index, text in cast(list[tuple[str, int, str]], head["outputs"]):
                update[name, group] += products[index] * query * self.scalar(text)

    def _mlp(self, mlp: Json) -> None:
        update = dict(self.state)
        hidden = cast(list[Json], mlp["hidden"])
        for group in self.groups:
            units = [self._unit(one, group) for one in hidden]
            for name, index, text in cast(list[tuple[str, int, str]], mlp["outputs"]):
                unit = _fitted(units[index], self.rows[name])
                update[name, group] += unit * self.scalar(text)
            for name, text in cast(list[tuple[str, str]], mlp["bias"]):
                update[name, group] += self._constant(text, self.rows[name], group)
        self.state = {key: self.network.stored(part) for key, part in update.items()}

    def _constant(self, text: object, rows: int, group: str) -> arb_mat:
        columns = self.size(group)
        return arb_mat(rows, columns, [self.scalar(text)] * (rows * columns))

    def _unit(self, one: Json, group: str) -> arb_mat:
        rows = self.size(str(one["rows"]))
        hidden = self._fitted_sum(one["terms"], one["bias"], rows, group)
        if not one["gate"] and one["gate_bias"] == "0":
            entries = [max(entry.mid(), n.ZERO) for entry in hidden.entries()]
        else:
            gate = self._fitted_sum(one["gate"], one["gate_bias"], rows, group)
            entries = [x * y for x, y in zip(hidden.entries(), gate.entries(), strict=True)]
        return arb_mat(rows, hidden.ncols(), entries)

    def _fitted_sum(self, terms: object, bias: object, rows: int, group: str) -> arb_mat:
        found = self._constant(bias, rows, group)
        for name, text in cast(list[list[str]], terms):
            found += _fitted(self.state[name, group], rows) * self.scalar(text)
        return found


def _fitted(of: arb_mat, rows: int) -> arb_mat:
    """One row enters every row; r rows enter one row as their sum."""
    if of.nrows() == rows:
        return of
    ones = arb_mat(rows, of.nrows(), [n.ONE] * (rows * of.nrows()))
    return ones * of
