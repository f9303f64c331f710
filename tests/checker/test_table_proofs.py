"""A proof of a table's error is used for that very table only, and its work counts."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

import weightsmith.api as ws
from weightsmith.backends.storage.files import CERTIFICATE
from weightsmith.checker.facts.table_proof import TableProof
from weightsmith.checker.reading.refusal import Budget, OverBudgetError, RefusedError
from weightsmith.checker.rules.tables.table import check_table, prove_table
from weightsmith.checker.semantics.tables import FormulaTable
from weightsmith.checker.verify import verify_files
from weightsmith.dsl.numbers.formulas import Constant, Sum, parse_formula
from weightsmith.dsl.numbers.scalars import Symbol

F = Fraction
FORMULA = Sum((parse_formula("exp(t)"), Constant(Symbol("c"))))
KNOTS = tuple((F(k, 4), F(round(2.0**20 * 2.718281828 ** (k / 4)), 2**20)) for k in range(5))
NUMBERS = {"c": F(0), "unused": F(7)}


def proof(knots: tuple[tuple[Fraction, Fraction], ...] = KNOTS) -> TableProof:
    return prove_table(FORMULA, NUMBERS, knots, Budget(), F(0), 0)


def table(knots: tuple[tuple[Fraction, Fraction], ...], error: Fraction) -> FormulaTable:
    return FormulaTable("1", FORMULA, "exp(t) + c", error, knots)


def test_a_known_proof_is_not_made_again_and_its_work_counts() -> None:
    known = proof()
    assert known.units > 100
    budget = Budget()
    check_table(table(KNOTS, known.bound), NUMBERS, budget, [known])
    assert budget.spent == known.units
    with pytest.raises(OverBudgetError):
        check_table(table(KNOTS, known.bound), NUMBERS, Budget(100), [known])
    with pytest.raises(RefusedError, match="only shown to be within"):
        check_table(table(KNOTS, known.bound * F(99, 100)), NUMBERS, Budget(), [known])


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("which", [0, 1])
def test_a_proof_of_another_table_is_not_used(place: int, which: int) -> None:
    """A knot that is moved makes another table: one that is further off is refused."""
    known = proof()
    moved = [list(knot) for knot in KNOTS]
    moved[place][which] += F(1, 50)
    knots = tuple((one[0], one[1]) for one in moved)
    with pytest.raises(RefusedError, match="only shown to be within"):
        check_table(table(knots, known.bound), NUMBERS, Budget(), [known])


def test_a_proof_at_other_numbers_or_of_another_function_is_not_used() -> None:
    known = proof()
    claimed = table(KNOTS, known.bound)
    with pytest.raises(RefusedError):
        check_table(claimed, {"c": F(1)}, Budget(), [known])
    other = replace(claimed, formula=Sum((parse_formula("exp(2*t)"), Constant(Symbol("c")))))
    with pytest.raises(RefusedError):
        check_table(other, NUMBERS, Budget(), [known])
    check_table(claimed, {"c": F(0)}, Budget(), [known])


def test_a_long_proof_is_made_anew() -> None:
    known = replace(proof(), units=10**9)
    check_table(table(KNOTS, known.bound * 2), NUMBERS, Budget(), [known])


def test_what_a_compiler_knows_excuses_no_other_certificate() -> None:
    network = ws.compile("algorithm f(x: [1] per query)\nwithin 1/10\nreturn exp.(clip(x, 0, 2))\n")
    (found,) = network.compilation.lowered.tables
    assert found.table is not None
    assert found.table.proof is not None
    files = dict(network.files())
    proofs = [found.table.proof]
    assert all(verdict.accepted for verdict in verify_files(files, (), proofs))
    document: Any = json.loads(files[CERTIFICATE])
    knots = document["tables"][0]["knots"]
    knots[1][1] = str(F(knots[1][1]) + 1)
    files[CERTIFICATE] = json.dumps(document).encode()
    verdicts = {one.kind: one.accepted for one in verify_files(files, (), proofs)}
    assert not verdicts["approximation"]
    assert not verdicts["exactness"]
