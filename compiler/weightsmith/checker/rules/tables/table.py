"""The rule ``table``: a table is within its error of its function.

Hypotheses: the argument lies in the interval of the table, or the operands within ``left`` and
``right``; the fact ``domain`` says that they do.

Witness: none beside the table, which is ``of`` a site.  One fact for each table that is not gated.

Follows: |table(t) − f(t)| ≤ error on [low, high], f at the bindings, by ball arithmetic.  Of a
product E .* F with P = left, Q = right and h the widest piece: the values of the knots are the
squares of their places, and P·Q·(h/2)² ≤ error.

Proof: for a product u, v = ½(E/P ± F/Q) lie in [−1, 1] and E·F = P·Q·(u² − v²).  The chords S of
the square have 0 ≤ S(t) − t² ≤ (h/2)², so the errors of the two squares have one sign.

Numbers: SOON decides what is proven anew, never whether it holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise

from weightsmith.checker.balls.table_error import Knot, table_error
from weightsmith.checker.facts.fact import Fact
from weightsmith.checker.facts.read_files import ReadFiles
from weightsmith.checker.facts.rule import Facts, FileRule, Witness
from weightsmith.checker.facts.table_proof import TableProof
from weightsmith.checker.facts.wording import approximation_statement, decimal_above
from weightsmith.checker.reading.refusal import Budget, RefusedError, quoted, require
from weightsmith.checker.semantics.tables import FormulaTable, Gated, ProductTable
from weightsmith.dsl.numbers.formulas import Formula, formula_symbols

SOON = 1_000_000  # units of work: a proof that took more is made anew, it may be shorter


def prove_table(
    formula: Formula,
    bindings: Mapping[str, Fraction],
    knots: Sequence[Knot],
    budget: Budget,
    enough: Fraction,
    patience: int,
) -> TableProof:
    """Bound the error of a table, as ``table_error`` does, for ``check_table`` to know."""
    before = budget.spent
    bound = table_error(formula, bindings, knots, budget, enough, patience)
    numbers = {name: bindings[name] for name in formula_symbols(formula)}
    return TableProof(formula, numbers, knots, bound, budget.spent - before)


def derive_approximation(read: ReadFiles, of: object, premises: Facts, witness: Witness) -> Fact:
    """Refuse unless the table of the site is as near as it says."""
    table = read.tables().get(of) if isinstance(of, str) else None
    if table is None or isinstance(table, Gated):
        raise RefusedError(f"There is no table of site {quoted(of)}.")
    check_table(table, read.template().bindings, Budget(), read.known_tables)
    return Fact(
        "approximation",
        table.site,
        {},
        sentence=lambda: approximation_statement(table),
        reason=f"Proven for the {len(table.knots) - 1} pieces of the table.",
    )


def check_table(
    table: FormulaTable | ProductTable,
    bindings: Mapping[str, Fraction],
    budget: Budget,
    known: Sequence[TableProof] = (),
) -> None:
    """Refuse unless the table is as near as it says.

    What is ``known`` is not proven again; its work counts all the same.
    """
    if isinstance(table, ProductTable):
        bound = product_error(table)
    else:
        bound = _error(table, bindings, budget, known)
    if bound > table.error:
        shown = decimal_above(bound)
        raise RefusedError(
            f"The table of site {table.site} is only shown to be within {shown} of its function."
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


RULE = FileRule("table", "approximation", derive_approximation)
