"""Bounds of matrices: operations on bounds hold for all matrices within them."""

from __future__ import annotations

from fractions import Fraction

import flint
import numpy as np
import pytest
from checker_attacks import number
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from weightsmith.checker.balls import bounds as b
from weightsmith.checker.balls.claim_numbers import SMALLEST, rounded_outward, rounded_up
from weightsmith.checker.balls.curves import Curve, curve_bounds, table_curve
from weightsmith.checker.balls.formula_ranges import FormulaRanges
from weightsmith.checker.balls.ranges import precision
from weightsmith.checker.reading.refusal import Budget, RefusedError
from weightsmith.dsl.numbers.formula_values import evaluate_formula
from weightsmith.dsl.numbers.formulas import parse_formula

F = Fraction
Array = NDArray[np.float64]
SIZES = st.integers(1, 4)
SLACK = 1 + 1e-9


def matrix(rows: int, columns: int, seed: int) -> Array:
    random = np.random.default_rng(seed)
    scale = 10 ** random.uniform(-2, 2)
    shift = random.integers(-1, 2)
    return (random.normal(size=(rows, columns)) + shift) * scale


def tight(one: Array, drop: int = 0) -> b.Bounds:
    """The bounds that just hold, some left out."""
    values = [
        float(one.min()),
        float(one.max()),
        float(np.linalg.norm(one, axis=0).max()),
        float(np.linalg.norm(one, axis=1).max()),
        float(np.linalg.norm(one, 2)) * (1 + 1e-12),
    ]
    balls = [flint.arb(value) for value in values]
    blank = b.Bounds()
    fields = ("low", "high", "column", "row", "norm")
    kept = [
        getattr(blank, f) if drop >> i & 1 else v
        for i, (f, v) in enumerate(zip(fields, balls, strict=True))
    ]
    return b.Bounds(*kept)


def holds(bounds: b.Bounds, one: Array) -> None:
    room = 1e-9 * (1 + float(np.abs(one).max()))
    assert number(bounds.low) <= one.min() + room
    assert one.max() <= number(bounds.high) + room
    assert np.linalg.norm(one, axis=0).max() <= number(bounds.column) * SLACK + room
    assert np.linalg.norm(one, axis=1).max() <= number(bounds.row) * SLACK + room
    assert np.linalg.norm(one, 2) <= number(bounds.norm) * SLACK + room


def ball(value: int) -> flint.arb:
    return flint.arb(value)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(SIZES, SIZES, SIZES, st.integers(0, 10**6), st.integers(0, 31), st.integers(0, 31))
def test_operations_hold(m: int, n: int, k: int, seed: int, one: int, two: int) -> None:
    a, c, same = matrix(m, n, seed), matrix(n, k, seed + 1), matrix(m, n, seed + 2)
    left, right, other = tight(a, one), tight(c, two), tight(same, two)
    with precision(b.BITS):
        holds(left.tightened(ball(m), ball(n)), a)
        holds(left.tightened(ball(m), b.INFINITE), a)
        for nonempty in (False, True):
            whole = b.product(left, right, ball(n + seed % 2), nonempty=nonempty)
            holds(whole, a @ c)
        holds(b.product(left, right, b.INFINITE), a @ c)
        holds(left + other, a + same)
        holds(left - other, a - same)
        holds(left.scaled(F(-7, 3)), a * (-7 / 3))
        holds(left.transposed(), a.T)
        holds(b.entrywise(left, other), a * same)
        holds(left.hull(other), a)
        holds(left.meet(tight(a, two)), a)
        assert left.meet(tight(a, two)).within(left)


def test_zero_and_the_unknown() -> None:
    unknown = b.Bounds()
    assert b.product(b.NOTHING, unknown, b.INFINITE) == b.NOTHING
    assert b.product(unknown, b.NOTHING, b.INFINITE) == b.NOTHING
    assert not b.product(b.IDENTITY, unknown, ball(2)).finite
    assert unknown.scaled(F(0)) == b.NOTHING
    assert b.NOTHING.tightened(b.INFINITE, b.INFINITE) == b.NOTHING
    known = b.Bounds(norm=ball(1)).tightened(b.INFINITE, b.INFINITE)
    assert (known.low, known.high, known.column) == (-1, 1, 1)
    assert unknown.within(unknown)
    assert b.entrywise(b.NOTHING, unknown).is_zero
    with pytest.raises(RefusedError, match="contradict"):
        b.Bounds(ball(0), ball(1)).meet(b.Bounds(ball(2), ball(3)))


KNOTS = st.lists(
    st.tuples(st.fractions(-5, 5, max_denominator=8), st.fractions(-3, 3, max_denominator=8)),
    min_size=2,
    max_size=6,
    unique_by=lambda knot: knot[0],
)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(KNOTS, SIZES, SIZES, st.integers(0, 10**6), st.integers(0, 31))
def test_curves_hold(knots: list[tuple[F, F]], m: int, n: int, seed: int, drop: int) -> None:
    curve = table_curve(sorted(knots))
    a = matrix(m, n, seed)
    values = np.array([[float(curve.at(F(float(t)))) for t in row] for row in a])
    with precision(b.BITS):
        argument = tight(a, drop)
        holds(curve_bounds(curve, argument, ball(m), ball(n)), values)
        flat = a.ravel()
        for t in flat:
            for s in flat:
                steep = curve.steepest(F(float(min(s, t))), F(float(max(s, t))))
                change = abs(curve.at(F(float(s))) - curve.at(F(float(t))))
                assert change <= steep * abs(F(float(s)) - F(float(t)))


def test_ranges_of_curves_are_exact() -> None:
    hat = Curve((F(0), F(1)), (F(0), F(2)), (F(-1), F(2), F(-1, 2)))
    assert hat.range(None, None) == (None, None)
    assert hat.range(F(-1), F(1, 2)) == (0, 1)
    assert hat.range(F(1, 2), None) == (None, 2)
    assert hat.range(None, F(-1)) == (1, None)
    assert hat.range(F(3), F(5)) == (0, 1)
    assert hat.slope_range(F(1, 4), F(1, 2)) == (2, 2)
    assert hat.slope_range(F(-1), F(1, 2)) == (-1, 2)
    assert hat.slope_range(None, None) == (-1, 2)
    assert [hat.at(F(t)) for t in (-2, 0, F(1, 2), 1, 3)] == [2, 0, 1, 2, 1]


@pytest.mark.parametrize("side", ["row", "column"])
def test_the_norm_of_a_row_or_column_of_values_is_rounded_up(side: str) -> None:
    """f = 1 + t/3 of two entries, together t up to 1, is √2 + 1/3 long at most."""
    curve = Curve((F(0),), (F(1),), (F(1, 3), F(1, 3)))
    with precision(b.BITS):
        argument = b.Bounds(**{side: b.ONE})
        room = {"row": (b.INFINITE, ball(2)), "column": (ball(2), b.INFINITE)}[side]
        found = getattr(curve_bounds(curve, argument, *room), side)
        shorter = b.exact(found) - F(1, 3)
    assert 2 < shorter**2 < 2 + F(1, 2**100)


def test_a_table_has_ends_however_far_its_argument_goes() -> None:
    """It is constant outside of its knots, and so bounded by what it is there."""
    table = table_curve([(F(0), F(1)), (F(1), F(3)), (F(2), F(-1))])
    assert table.range(None, None) == (-1, 3)
    assert table.range(F(3), None) == (-1, -1)
    assert table.range(None, F(0)) == (1, 1)


FORMULAS = [
    ("sigmoid(t)", -8, 8),
    ("sigmoid(t)*(1 - sigmoid(t))", -8, 8),
    ("exp(t)", -3, 2),
    ("tanh(t)", -3, 5),
    ("t*exp(-t^2)", -5, 5),
    ("sin(t)", 0, 20),
    ("abs(t - 1/3)", -1, 2),
    ("t^3", -1, 2),
    ("1/(1 + t^2)", -4, 3),
    ("softplus(t)", -30, 30),
]


@pytest.mark.parametrize(("text", "low", "high"), FORMULAS)
def test_ranges_of_formulas_hold_and_are_near(text: str, low: int, high: int) -> None:
    formula = parse_formula(text)
    with precision(b.BITS):
        ranges = FormulaRanges(formula, {}, (F(low), F(high)), Budget())
        for first, last in ((low, high), (F(low, 3), F(high, 2))):
            places = np.linspace(float(first), float(last), 20001)
            values = evaluate_formula(formula, places, {})
            bottom, top = (float(end) for end in ranges.values(F(first), F(last)))
            assert bottom <= values.min() + 1e-12
            assert values.max() <= top + 1e-12
            assert top - bottom <= (values.max() - values.min()) * (1 + 1e-4)
            slopes = np.diff(values) / np.diff(places)
            bottom, top = (float(end) for end in ranges.slopes(F(first), F(last)))
            assert bottom <= slopes.min() + 1e-9
            assert slopes.max() <= top + 1e-9
            assert top - bottom <= (slopes.max() - slopes.min()) * 1.01


@pytest.mark.parametrize("text", ["1/t", "sqrt(abs(t))", "log(t)"])
def test_what_has_no_slope_is_refused(text: str) -> None:
    with precision(b.BITS):
        ranges = FormulaRanges(parse_formula(text), {}, (F(-1), F(1)), Budget())
        with pytest.raises(RefusedError, match="not bounded"):
            ranges.slopes(F(-1), F(1))


@given(st.fractions(0, 10**6))
def test_numbers_are_rounded_up_to_64_bits(value: F) -> None:
    up = rounded_up(value)
    assert value <= up <= value * (1 + F(1, 2**62))
    length = up.numerator.bit_length()
    assert length <= 64 or up.numerator % 2 ** (length - 64) == 0
    low, high = rounded_outward(-value, value / 3)
    assert low <= -value
    assert high >= value / 3
    low, high = rounded_outward(value / 7, value)
    assert low <= value / 7 <= low * (1 + F(1, 2**62))


def test_tiny_numbers_are_not_zero() -> None:
    assert rounded_up(F(1, 2**2000)) == SMALLEST
    assert rounded_up(F(0)) == 0
