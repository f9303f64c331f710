"""Formulas: text and back, folding, composition, values, refusals."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.dsl.direct import DIRECT

from weightsmith.dsl.elementary import NAMES
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.formula_values import evaluate_formula
from weightsmith.dsl.numbers.formulas import (
    Apply,
    Constant,
    Formula,
    IntegerPower,
    Sum,
    Times,
    Variable,
    composed,
    formula_power,
    formula_product,
    formula_sum,
    formula_symbols,
    formula_text,
    parse_formula,
    substitute_formula,
)

NUMBERS = st.fractions(max_denominator=9, min_value=-9, max_value=9).map(q.Number)
CONSTANTS = st.one_of(
    NUMBERS,
    st.sampled_from(["mu", "L", "newton.k"]).map(q.Symbol),
    st.sampled_from(
        [
            q.Add((q.Symbol("mu"), q.Symbol("L"))),
            q.Multiply((q.Number(Fraction(-2, 3)), q.Symbol("mu"))),
            q.Power(q.Symbol("L"), q.Number(Fraction(-1))),
            q.Power(q.Add((q.Symbol("mu"), q.Number(Fraction(1)))), q.Symbol("L")),
        ]
    ),
).map(Constant)
LEAVES: st.SearchStrategy[Formula] = st.one_of(st.just(Variable()), CONSTANTS)


def _powers(inner: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
    bases = inner.filter(lambda base: not isinstance(base, Constant))
    return st.builds(formula_power, bases, st.integers(-3, 4))


FORMULAS: st.SearchStrategy[Formula] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(formula_sum),
        st.lists(inner, min_size=1, max_size=3).map(formula_product),
        _powers(inner),
        st.builds(Apply, st.sampled_from(NAMES), inner),
    ),
    max_leaves=12,
)
VALUES = {"mu": Fraction(1, 3), "L": Fraction(2), "newton.k": Fraction(-5, 7)}


@given(FORMULAS)
@settings(max_examples=400, deadline=None, derandomize=True)
def test_the_text_of_a_formula_reads_back_as_the_same_tree(formula: Formula) -> None:
    assert parse_formula(formula_text(formula)) == formula


@given(FORMULAS, FORMULAS)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_composition_is_composition(outer: Formula, inner: Formula) -> None:
    places = np.linspace(-2, 2, 7)
    direct = evaluate_formula(outer, evaluate_formula(inner, places, VALUES), VALUES)
    at_once = evaluate_formula(composed(outer, inner), places, VALUES)
    finite = np.isfinite(direct) & np.isfinite(at_once) & (np.abs(direct) < 1e6)
    np.testing.assert_allclose(direct[finite], at_once[finite], rtol=1e-6, atol=1e-9)


@given(FORMULAS)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_substitution_gives_the_value_of_the_bindings(formula: Formula) -> None:
    numbers = {name: q.Number(value) for name, value in VALUES.items()}
    try:
        plain = substitute_formula(formula, numbers)
    except q.ScalarError:
        return
    assert formula_symbols(plain) == frozenset()
    assert formula_symbols(formula) <= VALUES.keys()
    places = np.linspace(-2, 2, 7)
    have, want = (
        evaluate_formula(plain, places, {}),
        evaluate_formula(formula, places, VALUES),
    )
    finite = np.isfinite(have) & np.isfinite(want) & (np.abs(want) < 1e6)
    np.testing.assert_allclose(have[finite], want[finite], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "text",
    [
        "sigmoid(t)*(1 - sigmoid(t))",
        "2*c/(2*c + sqrt(t))",
        "-t^2/3 + 1/t",
        "t",
        "1/(1 + exp(-t))",
        "(a + b)*tanh(2*t)^3",
    ],
)
def test_a_formula_prints_as_it_was_written(text: str) -> None:
    printed = formula_text(parse_formula(text))
    assert printed == text.replace("-t^2/3", "-1/3*t^2")


@pytest.mark.parametrize("name", NAMES)
def test_the_functions_have_their_values(name: str) -> None:
    formula = Apply(name, Variable())
    wanted = float(DIRECT[name](mpmath.mpf(0.7)))
    assert evaluate_formula(formula, 0.7, {}) == pytest.approx(wanted, rel=1e-14)
    assert isinstance(evaluate_formula(formula, 0.7, {}), float)
    kept = evaluate_formula(formula, np.ones((2, 3), dtype=np.float32), {})
    assert kept.dtype == np.float32
    assert kept.shape == (2, 3)


def test_wide_arguments_do_not_overflow() -> None:
    for t in (-1e4, 1e4):
        assert evaluate_formula(parse_formula("sigmoid(t)"), t, {}) == (t > 0)
        assert evaluate_formula(parse_formula("softplus(t)"), t, {}) == max(t, 0)


def test_building_folds_constants_and_nothing_else() -> None:
    one, t = Constant(q.ONE), Variable()
    assert formula_sum((one, t, one)) == Sum((Constant(q.Number(Fraction(2))), t))
    assert formula_product((t, Constant(q.ZERO))) == Constant(q.ZERO)
    assert formula_product((t, one, t)) == Times((t, t))
    assert formula_power(formula_power(t, -1), -1) == IntegerPower(IntegerPower(t, -1), -1)


def test_a_parameter_called_t_cannot_be_put_into_a_formula() -> None:
    with pytest.raises(q.ScalarError, match="'t' cannot stand in a function"):
        substitute_formula(parse_formula("c*t"), {"c": q.Symbol("t")})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "t +",
        "(t",
        "t)",
        "t t",
        "2t",
        "foo(t)",
        "relu(t)",
        "sin t",
        "t^t",
        "t^(1/2)",
        "t^1000",
        "1/0",
        "0^-1*t",
        "t'",
        "sqrt(t",
        "sqrt()",
        "é",
        "(" * 10_000,
        "-" * 10_000 + "t",
        "t" + "^2" * 1000,
        "9" * 5000,
        "t+" * 200_000 + "t",
    ],
    ids=lambda text: text[:12],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(q.ScalarError):
        parse_formula(text)
