"""Bounds that remember their shares: the shares add up to the bound, whatever is done with it."""

from __future__ import annotations

from fractions import Fraction

import flint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weightsmith.checker.balls import bounds as b
from weightsmith.checker.balls.ranges import precision
from weightsmith.checker.balls.shared import Shared, plain, shares_of, sharing
from weightsmith.checker.errors.error_formula import error_formula
from weightsmith.checker.reading.refusal import RefusedError

F = Fraction
ERRORS = {"1": F(1, 3), "4": F(2, 1000), "5": F(7)}
NUMBERS = st.fractions(0, 50, max_denominator=60)
FACTORS = st.tuples(*[st.fractions(-9, 9, max_denominator=9)] * 4)


def table(place: int) -> b.Bounds:
    """The difference that one table makes, of at most two rows and three columns."""
    error = sharing(b.ball_above(list(ERRORS.values())[place]), place + 1, len(ERRORS))
    return b.spread(error).tightened(flint.arb(2), flint.arb(3))


def matrix(ends: tuple[Fraction, ...]) -> b.Bounds:
    low, high = min(ends), max(ends)
    sizes = flint.arb(2), flint.arb(3)
    return b.Bounds(b.ball_below(low), b.ball_above(high)).tightened(*sizes)


def check(found: b.Bounds) -> None:
    for size in (found.size, found.column, found.row, found.norm):
        if size.is_finite():
            formula = error_formula(size, ERRORS)
            value, bound = formula.value(ERRORS), b.exact(size)
            assert bound * (1 - F(1, 2**100)) <= value <= bound * (1 + F(1, 10**8))
            assert formula.covers(size, ERRORS) == max(value, bound)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2), FACTORS), max_size=8))
def test_shares_add_up(steps: list[tuple[int, int, tuple[Fraction, ...]]]) -> None:
    with precision(b.BITS):
        value, numbers = table(0), plain_bounds(table(0))
        for kind, place, factors in steps:
            value, numbers = (
                step(one, kind, place, factors, keep=keep)
                for one, keep in ((value, True), (numbers, False))
            )
            check(value)
            assert value.within(numbers)
            assert numbers.within(value)


def plain_bounds(one: b.Bounds) -> b.Bounds:
    found = one.plain()
    assert not any(isinstance(n, Shared) for n in (found.low, found.norm, found.column))
    return found


def step(
    one: b.Bounds, kind: int, place: int, factors: tuple[Fraction, ...], *, keep: bool
) -> b.Bounds:
    """Something that is done with a difference; the same where nothing is remembered."""
    other = table(place) if keep else table(place).plain()
    sizes = flint.arb(2), flint.arb(3)
    match kind:
        case 0:
            return one + other
        case 1:
            return (one - other.scaled(factors[0])).tightened(*sizes)
        case 2:
            return b.product(one, matrix(factors), flint.arb(3)).tightened(*sizes)
        case 3:
            return b.entrywise(matrix(factors), one).tightened(*sizes)
        case 4:  # a bound that has nothing to do with tables
            size = b.ball_above(abs(factors[0]))
            return one.meet(b.Bounds(-size, size)).tightened(*sizes)
    return one.hull(other.transposed()).transposed().transposed()


def test_numbers_with_shares_compare_and_stay_numbers() -> None:
    with precision(b.BITS):
        one = sharing(flint.arb(3), 2, 3)
        assert (one < 4, one > 2, plain(one) == 3, type(plain(one))) == (
            True,
            True,
            True,
            flint.arb,
        )
        for found, shares in (
            (one + flint.arb(2), (2, 0, 1, 0)),
            (flint.arb(2) * one, (0, 0, 2, 0)),
            (abs(-one), (0, 0, 1, 0)),
            (one + one, (0, 0, 2, 0)),
            (one * one, (0, 0, 3, 0)),
            (flint.arb(5), (5, 0, 0, 0)),
        ):
            assert shares_of(found, 3) == shares


def test_formulas_as_they_are_read() -> None:
    with precision(b.BITS):
        size = sharing(flint.arb(2), 2, 3) * flint.arb(flint.fmpq(1, 3)) + flint.arb(3) / 8
        tiny = sharing(flint.arb(7), 3, 3) * flint.arb(2) ** -40
        huge = sharing(flint.arb(1), 1, 3) * flint.arb(10) ** 30
        one = error_formula((size + sharing(flint.arb(2), 1, 3)).upper(), ERRORS)
        assert one.text == "0.375 + e[1] + 0.333333334*e[4]"
        assert error_formula(tiny, ERRORS).text == "9.09494702*10^-13*e[5]"
        assert error_formula(huge, ERRORS).text == "1*10^30*e[1]"
        assert error_formula(b.ZERO, ERRORS).text == "0"
        assert error_formula(b.ONE * 1250, ()).text == "1250"


def test_a_formula_below_the_bound_is_refused() -> None:
    with precision(b.BITS):
        wrong = Shared(flint.arb(2), sharing(flint.arb(1), 1, 3).shares)
        with pytest.raises(RefusedError, match="do not add up"):
            error_formula(wrong, ERRORS).covers(wrong, ERRORS)
        with pytest.raises(RefusedError, match="not finite"):
            error_formula(sharing(flint.arb(1), 1, 3) * b.INFINITE, ERRORS)


def test_the_ends_of_a_ball_keep_its_shares() -> None:
    with precision(b.BITS):
        ball = Shared(flint.arb(2, 1), sharing(flint.arb(5), 1, 1).shares)
        low, high = ball.lower(), ball.upper()
        assert flint.arb(1) - flint.arb(2) ** -20 < low <= 1
        assert 3 <= high < flint.arb(3) + flint.arb(2) ** -20
        assert [shares_of(one, 1) for one in (low, high)] == [(0, 1), (0, 1)]
