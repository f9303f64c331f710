"""The rule ``stages``: accepted as it is written, refused for whatever is changed in it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

import pytest

from weightsmith import api
from weightsmith.checker.refusal import Budget, RefusedError
from weightsmith.checker.truncation import check_truncation
from weightsmith.dsl import Source, check

from .test_schedules import written

Json = dict[str, Any]
SYNTHESISED = (
    "algorithm f(A: [m, n])\nassume singular_values(A) in [1/1000, 1]\n"
    "return synthesize polar(A) within 1e-6\n"
)
PROJECTOR = (
    "algorithm f(A: symmetric[d, d])\nassume spectrum(A) in [0, 1/4] or [3/10, 2]\n"
    "return synthesize (I + sign(A - 11/40*I))/2 within 1e-8\n"
)
BY_HAND = """algorithm f(A: [m, n])
assume singular_values(A) in [1/100, 1]
X = A
for a, b in (5/2, -3/2), (5/2, -3/2), (5/2, -3/2), (2, -1), (2, -1):
    X = a*X + b*X*X'*X
repeat 5:
    X = 15/8*X - 5/4*X*X'*X + 3/8*X*X'*X*X'*X
return X approximates polar(A)
"""
SCRIPTS = {"polar": SYNTHESISED, "projector": PROJECTOR, "by hand": BY_HAND}


@cache
def network(name: str) -> api.Network:
    return api.compile(SCRIPTS[name])


def certificate(name: str) -> Json:
    found: Json = json.loads(network(name).files()["certificate.json"])
    return found


def truncation(found: Json) -> Json:
    (claim,) = (one for one in found["claims"] if one["kind"] == "truncation")
    return dict(claim)


def verdict(name: str, found: Json) -> bool:
    return bool(api.verify(written(network(name).files(), "certificate.json", found)).accepted)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_composition_is_certified_from_cut_to_cut(name: str) -> None:
    found = certificate(name)
    assert truncation(found)["steps"][-1]["rule"] == "stages"
    assert verdict(name, found)


def wider(text: str) -> str:
    """Another number of 64 bits, a little larger."""
    top, _, bottom = text.partition("/")
    return str(Fraction(int(top) + 2**20, int(bottom or 1)))


CHANGES: dict[str, Callable[[Json], object]] = {
    "an interval": lambda step: step["intervals"][1].__setitem__(1, wider(step["intervals"][1][1])),
    "the last interval": lambda step: step["intervals"][-1].__setitem__(0, "-1/1000000000"),
    "an interval too few": lambda step: step["intervals"].pop(),
    "a cut too few": lambda step: step["cuts"].pop(),
    "a cut at another pass": lambda step: step["cuts"][0].__setitem__(0, step["cuts"][0][0] - 1),
    "a cut of another scalar": lambda step: step["cuts"][0].__setitem__(1, ["y"]),
    "a cut without a scalar": lambda step: step["cuts"][0].__setitem__(1, []),
    "another start": lambda step: step.__setitem__("start", "2*" + step["start"]),
    "another scalar": lambda step: step.__setitem__("scalar", "e"),
    "a ratio": lambda step: step.__setitem__("ratios", {"y": "1/lambda"}),
    "a ratio of nothing": lambda step: step.__setitem__("ratios", {"nothing": "1"}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_step_is_refused(change: str) -> None:
    found = copy.deepcopy(certificate("polar"))
    CHANGES[change](truncation(found)["steps"][-1])
    assert not verdict("polar", found)


def test_a_cut_that_forgets_what_is_used_again_is_refused() -> None:
    """Between the two layers of a polynomial both X and y are needed."""
    found = copy.deepcopy(certificate("polar"))
    claim = truncation(found)
    step = claim["steps"][-1]
    first = step["cuts"][0][0]
    names = [one for one in claim["steps"][2]["next"] if one != step["scalar"]]
    step["cuts"].insert(0, [first - 1, names[:1] or [step["scalar"]]])
    step["intervals"].insert(1, step["intervals"][1])
    assert not verdict("polar", found)


def test_a_smaller_bound_is_refused() -> None:
    found = copy.deepcopy(certificate("polar"))
    top, bottom = truncation(found)["bound"]["value"].split("/")
    truncation(found)["bound"]["value"] = f"{int(top) - 2}/{bottom}"
    assert not verdict("polar", found)


def test_a_changed_coefficient_is_refused() -> None:
    found = copy.deepcopy(certificate("polar"))
    step = truncation(found)["steps"][-3]
    name, text = next((n, t) for n, t in step["next"].items() if "*" in t)
    step["next"][name] = text + " + 1/1000000*" + name + "*lambda"
    assert not verdict("polar", found)


CHANGING = """algorithm f(A: symmetric[d, d])
assume spectrum(A) in [1/2, 1]
X = 4/3*I
Y = 0*I
for a in 1, 0:
    X, Y = X + Y, a*X
return X approximates inv(A)
"""


def changing_claim() -> Json:
    """Y = a*X of the last pass, but the ratio would be the number of the present one.

    X is 8/3 in the end, at a distance of 5/3; with the ratio it seems to stay 4/3.
    """
    form = {"left": [], "right": []}
    around = [
        "-12297829382473034411/36893488147419103232",
        "12297829382473034411/36893488147419103232",
    ]
    steps = [
        {"rule": "operator", "assumption": 0, "word": ["A"], "symmetric": "yes"}
        | {"low": "1/2", "high": "1"},
        {"rule": "forms", "loop": 0}
        | {"forms": {f"{name}#0": [{**form, "scalar": name}] for name in "XY"}},
        {"rule": "recurrence", "loop": 0, "initial": {"X": "4/3", "Y": "0"}}
        | {"next": {"X": "X + Y", "Y": "a*X"}},
        {"rule": "output", **form, "value": "X", "target": {"root": 1, "power": "1/lambda"}},
        {"rule": "stages", "scalar": "X", "start": "4/3*lambda", "cuts": [], "ratios": {"Y": "a"}}
        | {"intervals": [around, around]},
    ]
    return {
        "output": "X",
        "hypotheses": ["spectrum(A) in [1/2, 1]"],
        "scale": "norm(target)",
        "bound": {
            "formula": "stages(1 - (X)/target, degrees 1, 1 - (4/3*lambda)^(1/1))",
            "value": around[1],
        },
        "steps": [{"step": number, **step} for number, step in enumerate(steps, 1)],
    }


@pytest.mark.parametrize("bindings", [{}, {"a": Fraction(1)}])
def test_a_ratio_that_changes_from_pass_to_pass_is_refused(bindings: dict[str, Fraction]) -> None:
    """By itself: that a number of a loop has no binding is seen by another claim, exactness."""
    program = check(Source("changing.alg", CHANGING))
    claim = changing_claim()
    claim["output"] = program.returns[0].name
    with pytest.raises(RefusedError, match=r"ratio|no value"):
        check_truncation(program, bindings, claim, Budget())


SQUARED = """algorithm f(A: symmetric[d, d])
assume spectrum(A) in [1/2, 1]
X = I + 0*A
repeat 1:
    X = 2*X
Y = 3*I + 0*A
repeat 40:
    Y = Y*Y
return Y approximates inv(2*I)
"""


def test_numbers_that_double_their_digits_are_refused_in_time() -> None:
    """3^(2^40) is not computed."""
    program = check(Source("squared.alg", SQUARED))
    claim = changing_claim()
    form = {"left": [], "right": []}
    steps: list[Json] = [dict(claim["steps"][0])]
    for loop, (name, initial, after) in enumerate((("X", "1", "2*X"), ("Y", "3", "Y^2"))):
        forms = {f"{name}#{loop}": [{**form, "scalar": name}]}
        steps.append({"rule": "forms", "loop": loop, "forms": forms})
        recurrence = {"initial": {name: initial}, "next": {name: after}}
        steps.append({"rule": "recurrence", "loop": loop, **recurrence})
    steps += [
        {"rule": "output", **form, "value": "Y", "target": {"root": 1, "power": "1/2"}},
        {"rule": "stages", "scalar": "X", "start": "2", "cuts": []}
        | {"ratios": {}, "intervals": [["-1", "-1"], ["0", "1"]]},
    ]
    claim["output"] = program.returns[0].name
    claim["steps"] = [{**step, "step": number} for number, step in enumerate(steps, 1)]
    with pytest.raises(RefusedError, match="too large"):
        check_truncation(program, {}, claim, Budget())
