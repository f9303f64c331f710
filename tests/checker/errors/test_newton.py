"""The rule ``logistic_newton``: proven distances hold pass by pass, near misses are refused."""

from __future__ import annotations

import copy
from fractions import Fraction
from typing import Any

import pytest
from checker_attacks import bound_of, worst_distance
from checker_networks import Bindings, Json, read_program, tables_of
from checker_writing import EXAMPLES
from claims_by_hand import root_claim
from tests.checker.errors.test_descent import checked

from weightsmith.checker.errors.damped_newton import LOSS, STEEPEST
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.dsl.program import core

NEWTON = (EXAMPLES / "logistic_newton.alg").read_text()
ENDS: dict[str, tuple[object, object]] = {
    "2": (-4, 4),
    "3": (-4, 4),
    "4": ("3/10", 1),
    "6": (0, 4),
}
SMALL = {"n": 2, "m": 2, "mu": 1, "inner": 5, "steps": 2}


def prepared(
    text: str = NEWTON, shift: int = 0, gated: bool = False, **numbers: object
) -> tuple[core.Program, Bindings, list[Json]]:
    program, bindings = read_program(text, **{**SMALL, **numbers})
    tables = tables_of(program, bindings, ENDS, shift=shift, pieces=120, gated=gated)
    return program, bindings, tables


@pytest.mark.parametrize("gated", [False, True])
@pytest.mark.parametrize("shift", [-4, 4])
@pytest.mark.parametrize(
    "numbers",
    [
        {"steps": 0},
        {"steps": 1},
        {"steps": 1, "mu": "1/4"},
        {"steps": 2, "ell": "1/4"},
        {"steps": 3, "mu": "1/4"},
        {"steps": 4},
    ],
)
def test_no_input_is_farther_than_proven(
    numbers: dict[str, object], shift: int, gated: bool
) -> None:
    program, bindings, tables = prepared(shift=shift, gated=gated, **numbers)
    claim = root_claim(program, bindings, tables, "w")
    assert "tables included" in checked(claim, program, bindings, tables)
    found = worst_distance(program, bindings, tables, steps=60, seed=shift + 4)
    assert found <= float(bound_of(claim)) * (1 + 1e-9)
    if numbers["steps"] in (0, 1):
        assert found >= float(bound_of(claim)) / 3


def test_convergence_is_quadratic_down_to_the_tables() -> None:
    claim: Any = root_claim(*prepared(steps=8), "w")
    errors = [float(Fraction(e)) for e, _ in claim["steps"][0]["passes"]]
    assert len(errors) == 9
    assert errors[0] == pytest.approx(0.5)
    limits = (0.2, 0.03, 0.002)
    assert all(error < limit for error, limit in zip(errors[1:4], limits, strict=True))
    assert errors[8] < 1e-3


def test_the_constants() -> None:
    """1/(6√3) ≤ STEEPEST, max t·σ(−t) ≤ LOSS, both within a millionth."""
    assert 108 * STEEPEST**2 >= 1 > 108 * (STEEPEST - Fraction(1, 10**6)) ** 2
    from math import exp

    attained = max(t / (1 + exp(t)) for t in (1.27 + i * 1e-4 for i in range(200)))
    assert attained <= LOSS <= attained + 2e-6


def test_the_evidence_is_checked() -> None:
    program, bindings, tables = prepared()
    claim: Any = root_claim(program, bindings, tables, "w")
    step = claim["steps"][0]
    assert step["sites"] == {"probability": "2", "weight": "3", "scaled": "4", "damping": "6"}
    assert (step["features"], step["labels"], step["mu"]) == ("x@context", "y@context", "1")
    assert (step["loop"], step["inner"], len(step["passes"])) == (0, 1, 3)
    assert claim["bound"]["value"] == step["passes"][-1][0]
    for key, value in (
        ("loop", 1),
        ("inner", 0),
        ("features", "y@context"),
        ("mu", "2"),
        ("sites", {**step["sites"], "weight": "2"}),
        ("passes", step["passes"][:-1]),
        ("passes", [*step["passes"], step["passes"][-1]]),
        ("rule", "descent"),
    ):
        changed = copy.deepcopy(claim)
        changed["steps"][0][key] = value
        with pytest.raises(RefusedError):
            checked(changed, program, bindings, tables)
    for place in range(3):
        for which in range(2):
            for share in ("0.99999999", "1.01"):
                changed = copy.deepcopy(claim)
                pair = changed["steps"][0]["passes"][place]
                pair[which] = str(Fraction(pair[which]) * Fraction(share))
                with pytest.raises(RefusedError, match=rf"passes\[{place}\]"):
                    checked(changed, program, bindings, tables)
    smaller = copy.deepcopy(claim)
    smaller["bound"]["value"] = str(bound_of(claim) * Fraction(999, 1000))
    with pytest.raises(RefusedError, match="below"):
        checked(smaller, program, bindings, tables)
    formula = copy.deepcopy(claim)
    formula["bound"]["formula"] += " "
    with pytest.raises(RefusedError, match="formula"):
        checked(formula, program, bindings, tables)


H = "H = (q*x' + x*q')/(2*n) + mu*I  over context"
ACCEPTED = {
    "one side": NEWTON.replace(H, "H = q*x'/n + mu*I  over context"),
    "the other side": NEWTON.replace(H, "H = x*q'/n + mu*I  over context"),
    "factors exchanged": NEWTON.replace("weight(z) .* x", "x .* (ones*weight(z))"),
    "any damping": NEWTON.replace("clip(g*X*g', 0, 4)", "clip(w*w' + g*X*g', 0, 4)"),
    "weights of the plain product": NEWTON.replace("weight(z)", "weight(w*x)"),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_variants_are_proven(name: str) -> None:
    text = ACCEPTED[name]
    ends = {**ENDS, "4": (1, "3/10")} if name == "factors exchanged" else ENDS
    program, bindings = read_program(text, **{**SMALL, "steps": 1})
    tables = tables_of(program, bindings, ends, pieces=120, shift=4)
    claim = root_claim(program, bindings, tables, "w")
    found = worst_distance(program, bindings, tables, steps=60)
    assert found <= float(bound_of(claim)) * (1 + 1e-9)


REFUSED = {
    "another Hessian": NEWTON.replace("/(2*n)", "/(3*n)"),
    "no ridge in the Hessian": NEWTON.replace("/(2*n) + mu*I", "/(2*n) + 2*mu*I"),
    "another iteration": NEWTON.replace("2*X - X*H*X", "2*X - X*X*H"),
    "a longer step": NEWTON.replace("w - damping", "w - 2*damping"),
    "uphill": NEWTON.replace("w - damping", "w + damping"),
    "another equation": NEWTON.replace("/n + mu*w over context)", "/n + 2*mu*w over context)"),
    "an equation with more than the gradient": NEWTON.replace(
        "per context)\nassume norm", "per context, c: [1, d])\nassume norm"
    ).replace("/n + mu*w over", "/n + mu*w + c over"),
    "another gradient": NEWTON.replace("/n + mu*w  over", "/n + 2*mu*w  over"),
    "other labels": NEWTON.replace("[0, 1]", "[0, 2]"),
    "more tokens": NEWTON.replace("size(context) <= n", "size(context) <= 2*n"),
    "no tokens": NEWTON.replace("assume size(context) <= n\n", ""),
    "no size of features": NEWTON.replace("assume size(d) <= m\n", "").replace("n, m,", "n,"),
    "no norm": NEWTON.replace("assume norm(x) <= 1\n", ""),
    "a clip that cuts": NEWTON.replace("-4, 4", "-9/10, 9/10"),
    "a clip that moves": NEWTON.replace("clip(w*x, -4, 4)", "clip(w*x + 0*y + 1/9*ones, -4, 4)"),
    "another weight": NEWTON.replace("sigmoid(t)*(1 - sigmoid(t))", "sigmoid(t)*sigmoid(t)"),
    "weights of labels": NEWTON.replace("weight(z)", "weight(y)"),
    "another start of the inverse": NEWTON.replace("2/(2*mu + ell/4) * I", "3 * I"),
    "a damping below zero": NEWTON.replace("2*sqrt(mu)/(2*sqrt(mu) + sqrt(t))", "1/10 - t"),
    "a target that is clipped": NEWTON.replace(
        "sigmoid(w*x) - y)*x'/n + mu*w over", "sigmoid(clip(w*x, -4, 4)) - y)*x'/n + mu*w over"
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_near_misses_are_refused(name: str) -> None:
    text = REFUSED[name]
    assert text != NEWTON
    numbers = {key: value for key, value in SMALL.items() if key != "m" or "m, ell" in text}
    program, bindings = read_program(text, **numbers)
    tables = tables_of(program, bindings, ENDS, pieces=120)
    with pytest.raises(RefusedError):
        root_claim(program, bindings, tables, "w")


@pytest.mark.parametrize(
    ("site", "ends", "reason"),
    [
        ("2", (-1, "99/100"), "clip or the table"),
        ("3", ("-99/100", 1), "clip or the table"),
        ("4", ("24/100", 1), "larger than its table"),
        ("4", ("3/10", "99/100"), "larger than its table"),
    ],
)
def test_tables_that_are_too_short_are_refused(
    site: str, ends: tuple[object, object], reason: str
) -> None:
    program, bindings = read_program(NEWTON, **SMALL)
    tables = tables_of(program, bindings, {**ENDS, site: ends}, pieces=120)
    with pytest.raises(RefusedError, match=reason):
        root_claim(program, bindings, tables, "w")


def test_tables_that_are_too_coarse_are_refused() -> None:
    program, bindings = read_program(NEWTON, **{**SMALL, "mu": "1/100"})
    tables = tables_of(program, bindings, ENDS, pieces=4)
    with pytest.raises(RefusedError, match="more than mu"):
        root_claim(program, bindings, tables, "w")


PLAIN = NEWTON.replace("2*sqrt(mu)/(2*sqrt(mu) + sqrt(t))", "1/(1 + sqrt(t))")


def test_a_loss_without_a_ridge_is_refused() -> None:
    """With mu < 0 there need not be one root, and every bound is divided by mu."""
    with pytest.raises(RefusedError, match="not strongly convex"):
        root_claim(*prepared(PLAIN, mu="-1/10", steps=1), "w")


def test_a_bound_that_says_nothing_is_not_proven() -> None:
    """With mu = 10^-604 and ell = 10^-606 the root may lie as far from 0 as 5·10^300."""
    tiny = {"mu": Fraction(1, 10**604), "ell": Fraction(1, 10**606)}
    with pytest.raises(RefusedError, match="which says nothing"):
        root_claim(*prepared(PLAIN, gated=True, steps=0, **tiny), "w")
