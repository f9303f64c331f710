"""The claim ``approximation``, rule ``table``: a table is within its error of its function.

Hypotheses: the argument lies in the interval of the table, or the operands within ``left`` and
``right``; the claim ``domain`` says that they do.

Witness: none beside the table.  One claim for each table that is not gated, with its ``site``.

Follows: |table(t) − f(t)| ≤ error on [low, high], f at the bindings, by ball arithmetic.  Of a
product E .* F with P = left, Q = right and h the widest piece: the values of the knots are the
squares of their places, and P·Q·(h/2)² ≤ error.

Proof: for a product u, v = ½(E/P ± F/Q) lie in [−1, 1] and E·F = P·Q·(u² − v²).  The chords S of
the square have 0 ≤ S(t) − t² ≤ (h/2)², so the errors of the two squares have one sign.

Numbers: SOON decides what is proven anew, never whether it holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from weightsmith.checker.balls.table_error import Knot, table_error
from weightsmith.checker.claims.wording import decimal_above
from weightsmith.checker.reading.refusal import Budget, RefusedError, quoted, require
from weightsmith.checker.reading.strict_json import as_object
from weightsmith.checker.semantics.tables import FormulaTable, ProductTable
from weightsmith.dsl.numbers.formulas import Formula, formula_symbols

SOON = 1_000_000  # units of work: a proof that took more is made anew, it may be shorter


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


def prove_table(
    formula: Formula,
    bindings: Mapping[str, Fraction],
    knots: Sequence[Knot],
    budget: Budget,
    enough: Fraction,
    patience: int,
) -> TableProof:
    """Bound the error of a table, as ``table_error`` does, for ``check_approximation`` to know."""
    before = budget.spent
    bound = table_error(formula, bindings, knots, budget, enough, patience)
    numbers = {name: bindings[name] for name in formula_symbols(formula)}
    return TableProof(formula, numbers, knots, bound, budget.spent - before)


def check_approximation(
    table: FormulaTable | ProductTable,
    bindings: Mapping[str, Fraction],
    steps: Sequence[object],
    budget: Budget,
    known: Sequence[TableProof] = (),
) -> None:
    """Refuse unless the table is as near as it says.

    What is ``known`` is not proven again; its work counts all the same.
    """
    require(len(steps) == 1, f"The claim has {len(steps)} steps, not 1.")
    step = as_object(steps[0], "Step 1 (table)", ("step", "rule"))
    require(step["rule"] == "table", f"Step 1: the rule is {quoted(step['rule'])}.")
    if isinstance(table, ProductTable):
        bound = product_error(table)
    else:
        bound = _error(table, bindings, budget, known)
    if bound > table.error:
        shown = decimal_above(bound)
        raise RefusedError(
            f"Step 1 (table): the table of site {table.site} is only shown to be within "
            f"{shown} of its function."
        )


def _error(
    table: FormulaTable,
    bindings: Mapping[str, Fraction],
    budget: Budget,
    known: Sequence[TableProof],
) -> Fraction:
    for proof in known:
        if proof.units <= SOON and proof.holds_of(table, bindings):
            budget.spend(proof.units)
            return proof.bound
    return table_error(table.formula, bindings, table.knots, budget, table.error)


def product_error(table: ProductTable) -> Fraction:
    """P·Q·(h/2)², h the widest piece: the chord table S of the square has 0 ≤ S(t) − t² ≤ (h/2)².

    E·F = P·Q·(u² − v²) with u, v = ½(E/P ± F/Q), both in [−1, 1]; the two errors have one sign.
    """
    exact = all(value == place * place for place, value in table.knots)
    require(exact, f"The table of site {table.site} does not have the squares as its values.")
    widest = max(after[0] - before[0] for before, after in pairwise(table.knots))
    return table.left * table.right * (widest / 2) ** 2
