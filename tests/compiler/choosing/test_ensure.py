"""``ensure error <= tol``: the compiler chooses counts and tolerances, or says why it cannot."""

from __future__ import annotations

from fractions import Fraction

import pytest

import weightsmith.api as ws
from weightsmith.dsl import DiagnosticError

NEWTON = """algorithm newton(A: symmetric[d, d])
assume spectrum(A) in [mu, 1]
param mu = 1/100, steps
ensure error <= TOL

X = 2/(mu + 1)*I
repeat steps:
    X = 2*X - X*A*X
return X approximates inv(A)
"""
LOGISTIC = """algorithm logistic(x: [d] per context, y: [1] per context)
assume norm(x) <= 1
assume entries(y) in [0, 1]
assume size(context) <= n
param n = 10, mu = 1/2, eta = 2/(2*mu + 1/4), steps
ensure error <= TOL

w = 0
repeat steps:
    w = w - eta*((sigmoid(w*x) - y)*x'/n + mu*w)  over context
return w approximates root(w: (sigmoid(w*x) - y)*x'/n + mu*w over context)
"""


def _bound(network: ws.Network) -> Fraction:
    (bound,) = network.bounds
    assert bound.value is not None
    return bound.value


@pytest.mark.parametrize("tolerance", ["1e-2", "1e-6", "1e-10"])
def test_the_fewest_steps_that_meet_it(tolerance: str) -> None:
    network = ws.compile(NEWTON.replace("TOL", tolerance))
    steps = network.bindings["steps"]
    assert _bound(network) <= Fraction(tolerance)
    assert network.verify().accepted
    with pytest.raises(DiagnosticError, match="nothing that can be chosen"):
        ws.compile(NEWTON.replace("TOL", tolerance), settings={"steps": steps - 1})


def test_steps_and_tables_together() -> None:
    network = ws.compile(LOGISTIC.replace("TOL", "1e-3"))
    assert _bound(network) <= Fraction(1, 1000)
    assert network.verify().accepted
    twice = {**network.bindings, "tolerance": 2 * network.bindings["tolerance"]}
    with pytest.raises(DiagnosticError, match="nothing that can be chosen"):
        ws.compile(LOGISTIC.replace("TOL", "1e-3"), settings=twice)
    fine = ws.compile(LOGISTIC.replace("TOL", "1e-3"), settings={"tolerance": Fraction(1, 10**4)})
    assert fine.bindings["steps"] <= network.bindings["steps"]


def test_what_has_a_value_keeps_it() -> None:
    network = ws.compile(NEWTON.replace("TOL", "1e-3"), settings={"steps": 20})
    assert network.bindings["steps"] == 20
    script = LOGISTIC.replace("TOL", "1e-2").replace("over context)", "over context)")
    inside = script.replace("+ mu*w)  over context\n", "+ mu*w)  over context within 1e-4\n")
    assert "tolerance" not in ws.compile(inside).bindings


REFUSED = [
    (
        NEWTON.replace("TOL", "1e-6").replace("100, steps", "100, steps = 2"),
        "nothing that can be chosen is left: the error is 0.9232, above 1e-6",
        "leave a count without a value",
    ),
    (NEWTON.replace("TOL", "1e-13"), "float64 does not carry", "about 1.12e-11 can be met"),
    (NEWTON.replace("TOL", "1e-6").replace("mu = 1/100", "mu"), "'mu' has none", "--set mu"),
    (NEWTON.replace("TOL", "1e-6").replace("= 2/(mu", "= 4/(mu"), "the bound diverges", ""),
    (
        LOGISTIC.replace("TOL", "1e-3").replace(", steps", ", steps = 2"),
        "the least found",
        "larger",
    ),
    (
        NEWTON.replace("TOL", "1e-6").replace(" approximates inv(A)", ""),
        "there is no error to bound",
        "name a target",
    ),
]


@pytest.mark.parametrize(("script", "message", "hint"), REFUSED)
def test_what_cannot_be_met_is_refused_with_what_can(script: str, message: str, hint: str) -> None:
    with pytest.raises(DiagnosticError) as refusal:
        ws.compile(script)
    (found,) = refusal.value.diagnostics
    assert message in found.message
    assert hint in found.render()
    assert found.underlined.startswith("ensure error")


def test_a_narrow_dtype_carries_less() -> None:
    with pytest.raises(DiagnosticError, match="float32 does not carry"):
        ws.compile(NEWTON.replace("TOL", "1e-6"), dtype="float32")
