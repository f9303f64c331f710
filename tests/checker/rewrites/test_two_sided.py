"""Passes that multiply from both sides: what they are not."""

from __future__ import annotations

import pytest
from tests.checker.rewrites.test_power_letters import read

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.reading.refusal import Budget, RefusedError
from weightsmith.checker.rewrites.two_sided import TwoSidedPowers, read_two_sided
from weightsmith.checker.semantics.meaning import Loop, read_meaning
from weightsmith.dsl import Source, check

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


SCRIPT = """algorithm a(A: [d, d], B: [d, d], C: [d, d])
param c = 2
X = C
repeat 3:
    X = {}
return X
"""


def loop_of(body: str) -> Loop:
    program = check(Source("by hand", SCRIPT.format(body)))
    (loop,) = read_meaning(program, Field(program.symbols, budget=Budget()), {}).loops
    return loop


def test_the_numbers_of_a_pass_have_values() -> None:
    """A symbol that is not bound is no number: powers of a pass are made of numbers."""
    assert read_two_sided(loop_of("2*X + 3*A*X*B"), ()).alpha == 2
    for body in ("c*X + 3*A*X*B", "2*X + c*A*X*B"):
        with pytest.raises(RefusedError, match="multiplies from both sides has no value"):
            read_two_sided(loop_of(body), ())


def test_a_value_is_held_by_one_or_two_counts() -> None:
    """One pass after one: it is what two passes make, by powers of A and B and by one value."""
    powers = TwoSidedPowers(read_two_sided(loop_of("A*X + X*B"), ()))
    (two,) = powers.expanded_values((2,)).values()
    (again,) = powers.expanded_values((1, 1)).values()
    assert len(two.terms) == 3
    assert len(again.terms) == 2
    with pytest.raises(RefusedError, match="by one or two counts"):
        powers.expanded_values((1, 1, 1))
