"""Powers of rational functions: of single terms nearly any, of others small ones."""

from __future__ import annotations

import pytest

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.reading.refusal import RefusedError


def test_a_single_term_has_high_powers_and_a_sum_has_not() -> None:
    field = Field(("a", "b"))
    a, b = field.variable("a"), field.variable("b")
    high = (a / b) ** 100
    assert high * (b / a) ** 99 == a / b
    assert (a / b) ** -100 * high == field.one
    for value in (a + b, (a + b).inverse(), a / (a + b)):
        assert value**64 / value**63 == value
        with pytest.raises(RefusedError, match="too large"):
            value**65
