"""Passes that multiply from both sides: what they are not."""

from __future__ import annotations

import pytest
from test_power_letters import read

from weightsmith.checker.refusal import RefusedError
from weightsmith.checker.two_sided import read_two_sided

START = "X, Y = D, D\nrepeat 2:\n    "


def test_a_loop_from_both_sides_carries_one_variable() -> None:
    """Of two, each may stand in the other: A and B alone do not say what a pass does."""
    for passes in ("X, Y = P*X + X*K, P*Y + Y*K", "X, Y = P*Y + X*K, P*X + Y*K"):
        script = f"{START}{passes}\nreturn X, Y\n".replace("P", "A")
        with pytest.raises(RefusedError, match="carries one variable"):
            read_two_sided(read(script), ())


@pytest.mark.parametrize("step", ["A*X", "X*K", "2*X", "A*X + D", "X*K - X + D", "D"])
def test_a_pass_from_one_side_is_of_another_kind(step: str) -> None:
    script = f"X = D\nrepeat 2:\n    X = {step}\nreturn X + A*D*K\n"
    with pytest.raises(RefusedError, match="does not multiply from both sides"):
        read_two_sided(read(script), ())
