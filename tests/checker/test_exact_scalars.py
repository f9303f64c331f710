"""Scalars of many terms: sums and products are those of rational functions, within limits."""

from __future__ import annotations

from itertools import product

import pytest

from weightsmith.checker import exact_scalars
from weightsmith.checker.exact_scalars import VARIABLE, Exact
from weightsmith.checker.rational import Field
from weightsmith.checker.refusal import RefusedError
from weightsmith.dsl import parse_scalar

FIELD = Field(("a", "b"), (VARIABLE,))
TEXTS = ["1/a", "2/b", "a/(a + b)", "3/(a*b)", "a - 1/3", "0"]


@pytest.mark.parametrize(("one", "two"), list(product(TEXTS, TEXTS)))
def test_operations_are_those_of_rational_functions(one: str, two: str) -> None:
    left, right = (FIELD.read(parse_scalar(text)) for text in (one, two))
    first, second = Exact.of(left), Exact.of(right)
    assert (first + second).as_rational() == left + right
    assert (first - second).as_rational() == left - right
    assert (first * second).as_rational() == left * right


def test_one_long_coefficient_among_short_ones_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    short, long = (Exact.of(FIELD.read(parse_scalar(text))) for text in ("a + 1", "2^90*b"))
    monkeypatch.setattr(exact_scalars, "MAX_BITS", 200)
    assert not (short + short).is_zero
    for left, right in ((short, long), (long, short)):
        with pytest.raises(RefusedError, match="too large"):
            left + right
