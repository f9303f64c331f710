"""Signs about a shift, projectors, powers p/q, and targets that are scaled and shifted."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.checker.claims_by_hand import changing, claims_in, put, targeted
from tests.compiler.forging import of_script, rewritten

from weightsmith import api
from weightsmith.checker.reading.verdicts import Report, Verdict
from weightsmith.cli.outputs.scale import scale_of, truncations
from weightsmith.dsl.text.diagnostics import DiagnosticError

Array = NDArray[np.float64]
Json = dict[str, Any]
Ends = list[tuple[float, float]]
HEAD = "algorithm f(A: symmetric[d, d])\nassume spectrum(A) in {}\n"
TWO = [(0.0, 0.3), (0.5, 1.0)]
MIRRORED = [(-1.0, -0.1), (0.1, 1.0)]
ONE = [(0.01, 1.0)]
PARAMETER = HEAD.format("[0, 3/10] or [1/2, 1]") + "param c = 2/5\n"
UNIT = 2.0**-53

SYNTHESISED: dict[str, tuple[str, Ends, float]] = {  # the script, the spectrum, a condition
    "projector about 0": (
        HEAD.format("[-1, -1/10] or [1/10, 1]") + "return synthesize (I + sign(A))/2 within 1e-6\n",
        MIRRORED,
        10,
    ),
    "projector above a gap": (
        PARAMETER + "return synthesize (I + sign(A - c*I))/2 within 1e-6\n",
        TWO,
        6,
    ),
    "projector below a gap": (
        PARAMETER + "return synthesize (I - sign(A - c*I))/2 within 1e-9\n",
        TWO,
        6,
    ),
    "sign about a shift": (PARAMETER + "return synthesize sign(A - c*I) within 1e-6\n", TWO, 6),
    "a multiple of a sign": (
        PARAMETER + "return synthesize 300*sign(2*A - 2*c*I) within 1e-6\n",
        TWO,
        6,
    ),
    "an exponential, scaled": (
        HEAD.format("[1/100, 1]") + "return synthesize I - 30*exp(-A) within 1e-6\n",
        ONE,
        1,
    ),
    "a root, shifted": (
        HEAD.format("[1/100, 1]") + "return synthesize A - 3*sqrt(A) within 1e-6\n",
        ONE,
        100,
    ),
    **{
        f"power {power}": (
            HEAD.format("[1/100, 1]") + f"return synthesize A^({power}) within 1e-6\n",
            ONE,
            100,
        )
        for power in ("2/3", "3/2", "-3/4", "1/8", "-5/4")
    },
}
BY_HAND = (
    PARAMETER
    + """X = A - c*I
for a, b in (2.5, -1.6), (2.1, -1.1), (3/2, -1/2), (3/2, -1/2):
    X = a*X + b*X*X*X
return X approximates sign(A - c*I)
"""
)
PURIFICATION = (
    HEAD.format("[0, 3/10] or [1/2, 1]")
    + """P = A + 1/10*I
repeat 6:
    P = 3*P*P - 2*P*P*P
return P approximates (I + sign(A - 2/5*I))/2
"""
)
NEWTON = (
    HEAD.format("[1/4, 1]")
    + """X = I
repeat 3:
    X = 2*X - X*A*X
return A - 2*X approximates A - 2*inv(A)
"""
)
SHIFTED_SIGN = BY_HAND.replace(
    "return X approximates sign(A - c*I)",
    "return I/3 + A/2 - X/4 approximates I/3 + A/2 - sign(A - c*I)/4",
)


def matrices(intervals: Ends, count: int = 8) -> list[Array]:
    """Eigenvalues at the ends, spread evenly, and in clusters near one end."""
    found = []
    ends = [end for pair in intervals for end in pair]
    for seed in range(4):
        chance = np.random.default_rng(seed)
        within = [chance.uniform(low, high) for low, high in intervals for _ in range(count)]
        near = [low + (high - low) * 1e-9 * chance.random() for low, high in intervals] * count
        values = np.array([*ends, *(within, near, ends * 4, [])[seed]])
        vectors, _ = np.linalg.qr(chance.normal(size=(len(values), len(values))))
        found.append((vectors * values) @ vectors.T)
    return found


def check_errors(network: api.Network, spectrum: Ends, condition: float) -> float:
    """Every bound holds in float64; returns the largest error, as a share of the bound."""
    (bound,) = network.bounds
    assert bound.value is not None, bound.unproven
    worst = 0.0
    for matrix in matrices(spectrum):
        (found,) = network.run({"A": matrix}).values()
        (wanted,) = network.target({"A": matrix}).values()
        (fact,) = truncations(certificate(network))
        size = scale_of(fact, network.program, {"A": matrix}, wanted, {})
        error = float(np.linalg.norm(found - wanted, 2) / size)
        slack = 1e3 * UNIT * condition * max(1.0, float(np.linalg.norm(wanted, 2)))
        assert error <= float(bound.value) + slack
        worst = max(worst, error)
    return worst / float(bound.value)


def accepted(network: api.Network) -> bool:
    return api.verify(rewritten(network.files(), "certificate.json", certificate(network))).accepted


def certificate(network: api.Network) -> Json:
    found: Json = json.loads(network.files()["certificate.json"])
    return found


def truncation(found: Json) -> Json:
    claim: Json = next(one for one in claims_in(found) if one["kind"] == "truncation")
    return claim


@pytest.mark.parametrize("name", SYNTHESISED)
def test_what_is_synthesised_is_proven_and_near_enough(name: str) -> None:
    text, spectrum, condition = SYNTHESISED[name]
    network = api.compile(text)
    assert accepted(network)
    (bound,) = network.bounds
    within = Fraction(text.rsplit("within ", 1)[1].strip())
    assert bound.value is not None
    assert 0 < bound.value <= within
    share = check_errors(network, spectrum, condition)
    assert share > 0.01 or bound.scale != "1" or bound.value < 1e-9


@pytest.mark.parametrize("text", [BY_HAND, PURIFICATION], ids=["cubics", "purification"])
def test_a_projector_by_hand_is_proven_tightly(text: str) -> None:
    network = api.compile(text)
    assert accepted(network)
    assert 0.5 < check_errors(network, TWO, 6) <= 1.001


def test_the_range_is_that_of_two_intervals_not_of_their_hull() -> None:
    """On the hull [0, 1] of the spectrum |λ − c| would come to 0, and the bound to 1."""
    (bound,) = api.compile(BY_HAND).bounds
    worst = 0.0
    for low, high in TWO:
        t = np.abs(np.linspace(low, high, 2001) - 0.4)
        for a, b in ((2.5, -1.6), (2.1, -1.1), (1.5, -0.5), (1.5, -0.5)):
            t = a * t + b * t**3
        worst = max(worst, float(np.abs(1 - t).max()))
    assert bound.value is not None
    assert worst <= float(bound.value) * (1 + 1e-9)
    assert float(bound.value) <= worst * 1.02


def test_the_formula_of_a_shift_without_a_value() -> None:
    network = api.compile(BY_HAND.replace("param c = 2/5", "param c"))
    (bound,) = network.bounds
    assert bound.value is None
    assert bound.formula.startswith("iterate(e -> ")
    assert bound.hypotheses[-1] == "the side conditions of the rule autonomous hold"
    assert accepted(network)


def test_the_bound_has_the_factor_where_the_scale_has_not() -> None:
    alone = api.compile(BY_HAND).bounds[0]
    scaled = BY_HAND.replace("return X approximates", "return I - 4*X approximates I - 4*")
    (bound,) = api.compile(scaled).bounds
    assert bound.formula == f"abs(-4)*({alone.formula})"
    assert alone.value is not None
    assert bound.value is not None
    assert 4 * alone.value <= bound.value <= 4 * alone.value * (1 + Fraction(1, 1 << 60))
    (relative,) = api.compile(NEWTON).bounds
    assert (relative.value, relative.scale) == (Fraction(3, 4) ** 8, "norm(target - shift)")


def another(old: str, new: str) -> Report:
    """The verdicts on a certificate beside another script than that of which it was made."""
    text = BY_HAND.replace("param c = 2/5\n", "").replace("c*I", "2/5*I")
    files = api.compile(text).files()
    script = files["script.alg"].decode()
    assert old in script
    other = script.replace(old, new)
    changed = {**files, "script.alg": other.encode()}
    forged = of_script(json.loads(files["certificate.json"]), other)
    return api.verify(rewritten(changed, "certificate.json", forged))


SHIFTED = [
    ("sign(A - 2/5*I)", "sign(A - 1/4*I)"),  # within the other interval
    ("sign(A - 2/5*I)", "sign(2/5*I - A)"),
    ("sign(A - 2/5*I)", "sign(A - 3/5*I)"),  # within an interval
    ("[1/2, 1]", "[9/20, 1]"),
    ("[0, 3/10]", "[-1, 3/10]"),
    ("[0, 3/10] or [1/2, 1]", "[0, 1]"),
    ("approximates ", "approximates 2*"),
    ("approximates ", "approximates -"),
    ("approximates ", "approximates I + "),
    ("approximates ", "approximates A + "),
]


def test_a_place_between_the_intervals_is_as_good_as_another() -> None:
    """The sign of A - 1/3*I is that of A - 2/5*I, as no eigenvalue lies between 3/10 and 1/2."""
    report = another("sign(A - 2/5*I)", "sign(A - 1/3*I)")
    assert report.outcome == "proven"


@pytest.mark.parametrize(("old", "new"), SHIFTED)
def test_another_target_or_spectrum_is_refused(old: str, new: str) -> None:
    report = another(old, new)
    refused = [one.kind for one in report.verdicts if not one.accepted]
    assert not report.accepted
    assert {"truncation"} <= set(refused) <= {"spectrum", "recurrence", "truncation"}


@pytest.mark.parametrize("name", ["value", "larger", "formula", "scale"])
def test_a_changed_bound_is_refused(name: str) -> None:
    network = api.compile(SHIFTED_SIGN)
    found = certificate(network)
    with changing(found) as claim:
        bound = claim["bound"]
        if name == "value":
            bound["value"] = str(Fraction(bound["value"]) * Fraction(999, 1000))
        elif name == "formula":
            bound["formula"] = bound["formula"].removeprefix("abs(-1/4)*")
        elif name == "scale":
            claim["scale"] = "norm(target - shift)"
        else:
            bound["value"] = str(Fraction(bound["value"]) * Fraction(1001, 1000))
    assert not api.verify(rewritten(network.files(), "certificate.json", found)).accepted


TOUCHING = ["[0, 2/5] or [1/2, 1]", "[0, 3/10] or [2/5, 1]", "[0, 1/2] or [3/5, 1]", "[0, 1]"]


@pytest.mark.parametrize("spectrum", TOUCHING)
def test_a_spectrum_that_touches_the_shift_is_refused(spectrum: str) -> None:
    target = "sign(A - 2/5*I)"
    with pytest.raises(DiagnosticError, match=r"an eigenvalue of .A - 2/5.I. may be 0"):
        api.compile(HEAD.format(spectrum) + f"return synthesize {target} within 1e-6\n")
    text = "X = A - 2/5*I\nrepeat 2:\n    X = 3/2*X - 1/2*X*X*X\n"
    (bound,) = api.compile(
        HEAD.format(spectrum) + text + f"return X approximates {target}\n"
    ).bounds
    assert bound.unproven is not None
    assert "the target's sign changes" in bound.unproven


def forged(script: str, initial: str) -> Verdict:
    """BY_HAND's claim with another start, given to a script that starts so."""
    claim = truncation(certificate(api.compile(BY_HAND)))
    claim["steps"][1]["start"]["X"] = initial
    network = api.compile(script)
    found = certificate(network)
    del claim["steps"][0]["ends"]  # those of its own spectrum
    claims = [claim if one["kind"] == "truncation" else one for one in claims_in(found)]
    put(found, claims, network.program)
    report = api.verify(rewritten(network.files(), "certificate.json", found))
    return next(one for one in report.verdicts if one.kind == "truncation")


def test_a_start_on_the_wrong_side_is_not_proven_by_its_size() -> None:
    """|X| tends to 1, but X has the other sign: the error is near 2, not near 0."""
    assert forged(BY_HAND, "-c + lambda").accepted
    wrong = BY_HAND.replace("X = A - c*I", "X = c*I - A")
    (bound,) = api.compile(wrong).bounds
    assert bound.value is not None
    assert bound.value > Fraction(3, 2)
    verdict = forged(wrong, "c - lambda")
    assert not verdict.accepted
    assert "The start is negative somewhere" in verdict.reason


def test_a_start_with_the_right_sign_on_one_interval_is_refused() -> None:
    text = BY_HAND.replace("X = A - c*I", "X = 2*(A - c*I)*(9/20*I - A)")
    start = "2*c*lambda - 9/10*c - 2*lambda^2 + 9/10*lambda"
    verdict = forged(text, start)
    assert not verdict.accepted
    assert "The start is negative somewhere" in verdict.reason


@pytest.mark.parametrize("interval", ["[2/5, 1]", "[7/20, 1]"])
def test_a_sign_that_changes_within_an_interval_is_refused(interval: str) -> None:
    verdict = forged(BY_HAND.replace("[1/2, 1]", interval), "-c + lambda")
    assert not verdict.accepted
    assert "The spectrum touches the place" in verdict.reason


def test_a_projection_on_principal_directions_of_tokens() -> None:
    text = (
        "algorithm pca(x: [d] per token)\n"
        "assume spectrum(x*x' over context) in [0, 3/10] or [1/2, 1]\n"
        "return synthesize 1/2*(I + sign(x*x' - 2/5*I))*x on query over context within 1e-6\n"
    )
    network = api.compile(text)
    assert accepted(network)
    (bound,) = network.bounds
    assert bound.value is not None
    assert bound.value <= Fraction(1, 10**6)
    claim = truncation(certificate(network))
    read = targeted(network.program, {}, claim["output"], claim["steps"][0])
    shift = read.target.shift
    assert shift is not None
    assert {tuple(letter.text for letter in word): c for word, c in shift.terms.items()} == {
        ("x@query",): read.field.number(Fraction(1, 2))
    }
    vectors, _ = np.linalg.qr(np.random.default_rng(5).normal(size=(4, 4)))
    given = {"context": vectors * np.sqrt([0.0, 0.3, 0.5, 1.0]), "query": vectors}
    (found,) = network.run({"x": given}).values()
    found = found["query"] if isinstance(found, dict) else found
    assert np.linalg.norm(found - vectors * [0, 0, 1, 1], 2) <= float(bound.value) + 1e-13


def test_the_bound_of_a_power_falls_with_the_tolerance() -> None:
    values = []
    for tolerance in ("1e-3", "1e-5", "1e-7"):
        text = HEAD.format("[1/10, 1]") + f"return synthesize A^(2/3) within {tolerance}\n"
        (bound,) = api.compile(text).bounds
        assert bound.value is not None
        values.append(bound.value)
    assert all(later < sooner / 20 for sooner, later in pairwise(values))
