"""The claim ``approximation``: a table is within its error of the function, on its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise

from weightsmith.checker.refusal import Budget, RefusedError, quoted, require
from weightsmith.checker.strict_json import as_object
from weightsmith.checker.table_error import table_error
from weightsmith.checker.tables import FormulaTable, ProductTable
from weightsmith.checker.wording import decimal_above


def statement(table: FormulaTable | ProductTable) -> str:
    """What the claim must state, word for word."""
    what = f"The table of site {table.site} is within {table.error} of"
    if isinstance(table, ProductTable):
        return (
            f"{what} the product of its operands, where they are at most {table.left} "
            f"and {table.right}."
        )
    return f"{what} {table.text} on [{table.low}, {table.high}]."


def check_approximation(
    table: FormulaTable | ProductTable,
    bindings: Mapping[str, Fraction],
    steps: Sequence[object],
    budget: Budget,
) -> None:
    """Refuse unless the table is as near as it says."""
    require(len(steps) == 1, f"The claim has {len(steps)} steps, not 1.")
    step = as_object(steps[0], "Step 1 (table)", ("step", "rule"))
    require(step["rule"] == "table", f"Step 1: the rule is {quoted(step['rule'])}.")
    if isinstance(table, ProductTable):
        bound = product_error(table)
    else:
        bound = table_error(table.formula, bindings, table.knots, budget, table.error)
    if bound > table.error:
        shown = decimal_above(bound)
        raise RefusedError(
            f"Step 1 (table): the table of site {table.site} is only shown to be within "
            f"{shown} of its function."
        )


def product_error(table: ProductTable) -> Fraction:
    """P·Q·(h/2)², h the widest piece: the chord table S of the square has 0 ≤ S(t) − t² ≤ (h/2)².

    E·F = P·Q·(u² − v²) with u, v = ½(E/P ± F/Q), both in [−1, 1]; the two errors have one sign.
    """
    exact = all(value == place * place for place, value in table.knots)
    require(exact, f"The table of site {table.site} does not have the squares as its values.")
    widest = max(after[0] - before[0] for before, after in pairwise(table.knots))
    return table.left * table.right * (widest / 2) ** 2
