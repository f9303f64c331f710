"""Holes found by the audit of loops within loops and ``for`` loops."""

from __future__ import annotations

from fractions import Fraction

import pytest

from weightsmith.checker.prove import prove_restructuring
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.dsl import Source, check

HEAD = "algorithm forged(A: [d, d], C: [d, d])\n"
ZERO = "X = 0*A*C\nreturn X\n"
STEPS = [
    {"step": 1, "rule": "powers", "turned": [], "kind": "one_side"},
    {"step": 2, "rule": "equal", "counts": [1, 1, 0]},
]
SCRIPT = """X, Z = C, C
for g in 1, 2:
    Y = C
    for h in g, 2*g:
        Y = STEP
    X, Z = Y - Z, Y
return X
"""


def prove(script: str, network: str, steps: object, bindings: dict[str, Fraction]) -> None:
    first, second = (check(Source("s.alg", HEAD + text)) for text in (script, network))
    prove_restructuring(first, second, bindings, {"steps": steps})


@pytest.mark.parametrize("step", ["h*A*Y", "A*Y + h*C"])
def test_the_numbers_of_a_loop_are_made_of_those_of_a_loop_around(step: str) -> None:
    """Truth: X is 6*A*A*C, and 0 is claimed."""
    with pytest.raises(RefusedError):
        prove(SCRIPT.replace("STEP", step), ZERO, STEPS, {})


@pytest.mark.parametrize(("step", "truth"), [("h*A*Y", "6*A*A*C"), ("A*Y + h*C", "A*C + 2*C")])
def test_such_numbers_are_followed_pass_by_pass(step: str, truth: str) -> None:
    """Y has the numbers 1, 2 and then 2, 4; X is what the second Y has more than the first."""
    prove(SCRIPT.replace("STEP", step), f"X = {truth}\nreturn X\n", STEPS, {})
    with pytest.raises(RefusedError, match="different values"):
        prove(SCRIPT.replace("STEP", step), f"X = {truth} + C\nreturn X\n", STEPS, {})


def test_a_binding_that_is_no_parameter() -> None:
    script = "X = C\nfor g in 1, 2:\n    repeat g:\n        X = A*X\n    X = X + C\nreturn X\n"
    network = "X = A*C + C\nX = A*X + C\nreturn X\n"
    with pytest.raises(RefusedError):
        prove(script, network, STEPS, {"g": Fraction(1)})


def test_a_denominator_that_vanishes_in_a_pass() -> None:
    script = "X = C\nfor g in 0, 2:\n    X = relu(X)\n    X = A*X + C\n    X = relu(X) + g*C\n"
    script += "return X\n"
    network = script.replace("A*X", "(1/g)*(g*A*X)")
    equal = [
        {"step": 1, "rule": "operator", "word": ["A"], "offset": "0", "slope": "1"},
        {"step": 2, "rule": "equal"},
    ]
    part = {"step": 1, "rule": "segment", "script": [1, 2], "network": [1, 2], "steps": equal}
    steps = [{"step": 1, "rule": "inside", "script": [1, 2], "network": [1, 2], "steps": [part]}]
    with pytest.raises(RefusedError):
        prove(script, network, steps, {})


def test_a_loop_that_carries_nothing() -> None:
    script = "X = C\nrepeat 3:\n    Y = A*X\nreturn X\n"
    with pytest.raises(RefusedError):
        prove(script, script, [{"step": 1, "rule": "passes", "passes": [1]}], {})
