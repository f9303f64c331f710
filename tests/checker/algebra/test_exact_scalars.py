"""Scalars of many terms: polynomials in t, never quotients."""

from __future__ import annotations

from itertools import product

import pytest

from weightsmith.checker.algebra import exact_scalars
from weightsmith.checker.algebra.exact_scalars import VARIABLE, Exact
from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.dsl import parse_scalar

FIELD = Field(("mu",), (VARIABLE, "g"))


def test_the_variable_stands_in_no_denominator() -> None:
    """The degree in t of a quotient says nothing: t/(1 + t) would count as free of t at some."""
    t, mu = FIELD.variable(VARIABLE), FIELD.read(parse_scalar("mu"))
    assert Exact.of(mu / (mu + FIELD.one)).is_constant()
    assert not Exact.of(t / mu).is_constant()
    for value in (FIELD.one / t, t / (t + FIELD.one), mu / (t + mu)):
        with pytest.raises(RefusedError, match="The variable stands in a denominator"):
            Exact.of(value)


TWO_SYMBOLS = Field(("a", "b"), (VARIABLE,))
TEXTS = ["1/a", "2/b", "a/(a + b)", "3/(a*b)", "a - 1/3", "0"]


@pytest.mark.parametrize(("one", "two"), list(product(TEXTS, TEXTS)))
def test_operations_are_those_of_rational_functions(one: str, two: str) -> None:
    left, right = (TWO_SYMBOLS.read(parse_scalar(text)) for text in (one, two))
    first, second = Exact.of(left), Exact.of(right)
    assert (first + second).as_rational() == left + right
    assert (first - second).as_rational() == left - right
    assert (first * second).as_rational() == left * right


def test_one_long_coefficient_among_short_ones_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    short, long = (Exact.of(TWO_SYMBOLS.read(parse_scalar(text))) for text in ("a + 1", "2^90*b"))
    monkeypatch.setattr(exact_scalars, "MAX_BITS", 200)
    assert not (short + short).is_zero
    for left, right in ((short, long), (long, short)):
        with pytest.raises(RefusedError, match="too large"):
            left + right
