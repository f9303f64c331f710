"""The value of an expression on data: its blocks, each an enclosure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar, cast

import numpy as np

from weightsmith.backends.measure.data import UNIT, Data
from weightsmith.backends.measure.enclosure import (
    Array,
    Enclosure,
    combination,
    exact,
    product,
    side_by_side,
)
from weightsmith.backends.measure.spectra import (
    Factors,
    as_singular,
    eigenvalues,
    singular_values,
)
from weightsmith.dsl.numbers.scalars import evaluate
from weightsmith.dsl.printing.printer import node_text
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import TOKEN, Node
from weightsmith.dsl.program.parts import nodes_of

Blocks = dict[tuple[str, str], Enclosure]
Found = TypeVar("Found")
ONE = Fraction(1)


class UnknownValueError(Exception):
    """An expression has no value on this data; the message says why."""


@dataclass(frozen=True, slots=True)
class Subject:
    """An expression that is measured, its text, and the names of the inputs in it."""

    node: Node
    text: str
    names: frozenset[str]


def subject(node: Node) -> Subject:
    names = frozenset(one.name for one in nodes_of(node) if isinstance(one, core.Name))
    return Subject(node, node_text(node), names)


class Evaluator:
    """Evaluates expressions of inputs on data; coefficients have the values of the bindings."""

    def __init__(self, data: Data, bindings: Mapping[str, Fraction]) -> None:
        self.data = data
        self._bindings = bindings
        self._known: dict[tuple[str, str], object] = {}
        self._inputs: dict[tuple[str, str], Enclosure] = {}

    def once(self, kind: str, of: Subject, make: Callable[[], Found]) -> Found:
        """What is made of a value, once: expressions of one text have one value."""
        key = kind, of.text
        if key not in self._known:
            self._known[key] = make()
        return cast("Found", self._known[key])

    def knows(self, kind: str, of: Subject) -> bool:
        """Was this found to be so of a value?"""
        return bool(self._known.get((kind, of.text)))

    def whole(self, of: Subject, over: tuple[str, ...] = ()) -> Enclosure:
        """The value as one matrix, the groups of a token axis side by side.

        Of columns by token only those of the groups in ``over``, if there are any.  Raises
        UnknownValueError, ScalarError, TooLargeError.
        """
        return self.once(f"value over {over}", of, lambda: self._whole(of.node, over))

    def eigenvalues(self, of: Subject) -> Factors:
        """Those of the symmetric part.  Raises as ``whole``, and NoFactorError."""
        return self.once("eigenvalues", of, lambda: eigenvalues(self.whole(of)))

    def singular_values(self, of: Subject, over: tuple[str, ...] = ()) -> Factors:
        """Raises as ``whole``, and NoFactorError."""
        kind = f"singular values over {over}"
        return self.once(kind, of, lambda: singular_values(self.whole(of, over)))

    def factors(self, of: Subject) -> Factors:
        """The singular values, by the eigenvalues where these are known."""
        if ("eigenvalues", of.text) in self._known:
            return self.once("factors", of, lambda: as_singular(self.eigenvalues(of)))
        return self.singular_values(of)

    def unit(self, of: Subject) -> float:
        """The coarsest unit round-off of the inputs in an expression."""
        return max((self.data.units.get(name, UNIT) for name in of.names), default=UNIT)

    def _whole(self, node: Node, over: tuple[str, ...]) -> Enclosure:
        if isinstance(node, core.Name) and (node.name, "") in self.data.matrices:
            return self._input((node.name, ""))
        found = self._blocks(node)
        if len(found) == 1 and not over:
            return next(iter(found.values()))
        blocks = {key: value for key, value in found.items() if not over or key[1] in over}
        if not blocks:
            raise UnknownValueError("nothing is given on its tokens")
        rows, columns = (tuple(dict.fromkeys(keys)) for keys in zip(*blocks, strict=True))
        across = [side_by_side([blocks[row, column] for column in columns], -1) for row in rows]
        return across[0] if len(across) == 1 else side_by_side(across, -2)

    def _blocks(self, node: Node) -> Blocks:
        match node:
            case core.Name():
                return dict(self._name(node))
            case core.Identity() | core.Zero() | core.Ones():
                return {key: exact(self._constant(node, key)) for key in self._keys(node)}
            case core.Transpose(of=of):
                return {(b, a): value.transposed for (a, b), value in self._blocks(of).items()}
            case core.Combination(terms=terms):
                scaled = [
                    (evaluate(scale, self._bindings), self._blocks(of)) for scale, of in terms
                ]
                return {
                    key: combination([(scale, blocks[key]) for scale, blocks in scaled])
                    for key in self._keys(node)
                    if all(key in blocks for _, blocks in scaled)
                }
            case core.Product():
                return self._product(node)
            case _:
                raise UnknownValueError("it is no polynomial of the inputs")

    def _name(self, node: core.Name) -> Iterator[tuple[tuple[str, str], Enclosure]]:
        given = [key for key in self._keys(node) if (node.name, key[1]) in self.data.matrices]
        if not given:
            raise UnknownValueError(f"{node.name} is not given")
        for key in given:
            yield key, self._input((node.name, key[1]))

    def _input(self, place: tuple[str, str]) -> Enclosure:
        if place not in self._inputs:
            self._inputs[place] = exact(self.data.matrices[place])
        return self._inputs[place]

    def _constant(self, node: core.Identity | core.Zero | core.Ones, key: tuple[str, str]) -> Array:
        axes = zip((node.shape.rows, node.shape.columns), key, strict=True)
        rows, columns = (self._size(axis, group) for axis, group in axes)
        if isinstance(node, core.Identity) and key[0] == key[1]:
            return np.broadcast_to(np.eye(rows), (self.data.problems, rows, rows))
        filling = float(isinstance(node, core.Ones))
        return np.full((self.data.problems, rows, columns), filling)

    def _size(self, axis: str, group: str) -> int:
        axis = group or axis
        if not axis.isdigit() and axis not in self.data.sizes:
            raise UnknownValueError(f"nothing tells the size of '{axis}'")
        return int(axis) if axis.isdigit() else self.data.sizes[axis]

    def _product(self, node: core.Product) -> Blocks:
        """Multiply from the left; a contraction over tokens sums the groups of ``over``."""
        total, axis = self._blocks(node.factors[0]), node.factors[0].shape.columns
        for factor in node.factors[1:]:
            right = self._blocks(factor)
            summed = node.over if axis == TOKEN else ("",)
            rows = dict.fromkeys(row for row, _ in total)
            columns = dict.fromkeys(column for _, column in right)
            total = {
                (row, column): _contracted(total, right, row, column, summed)
                for row in rows
                for column in columns
            }
            axis = factor.shape.columns
        return {key: total[key] for key in self._keys(node) if key in total}

    @staticmethod
    def _keys(node: Node) -> list[tuple[str, str]]:
        rows = node.shape.row_groups if node.shape.rows == TOKEN else ("",)
        columns = node.shape.column_groups if node.shape.columns == TOKEN else ("",)
        return [(row, column) for row in rows for column in columns]


def _contracted(
    left: Blocks, right: Blocks, row: str, column: str, summed: Sequence[str]
) -> Enclosure:
    missing = [
        group for group in summed if (row, group) not in left or (group, column) not in right
    ]
    if missing:
        raise UnknownValueError(f"nothing is given on {missing[0]} tokens")
    parts = [product(left[row, group], right[group, column]) for group in summed]
    return parts[0] if len(parts) == 1 else combination([(ONE, part) for part in parts])
