"""Ranges and rounding against exact sampling: never inside the truth, hardly outside."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from weightsmith.compiler.numbers.intervals import (
    iterate,
    polynomial_range,
    root_range,
    round_down,
    round_up,
)

fractions = st.fractions(min_value=-3, max_value=3, max_denominator=50)


@settings(max_examples=150, deadline=None)
@given(st.lists(fractions, min_size=1, max_size=6), fractions, fractions)
def test_range_contains_every_value_and_is_reached(
    coefficients: list[Fraction], a: Fraction, b: Fraction
) -> None:
    low, high = min(a, b), max(a, b)
    lower, upper = polynomial_range(coefficients, (low, high))
    samples = [low + (high - low) * Fraction(k, 200) for k in range(201)]
    values = [sum(c * x**k for k, c in enumerate(coefficients)) for x in samples]
    assert lower <= min(values)
    assert max(values) <= upper
    slope = sum(k * abs(c) * 3 ** (k - 1) for k, c in enumerate(coefficients) if k)
    reach = slope * (high - low) / 200
    assert min(values) - reach <= lower
    assert upper <= max(values) + reach


@settings(max_examples=200, deadline=None)
@given(st.fractions())
def test_rounding_is_outward_and_tight(value: Fraction) -> None:
    down, up = round_down(value), round_up(value)
    assert down <= value <= up
    assert up - down <= abs(value) / 2**62 or abs(value) < Fraction(1, 2**1000)
    for number in (down, up):
        assert number.denominator & (number.denominator - 1) == 0
        odd = abs(number.numerator)
        while odd and odd % 2 == 0:
            odd //= 2
        assert odd.bit_length() <= 64


def test_tiny_values_stay_on_their_side() -> None:
    tiny = Fraction(1, 3**2000)
    assert 0 <= round_down(tiny) <= tiny <= round_up(tiny)
    assert round_down(-tiny) <= -tiny <= round_up(-tiny) <= 0


def test_square_roots_are_enclosed() -> None:
    low, high = root_range((Fraction(2), Fraction(3)), 2)
    assert low**2 <= 2 < 2 + Fraction(1, 10**80) > low**2
    assert high**2 >= 3


def test_squaring_is_exact_to_sixty_bits() -> None:
    intervals = iterate(
        [Fraction(0), Fraction(0), Fraction(1)], (Fraction(-9, 10), Fraction(9, 10)), 6
    )
    true = Fraction(9, 10) ** 64
    assert true <= intervals[-1][1] <= true * (1 + Fraction(1, 2**55))


def test_iteration_stops_at_a_stationary_interval() -> None:
    intervals = iterate(
        [Fraction(0), Fraction(0), Fraction(1)], (Fraction(-1, 2), Fraction(1, 2)), 10**6
    )
    assert len(intervals) < 20
