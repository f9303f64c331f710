"""The error of a table: never below what exact samples show, and hardly above the true maximum."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import Any

import flint
import pytest
from checker_matrices import table_value
from hypothesis import given, settings
from hypothesis import strategies as st

from weightsmith.checker.balls.formula_balls import BallFunction, Jet
from weightsmith.checker.balls.ranges import precision
from weightsmith.checker.balls.table_error import _Knot, _root, table_error
from weightsmith.checker.reading.refusal import Budget, OverBudgetError, RefusedError
from weightsmith.checker.rules.tables.table import product_error
from weightsmith.checker.semantics.tables import ProductTable
from weightsmith.dsl.numbers.formulas import (
    Apply,
    Constant,
    Formula,
    IntegerPower,
    Sum,
    Times,
    Variable,
    parse_formula,
)
from weightsmith.dsl.numbers.scalars import Number, Symbol

F = Fraction
T = Variable()
Ball = Callable[[flint.arb], flint.arb]


def number(value: object) -> Formula:
    return Constant(Number(F(str(value))))


def minus(formula: Formula) -> Formula:
    return Times((number(-1), formula))


def logistic(t: flint.arb) -> flint.arb:
    return 1 / (1 + (-t).exp())


SIGMOID = Apply("sigmoid", T)
SQUARED_RELU = Apply("squared_relu", T)
C = Constant(Symbol("c"))
STEP = Times((number(2), C, IntegerPower(Sum((Times((number(2), C)), Apply("sqrt", T))), -1)))
HALF_CIRCLE = Apply("sqrt", Sum((number(1), minus(IntegerPower(T, 2)))))
CASES: dict[str, tuple[Formula, str, str, Ball]] = {
    "sigmoid": (SIGMOID, "-8", "8", logistic),
    "slope of sigmoid": (
        Times((SIGMOID, Sum((number(1), minus(SIGMOID))))),
        "-8",
        "8",
        lambda t: logistic(t) * logistic(-t),
    ),
    "tanh": (Apply("tanh", T), "-3", "5", lambda t: t.tanh()),
    "exp": (Apply("exp", T), "-4", "3", lambda t: t.exp()),
    "log": (Apply("log", T), "1/10", "3", lambda t: t.log()),
    "softplus": (Apply("softplus", T), "-1000", "1000", lambda t: (1 + t.exp()).log()),
    "erf": (Apply("erf", T), "-5", "4", lambda t: t.erf()),
    "reciprocal": (IntegerPower(T, -1), "1/10", "10", lambda t: 1 / t),
    "square root": (Apply("sqrt", T), "0", "4", lambda t: t.nonnegative_part().sqrt()),
    "square": (IntegerPower(T, 2), "-1", "1", lambda t: t * t),
    "cubic": (IntegerPower(T, 3), "-1", "2", lambda t: t * t * t),
    "sine": (Apply("sin", T), "0", "20", lambda t: t.sin()),
    "cosine": (Apply("cos", T), "-3", "4", lambda t: t.cos()),
    "atan": (Apply("atan", T), "-6", "5", lambda t: t.atan()),
    "squared relu": (SQUARED_RELU, "-3", "2", lambda t: t.nonnegative_part() ** 2),
    "squared relu of a wave": (
        Apply("squared_relu", Apply("sin", T)),
        "-3",
        "7",
        lambda t: t.sin().nonnegative_part() ** 2,
    ),
    "step": (STEP, "0", "1", lambda t: 1 / (1 + t.nonnegative_part().sqrt() * F_(791, 500))),
    "half circle": (HALF_CIRCLE, "-1", "1", lambda t: (1 - t * t).nonnegative_part().sqrt()),
    "kink": (Apply("abs", Sum((T, number("-1/3")))), "-1", "2", lambda t: abs(t - F_(1, 3))),
    "exp of a breakpoint": (
        Apply("exp", minus(Apply("abs", T))),
        "-3",
        "2",
        lambda t: (-abs(t)).exp(),
    ),
}
BINDINGS = {"c": F(250, 791)}


def F_(p: int, q: int) -> flint.fmpq:
    return flint.fmpq(p, q)


def knots_of(name: str, pieces: int) -> list[tuple[F, F]]:
    """Chords, their values rounded to 40 bits."""
    _, low, high, value = CASES[name]
    places = [F(low) + (F(high) - F(low)) * F(i, pieces) for i in range(pieces + 1)]
    knots = []
    with precision(200):
        for place in places:
            near = value(flint.arb(F_(place.numerator, place.denominator))).mid().fmpq()
            exact = F(int(near.p), int(near.q))
            knots.append((place, F(round(exact * 2**40), 2**40)))
    return knots


def gap(name: str, knots: list[tuple[F, F]], place: F) -> F:
    """|f − table| at one place, exact up to 2^-150."""
    with precision(300):
        value = CASES[name][3](flint.arb(F_(place.numerator, place.denominator))).mid().fmpq()
    return abs(F(int(value.p), int(value.q)) - table_value(knots, place))


def sampled(name: str, knots: list[tuple[F, F]], points: int) -> F:
    """The largest of |f − table| that sampling finds, refined around the best sample."""
    best, where, width = F(-1), F(0), F(0)
    for (low, _), (high, _) in pairwise(knots):
        step = (high - low) / points
        for i in range(points + 1):
            found = gap(name, knots, low + i * step)
            if found > best:
                best, where, width = found, low + i * step, step
    for _ in range(12):
        width /= 4
        for i in range(-6, 7):
            place = min(max(where + i * width, knots[0][0]), knots[-1][0])
            found = gap(name, knots, place)
            if found > best:
                best, where = found, place
    return best


@pytest.mark.parametrize("pieces", [1, 3, 40])
@pytest.mark.parametrize("name", CASES)
def test_the_bound_is_above_every_sample_and_hardly_above_the_largest(
    name: str, pieces: int
) -> None:
    knots = knots_of(name, pieces)
    bound = table_error(CASES[name][0], BINDINGS, knots)
    true = sampled(name, knots, 400 if pieces == 1 else 60)
    assert true <= bound <= true * F(1001, 1000)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.sampled_from(sorted(CASES)),
    st.lists(st.fractions(0, 1, max_denominator=50), min_size=0, max_size=6, unique=True),
    st.lists(st.fractions(-2, 2, max_denominator=40), min_size=8, max_size=8),
)
def test_tables_of_any_shape(name: str, places: list[F], values: list[F]) -> None:
    """Values that have nothing to do with the function: the bound holds all the same."""
    _, low, high, _ = CASES[name]
    inner = sorted({F(0), F(1), *places})
    knots = [(F(low) + (F(high) - F(low)) * p, v) for p, v in zip(inner, values, strict=False)]
    bound = table_error(CASES[name][0], BINDINGS, knots)
    true = sampled(name, knots, 40)
    assert true <= bound <= true * F(1001, 1000)


def test_two_hundred_pieces_take_a_small_part_of_the_budget() -> None:
    knots = knots_of("slope of sigmoid", 200)
    budget = Budget()
    table_error(CASES["slope of sigmoid"][0], {}, knots, budget)
    assert 0 < budget.spent < budget.units // 20


def test_a_bound_that_is_enough_is_not_improved() -> None:
    """But by some halvings, where these are asked for: here e^t needs none to be bounded well."""
    formula, knots = CASES["exp"][0], knots_of("exp", 3)
    best, rough, patient = Budget(), Budget(), Budget()
    error = table_error(formula, {}, knots, best)
    assert table_error(formula, {}, knots, rough, F(10)) > error * F(11, 10)
    assert rough.spent < best.spent * 2 / 3
    assert table_error(formula, {}, knots, patient, F(10), patience=1) == error
    assert patient.spent == best.spent


def test_exact_tables_have_next_to_no_error() -> None:
    knots = [(F(-1), F(4, 3)), (F(1, 3), F(0)), (F(2), F(5, 3))]
    assert table_error(CASES["kink"][0], {}, knots) < F(1, 2**140)
    line = Sum((Times((number("2/3"), T)), number("1/7")))
    assert table_error(line, {}, [(F(0), F(1, 7)), (F(3), F(15, 7))]) < F(1, 2**140)


NOWHERE = {
    "pole": (IntegerPower(T, -1), -1, 1),
    "pole at an end": (IntegerPower(T, -1), 0, 1),
    "pole between floats": (IntegerPower(Sum((T, number("-1/3"))), -1), -1, 1),
    "removable": (Times((T, IntegerPower(T, -1))), -1, 1),
    "log of zero": (Apply("log", T), 0, 1),
    "log of negatives": (Apply("log", T), -2, -1),
    "root of negatives": (Apply("sqrt", T), -1, 1),
    "root just below zero": (Apply("sqrt", Sum((T, number("-1/1000000")))), 0, 1),
    "root of a hidden negative": (Apply("sqrt", Sum((IntegerPower(T, 2), number("-1/9")))), -1, 1),
    "root of a pole": (Apply("sqrt", IntegerPower(T, -2)), -1, 1),
    "no root of a constant": (Apply("sqrt", number(-1)), 0, 1),
    "pole of a quotient": (IntegerPower(Sum((Apply("sigmoid", T), number("-1/2"))), -1), -1, 2),
}


@pytest.mark.parametrize("name", NOWHERE)
def test_functions_that_are_not_finite_are_refused(name: str) -> None:
    formula, low, high = NOWHERE[name]
    for knots in ([(F(low), F(0)), (F(high), F(0))], [(F(low), F(1)), (F(0, 1) + F(high), F(1))]):
        with pytest.raises(RefusedError, match=r"finite|no value"):
            table_error(formula, {}, knots)


def test_what_cannot_be_evaluated_is_refused() -> None:
    line = [(F(0), F(0)), (F(1), F(1))]
    with pytest.raises(RefusedError, match="no value"):
        table_error(STEP, {}, line)
    with pytest.raises(RefusedError, match="no rule"):
        table_error(Apply("gamma", T), {}, line)
    with pytest.raises(RefusedError, match="exponent"):
        table_error(IntegerPower(T, 10**9), {}, line)
    with pytest.raises(OverBudgetError, match="Out of budget"):
        table_error(SIGMOID, {}, line, Budget(0))


def squares(*places: str) -> tuple[tuple[F, F], ...]:
    return tuple((F(place), F(place) ** 2) for place in places)


def test_products_of_entries() -> None:
    table = ProductTable("1", F(3), F(1, 2), F(1), squares("-1", "-1/2", "0", "1"))
    assert product_error(table) == F(3, 2) * F(1, 4)
    with pytest.raises(RefusedError, match="squares"):
        product_error(ProductTable("1", F(1), F(1), F(1), ((F(-1), F(1)), (F(1), F(2)))))
    worst = F(0)
    for i in range(-12, 13):
        for j in range(-12, 13):
            e, f = F(i, 4), F(j, 24)
            u, v = (e / 3 + f * 2) / 2, (e / 3 - f * 2) / 2
            near = table.left * table.right
            near *= table_value([*table.knots], u) - table_value([*table.knots], v)
            worst = max(worst, abs(near - e * f))
    assert worst <= product_error(table)
    assert math.isclose(worst, product_error(table), rel_tol=0.1)


def test_at_a_breakpoint_the_slope_is_any_between_both_sides() -> None:
    """f = |t| − t² on [−1, 0]: with the right slope at 0 its hump of 1/4 would go unseen."""
    knots = [(Fraction(-1), Fraction(0)), (Fraction(0), Fraction(0)), (Fraction(1), Fraction(0))]
    formula = parse_formula("abs(t) - t^2")
    jet = BallFunction(formula, {}, (Fraction(-1), Fraction(1)))(flint.arb(0))
    assert jet.first.contains(-1)
    assert jet.first.contains(1)
    assert Fraction(1, 4) <= table_error(formula, {}, knots) <= Fraction(1, 4) + Fraction(1, 10**9)


def test_the_root_of_a_polynomial_of_degree_eight_may_touch_zero() -> None:
    """(1 - t^8)^(1/2) is 0 at both ends of its chord, and 1 in the middle."""
    knots = [(Fraction(-1), Fraction(0)), (Fraction(1), Fraction(0))]
    found = table_error(parse_formula("sqrt(1 - t^8)"), {}, knots)
    assert 1 <= found <= 1 + Fraction(1, 10**9)


def test_the_root_of_a_function_without_negative_values_is_finite() -> None:
    knots = [(Fraction(-1), Fraction(1)), (Fraction(0), Fraction(0)), (Fraction(1), Fraction(1))]
    found = table_error(parse_formula("sqrt(abs(t))"), {}, knots)
    assert Fraction(1, 4) <= found <= Fraction(1, 4) + Fraction(1, 10**9)


@pytest.mark.parametrize("place", [F(1, 8), F(1, 3), F(1, 2), F(3, 4)])
@pytest.mark.parametrize("bend", [F(0), F(1, 4), F(1, 2), F(-1, 3)])
def test_the_first_tangent_is_taken_near_the_root_of_the_cubic(place: F, bend: F) -> None:
    """3·(u − place)·(1 + bend·u²), by its values and slopes at both ends."""
    ends = -place, (1 - place) * (1 + bend)
    slopes = F(1), 1 + bend + 2 * bend * (1 - place)
    found = _root(*(float(3 * one) for one in (*ends, *slopes)))
    assert abs(found - float(place)) < 1e-6


@pytest.mark.parametrize("jet", [(float("nan"), 1.0), (1.0, float("inf"))])
def test_a_knot_where_the_function_or_its_slope_has_no_bound_is_not_finite(
    jet: tuple[float, float],
) -> None:
    value, first = map(flint.arb, jet)
    function: Any = lambda _: Jet(value, first, flint.arb(0))  # noqa: E731
    assert not _Knot(function, flint.fmpq(0), flint.fmpq(0)).is_finite
