"""The steps ``recurrence`` and ``output``: polynomials of one variable, and which target."""

from __future__ import annotations

import pytest

from weightsmith.checker.rational import Field, Rational
from weightsmith.checker.recurrence import INTERNAL, check_target, only_in
from weightsmith.checker.refusal import RefusedError
from weightsmith.checker.targets import Target
from weightsmith.dsl import parse_scalar

FIELD = Field(("mu",), (*INTERNAL, "X"))


def read(text: str) -> Rational:
    return FIELD.read(parse_scalar(text))


@pytest.mark.parametrize("text", ["e*X", "X", "lambda", "e^2 + mu*X", "e/X", "1/X"])
def test_a_polynomial_in_one_variable_has_no_other(text: str) -> None:
    """A map of e that used X too would not be the same at every pass."""
    with pytest.raises(RefusedError, match="The map is not a polynomial in e alone"):
        only_in(read(text), "e", "The map", FIELD)


@pytest.mark.parametrize("text", ["0", "mu", "e/mu + e^2", "(e^2 - 1)/(e - 1)"])
def test_a_polynomial_in_one_variable_may_have_symbols(text: str) -> None:
    only_in(read(text), "e", "The map", FIELD)


def test_the_target_has_the_sign_of_the_script_s_polynomial() -> None:
    """sign(A - 1/2*I) and sign(1/2*I - A) are different targets of one power."""
    target = Target((), (), 2, FIELD.one, None, orthogonal=True, sign=read("lambda - 1/2"))
    step = {"root": 2, "power": "1", "sign": "lambda - 1/2"}
    check_target(step, target, FIELD)
    for other in ("1/2 - lambda", "lambda", "lambda - 1/3", "2*lambda - 1"):
        with pytest.raises(RefusedError, match="The target has the sign of"):
            check_target(step | {"sign": other}, target, FIELD)
