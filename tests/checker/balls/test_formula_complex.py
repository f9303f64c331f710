"""Formulas on complex balls: their values, and no number where they are not analytic."""

from __future__ import annotations

import pytest
from flint import acb

from weightsmith.checker.balls.formula_complex import MAX_EXPONENT, analytic_formula
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.dsl.numbers.formulas import IntegerPower, Variable


@pytest.mark.parametrize("sign", [1, -1])
def test_a_power_of_a_formula_is_not_too_large(sign: int) -> None:
    """A power is computed at thousands of places; its exponent is the script's."""
    largest = analytic_formula(IntegerPower(Variable(), sign * MAX_EXPONENT), {})
    assert largest(acb(-1)) == 1
    with pytest.raises(RefusedError, match="of a formula is too large"):
        analytic_formula(IntegerPower(Variable(), sign * (MAX_EXPONENT + 1)), {})
