"""The rule ``stages``: a claim by hand, and ratios that would prove what is false."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import flint
import pytest
from checker_intervals import chain, last_size
from checker_steps import operator, square

from weightsmith.checker import stages
from weightsmith.checker.rational import Field
from weightsmith.checker.refusal import Budget, RefusedError
from weightsmith.checker.scalar_program import ScalarProgram, Stage, Term
from weightsmith.checker.stages import MAX_DEGREE, _Walk
from weightsmith.checker.truncation import Truncation, check_truncation
from weightsmith.dsl import Source, check

F = Fraction
Json = dict[str, Any]
HEAD = "algorithm f(A: symmetric[d, d])\nassume spectrum(A) in [1/2, 1]\nX = 4/3*I\n"
NEWTON = HEAD + "repeat 1:\n    X = 2*X - X*A*X\nreturn X approximates inv(A)\n"
FORM = {"left": [], "right": []}


def claim(scalars: dict[str, tuple[str, str]], degree: int, stages: Json) -> Json:
    """Of one loop; ``scalars`` have their start and what a pass makes of them."""
    starts = {name: start for name, (start, _) in scalars.items()}
    passes = {name: after for name, (_, after) in scalars.items()}
    forms = {f"{name}#0": [{**FORM, "scalar": name}] for name in scalars}
    target = {"root": 1, "power": "1/lambda"}
    return {
        "output": "X",
        "hypotheses": ["spectrum(A) in [1/2, 1]"],
        "scale": "norm(target)",
        "bound": {
            "formula": f"stages(1 - (X)/target, degrees {degree}, 1 - (4/3*lambda)^(1/1))",
            "value": last_size(stages["intervals"]),
        },
        "steps": [
            operator(["A"], "1/2", "1"),
            {"rule": "forms", "loop": 0, "forms": forms},
            {"rule": "recurrence", "loop": 0, "initial": starts, "next": passes},
            {"rule": "output", **FORM, "value": "X", "target": target},
            {"rule": "stages", "scalar": "X", "start": "4/3*lambda", "cuts": [], **stages},
        ],
    }


def prove(text: str, given: Json) -> Truncation:
    program = check(Source("script.alg", text))
    steps = [{"step": number, **step} for number, step in enumerate(given["steps"], 1)]
    return check_truncation(program, {}, {**given, "steps": steps}, Budget())


def newton() -> Json:
    intervals = chain([F(1, 3), F(-1, 3)], square, [F(0)], 1)
    return claim({"X": ("4/3", "2*X - lambda*X^2")}, 2, {"intervals": intervals})


def test_one_step_of_newton_is_proven() -> None:
    value = prove(NEWTON, newton()).value
    assert value is not None
    assert F(1, 9) <= value <= F(1, 9) * (1 + F(1, 2**60))


def test_a_script_without_a_loop_has_nothing_to_follow() -> None:
    given = newton()
    del given["steps"][1:3]
    given["steps"][1]["value"] = "4/3"
    with pytest.raises(RefusedError, match="The rule is for loops"):
        prove(HEAD + "return X approximates inv(A)\n", given)


FORGETS = HEAD + (
    "Y = 0*I\nZ = A\nrepeat 2:\n    X, Y, Z = X + Y, Z*X, 0*Z\nreturn X approximates inv(A)\n"
)


def test_a_ratio_to_a_carried_scalar_proves_nothing() -> None:
    """X is 4/3 + 4/3*lambda in the end, at a distance of 5/3; with Y = t*Z/lambda it seems to stay
    4/3, since Z is 0 when Y is added to X."""
    start = chain([F(1, 3), F(-1, 3)], square, [F(0)], 0)
    scalars = {"X": ("4/3", "X + Y"), "Y": ("0", "Z*X"), "Z": ("lambda", "0")}
    stages = {"intervals": start * 2, "ratios": {"Y": "Z", "Z": "lambda"}}
    with pytest.raises(RefusedError, match="ratio of 'Y' is not one in lambda alone"):
        prove(FORGETS, claim(scalars, 1, stages))


def test_a_ratio_is_not_zero() -> None:
    start = chain([F(1, 3), F(-1, 3)], square, [F(0)], 0)
    scalars = {"X": ("4/3", "X + Y"), "Y": ("0", "Z*X"), "Z": ("lambda", "0")}
    stages = {"intervals": start * 2, "ratios": {"Z": "0"}}
    with pytest.raises(RefusedError, match="ratio of 'Z' is not one in lambda alone"):
        prove(FORGETS, claim(scalars, 1, stages))


def walked(start: flint.fmpq) -> list[int]:
    """A loop of no pass, its scalar start·(1 − e), of which e = 0; the result is the scalar."""
    stage = Stage(0, ((Term(start, 1, ()),),), (), 0)
    value = (Term(flint.fmpq(1), 0, ((0, 1),)),)
    end = 1 - F(int(start.p), int(start.q))
    intervals = [(F(0), F(0)), (end, end)]
    return _Walk(ScalarProgram((stage,), value), [], [], intervals).run(Field(()))


@pytest.mark.parametrize("start", [flint.fmpq(1 << 60), flint.fmpq(1, 1 << 60)])
def test_long_numerators_and_denominators_are_counted(
    start: flint.fmpq, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert walked(start) == [1]
    monkeypatch.setattr(stages, "MAX_BITS", 50 * (MAX_DEGREE + 1))
    assert walked(flint.fmpq(3, 4)) == [1]
    with pytest.raises(RefusedError, match="too large to be checked exactly"):
        walked(start)
