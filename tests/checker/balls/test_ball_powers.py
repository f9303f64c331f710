"""Whole powers of balls: every value is enclosed, and hardly more."""

from __future__ import annotations

import random
from fractions import Fraction

import flint
import pytest

from weightsmith.checker.balls.ball_powers import whole_power
from weightsmith.checker.balls.enclosures import nth_root
from weightsmith.checker.balls.ranges import Real
from weightsmith.checker.reading.refusal import RefusedError

MIDDLES = ("0", "1/3", "-1/3", "1", "-2", "1/1000000")
RADII = ("0", "1/3", "1/2", "1/1000000", "3")


@pytest.mark.parametrize("exponent", [-3, -1, 0, 1, 2, 3, 8, 9, 1000])
def test_powers_hold_every_value(exponent: int) -> None:
    chance = random.Random(exponent)
    for middle in map(Fraction, MIDDLES):
        for radius in map(Fraction, RADII):
            ball = flint.arb(exact(middle), exact(radius))
            power = whole_power(ball, exponent)
            for _ in range(20):
                x = middle + radius * Fraction(chance.randint(-100, 100), 100)
                if exponent < 0 and abs(middle) <= radius:
                    assert not power.is_finite()
                else:
                    assert power.contains(exact(x**exponent)), (middle, radius, exponent)


def test_even_powers_are_not_negative() -> None:
    ball = flint.arb(0, 2)
    assert whole_power(ball, 2).lower() >= -(flint.arb(2) ** -20)
    assert whole_power(ball, 2).upper() < 4.001
    assert whole_power(ball, 3).lower() > -8.001
    assert not whole_power(flint.arb.nan(), 2).is_finite()
    assert not whole_power(flint.arb.pos_inf(), 3).is_finite()


def test_only_roots_need_a_sign() -> None:
    assert nth_root(Real.of(Fraction(-2)), 1).exact == -2
    with pytest.raises(RefusedError, match="negative"):
        nth_root(Real.of(Fraction(-2)), 2)


def exact(value: Fraction) -> flint.fmpq:
    return flint.fmpq(value.numerator, value.denominator)
