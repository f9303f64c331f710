"""The rule ``descent``: proven distances hold; what is no contraction to the root is refused."""

from __future__ import annotations

import copy
from fractions import Fraction
from typing import Any

import pytest
from checker_attacks import bound_of, worst_distance
from checker_networks import Bindings, Json, read_program, tables_of
from checker_writing import EXAMPLES
from claims_by_hand import check_claim, root_claim

from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.checker.semantics.tables import read_tables
from weightsmith.dsl.program import core

Ends = dict[str, tuple[object, object]]
LOGISTIC = (EXAMPLES / "logistic_gradient_descent.alg").read_text()
POISSON = (EXAMPLES / "poisson_regression.alg").read_text()
MIXED = """algorithm h(x: [d] per token, y: [1] per context)
assume norm(x) <= 1
assume entries(y) in [-1, 1]
assume size(context) <= n
param n = 3, mu = 1/10, eta = 1/3, steps = 3
w = 0
repeat steps:
    w = w - eta * ((clip(2*w*x - y, -1/2, 1)*x' + 1/2*tanh(w*x)*x')/n + mu*w)  over context
return w approximates root(w: """ + (
    """(clip(2*w*x - y, -1/2, 1)*x' + 1/2*tanh(w*x)*x')/n + mu*w over context)
"""
)
ROWS = """algorithm m(A: [d, n], Y: [k, n])
assume singular_values(A) in [1/2, 1]
assume entries(Y) in [0, 1]
assume size(n) <= 3
assume size(k) <= 2
assume size(d) <= 3
param mu = 1/5, eta = 1, steps = 2
W = 0
repeat steps:
    W = W - eta * ((sigmoid(W*A) - Y)*A' + mu*W)
return W approximates root(W: (sigmoid(W*A) - Y)*A' + mu*W)
"""
LEAKY = """algorithm u(A: [d, n], y: [1, n])
assume spectrum(A*A') in [1/4, 1]
assume entries(y) in [-1, 1]
assume size(n) <= 3
assume size(d) <= 3
param eta = 1, steps = 2
w = 0
repeat steps:
    w = w - eta * (1/2*w*A + 1/2*relu(w*A) - y)*A'
return w approximates root(w: (1/2*w*A + 1/2*relu(w*A) - y)*A')
"""
INNER_TABLE = LOGISTIC.replace("sigmoid(w*x)", "sigmoid(2*tanh(w*x))")
CASES: dict[str, tuple[str, Ends, dict[str, object]]] = {
    "logistic": (LOGISTIC, {"1": (-6, 6)}, {"n": 3, "steps": 2}),
    "logistic, long": (LOGISTIC, {"1": (-6, 6)}, {"n": 3, "steps": 40}),
    "poisson": (POISSON, {"2": (-2, 2)}, {"n": 2, "steps": 2}),
    "mixed": (MIXED, {"2": (-11, 11)}, {"steps": 3}),
    "rows": (ROWS, {"1": (-9, 9)}, {}),
    "leaky": (LEAKY, {}, {}),
    "a table of a table": (
        INNER_TABLE,
        {"1": (-9, 9), "2": (-3, 3)},
        {"n": 3, "steps": 4, "eta": 1, "mu": "1/5"},
    ),
}


def prepared(name: str, shift: int = 0) -> tuple[core.Program, Bindings, list[Json]]:
    text, ends, numbers = CASES[name]
    program, bindings = read_program(text, **numbers)
    return program, bindings, tables_of(program, bindings, ends, shift=shift, pieces=16)


def checked(claim: Json, program: core.Program, bindings: Bindings, tables: list[Json]) -> str:
    return check_claim(claim, program, bindings, read_tables(tables, program, bindings))


@pytest.mark.parametrize("shift", [-4, 4])
@pytest.mark.parametrize("name", CASES)
def test_no_input_is_farther_than_proven(name: str, shift: int) -> None:
    program, bindings, tables = prepared(name, shift)
    claim = root_claim(program, bindings, tables, program.returns[0].name)
    assert "tables included" in checked(claim, program, bindings, tables)
    found = worst_distance(program, bindings, tables, steps=120, seed=shift + 4)
    assert found <= float(bound_of(claim)) * (1 + 1e-9)
    assert found >= float(bound_of(claim)) / 60  # and the bound says something


def test_the_numbers_of_the_logistic_case() -> None:
    """mu = 1/10, eta = 2/(2·mu + 1/4): factor 5/9; ‖w*‖ ≤ (1/2)/mu; noise eta·error."""
    program, bindings, tables = prepared("logistic")
    claim = root_claim(program, bindings, tables, "w")
    step: Any = claim["steps"]
    (one,) = step
    assert (one["rule"], one["loop"], one["step_size"]) == ("descent", 0, "40/9")
    assert one["features"] == "x@context"
    low, high = (Fraction(end) for end in one["slopes"]["1"])
    assert low == 0
    assert Fraction(1, 4) <= high < Fraction(1, 4) + Fraction(1, 10**9)
    assert one["factor"] == str(Fraction("0.555555556"))
    assert one["start"] == str(Fraction("5.00000001"))
    assert one["noise"] == {"1": str(Fraction("4.44444445"))}
    q, e = (Fraction(one[name]) for name in ("factor", "start"))
    c = Fraction(one["noise"]["1"]) * Fraction(str(tables[0]["error"]))
    value = q**2 * e + c * (1 - q**2) / (1 - q)
    assert value <= bound_of(claim) <= value * (1 + Fraction(1, 2**60))
    later = "4.44444445*e[1]*(1 - 0.555555556^steps)/(1 - 0.555555556)"
    wanted = f"0.555555556^steps*5.00000001 + {later}"
    assert claim["bound"] == {"formula": wanted, "value": str(bound_of(claim))}


def test_claimed_numbers_may_be_larger_never_smaller() -> None:
    program, bindings, tables = prepared("logistic")
    claim: Any = root_claim(program, bindings, tables, "w")
    larger = copy.deepcopy(claim)
    larger["bound"]["value"] = str(bound_of(claim) * (1 + Fraction(1, 2**41)))
    checked(larger, program, bindings, tables)
    larger["bound"]["value"] = str(bound_of(claim) * 2)
    with pytest.raises(RefusedError, match="larger than the evidence gives"):
        checked(larger, program, bindings, tables)
    smaller = copy.deepcopy(claim)
    smaller["bound"]["value"] = str(bound_of(claim) * (1 - Fraction(1, 2**70)))
    with pytest.raises(RefusedError, match="below the true value"):
        checked(smaller, program, bindings, tables)
    for name in ("factor", "start", "noise"):
        for share, match in (("0.999999", "below what"), ("1.01", "larger than what is")):
            changed = with_number(claim, name, Fraction(share))
            with pytest.raises(RefusedError, match=match):
                checked(changed, program, bindings, tables)
    with pytest.raises(RefusedError, match="The formula is"):
        checked(
            with_number(claim, "noise", Fraction(10**12 + 1, 10**12)), program, bindings, tables
        )


def with_number(claim: Any, name: str, share: Fraction) -> Any:
    """A claim with a number of its step changed, and room in its value."""
    changed = copy.deepcopy(claim)
    step = changed["steps"][0]
    place, key = (step["noise"], "1") if name == "noise" else (step, name)
    place[key] = str(Fraction(place[key]) * share)
    changed["bound"]["value"] = str(bound_of(claim) * 100)
    return changed


def test_formulas_have_the_numbers_of_the_step() -> None:
    program, bindings, tables = prepared("logistic")
    claim: Any = root_claim(program, bindings, tables, "w")
    number = Fraction(claim["steps"][0]["start"]) * Fraction(7001, 7000)
    changed = with_number(claim, "start", Fraction(7001, 7000))
    changed["bound"]["formula"] = claim["bound"]["formula"].replace("5.00000001", f"({number})")
    factor = Fraction(claim["steps"][0]["factor"])
    more = factor**2 * (number - Fraction(claim["steps"][0]["start"]))
    changed["bound"]["value"] = str((bound_of(claim) + more) * (1 + Fraction(1, 2**60)))
    checked(changed, program, bindings, tables)
    for wrong in ({}, {"1": "5", "2": "5"}, {"2": "5"}, "5", {"1": 5}):
        other = copy.deepcopy(claim)
        other["steps"][0]["noise"] = wrong
        with pytest.raises(RefusedError):
            checked(other, program, bindings, tables)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("loop", 1),
        ("loop", "0"),
        ("step_size", "4"),
        ("features", "y@context"),
        ("slopes", {"1": ["0", "1/5"]}),
        ("slopes", {}),
        ("rule", "logistic_newton"),
        ("extra", "1"),
    ],
)
def test_other_evidence_is_refused(key: str, value: object) -> None:
    program, bindings, tables = prepared("logistic")
    claim: Any = root_claim(program, bindings, tables, "w")
    claim["steps"][0][key] = value
    with pytest.raises(RefusedError):
        checked(claim, program, bindings, tables)


@pytest.mark.parametrize(
    ("key", "value"),
    [("scale", "2"), ("hypotheses", []), ("output", "v"), ("steps", [{"rule": "telescope"}])],
)
def test_other_claims_are_refused(key: str, value: object) -> None:
    program, bindings, tables = prepared("logistic")
    claim = root_claim(program, bindings, tables, "w")
    claim[key] = value
    with pytest.raises(RefusedError):
        checked(claim, program, bindings, tables)


SQUARED = """algorithm s(x: [d] per context, y: [1] per context, A: [d, 2])
assume norm(x) <= 1
assume norm(A) <= 1
assume entries(y) in [0, 1]
assume size(context) <= n
param n, mu = 1/10, eta = 1, steps = 2
w = 0
repeat steps:
    w = w - eta * (TERMS)  over context
return w approximates root(w: TERMS over context)
"""
TERM_OF_ANOTHER_INPUT = {
    "another input after": SQUARED.replace("TERMS", "(sigmoid(w*x) - y)*x'/n + mu*w + w*A*A'"),
    "another input before": SQUARED.replace("TERMS", "w*A*A' + (sigmoid(w*x) - y)*x'/n + mu*w"),
}
LONGER = ROWS.replace("(sigmoid(W*A) - Y)*A'", "(sigmoid(W*A) - Y)*A' + TERM")
LONGER = LONGER.replace("(A:", "(M: [d, d], N: [k, k], A:").replace("eta = 1,", "eta = 1/2,")
REFUSED = {
    **{name: (text, "are of several inputs") for name, text in TERM_OF_ANOTHER_INPUT.items()},
    "a longer word": (LONGER.replace("TERM", "W*A*A'*A*A'"), "has a term that is not"),
    "a shorter word": (LONGER.replace("TERM", "W*M"), "has a term that is not"),
    "from the left": (LONGER.replace("TERM", "N*W"), "has a term that is not"),
    "another equation": (
        LOGISTIC.replace("/n + mu*w over", "/n + 2*mu*w over"),
        "not w minus a multiple",
    ),
    "another function": (
        LOGISTIC.replace("root(w: (sigmoid(w*x)", "root(w: (tanh(w*x)"),
        "has a function that the step does not have",
    ),
    "another argument": (
        LOGISTIC.replace("root(w: (sigmoid(w*x)", "root(w: (sigmoid(2*w*x)"),
        "has a function that the step does not have",
    ),
    "a step uphill": (LOGISTIC.replace("w - eta", "w + eta"), "nearer to each other"),
    "too long a step": (
        LOGISTIC.replace("eta = 2/(2*mu + 1/4)", "eta = 6"),
        "nearer to each other",
    ),
    "no ridge": (
        LOGISTIC.replace("mu = 1/10, eta = 2/(2*mu + 1/4)", "mu = 0, eta = 1"),
        "nearer to each other",
    ),
    "no norm": (LOGISTIC.replace("assume norm(x) <= 1\n", ""), "Nothing bounds the norm of x@"),
    "no size": (LOGISTIC.replace("assume size(context) <= n\n", ""), "Nothing bounds the norm"),
    "no labels": (
        LOGISTIC.replace("assume entries(y) in [0, 1]\n", ""),
        "first step is not bounded",
    ),
    "far labels": (LOGISTIC.replace("[0, 1]", "[-1, 2]"), "where the tables are"),
    "not from zero": (
        LOGISTIC.replace("context)", "context, w0: [1, d])", 1).replace("w = 0", "w = w0"),
        "does not start from 0",
    ),
    "not the variable": (
        LOGISTIC.replace("return w app", "return 2*w app"),
        "not a variable that a loop carries",
    ),
    "not from a loop": (
        LOGISTIC.replace("context)", "context, w0: [1, d])", 1).replace(
            "return w app", "v = w0\nreturn v app"
        ),
        "is not what a loop of the script leaves",
    ),
    "momentum": (
        LOGISTIC.replace("w = 0", "w = 0\nv = 0")
        .replace("    w = w - eta", "    v, w = w, w + 1/9*(w - v) - eta")
        .replace("w approx", "w approx"),
        "not w minus a multiple",
    ),
    "a product": (
        LOGISTIC.replace("sigmoid(w*x)", "(w*x) .* (w*x)"),
        "multiplies entries",
    ),
    "other features": (
        LOGISTIC.replace("(x: [d]", "(z: [d] per context, x: [d]").replace(
            "- y)*x'/n", "- y)*z'/n"
        ),
        "something else than x'",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_descent_is_refused(name: str) -> None:
    text, reason = REFUSED[name]
    program, bindings = read_program(text, **({} if "W" in text else {"n": 3}))
    ends: Ends = {"1": (9, 9)} if ".*" in text else {"1": (-6, 6)}
    tables = tables_of(program, bindings, ends, pieces=16)
    output = "output" if "return 2*w" in text else program.returns[0].name
    with pytest.raises(RefusedError, match=reason):
        root_claim(program, bindings, tables, output)


@pytest.mark.parametrize(("ends", "good"), [((-7.5, 8.5), True), ((-8.5, 7.5), False)])
def test_what_is_added_to_the_argument_moves_where_the_table_must_be(
    ends: tuple[float, float], good: bool
) -> None:
    """sigmoid(y) − y ≤ 0.732, so that |w·x| ≤ 7.32; and w·x + y lies in [−7.32, 8.32]."""
    program, bindings = read_program(LOGISTIC.replace("sigmoid(w*x)", "sigmoid(w*x + y)"), n=3)
    tables = tables_of(program, bindings, {"1": ends}, pieces=16)
    if good:
        root_claim(program, bindings, tables, "w")
        return
    with pytest.raises(RefusedError, match="where the tables are"):
        root_claim(program, bindings, tables, "w")


def test_an_inner_table_counts_as_often_as_the_outer_function_is_steep() -> None:
    """sigmoid(2·T(w·x)) moves by 2·1/4 of the error of T, at most."""
    program, bindings, tables = prepared("a table of a table")
    claim: Any = root_claim(program, bindings, tables, "w")
    noise = {site: Fraction(text) for site, text in claim["steps"][0]["noise"].items()}
    assert len(noise) == 2
    assert abs(noise["1"] / noise["2"] - Fraction(1, 2)) < Fraction(1, 10**7)


def test_a_step_that_does_not_move_finds_no_root() -> None:
    """With eta = 0 every value stays; of the equation 0 = 0 every value is a root."""
    for eta, target in (("0", None), ("1", "0*w")):
        head = LOGISTIC.partition("root(w: ")[0]
        text = LOGISTIC if target is None else f"{head}root(w: {target})\n"
        program, bindings = read_program(text, n=3, eta=eta)
        tables = tables_of(program, bindings, {"1": (-6, 6)}, pieces=16)
        with pytest.raises(RefusedError, match="The step does not move"):
            root_claim(program, bindings, tables, "w")


def test_a_slope_without_bound_is_refused() -> None:
    text = LOGISTIC.replace("sigmoid(w*x)", "sqrt.(square(w*x))")
    program, bindings = read_program(text, n=3)
    tables = tables_of(program, bindings, {"1": (-6, 6), "2": (0, 36)}, pieces=16)
    with pytest.raises(RefusedError, match="slope"):
        root_claim(program, bindings, tables, "w")


def test_symbols_must_have_values() -> None:
    program, bindings = read_program(LOGISTIC, n=3)
    tables = tables_of(program, bindings, {"1": (-6, 6)})
    del bindings["eta"]
    with pytest.raises(RefusedError, match="'eta' has no value"):
        root_claim(program, bindings, tables, "w")
