"""Ends of balls as exact numbers: never inside the truth, hardly outside."""

from __future__ import annotations

from fractions import Fraction

import flint
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weightsmith.checker.balls.enclosures import round_down, round_up
from weightsmith.compiler.numbers.intervals import outward, round_ball_up, to_fraction

LENGTHS = (8, 53, 64)


@pytest.mark.parametrize("length", LENGTHS)
@settings(max_examples=100, deadline=None)
@given(value=st.fractions())
def test_rounding_is_outward_and_tight(length: int, value: Fraction) -> None:
    down, up = round_down(value, length), round_up(value, length)
    assert down <= value <= up
    assert up - down <= abs(value) / 2 ** (length - 2) or abs(value) < Fraction(1, 2**1000)
    for number in (down, up):
        assert number.denominator & (number.denominator - 1) == 0
        odd = abs(number.numerator)
        while odd and odd % 2 == 0:
            odd //= 2
        assert odd.bit_length() <= length


def test_an_interval_is_rounded_outward() -> None:
    low, high = outward((Fraction(-1, 3), Fraction(1, 3)))
    assert (low, high) == (round_down(Fraction(-1, 3)), round_up(Fraction(1, 3)))
    assert low < Fraction(-1, 3)
    assert high > Fraction(1, 3)


@pytest.mark.parametrize("exponent", [-3, 0, 5, -900, 900])
def test_the_end_of_a_ball_is_exact(exponent: int) -> None:
    assert to_fraction(flint.arb(-3) * flint.arb(2) ** exponent) == -3 * Fraction(2) ** exponent
    end = flint.arb(3) * flint.arb(2) ** exponent
    assert round_ball_up(end) == 3 * Fraction(2) ** exponent


def test_tiny_balls_stay_on_their_side() -> None:
    tiny = flint.arb(2) ** -(10**6)
    assert round_ball_up(tiny) == Fraction(1, 2**1000)
    assert round_ball_up(-tiny) == 0
    assert round_ball_up(flint.arb(0)) == 0
