"""Targets: a function times powers of its operator is another function of it."""

from __future__ import annotations

import pytest

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.checker.spectra.spectral import LAMBDA
from weightsmith.checker.spectra.targets import FUNCTION, Target, _absorb
from weightsmith.dsl import parse_scalar

FIELD = Field(("b",), (LAMBDA, FUNCTION))


@pytest.mark.parametrize(
    ("root", "power", "degree", "wanted"),
    [
        (1, "1/lambda", 1, "1"),
        (1, "1/lambda", 3, "lambda^2"),
        (2, "1/lambda", 1, "lambda"),
        (2, "lambda", 2, "lambda^5"),
        (3, "1/lambda^2", 2, "lambda^4"),
    ],
)
def test_the_operator_beside_a_function_is_in_its_power(
    root: int, power: str, degree: int, wanted: str
) -> None:
    """(λ^m·f*)^root = λ^(root·m)·f*^root; λ^m itself must be positive where root > 1."""
    inner = Target((), (), root, FIELD.read(parse_scalar(power)), None)
    operator = FIELD.variable(LAMBDA) ** degree
    scalar = FIELD.read(parse_scalar("3*b")) * operator * FIELD.variable(FUNCTION)
    found = _absorb(inner, (), (), scalar, FIELD)
    assert found.power == FIELD.read(parse_scalar(wanted))
    assert found.factor == FIELD.read(parse_scalar("3*b"))
    assert found.beside == operator
    assert list(found.must_be_positive()) == ([operator] if root > 1 else [])


@pytest.mark.parametrize(
    ("beside", "match"),
    [("lambda + 1", "times a polynomial"), ("1", "not linear")],
)
def test_other_factors_of_a_function_are_refused(beside: str, match: str) -> None:
    inner = Target((), (), 1, FIELD.variable(LAMBDA).inverse(), None)
    degree = 1 if beside != "1" else 2
    scalar = FIELD.read(parse_scalar(beside)) * FIELD.variable(FUNCTION) ** degree
    with pytest.raises(RefusedError, match=match):
        _absorb(inner, (), (), scalar, FIELD)
