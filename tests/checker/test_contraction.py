"""The rules ``contraction`` and ``three_term`` by hand: starts of any sign, and other scalars."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from checker_intervals import chain, root_near
from checker_steps import assumption, forms, loop
from checker_writing import rounded_up
from claims_by_hand import check_truncation

from weightsmith.checker.reading.refusal import Budget, RefusedError
from weightsmith.dsl import Source, check

F = Fraction
Json = dict[str, Any]
HEAD = """algorithm f(A: symmetric[d, d])
assume spectrum(A) in [1/4, 1]
"""


def claimed(body: str, scalars: dict[str, tuple[str, str]], rule: str, bound: Json) -> Fraction:
    """The proven bound of X against inv(A); ``scalars`` are the starts and passes."""
    program = check(Source("script.alg", f"{HEAD}{body}return X approximates inv(A)\n"))
    starts, passes = ({name: pair[k] for name, pair in scalars.items()} for k in (0, 1))
    steps = [
        assumption("A"),
        loop(forms(**{name: [([], name, [])] for name in scalars}), starts, passes),
        {"rule": rule},
    ]
    claim = {
        "output": "X",
        "steps": [{"step": place, **step} for place, step in enumerate(steps, 1)],
        "scale": "norm(target)",
        "hypotheses": [["assumption", 0]],
        "bound": bound,
    }
    proven = check_truncation(program, {}, claim, Budget()).value
    assert proven is not None
    return proven


@pytest.mark.parametrize("sign", ["", "-"])
def test_the_sign_of_an_auxiliary_that_is_a_root_does_not_matter(sign: str) -> None:
    """u = ±λ^(1/2) begins as ±λ^(1/2), and a pass takes u to u - u^3/6 and e to (1 - u^2/2)·e."""
    u = chain([root_near(F(1, 4)), root_near(F(1))], lambda u: u - u**3 / 6, [], 1)
    low = [F(interval[0]) for interval in u]
    value = rounded_up((1 - low[0] ** 2 / 2) * (1 - low[1] ** 2 / 2))
    found = claimed(
        f"X, Z = 0*I, {sign}1*I\nrepeat 2:\n    X, Z = X + 1/2*Z*Z*(I - A*X), Z - 1/6*A*Z*Z*Z\n",
        {
            "X": ("0", "-1/2*X*Z^2*lambda + X + 1/2*Z^2"),
            "Z": (f"{sign}1", "-1/6*Z^3*lambda + Z"),
        },
        "contraction",
        {
            "formula": "product(sup(abs(-1/2*Z^2 + 1)), Z -> -1/6*Z^3 + Z, 2)",
            "value": str(value),
        },
    )
    worst = F(7, 8) * (1 - (F(1, 2) - F(1, 48)) ** 2 / 2)  # at λ = 1/4
    assert worst <= found <= worst * (1 + F(1, 2**40))


def test_an_auxiliary_that_is_no_root_needs_another_rule() -> None:
    """Z towards 1/lambda: 1 - Z*lambda goes to its square, and X's error is multiplied by it."""
    with pytest.raises(RefusedError, match="mixes powers of the target's root"):
        claimed(
            "X, Z = 0*I, 1/8*I\nrepeat 2:\n    X, Z = X + Z*(I - A*X), 2*Z - Z*A*Z\n",
            {"X": ("0", "-X*Z*lambda + X + Z"), "Z": ("1/8", "-Z^2*lambda + 2*Z")},
            "contraction",
            {"formula": "product(sup(abs(1 - Z)), Z -> 2*Z - Z^2, 2)", "value": "729/512"},
        )


@pytest.mark.parametrize(
    ("body", "scalars", "rule", "match"),
    [
        (
            "X, Z = 0*I, I\nrepeat 2:\n    X, Z = X + 1/2*(I - A*X) + Z - Z*A, Z\n",
            {"X": ("0", "-1/2*X*lambda + X - Z*lambda + Z + 1/2"), "Z": ("1", "Z")},
            "contraction",
            "mixes powers of the auxiliary's root",
        ),
        (
            "X, Y, Z = 0*I, I, I\nrepeat 2:\n"
            "    X, Y, Z = X + Y*Y*(I - A*X) + Z - Z*A, Y - 1/6*A*Y*Y*Y, Z\n",
            {
                "X": ("0", "-X*Y^2*lambda + X + Y^2 - Z*lambda + Z"),
                "Y": ("1", "-1/6*Y^3*lambda + Y"),
                "Z": ("1", "Z"),
            },
            "contraction",
            "depends on several carried scalars",
        ),
        (
            "X, Y, Z = 0*I, I, I\nrepeat 2:\n"
            "    X, Y, Z = X + Y*Y*(I - A*X), Y - 1/6*A*Y*Y*Y + Z - Z*A, Z\n",
            {
                "X": ("0", "-X*Y^2*lambda + X + Y^2"),
                "Y": ("1", "-1/6*Y^3*lambda + Y - Z*lambda + Z"),
                "Z": ("1", "Z"),
            },
            "contraction",
            "mixes powers",
        ),
        (
            "X, Y, Z = 0*I, 0*I, I\nrepeat 2:\n"
            "    X, Y, Z = X + 1/2*(I - A*X) + 1/9*(X - Y) + Z - Z*A, X, Z\n",
            {
                "X": ("0", "-1/2*X*lambda + 10/9*X - 1/9*Y - Z*lambda + Z + 1/2"),
                "Y": ("0", "X"),
                "Z": ("1", "Z"),
            },
            "three_term",
            "for an iterate and the one before it",
        ),
    ],
    ids=["plain", "auxiliary", "of an auxiliary", "three terms"],
)
def test_a_pass_that_adds_another_scalar_is_refused(
    body: str, scalars: dict[str, tuple[str, str]], rule: str, match: str
) -> None:
    """Without the Z that is added, every pass would be as its rule says."""
    with pytest.raises(RefusedError, match=match):
        claimed(body, scalars, rule, {"formula": "0", "value": "1"})


@pytest.mark.parametrize(
    ("body", "after", "match"),
    [
        ("1/4*X + 1/4*Y + 1/2*I", "1/4*X + 1/4*Y + 1/2", "does not keep the target"),
        ("X - 1/9*Y*Y", "X - 1/9*Y^2", "not linear in the last two iterates"),
        ("X + 1/9*A*X - 1/9*A*Y", "1/9*X*lambda + X - 1/9*Y*lambda", "beta depends on lambda"),
        (
            "10/9*X - 1/9*Y + 1/4*A*(I - A*X)",
            "-1/4*X*lambda^2 + 10/9*X - 1/9*Y + 1/4*lambda",
            "multiplier is not linear in lambda",
        ),
    ],
)
def test_what_is_no_heavy_ball_is_refused(body: str, after: str, match: str) -> None:
    with pytest.raises(RefusedError, match=match):
        claimed(
            f"X, Y = 0*I, 0*I\nrepeat 2:\n    X, Y = {body}, X\n",
            {"X": ("0", after), "Y": ("0", "X")},
            "three_term",
            {"formula": "0", "value": "1"},
        )


def test_an_error_that_does_not_stay_zero_is_refused() -> None:
    """X + 1/2*(I - A*X) + 1/3*I moves away from the inverse itself."""
    with pytest.raises(RefusedError, match="does not take the error to a multiple of itself"):
        claimed(
            "X = 0*I\nrepeat 2:\n    X = X + 1/2*(I - A*X) + 1/3*I\n",
            {"X": ("0", "-1/2*X*lambda + X + 5/6")},
            "contraction",
            {"formula": "0", "value": "1"},
        )
