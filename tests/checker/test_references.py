"""What polynomials are compared with: a sign is that of the whole quotient, at the bindings."""

from __future__ import annotations

from fractions import Fraction

import flint
import pytest

from weightsmith.checker.problem import Numbers
from weightsmith.checker.rational import Field
from weightsmith.checker.references import reference
from weightsmith.checker.refusal import RefusedError
from weightsmith.checker.spectral import LAMBDA, Operator
from weightsmith.checker.targets import Target
from weightsmith.checker.words import Letter
from weightsmith.dsl import parse_scalar
from weightsmith.dsl.core import SpectrumKind

F = Fraction
FIELD = Field(("a",), (LAMBDA,))
OPERATOR = Operator(
    (Letter("A", "d", "d", symmetric=True),),
    "yes",
    SpectrumKind.SPECTRUM,
    FIELD.number(-3),
    FIELD.number(3),
    "-3",
    "3",
)


def sign_at(theta: str, a: int, interval: tuple[int, int]) -> int:
    """What sign(θ) is taken to be on an interval."""
    sign = FIELD.read(parse_scalar(theta))
    target = Target((), (), 2, FIELD.one, None, orthogonal=True, sign=sign)
    low, high = map(F, interval)
    numbers = Numbers({"a": F(a)}, (low, high))
    found = reference(target, OPERATOR, FIELD, numbers, (low, high))
    value = found.function(flint.acb(interval[0]))
    return 1 if value == 1 else -1 if value == -1 else 0


@pytest.mark.parametrize("a", [2, -2])
def test_a_sign_is_that_of_the_quotient(a: int) -> None:
    """lambda/a, of a negative a, is negative where lambda is positive."""
    sign = 1 if a > 0 else -1
    assert sign_at("lambda/a", a, (1, 3)) == sign
    assert sign_at("lambda/a", a, (-3, -1)) == -sign
    assert sign_at("(lambda - 4)/a^2", a, (1, 3)) == -1


def test_a_sign_that_changes_is_refused() -> None:
    with pytest.raises(RefusedError):
        sign_at("lambda/a", 2, (-1, 1))
    with pytest.raises(RefusedError, match="not that of a polynomial"):
        sign_at("a/lambda", 2, (1, 3))
