"""The rule ``stages`` by hand: claims that would be false, or say nothing, are refused."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from checker_steps import assumption, forms, loop
from claims_by_hand import check_truncation

from weightsmith.checker.reading.refusal import Budget, RefusedError
from weightsmith.checker.spectra.following import Truncation
from weightsmith.dsl import Source, check

Json = dict[str, Any]
SIGN = """algorithm f(A: symmetric[d, d])
assume spectrum(A) in {}
X = I
repeat 2:
    X = 3/2*X - 1/2*X*X*X
return X approximates sign(A*A)
"""
DELAYED = """algorithm f(A: symmetric[d, d])
assume spectrum(A) in [1/2, 1]
X, Y = I, I
repeat 2:
    X, Y = X + Y - X*A*Y, X
return X approximates inv(A)
"""


def prove(script: str, steps: list[Json], **parts: object) -> Truncation:
    program = check(Source("script.alg", script))
    numbered = [{"step": place, **step} for place, step in enumerate(steps, 1)]
    claim = {"output": program.returns[0].name, "steps": numbered, **parts}
    return check_truncation(program, {}, claim, Budget())


def of_sign(low: str, high: str) -> Truncation:
    """The identity is claimed to be the sign of A·A, whose eigenvalues are squares."""
    return prove(
        SIGN.format(f"[{low}, {high}]"),
        [
            assumption("A"),
            loop(forms(X=[([], "X", [])]), {"X": "1"}, {"X": "-1/2*X^3 + 3/2*X"}),
            {"rule": "stages", "scalar": "X"},
        ],
        bound={"formula": "stages(1 - (X)/target, degrees 3, 3, 1 - (1)^(1/2))", "value": "0"},
        scale="1",
        hypotheses=[["assumption", 0]],
    )


def test_the_sign_of_what_may_be_zero_is_not_one() -> None:
    """On [1/2, 1] the claim is true; on [-1, 1] it is not: the sign of the zero matrix is not I."""
    assert of_sign("1/2", "1").value == 0
    with pytest.raises(RefusedError, match="where the target's sign changes"):
        of_sign("-1", "1")


def of_delayed(value: Fraction) -> Truncation:
    """e is 1/2 at most, e² after one pass; e·e² after two, since Y still has the first t."""
    return prove(
        DELAYED,
        [
            assumption("A"),
            loop(
                forms(X=[([], "X", [])], Y=[([], "Y", [])]),
                {"X": "1", "Y": "1"},
                {"X": "-X*Y*lambda + X + Y", "Y": "X"},
            ),
            {"rule": "stages", "scalar": "X"},
        ],
        bound={
            "formula": "stages(1 - (X)/target, degrees 3, 1 - (lambda)^(1/1))",
            "value": str(value),
        },
        scale="norm(target)",
        hypotheses=[["assumption", 0]],
    )


def test_no_cut_lies_where_an_older_value_is_used_again() -> None:
    """X after two passes is made of Y, which holds what X was before the first."""
    assert of_delayed(Fraction(1, 8)).value == Fraction(1, 8)
    with pytest.raises(RefusedError, match="below the true value"):
        of_delayed(Fraction(1, 16))
