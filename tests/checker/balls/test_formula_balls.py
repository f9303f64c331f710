"""Formulas on balls: value, slope and bend of every function, and roots only where they are."""

from __future__ import annotations

from fractions import Fraction

import flint
import mpmath
import pytest
from tests.dsl.direct import DIRECT

from weightsmith.checker.balls.formula_balls import BallFunction
from weightsmith.checker.balls.ranges import precision, rational
from weightsmith.dsl.elementary import NAMES, elementary
from weightsmith.dsl.numbers.formulas import parse_formula

F = Fraction


@pytest.mark.parametrize("place", [F(5, 16), F(7, 2)])
@pytest.mark.parametrize("name", NAMES)
def test_a_function_has_the_derivatives_that_belong_to_it(name: str, place: F) -> None:
    with precision(200), mpmath.workdps(60):
        found = elementary(name).derivatives(flint.arb(rational(place)))
        at = mpmath.mpf(place.numerator) / place.denominator
        for order, ball in enumerate(found):
            wanted = mpmath.diff(DIRECT[name], at, order)
            assert ball.is_finite()
            assert abs(mpmath.mpf(ball.mid().str(50, radius=False)) - wanted) < 1e-25


@pytest.mark.parametrize("text", ["(t - 1)*(t^2 + 1)", "(t^2 + 1)*(t - 1)", "(1 - t)*(t - 2)*t"])
def test_the_root_of_a_product_that_is_negative_has_no_value(text: str) -> None:
    """All factors decide: were a negative part cut off here, the root would be taken to be 0."""
    root = BallFunction(parse_formula(f"sqrt({text})"), {}, (F(0), F(2)))
    assert not root(flint.arb("0.5")).value.is_finite()


@pytest.mark.parametrize("text", ["(t - 1)*(t - 1)", "(1 - t)*(2 - t)*(t - 1)*(t - 3)", "t*t*t"])
def test_the_root_of_a_product_that_touches_0_is_finite(text: str) -> None:
    root = BallFunction(parse_formula(f"sqrt({text})"), {}, (F(0), F(2)))
    for place in (0, 1):
        assert root(flint.arb(place, 2**-40)).value.is_finite()
