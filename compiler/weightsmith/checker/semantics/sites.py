"""The sites of a script, where functions of entries stand: their values, under their names.

``sigmoid[3]`` is the value of site 3, at the place where it stands; ``sigmoid[3]@context`` if it is
per token.  As with the letters of variables, where the rows are tokens it is the transpose.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from weightsmith.checker.algebra.piecewise import Piecewise, read_piecewise, table_function
from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.algebra.words import Polynomial
from weightsmith.checker.reading.refusal import RefusedError, quoted, require
from weightsmith.checker.semantics.entries import apply, multiply_entries
from weightsmith.checker.semantics.tables import FormulaTable, Gated, ProductTable, Table
from weightsmith.dsl.program import core

if TYPE_CHECKING:
    from weightsmith.checker.semantics.expressions import Value

Part = tuple[str, str]


class Sites:
    """Applies functions of entries, and keeps the values by their names."""

    def __init__(self, tables: Mapping[str, Table], field: Field) -> None:
        self.values: dict[str, Polynomial] = {}
        self._tables = tables
        self._field = field
        self._functions: dict[str, Piecewise] = {}

    def apply(self, node: core.Entrywise, part: Part, value: Polynomial) -> Polynomial:
        """The function of every entry: as it is, or its table."""
        if node.site not in self._functions:
            self._functions[node.site] = self._function(node)
        result = apply(self._functions[node.site], value)
        self._keep(f"{node.label}[{node.site}]", node, part, result)
        return result

    def _function(self, node: core.Entrywise) -> Piecewise:
        if isinstance(node.function, core.PiecewiseLinear):
            return read_piecewise(node.function, self._field)
        table = self._tables.get(node.site)
        if not isinstance(table, FormulaTable):
            raise RefusedError(f"The function {quoted(node.label)} has no table here.")
        return table_function(table.knots, self._field)

    def multiply(
        self, node: core.Hadamard, part: Part, left: Polynomial, right: Polynomial
    ) -> Polynomial:
        """The product of entries: exact if it is gated, else by the table of the square."""
        table = self._tables.get(node.site)
        if isinstance(table, Gated):
            result = multiply_entries(left, right)
            self._keep(f"product[{node.site}]", node, part, result)
            return result
        if not isinstance(table, ProductTable):
            raise RefusedError(f"The product of entries at site {node.site} has no table here.")
        if node.site not in self._functions:
            self._functions[node.site] = table_function(table.knots, self._field)
        halves = [
            value.scaled(self._field.number(Fraction(1, 2) / size))
            for value, size in ((left, table.left), (right, table.right))
        ]
        square = self._functions[node.site]
        plus, minus = apply(square, halves[0] + halves[1]), apply(square, halves[0] - halves[1])
        self._keep(f"square[{node.site}+]", node, part, plus)
        self._keep(f"square[{node.site}-]", node, part, minus)
        return (plus - minus).scaled(self._field.number(table.left * table.right))

    def attend(self, node: core.Attention, value: Value, scores: Value) -> Value:
        """The value of a head."""
        from weightsmith.checker.semantics.attention import attend  # loaded where there is any

        return attend(node, value, scores)

    def _keep(
        self, name: str, node: core.Entrywise | core.Hadamard, part: Part, value: Polynomial
    ) -> None:
        full = name + "".join(f"@{group}" for group in part if group)
        by_tokens = node.shape.rows == core.TOKEN != node.shape.columns
        transposed = value.transpose() if by_tokens else value
        same = self.values.setdefault(full, transposed).equals(transposed)
        require(same, f"Two sites of the script have the name {quoted(full)}.")
