"""Enclosures of random formulas contain every value; poles are found; proofs hold."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import flint
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weightsmith import api
from weightsmith.checker.balls.table_error import table_error
from weightsmith.compiler.approximate.enclosures.formula_balls import Place, jets, range_of
from weightsmith.compiler.approximate.enclosures.poles import find_singularity
from weightsmith.compiler.numbers.intervals import to_fraction
from weightsmith.dsl.elementary import NAMES
from weightsmith.dsl.elementary.enclosure import Enclosure, UndefinedError
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
from weightsmith.dsl.numbers.scalars import Number

numbers = st.fractions(min_value=-3, max_value=3, max_denominator=8)
leaves = st.just(Variable()) | numbers.map(lambda value: Constant(Number(value)))


def _grow(inner: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
    pairs = st.tuples(inner, inner)
    return (
        pairs.map(Sum)
        | pairs.map(Times)
        | st.builds(IntegerPower, inner, st.integers(-2, 4))
        | st.builds(Apply, st.sampled_from(NAMES), inner)
    )


formulas = st.recursive(leaves, _grow, max_leaves=6)
intervals = st.tuples(numbers, st.fractions(0, 3, max_denominator=8)).map(
    lambda pair: (pair[0], pair[0] + pair[1])
)


@settings(max_examples=300, deadline=None)
@given(formulas, intervals, st.fractions(0, 1, max_denominator=100))
def test_jets_contain_values_and_difference_quotients(
    formula: Formula, interval: tuple[Fraction, Fraction], share: Fraction
) -> None:
    low, high = interval
    with flint.ctx.workprec(200):
        try:
            at = jets(formula, {})
            whole = at(Place(low, high))
        except UndefinedError:
            return
        step = Fraction(1, 2**20)
        middle = low + (high - low) * share
        places = [max(middle - step, low), middle, min(middle + step, high)]
        values = [at(Place(place, place)).value for place in places]
        assert all(contains(whole.value, value) for value in values)
        if not places[0] < places[1] < places[2]:
            return
        slopes = [(values[k + 1] - values[k]) * over(places[k + 1] - places[k]) for k in range(2)]
        assert all(meets(whole.first, slope) for slope in slopes)
        bend = (slopes[1] - slopes[0]) * over((places[2] - places[0]) / 2)
        assert meets(whole.second, bend)


def over(length: Fraction) -> Enclosure:
    share = flint.arb(flint.fmpq(length.denominator, length.numerator))
    return Enclosure(share.lower(), share.upper())


def contains(outer: Enclosure, inner: Enclosure) -> bool:
    """Up to the rounding of the inner one, which is itself an enclosure."""
    return meets(outer, inner)


def meets(first: Enclosure, second: Enclosure) -> bool:
    return bool(first.low <= second.high and second.low <= first.high)


@settings(max_examples=150, deadline=None)
@given(formulas, intervals)
def test_ranges_contain_values_and_are_reached(
    formula: Formula, interval: tuple[Fraction, Fraction]
) -> None:
    low, high = interval
    if find_singularity(formula, {}, low, high) is not None:
        return
    bottom, top = range_of(formula, {}, low, high)
    at = jets(formula, {})
    for k in range(101):
        place = low + (high - low) * Fraction(k, 100)
        with flint.ctx.workprec(128):
            value = at(Place(place, place)).value
            assert bottom <= to_fraction(value.high)
            assert to_fraction(value.low) <= top


@pytest.mark.parametrize(
    ("text", "low", "high", "least", "most"),
    [
        ("sigmoid(t)*(1 - sigmoid(t))", -8, 8, 0.00033523767, 0.25),
        ("sin(t)", 0, 20, -1, 1),
        ("t^2 - t", -1, 1, -0.25, 2),
        ("t*exp(-t)", 0, 10, 0, math.exp(-1)),
        ("abs(sin(t)) + t/10", 0, 3, 0, 1.1620838),
        ("sqrt(t)", 0, 4, 0, 2),
        ("tanh(t)", -1000, 1000, -1, 1),
        ("softplus(t)", -1000, 1000, 0, 1000),
    ],
)
def test_ranges_are_tight(text: str, low: int, high: int, least: float, most: float) -> None:
    bottom, top = map(float, range_of(parse_formula(text), {}, Fraction(low), Fraction(high)))
    room = 0.001 * (most - least)
    assert least - room <= bottom <= least + 1e-7
    assert most - 1e-7 <= top <= most + room


@pytest.mark.parametrize(
    ("text", "low", "high", "place", "says"),
    [
        ("1/t", "-1", "1", 0, "has a pole at 0"),
        ("1/t", "0", "1", 0, "has a pole at 0"),
        ("1/(3*t - 1)", "-1", "1", 1 / 3, "has a pole at 0.333333"),
        ("1/(t^2 - 2)", "0", "3", math.sqrt(2), "has a pole at 1.41421"),
        ("log(t)", "0", "1", 0, "has a pole at 0"),
        ("log(t)", "-1", "1", -1, "is not defined at -1"),
        ("sqrt(t)", "-2", "1", -2, "is not defined at -2"),
        ("1/sqrt(t)", "0", "1", 0, "has a pole at 0"),
        ("sin(t)/cos(t)", "0", "3", math.pi / 2, "has a pole at 1.5708"),
        ("exp(exp(exp(t)))", "0", "1000", None, "is not proven finite at"),
    ],
)
def test_singular_places_are_found(
    text: str, low: str, high: str, place: float | None, says: str
) -> None:
    found = find_singularity(parse_formula(text), {}, Fraction(low), Fraction(high))
    assert found is not None
    assert found.says.startswith(says)
    assert place is None or found.place == pytest.approx(place, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("sqrt(t)", "0", "4"),
        ("sqrt(t - 1/10)", "1/10", "1"),
        ("sqrt(1/3 - t)", "-1", "1/3"),
        ("1/(1 + t^2)", "-1000000", "1000000"),
        ("1/(t^2 - t + 1)", "-10", "10"),
        ("log(2 + sin(t))", "-10", "10"),
        ("sigmoid(t)", "-1000000000", "1000000000"),
        ("softplus(t) + tanh(t)", "-1000", "1000"),
    ],
)
def test_finite_functions_are_proven_finite(text: str, low: str, high: str) -> None:
    assert find_singularity(parse_formula(text), {}, Fraction(low), Fraction(high)) is None


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["sin(3*t)", "abs(t - 1/3)", "sigmoid(5*t)", "sqrt(abs(t))", "t^3 - t"]),
    st.lists(numbers, min_size=2, max_size=6, unique=True),
    st.data(),
)
def test_any_table_is_bounded_and_tightly(
    text: str, places: list[Fraction], data: st.DataObject
) -> None:
    knots = tuple((place, data.draw(numbers)) for place in sorted(places))
    formula = parse_formula(text)
    bound = table_error(formula, {}, knots)
    with flint.ctx.workprec(128):
        at = jets(formula, {})
        seen, low, width = Fraction(0), knots[0][0], knots[-1][0] - knots[0][0]
        for k in range(601):
            place = low + width * k / 600
            value = at(Place(place, place)).value
            seen = max(seen, abs(to_fraction(value.low) - table_value(knots, place)))
    assert seen <= bound * (1 + Fraction(1, 2**90))
    assert float(bound) <= 1.001 * float(seen) + 0.11  # the grid misses a peak by less


def table_value(knots: tuple[tuple[Fraction, Fraction], ...], place: Fraction) -> Fraction:
    if place <= knots[0][0]:
        return knots[0][1]
    for (a, v), (b, w) in pairwise(knots):
        if place <= b:
            return v + (w - v) * (place - a) / (b - a)
    return knots[-1][1]


@pytest.mark.parametrize("function", ["atan", "tanh"])
def test_the_checker_accepts_a_table_whose_error_peaks_beside_an_inflection(function: str) -> None:
    """There its bound may lie 2^-42 above the error: the compiler claims a little more."""
    head = "algorithm f(s: [2, m])\nassume entries(s) in [0, 2]\n"
    (bound,) = api.compile(f"{head}within 1/10\nreturn {function}(s)\n").bounds
    assert bound.value is not None
    assert bound.value <= Fraction(1, 10)
