"""What a polynomial is compared with: nothing where the target has no value."""

from __future__ import annotations

from fractions import Fraction

import flint
import pytest

from weightsmith.checker.algebra.rational import Field, Rational
from weightsmith.checker.algebra.words import Letter
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.checker.spectra.problem import Numbers
from weightsmith.checker.spectra.recurrence import INTERNAL
from weightsmith.checker.spectra.references import Reference, reference
from weightsmith.checker.spectra.spectral import LAMBDA, Operator
from weightsmith.checker.spectra.targets import Target
from weightsmith.dsl import parse_scalar
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import SpectrumKind

F = Fraction
FIELD = Field((), INTERNAL)
OPERATOR = Operator(
    (Letter("A", "d", "d", symmetric=True),), "yes", core.SpectrumKind.SPECTRUM,
    FIELD.zero, FIELD.one,
)  # fmt: skip


def read(text: str) -> Rational:
    return FIELD.read(parse_scalar(text))


def referred(target: Target, low: str, high: str) -> Reference:
    interval = F(low), F(high)
    return reference(target, OPERATOR, FIELD, Numbers({}, interval), interval)


@pytest.mark.parametrize("root", [2, 3])
@pytest.mark.parametrize(
    ("power", "low", "high"),
    [
        ("lambda", "-1", "-1/2"),
        ("1/lambda", "-1", "-1/2"),
        ("lambda", "0", "1"),
        ("lambda^2", "-1", "1"),
        ("(lambda - 1)/(lambda + 3)", "-2", "2"),
    ],
)
def test_a_root_is_taken_only_of_what_is_positive(
    root: int, power: str, low: str, high: str
) -> None:
    target = Target((), (), root, read(power), None)
    assert referred(target, "2", "3").relative
    with pytest.raises(RefusedError, match="not positive on the whole spectrum"):
        referred(target, low, high)


def test_a_quotient_may_be_negative_but_has_no_zero_and_no_pole() -> None:
    assert referred(Target((), (), 1, read("1/lambda"), None), "-2", "-1").relative
    for power in ("lambda", "1/lambda"):
        with pytest.raises(RefusedError, match="a zero or a pole"):
            referred(Target((), (), 1, read(power), None), "-1", "1")


def test_a_target_of_an_unknown_kind_is_refused() -> None:
    """Neither a root of a power, nor an exponential, nor a formula of something."""
    for target in (
        Target((), (), 1, None, None),
        Target((), (), 1, None, None, theta=read("lambda")),
    ):
        with pytest.raises(RefusedError, match="no function that this rule knows"):
            referred(target, "0", "1")


OF_A = Field(("a",), (LAMBDA,))
OF_A_SPECTRUM = Operator(
    (Letter("A", "d", "d", symmetric=True),),
    "yes",
    SpectrumKind.SPECTRUM,
    OF_A.number(-3),
    OF_A.number(3),
)


def sign_at(theta: str, a: int, interval: tuple[int, int]) -> int:
    """What sign(θ) is taken to be on an interval."""
    sign = OF_A.read(parse_scalar(theta))
    target = Target((), (), 2, OF_A.one, None, orthogonal=True, sign=sign)
    low, high = map(F, interval)
    numbers = Numbers({"a": F(a)}, (low, high))
    found = reference(target, OF_A_SPECTRUM, OF_A, numbers, (low, high))
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
