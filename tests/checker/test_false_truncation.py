"""False certificates of truncation: each is refused, with the reason that is its own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from checker_mutations import mutations
from checker_proven import SCRIPTS, Place, changed, claim_of, proven
from claims_by_hand import SPECTRAL, changing

from weightsmith import api
from weightsmith.checker import verify_directory
from weightsmith.checker.balls.enclosures import VALUE_SLACK
from weightsmith.checker.reading.refusal import RefusedError

F = Fraction


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_true_claims_are_accepted(name: str) -> None:
    for claim in proven(name).claims:
        found = proven(name).judge(claim)
        assert found.value == Fraction(claim["bound"]["value"])


def test_every_rule_is_attacked() -> None:
    used = {one["steps"][-1]["rule"] for name in SCRIPTS for one in proven(name).claims}
    assert used == {*SPECTRAL}


# -- the number of the bound --------------------------------------------------------------------

NO_NUMBERS = ("nan", "NaN", "inf", "-inf", "1e-3", "0.5", "", " 1", "1/0", "2/4", "+1", "1/-2")
FACTORS = {
    "too small by 2^-50": 1 - F(1, 1 << 50),
    "too small by 2^-63": 1 - F(1, 1 << 63),
    "half": F(1, 2),
    "nothing": F(0),
    "negative": F(-1),
    "too large": (1 + VALUE_SLACK) * (1 + F(1, 1 << 45)),
    "twice": F(2),
    "more than anything": F(10) ** 400,
}


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize("what", FACTORS)
def test_another_value_is_refused(name: str, what: str) -> None:
    for place, true in enumerate(proven(name).claims):
        value = Fraction(true["bound"]["value"]) * FACTORS[what]
        claim = changed(claim_of(name, place), ("bound", "value"), str(value))
        with pytest.raises(RefusedError, match=r"below the true|larger than the ev|says nothing"):
            proven(name).judge(claim)


@pytest.mark.parametrize("name", ["newton", "stages", "taylor"])
@pytest.mark.parametrize("value", [*NO_NUMBERS, 0, 0.5, 1, True, [], {}, ["1"], None])
def test_a_value_that_is_no_number_is_refused(name: str, value: object) -> None:
    claim = changed(claim_of(name), ("bound", "value"), value)
    with pytest.raises(RefusedError, match=r"The bound's value|has a value exactly where"):
        proven(name).judge(claim)


# -- every part of the evidence -----------------------------------------------------------------

NOT_DERIVED = "'loops' is .*, it must be"
FORMULA = "The formula is .*, it must be"
HYPOTHESES = "'hypotheses' is .*, it must be"
OPERATOR = ("steps", 0, "of")
NUMBER = ("steps", 0, "number")
ASSUMED = ("hypotheses",)
LOOP = ("steps", 1)
FORMS = ("steps", 1, "forms")
LAST = ("steps", -1)
FULL: dict[str, object] = {"left": [], "scalar": "X", "right": []}

ATTACKS: dict[str, tuple[str, Place, object, str]] = {
    # what is said
    "what is assumed of B": ("newton", ASSUMED, [["assumption", 0]], HYPOTHESES),
    "nothing assumed": ("newton", ASSUMED, [], HYPOTHESES),
    "assumed twice": ("newton", ASSUMED, [["assumption", 1]] * 2, HYPOTHESES),
    "more assumed": ("newton", ASSUMED, [["assumption", 1], ["assumption", 0]], HYPOTHESES),
    "more presumed": ("newton", ASSUMED, [["assumption", 1], ["symmetric", 1]], HYPOTHESES),
    "presumed, not assumed": ("newton", ASSUMED, [["symmetric", 1]], HYPOTHESES),
    "true for one": ("newton", ASSUMED, [["assumption", True]], HYPOTHESES),
    "a half for one": ("newton", ASSUMED, [["assumption", 1.0]], HYPOTHESES),
    "a text for one": ("newton", ASSUMED, [["assumption", "1"]], HYPOTHESES),
    "words": ("newton", ASSUMED, ["spectrum(A) in [mu, L]"], HYPOTHESES),
    "one list": ("newton", ASSUMED, ["assumption", 1], HYPOTHESES),
    "no list": ("newton", ASSUMED, None, HYPOTHESES),
    "absolute": ("newton", ("scale",), "1", "'scale' is '1', it must be"),
    "relative": ("taylor", ("scale",), "norm(target)", "'scale' is .*, it must be '1'"),
    "a larger scale": ("newton", ("scale",), "2*norm(target)", "'scale' is"),
    "no scale": ("newton", ("scale",), None, "scale"),
    "another formula": ("newton", ("bound", "formula"), "0", FORMULA),
    "a better formula": (
        "newton",
        ("bound", "formula"),
        "max(abs((L - mu)/(L + mu)), abs((-L + mu)/(L + mu)))^(3^(steps))",
        FORMULA,
    ),
    "no formula": ("newton", ("bound", "formula"), None, "The formula"),
    # the assumption
    "the other assumption": ("newton", NUMBER, 0, "assumption is of B"),
    "no assumption": ("newton", NUMBER, 2, "no spectrum assumption number 2"),
    "an assumption before the first": ("newton", NUMBER, -1, "no spectrum assumption"),
    "true is no number": ("newton", NUMBER, True, "number"),
    "a number in a text": ("newton", NUMBER, "1", "number"),
    "a half": ("newton", NUMBER, 1.0, "number"),
    "another operator": ("newton", OPERATOR, ["B"], "assumption is of A"),
    "its square": ("newton", OPERATOR, ["A", "A"], "assumption is of A"),
    "no operator": ("newton", OPERATOR, [], "not a square product|operator's word"),
    "nobody": ("newton", OPERATOR, ["Q"], "Q"),
    "the other square": ("residual", OPERATOR, ["A", "A'"], "form|shape|operator"),
    "no square": ("residual", OPERATOR, ["A"], "not a square product"),
    "half a square": ("residual", OPERATOR, ["A'", "A", "A'", "A"], "is not the square"),
    "a rule in its place": ("newton", ("steps", 0, "rule"), "loop", "is not known"),
    # the loops
    "another loop": ("newton", (*LOOP, "loop"), 1, "no loop 1"),
    "a loop before the first": ("newton", (*LOOP, "loop"), -1, "no loop -1"),
    "a wrong start": ("newton", (*LOOP, "start"), {"X": "1/L"}, NOT_DERIVED),
    "no start": ("newton", (*LOOP, "start"), {}, NOT_DERIVED),
    "a start more": ("newton", (*LOOP, "start"), {"X": "2/(L + mu)", "Y": "0"}, NOT_DERIVED),
    "a start in other words": ("newton", (*LOOP, "start"), {"X": "2/(mu + L)"}, NOT_DERIVED),
    "a wrong pass": ("newton", (*LOOP, "pass"), {"X": "-X^3*lambda^2 + 2*X"}, NOT_DERIVED),
    "a pass that does nothing": ("newton", (*LOOP, "pass"), {"X": "X"}, NOT_DERIVED),
    "a pass to the target": ("newton", (*LOOP, "pass"), {"X": "1/lambda"}, NOT_DERIVED),
    "a pass for a start": ("newton", (*LOOP, "start"), {"X": "-X^2*lambda + 2*X"}, NOT_DERIVED),
    "no forms": ("newton", FORMS, {}, "'loops' is"),
    "no form": ("newton", FORMS, {"X#0": []}, "which no form covers"),
    "a form of an input": ("newton", FORMS, {"A": [FULL]}, "not a letter that the loop carries"),
    "a form with a frame": (
        "newton",
        FORMS,
        {"X#0": [{"left": ["A"], "scalar": "X", "right": []}]},
        "which no form covers",
    ),
    "a form of the wrong shape": (
        "richardson",
        FORMS,
        {"w#0": [{"left": [], "scalar": "w", "right": []}]},
        "shape",
    ),
    "two forms": ("newton", FORMS, {"X#0": [FULL, {**FULL, "scalar": "Y"}]}, "told apart"),
    "a form of a constant": (
        "newton",
        FORMS,
        {"X#0": [{**FULL, "scalar": "1"}]},
        "constant part .* does not stay|which no form covers",
    ),
    "a form of nothing": ("newton", FORMS, {"X#0": [{**FULL, "scalar": "0"}]}, "zero"),
    "a scalar that is a symbol": ("newton", FORMS, {"X#0": [{**FULL, "scalar": "mu"}]}, "two diff"),
    "a scalar lambda": ("newton", FORMS, {"X#0": [{**FULL, "scalar": "lambda"}]}, "two diff"),
    "a scalar e": ("newton", FORMS, {"X#0": [{**FULL, "scalar": "e"}]}, "two diff"),
    "one scalar of two": (
        "roots",
        FORMS,
        {"Y#0": [{**FULL, "scalar": "Y"}], "Z#0": [{**FULL, "scalar": "Y"}]},
        "differ in Y",
    ),
    "a loop without a form": ("roots", FORMS, {"Y#0": [{**FULL, "scalar": "Y"}]}, "no form"),
    "the first loop twice": ("stages", ("steps", 2, "loop"), 0, "not in the order"),
    "the second start": ("stages", ("steps", 2, "start"), {"X_loop1": "1"}, NOT_DERIVED),
    # the rules
    "an unknown rule": ("newton", (*LAST, "rule"), "trust", "not known"),
    "a module that is no rule": ("newton", (*LAST, "rule"), "verify", "not known"),
    "no rule": ("newton", (*LAST, "rule"), None, "not known"),
    "equal to itself": ("newton", (*LAST, "equal"), ["X"], "not another carried scalar"),
    "equal to nobody": ("newton", (*LAST, "equal"), ["Q"], "not another carried scalar"),
    "equal twice": ("roots", (*LAST, "equal"), ["Z", "Z"], "twice"),
    "equal to none": ("roots", (*LAST, "equal"), [], "other carried scalars"),
    "the error itself": (
        "residual",
        (*LAST, "polynomials"),
        {"E": "e"},
        "does not begin as its polynomial|is not what|mixes",
    ),
    "another polynomial": (
        "residual",
        (*LAST, "polynomials"),
        {"E": "(1 - e)^2"},
        "begin as its polynomial|depends on more than the error",
    ),
    "a polynomial of nobody": (
        "residual",
        (*LAST, "polynomials"),
        {"Q": "1 - (1 - e)^2"},
        "not another carried scalar",
    ),
    "a polynomial in lambda": (
        "residual",
        (*LAST, "polynomials"),
        {"E": "1 - lambda"},
        "not a polynomial in e alone",
    ),
    "no polynomial": ("residual", (*LAST, "polynomials"), {"E": "1/e"}, "denominator"),
    "the second loop's scalar": ("stages", (*LAST, "scalar"), "X_loop1", "not a scalar of the fi"),
    "nobody's scalar": ("stages", (*LAST, "scalar"), "Q", "not a scalar of the first"),
    "few points": ("listed", (*LAST, "points"), 3, "more than 3 points"),
    "no points": ("listed", (*LAST, "points"), 0, "from 1 to"),
    "fewer than no points": ("listed", (*LAST, "points"), -192, "from 1 to"),
    "very many points": ("listed", (*LAST, "points"), 10**9, "from 1 to"),
    "points that are true": ("listed", (*LAST, "points"), True, "points"),
    "other points": ("listed", (*LAST, "points"), 193, FORMULA),
    "an ellipse in vain": (
        "listed",
        LAST,
        {
            "rule": "chebyshev",
            "points": 192,
            "ellipse": {"rho": "2", "terms": 3, "size": "9"},
        },
        "in vain",
    ),
    "no ellipse": ("taylor", LAST, {"rule": "chebyshev", "points": 320}, "missing"),
    "a small size": ("taylor", (*LAST, "ellipse", "size"), "1", "size|bounded|ellipse"),
    "a negative size": ("taylor", (*LAST, "ellipse", "size"), "-248", "positive"),
    "a small ellipse": ("taylor", (*LAST, "ellipse", "rho"), "1", "above 1"),
    "a negative ellipse": ("taylor", (*LAST, "ellipse", "rho"), "-269/16", "above 1"),
    "fewer than no terms": ("taylor", (*LAST, "ellipse", "terms"), -1, "from 0 to"),
    "few terms": ("taylor", (*LAST, "ellipse", "terms"), 1, FORMULA),
    "very many terms": ("taylor", (*LAST, "ellipse", "terms"), 10**9, "from 0 to"),
    # what is returned
    "nothing returned": ("newton", ("output",), "Q", "returns no 'Q' with a target"),
    "an input": ("newton", ("output",), "A", "returns no 'A' with a target"),
}


@pytest.mark.parametrize("what", ATTACKS)
def test_a_false_part_is_refused_for_what_it_is(what: str) -> None:
    name, path, new, said = ATTACKS[what]
    claim = changed(claim_of(name), path, new)
    with pytest.raises(RefusedError, match=said):
        proven(name).judge(claim)


KINDS = (
    "assumed twice",
    "the other assumption",
    "a wrong pass",
    "equal to itself",
    "absolute",
    "nobody",
)


@pytest.mark.parametrize("what", KINDS)
def test_a_directory_with_a_false_claim_is_refused_as_truncation(what: str, tmp_path: Path) -> None:
    """The other claims stay proven."""
    name, path, new, said = ATTACKS[what]
    directory = tmp_path / "network"
    api.compile(SCRIPTS[name]).save(directory)
    assert verify_directory(directory).accepted
    certificate = json.loads((directory / "certificate.json").read_text())
    with changing(certificate) as claim:
        changed(claim, path, new)
    (directory / "certificate.json").write_text(json.dumps(certificate))
    for kernel in (False, True):
        refused = [
            one for one in verify_directory(directory, kernel=kernel).verdicts if not one.accepted
        ]
        assert refused[-1].kind == "truncation"
        assert {one.kind for one in refused} <= {"spectrum", "recurrence", "truncation"}
        assert re.search(said, refused[0].reason)


def test_swapped_outputs_are_refused() -> None:
    """√A and its inverse have the same bound, by witnesses that name one another."""
    for place, other in ((0, "Z"), (1, "Y")):
        claim = changed(claim_of("roots", place), ("output",), other)
        with pytest.raises(RefusedError, match="'equal' names something"):
            proven("roots").judge(claim)


WITNESSES: dict[str, dict[str, object]] = {
    "power_exp": {},
    "autonomous": {"equal": []},
    "contraction": {},
    "halley": {},
    "three_term": {},
    "stages": {"scalar": "X"},
    "chebyshev": {"points": 400},
}


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize("rule", SPECTRAL)
def test_the_bound_of_one_rule_is_not_that_of_another(name: str, rule: str) -> None:
    claim = claim_of(name)
    last = claim["steps"][-1]
    if last["rule"] == rule:
        return
    claim["steps"][-1] = {"rule": rule, **WITNESSES[rule]}
    with pytest.raises(RefusedError):
        proven(name).judge(claim)


def test_the_steps_of_another_claim_prove_nothing() -> None:
    for name in SCRIPTS:
        for other in SCRIPTS:
            if name != other:
                claim = {**claim_of(name), "steps": claim_of(other)["steps"]}
                with pytest.raises(RefusedError):
                    proven(name).judge(claim)


ORDERS: dict[str, Callable[[list[Any]], list[Any]]] = {
    "without the loop": lambda steps: [steps[0], steps[-1]],
    "without the assumption": lambda steps: steps[1:],
    "without the rule": lambda steps: steps[:-1],
    "backwards": lambda steps: steps[::-1],
    "the loop twice": lambda steps: [steps[0], steps[1], *steps[1:]],
    "the rule twice": lambda steps: [*steps, steps[-1]],
    "two assumptions": lambda steps: [steps[0], *steps],
    "very many": lambda steps: [steps[0], *[steps[1]] * 500, steps[-1]],
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", ["newton", "stages", "heavy_ball"])
def test_steps_in_another_order_are_refused(name: str, order: str) -> None:
    claim = claim_of(name)
    claim["steps"] = ORDERS[order](claim["steps"])
    with pytest.raises(RefusedError):
        proven(name).judge(claim)


# -- everything at once -------------------------------------------------------------------------


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_single_change_is_accepted(name: str) -> None:
    """Each text, number and truth changed or left out; nothing else than a refusal comes of it."""
    for true in proven(name).claims:
        parts = {key: value for key, value in true.items() if key not in ("id", "kind")}
        for path, claim in mutations(parts):
            place = claim["steps"][path[1]] if path[0] == "steps" and len(path) == 3 else {path[-1]}
            if path[-1] in ("ends", "rule") and path[-1] not in place:
                continue  # the ends are looked up then, and of a loop the rule is understood
            try:
                proven(name).judge(claim)
            except (RefusedError, KeyError):  # keys are checked with the certificate
                continue
            pytest.fail(f"accepted: {path}")
