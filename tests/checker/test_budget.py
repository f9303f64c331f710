"""Budgets are counts, the same every time, and out of budget is an outcome of its own."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import flint
import pytest
from checker_cases import newton_inverse
from checker_writing import write

from weightsmith import api
from weightsmith.checker import verify, verify_directory
from weightsmith.checker.algebra.composition import NumericPiecewise, composed
from weightsmith.checker.algebra.exact_scalars import VARIABLE, Exact
from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.algebra.words import Letter, Polynomial
from weightsmith.checker.balls.ranges import extremes, precision
from weightsmith.checker.balls.table_error import table_error
from weightsmith.checker.reading.refusal import UNITS, Budget, OverBudgetError, RefusedError, spend
from weightsmith.checker.reading.tensors import TENSOR, read_tensors
from weightsmith.checker.spectra.chebyshev_points import resampled
from weightsmith.dsl.numbers.formulas import parse_formula

F = Fraction
OVER = r"Out of budget: .* neither proven nor shown to be wrong"


def test_a_budget_ends_in_an_error_of_its_own() -> None:
    budget = Budget(10)
    budget.spend(10)
    with pytest.raises(OverBudgetError, match=OVER):
        budget.spend()
    assert not issubclass(OverBudgetError, RefusedError)


def test_work_on_numbers_counts_for_the_claim_that_is_checked() -> None:
    outer, inner = Budget(), Budget()
    spend(5)
    with outer.active():
        spend(1)
        with inner.active():
            spend(2)
        with pytest.raises(OverBudgetError), Budget(3).active():
            spend(4)
        spend(4)
    spend(5)
    assert (outer.spent, inner.spent) == (5, 2)


def test_what_has_many_terms_costs_more() -> None:
    def cost(terms: int, bits: int) -> int:
        field = Field(("a",), (VARIABLE,), Budget())
        t = Exact.of(field.variable(VARIABLE) * field.number(2**bits + 1) + field.variable("a"))
        power = t
        for _ in range(terms):
            power = power * t
        return field.budget.spent

    assert cost(8, 1) < cost(32, 1) < cost(32, 500)


def test_products_of_long_polynomials_cost_their_words() -> None:
    field = Field((), budget=Budget())
    letters = [Polynomial.letter(field, Letter(f"A{k}", "d", "d")) for k in range(40)]
    total = letters[0]
    for one in letters[1:]:
        total = total + one
    before = field.budget.spent
    _ = total @ total
    assert field.budget.spent - before > 40 * 40


def test_roots_are_not_sought_where_that_would_cost_too_much() -> None:
    polynomial = flint.fmpq_poly([(-1) ** k * (k**7 + 1) for k in range(190)])
    budget = Budget(100_000)
    with budget.active(), precision(2560), pytest.raises(OverBudgetError, match=OVER):
        _ = [value.ball() for value in extremes(polynomial, (F(0), F(1)))]


def test_long_fractions_cost_more() -> None:
    def cost(outer: int, inner: int) -> int:
        budget = Budget()
        two = (
            [(flint.fmpq(k, place), flint.fmpq(1)) for k in range(20)] for place in (outer, inner)
        )
        composed(*(NumericPiecewise.of(flint.fmpq(0), breakpoints) for breakpoints in two), budget)
        return budget.spent

    long = 3**4000
    for outer, inner in ((long, long), (long, 7), (7, long)):
        assert 10 * cost(7, 7) < cost(outer, inner)


def test_a_table_is_over_budget_at_the_same_place_every_time() -> None:
    formula = parse_formula("sigmoid(sin(t))")
    knots = [(F(k), F(0)) for k in range(20)]
    spent = []
    for _ in range(2):
        budget = Budget()
        table_error(formula, {}, knots, budget)
        spent.append(budget.spent)
    assert spent[0] == spent[1] > 1000
    table_error(formula, {}, knots, Budget(spent[0]))
    with pytest.raises(OverBudgetError, match=OVER):
        table_error(formula, {}, knots, Budget(spent[0] - 1))


def test_verify_tells_out_of_budget_from_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = write(newton_inverse(), tmp_path)
    assert verify_directory(directory).accepted
    monkeypatch.setattr(verify, "Budget", lambda units=50: Budget(max(units, 50)))
    report = verify_directory(directory)
    assert not report.accepted
    reasons = {one.kind: one.reason for one in report.verdicts if not one.accepted}
    assert {"exactness", "truncation"} <= reasons.keys()
    beginnings = ("Out of budget: ", "Fact 3, from which", "Fact 4, from which")
    assert all(reason.startswith(beginnings) for reason in reasons.values()), reasons
    assert reasons["exactness"].startswith("Out of budget: ")


def test_honest_claims_use_a_small_part_of_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    budgets: list[Budget] = []

    def counted(units: int = UNITS) -> Budget:
        budgets.append(Budget(units))
        return budgets[-1]

    monkeypatch.setattr(verify, "Budget", counted)
    settings = {"mu": "1/2", "L": "3", "steps": "1000"}
    network = api.compile("examples/gradient_descent.alg", settings=settings, fewest="layers")
    assert network.verify().accepted
    assert len(budgets) >= 3
    assert 0 < max(one.spent for one in budgets) < Budget().units // 10


def test_transforms_cost_by_their_lengths_and_factors() -> None:
    def cost(length: int, bits: int) -> int:
        budget = Budget()
        with budget.active(), precision(bits):
            resampled([flint.arb(1)], length)
        return budget.spent

    assert cost(256, 64) < cost(257, 64) // 5  # a prime
    assert 3 * cost(256, 64) < cost(1024, 64) < cost(1024, 4096)


def test_every_tensor_of_a_file_is_counted_before_one_is_read() -> None:
    one = {"dtype": "F64", "shape": [0], "data_offsets": [0, 0]}
    header = json.dumps({f"t{k}": one for k in range(100)}).encode()
    budget = Budget(50 * TENSOR)
    with budget.active(), pytest.raises(OverBudgetError, match=OVER):
        read_tensors(len(header).to_bytes(8, "little") + header)
    assert budget.spent == 100 * TENSOR


def test_multiples_of_long_words_cost_their_letters() -> None:
    field = Field((), budget=Budget())
    letter = Polynomial.letter(field, Letter("A", "d", "d"))
    word = letter
    for _ in range(200):
        word = word @ letter
    before = field.budget.spent
    _ = letter.scaled(field.number(2))
    short = field.budget.spent - before
    _ = word.scaled(field.number(2))
    assert field.budget.spent - before - 2 * short >= 201 // 4
