"""Numbers among the rational functions: the same values, one form, and limits."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weightsmith.checker.algebra.piecewise import leading_number
from weightsmith.checker.algebra.rational import MAX_BITS, Field, Rational
from weightsmith.checker.reading.refusal import Budget, OverBudgetError, RefusedError

F = Fraction
numbers = st.fractions(-50, 50, max_denominator=60)
wholes = st.integers(-4, 4)


def hidden(field: Field, value: Fraction) -> Rational:
    """The number, by way of a polynomial in which the symbol cancels."""
    x = field.variable("x")
    return (x + field.number(value)) - x


@settings(max_examples=150, deadline=None, derandomize=True)
@given(numbers, numbers, wholes)
def test_numbers_are_added_and_multiplied_as_numbers(a: Fraction, b: Fraction, power: int) -> None:
    field = Field(("x",))
    for one, two in (
        (field.number(a), field.number(b)),
        (hidden(field, a), field.number(b)),
        (field.number(a), hidden(field, b)),
    ):
        results = [(one + two, a + b), (one - two, a - b), (one * two, a * b), (-one, -a)]
        if b:
            results.append((one / two, a / b))
        if a or power >= 0:
            results.append((one**power, a**power))
        for found, expected in results:
            assert found.as_number == expected == leading_number(found)
            assert found == field.number(expected)
            assert found.key == field.number(expected).key
            assert found.is_zero is (expected == 0)
            assert found.is_one is (expected == 1)
            assert F(repr(found).replace("(", "").replace(")", "")) == expected


@settings(max_examples=100, deadline=None, derandomize=True)
@given(numbers, numbers)
def test_numbers_and_symbols_meet(a: Fraction, b: Fraction) -> None:
    field = Field(("x", "y"))
    x, y = field.variable("x"), field.variable("y")
    one, two = field.number(a), field.number(b)
    left = (x * one + y) * (y + two)
    right = x * y * one + x * one * two + y * y + y * two
    assert left == right
    assert left.key == right.key
    assert left.number is None
    assert left.key != (left + field.one).key
    assert field.evaluate(left, {"x": F(2), "y": F(-3)}) == (2 * a - 3) * (b - 3)


def test_numbers_have_limits_and_cost() -> None:
    def grown(field: Field) -> Rational:
        return sum((field.one for _ in range(100)), field.number(F(1, 3)))

    assert grown(Field(())).as_number == F(301, 3)
    with pytest.raises(OverBudgetError):
        grown(Field((), budget=Budget(50)))
    large = Field(()).number(F(1 << (MAX_BITS - 1)))
    with pytest.raises(RefusedError, match="too large"):
        _ = large * large
    with pytest.raises(RefusedError, match="too large"):
        Field(()).number(F(1, 1 << MAX_BITS))
    with pytest.raises(RefusedError, match="denominator is zero"):
        Field(()).zero.inverse()
