"""The rule ``stages``: accepted as it is written, refused for whatever is changed in it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from tests.checker.claims_by_hand import changing, claims_in
from tests.compiler.forging import rewritten

from weightsmith import api

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
    (claim,) = (one for one in claims_in(found) if one["kind"] == "truncation")
    return dict(claim)


def verdict(name: str, found: Json) -> bool:
    return bool(api.verify(rewritten(network(name).files(), "certificate.json", found)).accepted)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_composition_is_certified_from_cut_to_cut(name: str) -> None:
    found = certificate(name)
    assert truncation(found)["steps"][-1]["rule"] == "stages"
    assert verdict(name, found)


CHANGES: dict[str, Callable[[Json], object]] = {
    "another scalar": lambda step: step.__setitem__("scalar", "e"),
    "no scalar": lambda step: step.__setitem__("scalar", ""),
    "a list": lambda step: step.__setitem__("scalar", [step["scalar"]]),
    "nothing": lambda step: step.pop("scalar"),
    "an unknown key": lambda step: step.__setitem__("cuts", []),
    "another rule": lambda step: step.__setitem__("rule", "contraction"),
    "intervals": lambda step: step.__setitem__("intervals", [["0", "1"]]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_step_is_refused(change: str) -> None:
    found = copy.deepcopy(certificate("polar"))
    with changing(found) as claim:
        CHANGES[change](claim["steps"][-1])
    assert not verdict("polar", found)


def test_a_smaller_bound_is_refused() -> None:
    found = copy.deepcopy(certificate("polar"))
    with changing(found) as claim:
        top, bottom = claim["bound"]["value"].split("/")
        claim["bound"]["value"] = f"{int(top) - 2}/{bottom}"
    assert not verdict("polar", found)


def test_a_changed_coefficient_is_refused() -> None:
    found = copy.deepcopy(certificate("polar"))
    step = truncation(found)["steps"][1]
    name, text = next((n, t) for n, t in step["pass"].items() if "*" in t)
    for changed in (f"{text} + 1/1000000*{name}*lambda", f"({text})", text + " "):
        with changing(found) as claim:
            claim["steps"][1]["pass"][name] = changed
        assert not verdict("polar", found)


def test_the_degrees_between_the_cuts_are_those_of_the_script() -> None:
    found = copy.deepcopy(certificate("polar"))
    with changing(found) as claim:
        before, degrees, after = claim["bound"]["formula"].partition("degrees ")
        claim["bound"]["formula"] = before + degrees + "3, " + after
    assert not verdict("polar", found)
