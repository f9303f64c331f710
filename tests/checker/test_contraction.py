"""The rules ``contraction`` and ``three_term`` by hand: starts of any sign, and other scalars."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from checker_intervals import chain, root_near
from checker_steps import forms, operator, output, recurrence
from checker_writing import rounded_up

from weightsmith.checker.refusal import Budget, RefusedError
from weightsmith.checker.truncation import check_truncation
from weightsmith.dsl import Source, check

F = Fraction
Json = dict[str, Any]
HEAD = """algorithm f(A: symmetric[d, d])
assume spectrum(A) in [1/4, 1]
"""


def value_of(body: str, scalars: dict[str, tuple[str, str]], rule: Json, bound: Json) -> Fraction:
    """The proven bound of X against inv(A); ``scalars`` are the starts and passes."""
    program = check(Source("script.alg", f"{HEAD}{body}return X approximates inv(A)\n"))
    starts, passes = ({name: pair[k] for name, pair in scalars.items()} for k in (0, 1))
    steps = [
        operator(["A"], "1/4", "1"),
        forms(**{name: [([], name, [])] for name in scalars}),
        recurrence(starts, passes),
        output([], "X", [], root=1, power="1/lambda"),
        {"error": "X", "count": "2", **rule},
    ]
    claim = {
        "output": "X",
        "steps": [{"step": place, **step} for place, step in enumerate(steps, 1)],
        "scale": "norm(target)",
        "hypotheses": ["spectrum(A) in [1/4, 1]"],
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
    found = value_of(
        f"X, Z = 0*I, {sign}1*I\nrepeat 2:\n    X, Z = X + 1/2*Z*Z*(I - A*X), Z - 1/6*A*Z*Z*Z\n",
        {"X": ("0", "X + Z^2*(1 - lambda*X)/2"), "Z": (f"{sign}1", "Z - lambda*Z^3/6")},
        {"rule": "contraction", "multiplier": "1 - Z^2/2", "start": "1"}
        | {
            "auxiliary": {"name": "Z", "root": 2, "power": "1/lambda", "start": "lambda"}
            | {"map": "Z - Z^3/6", "intervals": u}
        },
        {"formula": "product(sup(abs(1 - Z^2/2)), Z -> Z - Z^3/6, 2)", "value": str(value)},
    )
    worst = F(7, 8) * (1 - (F(1, 2) - F(1, 48)) ** 2 / 2)  # at λ = 1/4
    assert worst <= found <= worst * (1 + F(1, 2**40))


def test_an_auxiliary_may_be_negative() -> None:
    """u = λ·Z begins as -λ/8, a pass takes u to 2u - u², and X moves away from the inverse."""
    intervals = [["-1/8", "-1/32"], ["-17/64", "-65/1024"]]
    found = value_of(
        "X, Z = 0*I, -1/8*I\nrepeat 2:\n    X, Z = X + Z*(I - A*X), 2*Z - Z*A*Z\n",
        {"X": ("0", "X + Z*(1 - lambda*X)"), "Z": ("-1/8", "2*Z - lambda*Z^2")},
        {"rule": "contraction", "multiplier": "1 - Z", "start": "1"}
        | {
            "auxiliary": {"name": "Z", "root": 1, "power": "1/lambda", "start": "-lambda/8"}
            | {"map": "2*Z - Z^2", "intervals": intervals}
        },
        {"formula": "product(sup(abs(1 - Z)), Z -> 2*Z - Z^2, 2)", "value": "729/512"},
    )
    assert found == F(9, 8) * F(81, 64)


WITH_AUXILIARY = {
    "rule": "contraction",
    "multiplier": "1 - Y",
    "start": "1",
    "auxiliary": {
        "name": "Y",
        "root": 1,
        "power": "1/lambda",
        "start": "lambda",
        "map": "2*Y - Y^2",
        "intervals": [["1/4", "1"], ["7/16", "1"]],
    },
}
MULTIPLIER = {"multiplier": "1 - lambda/2", "ends": ["7/8", "1/2"], "start": "1"}


@pytest.mark.parametrize(
    ("body", "scalars", "rule", "match"),
    [
        (
            "X, Z = 0*I, I\nrepeat 2:\n    X, Z = X + 1/2*(I - A*X) + Z - Z*A, Z\n",
            {"X": ("0", "X + (1 - lambda*X)/2 + Z - lambda*Z"), "Z": ("1", "Z")},
            {"rule": "contraction", "auxiliary": None, **MULTIPLIER},
            "not to multiplier",
        ),
        (
            "X, Y, Z = 0*I, I, I\nrepeat 2:\n"
            "    X, Y, Z = X + Y*(I - A*X) + Z - Z*A, 2*Y - Y*A*Y, Z\n",
            {
                "X": ("0", "X + Y*(1 - lambda*X) + Z - lambda*Z"),
                "Y": ("1", "2*Y - lambda*Y^2"),
                "Z": ("1", "Z"),
            },
            WITH_AUXILIARY,
            "not to multiplier",
        ),
        (
            "X, Y, Z = 0*I, I, I\nrepeat 2:\n"
            "    X, Y, Z = X + Y*(I - A*X), 2*Y - Y*A*Y + Z - Z*A, Z\n",
            {
                "X": ("0", "X + Y*(1 - lambda*X)"),
                "Y": ("1", "2*Y - lambda*Y^2 + Z - lambda*Z"),
                "Z": ("1", "Z"),
            },
            WITH_AUXILIARY,
            "not the auxiliary's map",
        ),
        (
            "X, Y, Z = 0*I, 0*I, I\nrepeat 2:\n"
            "    X, Y, Z = X + 1/2*(I - A*X) + 1/9*(X - Y) + Z - Z*A, X, Z\n",
            {
                "X": ("0", "X + (1 - lambda*X)/2 + (X - Y)/9 + Z - lambda*Z"),
                "Y": ("0", "X"),
                "Z": ("1", "Z"),
            },
            {"rule": "three_term", "previous": "Y", "multiplier": "10/9 - lambda/2"}
            | {"beta": "1/9", "ends": ["71/72", "11/18"]},
            "not to multiplier",
        ),
    ],
    ids=["plain", "auxiliary", "of an auxiliary", "three terms"],
)
def test_a_pass_that_adds_another_scalar_is_refused(
    body: str, scalars: dict[str, tuple[str, str]], rule: Json, match: str
) -> None:
    """Without the Z that is added, every pass would be as its rule says."""
    with pytest.raises(RefusedError, match=match):
        value_of(body, scalars, rule, {"formula": "0", "value": "1"})
