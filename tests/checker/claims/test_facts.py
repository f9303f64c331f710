"""The facts of a verdict are a proof in words: what a pass does, f, f*, and the error."""

from __future__ import annotations

import pytest

from weightsmith import api

SCRIPT = """
algorithm iterate(A: symmetric[d, d], B: [d, k])
assume spectrum(A) in [1/2, 1]
param steps = 3

X = I
repeat steps:
    X = 2*X - X*A*X
return {value} approximates {target}
"""
ROOT = """
algorithm iterate(A: symmetric[d, d])
assume spectrum(A) in [1/2, 1]
param steps = 3

X = A
Z = I
repeat steps:
    X, Z = 3/2*X - 1/2*X*Z*X, 3/2*Z - 1/2*Z*X*Z
return X approximates sqrt(A)
"""
GRADIENT = """
algorithm gradient(A: symmetric[d, d], B: [d, k])
assume spectrum(A) in [1/2, 1]
param steps = 3

W = 0
repeat steps:
    W = W - A*W + B
return W approximates inv(A)*B
"""


PRESUMED = """
algorithm iterate(A: symmetric[d, d], P: symmetric[d, d], B: [d, k])
assume spectrum({of}) in [1/2, 1]
param steps = 3

W = 0
repeat steps:
    W = W - {of}*W + B
return W approximates inv({of})*B
"""


def facts(script: str, kind: str = "truncation") -> tuple[str, ...]:
    (found,) = (one for one in api.compile(script).verify().verdicts if one.kind == kind)
    assert found.proven
    return found.way


@pytest.mark.parametrize(
    ("value", "target", "wanted"),
    [
        ("X", "inv(A)", "X is f(T)"),
        ("X*B", "inv(A)*B", "output is f(T) · B"),
        ("3*X*B", "3*inv(A)*B", "output is (3) · f(T) · B"),
        ("B'*X - B'", "B'*inv(A) - B'", "output is -B' + B' · f(T)"),
    ],
)
def test_a_fact_has_all_of_the_returned_value(value: str, target: str, wanted: str) -> None:
    given = facts(SCRIPT.format(value=value, target=target))
    assert f"The returned value {wanted} with f = X." in given
    assert "The target is the same with f* in place of f, f* = 1/lambda." in given


@pytest.mark.parametrize(
    ("of", "wanted"),
    [
        ("A", "T = A is its own transpose, so it has an orthonormal basis of eigenvectors."),
        ("A*P", "T = A*P; A and P are their own transposes; that P is positive definite is"),
        ("A*A*P*P", "That T = A*A*P*P is symmetric is assumed: its word does not show"),
    ],
)
def test_a_fact_has_why_eigenvalues_are_real(of: str, wanted: str) -> None:
    assert facts(PRESUMED.format(of=of), "spectrum")[0].startswith(wanted)


def test_a_fact_has_the_recurrence_of_the_error() -> None:
    newton = facts(SCRIPT.format(value="X", target="inv(A)"))
    assert "e = 1 - f/f* begins as -lambda + 1, and a pass makes it e^2." in newton
    begins = "e = 1 - f/f* begins as 1 - (lambda)^(1/2), and a pass makes it "
    assert f"{begins}-1/2*e^3 + 3/2*e^2." in facts(ROOT)
    linear = "e = 1 - f/f* begins as 1, and a pass multiplies it by -lambda + 1."
    assert linear in facts(GRADIENT)


def test_a_fact_has_what_the_program_says_of_a_pass() -> None:
    first, *others = facts(GRADIENT, "exactness")
    assert first == "By the program W#0 begins as 0, and a pass makes it -A*W#0 + B + W#0."
    holds = "Before every pass of loop 0 and after the last, block W holds W#0 at the tokens k."
    assert holds in others


def test_a_long_pass_is_said_to_be_long() -> None:
    power = "*".join(["(X + A)"] * 5)
    script = SCRIPT.format(value="X", target="inv(A)").replace("2*X - X*A*X", power)
    first = api.compile(script).verify().verdicts[2].way[0]
    assert first == "By the program X#0 begins as I, and a pass makes it a sum of 32 terms."
