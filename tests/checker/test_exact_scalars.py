"""Scalars of many terms: polynomials in t, never quotients."""

from __future__ import annotations

import pytest

from weightsmith.checker.exact_scalars import VARIABLE, Exact
from weightsmith.checker.rational import Field
from weightsmith.checker.refusal import RefusedError
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
