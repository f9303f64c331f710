"""Polynomials of one variable, roots of a power, and the target that a script names."""

from __future__ import annotations

from fractions import Fraction

import pytest
from claims_by_hand import targeted

from weightsmith.checker.algebra.rational import Field, Rational
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.checker.spectra.recurrence import INTERNAL, only_in, reduce_root, relative
from weightsmith.checker.spectra.targets import FUNCTION
from weightsmith.dsl import Source, check, parse_scalar
from weightsmith.dsl.numbers.scalars import evaluate

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


def test_powers_of_a_root_are_reduced() -> None:
    """s^5 = power^2·s of a square root; what is left over besides a multiple of s is refused."""
    s, power = FIELD.variable(FUNCTION), read("1/lambda")
    assert reduce_root(s**5 + s**2 - power, 2, power, FIELD) == {1: power**2}
    assert relative(s**5 - s, 2, power, FIELD) == read("1/lambda^2 - 1")
    assert relative(s**2, 1, power, FIELD) == power
    for mixed in (s**2, s + s**4, FIELD.one):
        with pytest.raises(RefusedError, match="mixes powers of the target's root"):
            relative(mixed, 2, power, FIELD)


@pytest.mark.parametrize("theta", ["A - 1/2*I", "1/2*I - A", "A", "2*A - I", "A*A - 1/3*I", "-1*A"])
def test_the_target_has_the_sign_of_the_script_s_polynomial(theta: str) -> None:
    """sign(A - 1/2*I) and sign(1/2*I - A) are different targets of one power."""
    script = (
        "algorithm f(A: symmetric[d, d])\nassume spectrum(A) in [-2, -1] or [1, 2]\n"
        f"return A approximates sign({theta})\n"
    )
    program = check(Source("script.alg", script))
    step = {"rule": "assumption", "number": 0, "of": ["A"]}
    found = targeted(program, {}, program.returns[0].name, step).target.sign
    assert found is not None
    of_matrix = theta.replace("*I", "").replace("- I", "- 1").replace("A", "lambda")
    for at in (Fraction(-3, 2), Fraction(5, 4)):
        scalar = evaluate(parse_scalar(of_matrix), {"lambda": at})
        assert found.field.evaluate(found, {"lambda": at}) * scalar > 0
