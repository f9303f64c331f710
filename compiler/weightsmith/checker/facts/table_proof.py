"""What is already known of a table, so that it need not be proven a second time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.checker.semantics.tables import FormulaTable
from weightsmith.dsl.numbers.formulas import Formula, formula_symbols

Knot = tuple[Fraction, Fraction]


@dataclass(frozen=True, slots=True)
class TableProof:
    """What ``table_error`` has found: the table is within ``bound``, which took ``units`` of work.

    ``numbers`` are the values of the formula's symbols.
    """

    formula: Formula
    numbers: Mapping[str, Fraction]
    knots: Sequence[Knot]
    bound: Fraction
    units: int

    def holds_of(self, table: FormulaTable, bindings: Mapping[str, Fraction]) -> bool:
        """Is it of this very table?"""
        numbers = {name: bindings.get(name) for name in formula_symbols(table.formula)}
        same = self.formula == table.formula and self.numbers == numbers
        return same and tuple(self.knots) == table.knots
