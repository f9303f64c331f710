"""Loops whose bounds grow for ever are told from those that come to rest, however late."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import flint
import pytest

import weightsmith.api as ws
from weightsmith.compiler.approximate.arguments.bounds import Bounds
from weightsmith.compiler.approximate.arguments.settling import Growth, State, within
from weightsmith.compiler.numbers.intervals import round_ball_up, round_up, to_fraction
from weightsmith.dsl.text.diagnostics import DiagnosticError

Map = Callable[[float], float]
KEY = ("w", "")
SCRIPT = """algorithm g(x: [d] per token, y: [1] per context)
assume norm(x) <= 1
assume entries(y) in [0, 1]
assume size(context) <= 10
w = 0
repeat 5:
    w = w - {eta} * (({f} - y)*x'/10 + {mu}*w)  over context
return w approximates root(w: ({f} - y)*x'/10 + {mu}*w over context)
"""


def passes(of: Map, most: int = 1000) -> tuple[str, int]:
    """How the following of |w| ← of(|w|) ends, and after how many passes."""

    def follow(state: State) -> State:
        size = of(state[KEY].high)
        return {KEY: Bounds(-size, size)}

    state: State = {KEY: Bounds(-0.0, 0.0)}
    growth = Growth(follow)
    for number in range(most):
        after = follow(state)
        if within(after, state):
            return "rest", number
        if growth.is_endless(state, after):
            return "endless", number
        state = after
    return "", most


@pytest.mark.parametrize(
    ("name", "of", "wanted"),
    [
        ("halved", lambda w: w / 2 + 1, "rest"),
        ("slowly", lambda w: 0.95 * w + 1, "rest"),
        ("first faster, as of a sigmoid", lambda w: 0.96 * w + min(w / 2 + 0.1, 1), "rest"),
        ("a square, to the lesser fixed point", lambda w: 0.24 + w * w, "rest"),
        ("steps", lambda w: w + 1, "endless"),
        ("twice", lambda w: 2 * w + 1, "endless"),
        ("just", lambda w: w + min(w, 1) + 1e-3, "endless"),
        ("a square without a fixed point", lambda w: 0.5 + w * w, "endless"),
    ],
)
def test_endless_growth(name: str, of: Map, wanted: str) -> None:
    found, number = passes(of)
    assert found == wanted, name
    assert wanted == "rest" or number <= 40


@pytest.mark.parametrize(("eta", "mu"), [("30", "1/10"), ("1", "0"), ("21", "1/10")])
def test_a_descent_that_does_not_contract_is_said_not_to(eta: str, mu: str) -> None:
    network = ws.compile(SCRIPT.format(eta=eta, mu=mu, f="sigmoid(w*x)"))
    (target, script) = network.bounds
    assert "not shown to bring values nearer" in str(target.unproven)
    assert script.against == "script"
    assert script.value is not None


def test_an_argument_beyond_all_numbers_is_not_bounded() -> None:
    with pytest.raises(DiagnosticError, match="nothing bounds its argument"):
        ws.compile(SCRIPT.format(eta="1", mu="0", f="exp.(w*x)"))


def test_the_tables_of_a_descent_reach_to_its_root() -> None:
    """However small the first steps are: |w*x| <= 1/mu."""
    network = ws.compile(SCRIPT.format(eta="1", mu="1/10", f="sigmoid(w*x)"))
    (table,) = network.certificate["tables"]  # type: ignore[misc]
    assert Fraction(table["high"]) > 10  # type: ignore[index]
    assert network.bounds[0].unproven is None


def test_numbers_near_zero_are_rounded_at_once() -> None:
    for value in (flint.arb(3) ** -20, -(flint.arb(3) ** -20).upper(), flint.arb(0)):
        assert round_ball_up(value.upper()) == round_up(to_fraction(value.upper()))
    tiny = flint.arb(2) ** -(10**12)
    assert round_ball_up(tiny) == Fraction(1, 2**1000)
    assert round_ball_up(-tiny) == 0
