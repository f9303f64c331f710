"""What is handed out holds: the checker has accepted every claim, or the claim is open."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from tests.checker.claims_by_hand import claims_in

import weightsmith.api as ws
from weightsmith.checker.verify import verify_files
from weightsmith.compiler.certify import certificate, truncation
from weightsmith.compiler.certify.stated import Stated
from weightsmith.compiler.choosing.promises import UNPROVEN
from weightsmith.dsl.text.diagnostics import DiagnosticError

from .instances import EXAMPLES, MAKERS, SYNTHESIZED

Json = dict[str, object]
SLOW = ("synthesized_roots", "whitened_regression")
PROVEN = [
    pytest.param(name, marks=pytest.mark.slow if name in SLOW else ())
    for name in sorted({**MAKERS, **SYNTHESIZED})
]


def half_the_bound(stated: Stated) -> Stated:
    """A bound too small by half; where it is no number, or none is smaller, another formula."""
    bound = dict(stated.fact["bound"])  # type: ignore[call-overload]
    value = Fraction(bound["value"] or 0)
    changed = {"value": str(value / 2)} if value > Fraction(1, 2**900) else {"formula": "0"}
    return replace(stated, fact={**stated.fact, "bound": {**bound, **changed}})


def wrong_step(stated: Stated) -> Stated:
    """The recurrence of another loop, or where there is no loop the other target."""
    (recurrence,) = stated.premises
    loops: Any = json.loads(json.dumps(recurrence.fact["loops"]))
    if loops:
        name, text = next(iter(loops[0]["pass"].items()))
        loops[0]["pass"][name] = f"{text} + 1"
    of = recurrence.fact["of"] if loops else ["I"]
    wrong = replace(recurrence, fact={**recurrence.fact, "of": of, "loops": loops})
    return replace(stated, premises=(wrong,))


WRONG: dict[str, Callable[[Stated], Stated]] = {"bound": half_the_bound, "step": wrong_step}


def open_claims(network: ws.Network) -> list[object]:
    claims: list[Json] = claims_in(network.certificate)  # type: ignore[assignment]
    return [claim["output"] for claim in claims if "unproven" in claim]


@pytest.mark.parametrize("wrong", sorted(WRONG))
@pytest.mark.parametrize("name", PROVEN)
def test_a_wrong_prover_leaves_the_claim_open(
    name: str, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No certificate that verify refuses, and no false bound: an open claim with a reason."""
    prove = certificate.truncation_stated

    def wrongly(*given: object) -> Stated:
        stated = prove(*given)  # type: ignore[arg-type]
        return stated if stated.is_open else WRONG[wrong](stated)

    monkeypatch.setattr(certificate, "truncation_stated", wrongly)
    settings, _ = {**MAKERS, **SYNTHESIZED}[name](np.random.default_rng(1))
    if name in SYNTHESIZED:  # what is promised and not proven is not compiled at all
        with pytest.raises(
            DiagnosticError, match="promised here is not proven: the checker does"
        ) as out:
            ws.compile(EXAMPLES / f"{name}.alg", settings=settings)
        assert {one.hint for one in out.value.diagnostics} == {UNPROVEN}
        return
    network = ws.compile(EXAMPLES / f"{name}.alg", settings=settings)
    assert open_claims(network) == [one.name for one in network.program.returns if one.target]
    assert all(bound.unproven for bound in network.bounds)
    assert all(verdict.accepted for verdict in verify_files(network.files()))


def test_a_wrong_witness_leaves_the_claim_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forms of another value of the loop: what follows from them is not what the script returns."""
    right = truncation.loop_forms

    def other_forms(*arguments: Any) -> list[Json]:
        found: list[Json] = json.loads(
            json.dumps(right(*arguments)).replace('"left": []', '"left": ["A"]')
        )
        return found

    monkeypatch.setattr(truncation, "loop_forms", other_forms)
    settings = {"mu": "1/4", "L": 2}
    network = ws.compile(EXAMPLES / "newton_inverse.alg", settings=settings)
    assert open_claims(network) == ["X"]
    assert network.verify().accepted


CASES: dict[str, tuple[str, float | None]] = {  # script, and the bound, None if it is open
    "two intervals, a start of the other sign": (
        "algorithm f(A: symmetric[d, d])\n"
        "assume spectrum(A) in [-2, -1] or [1, 2]\n"
        "X = 1/2*I\nrepeat 2:\n    X = 2*X - X*A*X\n"
        "return X approximates inv(A)\n",
        16.0,
    ),
    "a target, and tables, and nothing proven": (
        "algorithm f(A: symmetric[d, d])\n"
        "assume spectrum(A) in [0, 1000]\n"
        "E = sqrt.(abs(A)) - A\nrepeat 2:\n    E = E*E*E\n"
        "return E approximates exp(-A)\n",
        None,
    ),
    "a constant that is not dyadic": (
        "algorithm f(A: symmetric[v, v])\nassume spectrum(A) in [-1, 1]\n"
        "function g(t) = t/3\nreturn A approximates spectral(g, A)\n",
        2 / 3,
    ),
    "the same constant on both sides": (
        "algorithm f(A: symmetric[v, v])\nassume spectrum(A) in [-1, 1]\n"
        "function g(t) = t/3\nreturn 1/3*A approximates spectral(g, A)\n",
        0.0,
    ),
    "a square by a power": (
        "algorithm f(x: [1] per context)\nassume entries(x) in [-1, 1]\n"
        "function g(t) = (exp(t)*exp(-t) - 1)^2 + t^2\nwithin 1e-3\nreturn g(x)\n",
        9.646e-4,
    ),
    "a square by a product": (
        "algorithm f(x: [1] per context)\nassume entries(x) in [-1, 1]\n"
        "function g(t) = (exp(t)*exp(-t) - 1)*(exp(t)*exp(-t) - 1) + t*t\n"
        "within 1e-3\nreturn g(x)\n",
        9.646e-4,
    ),
    "a pseudoinverse by a polynomial": (
        "algorithm f(L: symmetric[v, v])\nassume nonzero_spectrum(L) in [1/2, 2]\n"
        "X = 1/4*L\nrepeat 5:\n    X = 2*X - X*L*X\nreturn X approximates pinv(L)\n",
        (15 / 16) ** 32,
    ),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_bound_holds_or_is_open(name: str) -> None:
    script, wanted = CASES[name]
    network = ws.compile(script)
    assert all(verdict.accepted for verdict in verify_files(network.files()))
    for bound in network.bounds:
        assert (bound.value is None) == (wanted is None) == (bound.unproven is not None)
        if wanted is not None and bound.value is not None:
            assert float(bound.value) == pytest.approx(wanted, rel=1e-3, abs=1e-290)


POINTS = ("[2, 2]", "[0, 2]", "[0, 0]", "[-1, 2]", "[-2, -2]", "[1, 2]")
TARGETS = ("inv(A)", "pinv(A)", "invsqrt(A)", "A^(-1/2)", "sqrt(A)", "sign(A)", "exp(A)")


def edge_cases() -> Iterator[tuple[str, str, str]]:
    step = "    X = 2*X - X*A*X\n"
    for kind in ("spectrum", "nonzero_spectrum"):
        for where in POINTS:
            for target in (*TARGETS, "spectral(g, A)"):
                for count in (0, 2):
                    yield (
                        (
                            f"algorithm f(A: symmetric[d, d])\nassume {kind}(A) in {where}\n"
                            f"function g(t) = log(t)\nX = 1/2*A\nrepeat {count}:\n{step}"
                            f"return X approximates {target}\n"
                        ),
                        where,
                        target,
                    )


@pytest.mark.parametrize(
    "every", [pytest.param(1, marks=pytest.mark.slow), pytest.param(11, id="some")]
)
def test_points_poles_and_no_passes_have_an_answer(every: int) -> None:
    """Proven, or open with a reason; and proven only where the target has values."""
    for script, where, target in list(edge_cases())[::every]:
        network = ws.compile(script)
        (bound,) = network.bounds
        assert all(verdict.accepted for verdict in verify_files(network.files())), script
        assert (bound.value is None) == (bound.unproven is not None), script
        if where in ("[0, 2]", "[0, 0]", "[-1, 2]") and target != "exp(A)":
            assert bound.value is None, script


@pytest.mark.parametrize(
    ("where", "function", "message"),
    [
        ("[1, 1e300]", "exp(-A)", "does not reach 1e-6 on [about -1e300, -1]"),
        ("[2, 2]", "exp(A)", "the spectrum is the one point 2"),
        ("[1, 2]", "spectral(g, A)", "the function is constant on the spectrum, within 1e-6"),
    ],
)
def test_the_reason_is_the_true_one(where: str, function: str, message: str) -> None:
    script = (
        f"algorithm f(A: symmetric[d, d])\nassume spectrum(A) in {where}\n"
        f"function g(t) = 1 + t/30000000\nreturn synthesize {function} within 1e-6\n"
    )
    with pytest.raises(DiagnosticError) as raised:
        ws.compile(script)
    assert message in str(raised.value)
