"""The rule ``halley``: scripts that it must not bound, and claims that are not the honest one."""

from __future__ import annotations

import copy
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
from checker_steps import assumption
from claims_by_hand import check_truncation, claims_in, followed
from halley_runs import FAMILIES, GOOD

import weightsmith.api as ws
from weightsmith.checker.reading.refusal import Budget, RefusedError
from weightsmith.checker.rules import find
from weightsmith.dsl import Source, check

F = Fraction
Json = dict[str, Any]
SOLVE = "no Newton-Schulz iteration"
UNPROVEN: dict[str, tuple[str, str, str]] = {
    "no solve of this kind": ("2*G - G*(I + 3*X'*X)*G", "G + 1/4*(I - G - 3*X'*X*G)", SOLVE),
    "a solve of another matrix": ("G*(I + 3*X'*X)*G", "G*(I + 3*A'*A)*G", "free of lambda"),
    "a wrong factor": ("2*G - G*(I", "3*G - G*(I", SOLVE),
    "a factor that is no number": ("2*G - G*(I", "c*G - G*(I", SOLVE),
    "a start with A": ("G = 1/4*I", "G = 1/4*I - 1/9*A'*A", "free of lambda"),
    "a square of the inverse": ("+ X'*X)*G", "+ X'*X)*G*G", "is not linear in 'G'"),
    "the inverse and its square": ("+ X'*X)*G", "+ X'*X)*G - 1/9*X*G*G", "is not linear in 'G'"),
    "the inverse and A": ("+ X'*X)*G", "+ X'*X)*G + 1/9*A", "free of lambda"),
    "a loop in the inner loop": (
        "        G = 2",
        "        repeat 2:\n            G = 2",
        "has none in",
    ),
    "two inner loops": (
        "    X =",
        "    repeat 2:\n        G = 2*G - G*X'*X*G\n    X =",
        "one loop",
    ),
    "a residual that begins as another": (
        "    repeat 3:\n        G = 2*G - G*(I + 3*X'*X)*G",
        "    R = 3/4*I - X'*X\n    repeat 3:\n        G, R = G + G*R, R*R + 1/9*R",
        f"is not the residual|{SOLVE}",
    ),
    "a residual that is not squared": (
        "    repeat 3:\n        G = 2*G - G*(I + 3*X'*X)*G",
        "    R = 3/4*I - 3/4*X'*X\n    repeat 3:\n        G, R = G + G*R, R*R*R",
        "is not the residual",
    ),
    "a solve that stays zero": (
        "    G = 1/4*I\n    repeat 3:\n        G = 2*G - G*(I + 3*X'*X)*G",
        "    G = 0*I\n    R = I + X'*X\n    repeat 3:\n        G, R = G + G*R, R*R",
        "must use one scalar of the inner loop",
    ),
    "the inverse and its residual": (
        "    repeat 3:\n        G = 2*G - G*(I + 3*X'*X)*G\n    X = X*(3*I + X'*X)*G",
        "    R = 3/4*I - 3/4*X'*X\n    repeat 3:\n        G, R = G + G*R, R*R\n    X = X*(G + G*R)",
        "must use one scalar of the inner loop",
    ),
    "a start at zero": (
        "X = A\nrepeat 3:\n",
        "X = 0*A\nrepeat 3:\n    X = X + A\n",
        "start is zero",
    ),
    "another scalar from zero": (
        "X = A\nrepeat 3:\n",
        "X, W = A, 0*A\nrepeat 3:\n    X, W = X + W, X\n",
        "'W' starts at zero",
    ),
    "numbers of the inner passes": (
        "    repeat 3:\n        G = 2*G - G*(I + 3*X'*X)*G",
        "    for b in 1, 1, 1:\n        G = 2*G - b*G*(I + 3*X'*X)*G",
        "numbers change",
    ),
    "another target": ("polar(A)", "1/2*polar(A)", "not one iterate|loop within a loop"),
    "another value": ("return X", "return X*X'*X", "not one iterate|loop within a loop"),
    "a negative start": ("X = A\n", "X = -A\n", "start is negative"),
    "a matrix without an inverse": ("I + 3*X'*X", "I - X'*X", "denominator may be zero"),
    "a start too large": ("1/4*I", "I", "diverges"),
    "a kernel": ("in [1/10, 1]", "in [0, 1]", "not positive on the whole spectrum"),
}


def reason_for(script: str) -> str | None:
    (bound,) = ws.compile(script).bounds
    return bound.unproven


@pytest.mark.parametrize("name", UNPROVEN)
def test_other_scripts_are_not_bounded(name: str) -> None:
    old, new, match = UNPROVEN[name]
    assert old in GOOD
    reason = reason_for(GOOD.replace(old, new))
    assert reason is not None
    assert any(part in reason for part in match.split("|")), reason


POLE = """algorithm f(A: symmetric[d, d])
assume spectrum(A) in [1/4, 1]
X, W = A*A - A + 1/4*I, I
repeat 2:
    G = 1/2*I
    repeat 3:
        G = 2*G - G*(I + A*W*(A*A - A + 1/4*I))*G
    X, W = 2*X*G, 2*W*G
return X approximates inv(A)
"""
POINT = """algorithm f(A: symmetric[d, d])
assume spectrum(A) in [-1, 1]
X = I
repeat 2:
    G = 1/4*I
    repeat 3:
        G = 2*G - G*(I + 3*X*X)*G
    X = X*(3*I + X*X)*G
return X approximates sign(A*A)
"""


def test_scalars_beside_the_iterate_stay_multiples_of_it() -> None:
    """W is X divided by (λ - 1/2)², which is zero on the spectrum."""
    assert "has a pole in the spectrum" in str(reason_for(POLE))
    above = POLE.replace("[1/4, 1]", "[3/4, 1]")
    assert reason_for(above) is None
    assert "does not take 'W' as" in str(reason_for(above.replace("2*W*G", "W*G + 1/2*W")))
    assert reason_for(above.replace("2*W*G", "2*W*G + A - A*I")) is None


def test_the_sign_of_what_may_be_zero_is_not_one() -> None:
    steps = FAMILIES["inverse"].steps()  # of X and G, functions of A
    for ends, known in (("[1/2, 1]", True), ("[-1, 1]", False)):
        program = check(Source("script.alg", POINT.replace("[-1, 1]", ends)))
        found = followed(program, {}, "X", assumption("A"), steps)
        if known:
            assert found.bounded(find("halley"), {}).value == 0
            continue
        with pytest.raises(RefusedError, match="where the target's sign changes"):
            found.bounded(find("halley"), {})


def test_an_inner_loop_that_goes_on_from_the_last_pass_is_not_bounded() -> None:
    warm = GOOD.replace("    G = 1/4*I\n", "").replace("X = A\n", "X = A\nG = 1/4*I\n")
    assert "begin it anew" in str(reason_for(warm))
    assert reason_for(GOOD) is None


# -- claims that are not the honest one ------------------------------------------------------------


@cache
def compiled() -> ws.Network:
    return ws.compile(GOOD)


def honest() -> Json:
    (claim,) = (c for c in certificate(compiled()) if c["kind"] == "truncation")
    return copy.deepcopy(claim)


def certificate(network: ws.Network) -> list[Json]:
    claims: list[Json] = claims_in(network.certificate)  # type: ignore[assignment]
    return claims


def accept(script: str, claim: Json) -> Fraction | None:
    program = check(Source("script.alg", script))
    return check_truncation(program, {"c": F(3)}, claim, Budget()).value


OTHER_PROGRAMS = {
    "fewer passes": ("repeat 3:\n    G", "repeat 2:\n    G"),
    "fewer inner passes": ("    repeat 3:", "    repeat 2:"),
    "no pass": ("repeat 3:\n    G", "repeat 0:\n    G"),
    "another inner start": ("1/4*I", "1/5*I"),
    "another matrix": ("I + 3*X'*X", "I + 2*X'*X"),
    "another pass": ("(3*I", "(2*I"),
    "another start": ("X = A", "X = 1/2*A"),
    "a wider spectrum": ("[1/10, 1]", "[1/20, 1]"),
    "another target": ("polar(A)", "-polar(A)"),
}


@pytest.mark.parametrize("name", OTHER_PROGRAMS)
def test_the_claim_of_one_program_is_refused_for_another(name: str) -> None:
    old, new = OTHER_PROGRAMS[name]
    claim = honest()
    assert accept(GOOD, claim) is not None
    assert old in GOOD
    with pytest.raises(RefusedError):
        accept(GOOD.replace(old, new), claim)


def scale_value(claim: Json, factor: Fraction) -> None:
    claim["bound"]["value"] = str(F(claim["bound"]["value"]) * factor)


Change = Callable[[Json], object]
CHANGED: dict[str, Change] = {
    "a smaller value": lambda c: scale_value(c, F(999, 1000)),
    "a larger value": lambda c: scale_value(c, F(1001, 1000)),
    "no value": lambda c: c["bound"].update(value=None),
    "another formula": lambda c: c["bound"].update(formula="0"),
    "another scale": lambda c: c.update(scale="norm(target)"),
    "no hypotheses": lambda c: c.update(hypotheses=[]),
    "a witness": lambda c: c["steps"][3].update(equal=[]),
    "another rule": lambda c: c["steps"][3].update(rule="contraction"),
    "a rule of values": lambda c: c["steps"][3].update(rule="chebyshev", points=1000),
    "a rule with a witness": lambda c: c["steps"][3].update(rule="autonomous", equal=[]),
    "no inner step": lambda c: c["steps"].pop(2),
    "no outer step": lambda c: c["steps"].pop(1),
    "steps in another order": lambda c: c["steps"].insert(1, c["steps"].pop(2)),
    "another inner loop": lambda c: c["steps"][2].update(loop=2),
    "another inner start": lambda c: c["steps"][2]["start"].update(G="1/5"),
    "another inner pass": lambda c: c["steps"][2]["pass"].update(G="G"),
    "another start": lambda c: c["steps"][1]["start"].update(X="1/2"),
    "another pass": lambda c: c["steps"][1]["pass"].update(X="X"),
    "a constant form": lambda c: c["steps"][2]["forms"]["G#1"][0].update(scalar="1/4"),
    "another left": lambda c: c["steps"][2]["forms"]["G#1"][0].update(left=["A"]),
    "the other scalar": lambda c: c["steps"][2]["forms"]["G#1"][0].update(scalar="X"),
    "the name of a function": lambda c: c["steps"][2]["forms"]["G#1"][0].update(scalar="lambda"),
    "another operator": lambda c: c["steps"][0].update(of=["A", "A'"]),
}


@pytest.mark.parametrize("name", CHANGED)
def test_a_changed_claim_is_refused(name: str) -> None:
    claim = honest()
    CHANGED[name](claim)
    for place, step in enumerate(claim["steps"], 1):
        step["step"] = place
    with pytest.raises(RefusedError):
        accept(GOOD, claim)
