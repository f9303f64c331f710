"""The claims ``domain`` and ``propagation``: derived anew, in the words of the document."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from checker_completing import complete
from checker_networks import Json, read_program, tables_of
from checker_writing import write
from claims_by_hand import check_claim, domain_claim, propagation_claim
from tests.checker.claims.test_approximation import directory_case, refused
from tests.checker.errors.test_follow import SCRIPTS

from weightsmith.checker import verify_directory
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.checker.semantics.tables import read_tables
from weightsmith.dsl import parse_scalar
from weightsmith.dsl.numbers.scalars import evaluate

Check = Any


def claimed(name: str, kind: str, output: str = "output") -> tuple[Check, Json]:
    text, ends = SCRIPTS[name]
    program, bindings = read_program(text)
    tables = tables_of(program, bindings, ends, pieces=24)
    if kind == "domain":
        claim = domain_claim(program, bindings, tables)
    else:
        claim = propagation_claim(program, bindings, tables, output)

    def check(changed: Json) -> str:
        known = read_tables(tables, program, bindings)
        return check_claim(changed, program, bindings, known)

    return check, claim


def test_a_domain_claim() -> None:
    check, claim = claimed("gradient descent", "domain")
    hypotheses = [["assumption", number] for number in range(3)]
    assert claim["hypotheses"] == hypotheses
    assert claim["steps"] == [{"rule": "intervals"}]
    assert check(claim) == (
        "Every entry that a table is applied to lies in its interval, in exact arithmetic, for "
        "every x: [d] per token, y: [1] per context, if "
        "norm(x) <= 1 for every token; entries(y) in [0, 1]; size(context) <= n, at n = 3, "
        "mu = 1/10, eta = 1, steps = 3."
    )
    for key, value in (
        ("hypotheses", hypotheses[:2]),
        ("steps", [{"rule": "table"}]),
        ("steps", [{"rule": "intervals", "extra": "1"}]),
        ("output", "w"),
    ):
        with pytest.raises(RefusedError):
            check({**claim, key: value})


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("an operator", ["spectrum(A) in [1/10, 1]", "norm(b) <= 1", "size(d) <= 3"]),
        ("singular values", ["singular_values(A) in [1/10, 2]", "norm(b) <= 1"]),
        ("inner loops", ["nonzero_spectrum(A) in [1/2, 1]", "entries(b) in [-1, 1]"]),
    ],
)
def test_hypotheses_are_the_assumptions_in_order(name: str, wanted: list[str]) -> None:
    check, claim = claimed(name, "domain")
    hypotheses: Any = claim["hypotheses"]
    assert hypotheses == sorted(hypotheses)
    assert f", if {'; '.join(wanted)}" in check(claim)


def test_a_sum_over_a_dimension_may_need_an_index() -> None:
    """exp is positive, but its sum is only if it has a term; a sum over tokens may have none."""
    for kind in ("domain", "propagation"):
        check, claim = claimed("softmax", kind, "W")
        hypotheses: Any = claim["hypotheses"]
        assert [one for one in hypotheses if one[0] == "nonempty"] == [["nonempty", "k"]]
        assert "; size(k) >= 1, at " in check(claim)
        assert ", if norm(x) <= 1 for every token; " in check(claim)
        with pytest.raises(RefusedError, match="'hypotheses' is"):
            check({**claim, "hypotheses": hypotheses[:-1]})
    for name in set(SCRIPTS) - {"softmax"}:
        assert {kind for kind, _ in hypotheses_of(name)} <= {"assumption"}


SUMS = """algorithm a({})
assume entries(x) in [1, 2]
assume size({}) <= 3
return rsqrt.(x*x')  over context
"""


def test_a_sum_over_tokens_may_have_no_term() -> None:
    for inputs, axis in (("x: [d, m]", "m"), ("x: [d, 3]", "d"), ("x: [d] per context", "context")):
        program, bindings = read_program(SUMS.format(inputs, axis))
        tables = tables_of(program, bindings, {"1": ("1/2", 13)})
        if axis == "context":
            with pytest.raises(RefusedError, match=r"only shown to lie in \[0, 12\]"):
                domain_claim(program, bindings, tables)
        else:
            hypotheses: Any = domain_claim(program, bindings, tables)["hypotheses"]
            assert (["nonempty", "m"] in hypotheses) == (axis == "m")


def hypotheses_of(name: str) -> Any:
    return claimed(name, "domain")[1]["hypotheses"]


def test_a_propagation_claim() -> None:
    check, claim = claimed("one function", "propagation")
    text, ends = SCRIPTS["one function"]
    error = str(tables_of(*read_program(text), ends, pieces=24)[0]["error"])
    bound: Any = claim["bound"]
    assert bound["formula"] == "e[1]"
    value = Fraction(bound["value"])
    assert Fraction(error) <= value <= Fraction(error) * (1 + Fraction(1, 2**60))
    assert check(claim).startswith("Every entry of output is within 0.0007497 of what the script")
    assert "if norm(x) <= 2 for every token; norm(w) <= 1; 0.0007497 is e[1]" in check(claim)
    check({**claim, "bound": {**bound, "value": str(value * (1 + Fraction(1, 2**41)))}})
    smaller = str(value * (1 - Fraction(1, 2**80)))
    for key, changed in (
        ("bound", {**bound, "value": smaller}),
        ("bound", {**bound, "formula": "0"}),
        ("bound", {**bound, "value": "1"}),
        ("output", "other"),
        ("hypotheses", []),
        ("steps", [{"rule": "intervals"}]),
    ):
        with pytest.raises(RefusedError):
            check({**claim, key: changed})


def test_gated_tables_move_nothing() -> None:
    text, ends = SCRIPTS["products"]
    program, bindings = read_program(text.replace("tanh(x)", "relu(x)"))
    tables = tables_of(program, bindings, ends, gated=True)
    claim: Any = propagation_claim(program, bindings, tables, "p")
    assert claim["bound"] == {"formula": "0", "value": "0"}


def value_at(formula: str, tables: list[Json]) -> Fraction:
    """The formula as a reader evaluates it: the errors of the tables for e[1], e[2], …"""
    for table in tables:
        if table["function"] != "gated":
            formula = formula.replace(f"e[{table['site']}]", f"({table['error']})")
    return evaluate(parse_scalar(formula), {})


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_formula_has_the_value_and_no_other_formula_is_accepted(name: str) -> None:
    text, ends = SCRIPTS[name]
    program, bindings = read_program(text)
    tables = tables_of(program, bindings, ends, pieces=24)
    for returned in program.returns:
        check, claim = claimed(name, "propagation", returned.name)
        bound: Any = claim["bound"]
        formula, value = bound["formula"], Fraction(bound["value"])
        evaluated = value_at(formula, tables)
        assert evaluated <= value <= evaluated * (1 + Fraction(1, 2**60))
        check(claim)
        terms = formula.split(" + ")
        others = [" + ".join(terms[:k] + terms[k + 1 :]) for k in range(len(terms))]
        others += [f"{formula} + {terms[0]}", f"2*{formula}", formula.replace("1", "2")]
        below = {**bound, "value": str(evaluated * (1 - Fraction(1, 2**70)))}
        for changed in [below, *({**bound, "formula": one} for one in others if one != formula)]:
            with pytest.raises(RefusedError):
                check({**claim, "bound": changed})


@pytest.mark.parametrize("name", ["one function", "gradient descent", "products", "inner loops"])
def test_a_formula_says_what_other_tables_would_do(name: str) -> None:
    """Tables of 16 times the error (the same functions, a quarter of the pieces)."""
    text, ends = SCRIPTS[name]
    program, bindings = read_program(text)
    coarse, fine = (tables_of(program, bindings, ends, pieces=p) for p in (48, 192))
    for returned in program.returns:
        claims: Any = [
            propagation_claim(program, bindings, t, returned.name) for t in (coarse, fine)
        ]
        many, few = (claim["bound"] for claim in claims)
        assert "e[1]" in few["formula"] or "e[2]" in few["formula"]
        foretold = value_at(few["formula"], coarse)
        assert Fraction(4, 5) < foretold / Fraction(many["value"]) < Fraction(5, 4)
        assert Fraction(few["value"]) < Fraction(many["value"]) / 8


def test_what_nothing_bounds_is_said_not_to_be_proven() -> None:
    text = """algorithm a(x: [d] per token, A: [k, d])
assume entries(x) in [-1, 1]
return A*sigmoid(x) on query
"""
    program, bindings = read_program(text)
    tables = tables_of(program, bindings, {"1": (-1, 1)})
    domain_claim(program, bindings, tables)
    with pytest.raises(RefusedError, match="not bounded by the assumptions"):
        propagation_claim(program, bindings, tables, "output")


def test_a_directory_owes_these_claims(tmp_path: Path) -> None:
    case = complete(directory_case("logistic"))
    assert [claim["kind"] for claim in case.claims[-2:]] == ["domain", "propagation"]
    for place, kind in ((-2, "domain"), (-1, "propagation")):
        other = case.copy()
        del other.claims[place]
        follows = {("propagation", 4)} if kind == "domain" else set()
        assert refused(verify_directory(write(other, tmp_path))) == {(kind, 0), *follows}
        twice = case.copy()
        twice.claims.append(twice.claims[place])
        assert refused(verify_directory(write(twice, tmp_path))) == {(kind, 6)}
    unproven = case.copy()
    unproven.claims[-1] = {"kind": "propagation", "output": "output", "unproven": "not-derived"}
    report = verify_directory(write(unproven, tmp_path))
    assert report.accepted
    (verdict,) = (v for v in report.verdicts if v.kind == "propagation")
    assert (verdict.proven, "the assumptions do not bound it" in verdict.reason) == (False, True)
    domain = case.copy()
    domain.claims[-2] = {"kind": "domain", "unproven": "not-derived"}
    assert ("domain", 4) in refused(verify_directory(write(domain, tmp_path)))


def test_claims_that_are_not_owed_are_refused(tmp_path: Path) -> None:
    given = complete(directory_case("logistic")).claims[-2:]
    for name, wrong in (("ramp", {3, 4}), ("gated", {4})):
        case = complete(directory_case(name))
        extra = given if name == "ramp" else given[:1]
        case.claims += extra
        found = refused(verify_directory(write(case, tmp_path)))
        assert {number for _, number in found} == wrong
    ramp = directory_case("ramp")
    ramp.claims.append({"kind": "propagation", "output": "output", "unproven": "not-derived"})
    assert refused(verify_directory(write(ramp, tmp_path))) == {("propagation", 3)}
