"""Causal algorithms equal their recurrences in fractions; later tokens change nothing earlier."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from tests.compiler.attention.networks import exactly, proven
from tests.compiler.attention.recurrences import (
    Columns,
    delta_rule,
    gradient_of_prefixes,
    linear_attention,
    numbers,
)

HEADER = """\
algorithm f(v: [m] per context, k: [d] per context, q: [d] per context, b: [m] per context)
param eta = 1/3
"""
DELTA = """\
U = v
repeat {tokens}:
    U = v - {rate}*(k'*k)  over context before
"""
BODIES = {
    "upto": "return v*k'*q over context upto\n",
    "before": "return v*(k'*q) over context before\n",
    "before in brackets": "return (v*k')*q over context before\n",
    "delta": DELTA.format(tokens=5, rate="eta*U") + "return U\n",
    "gated delta": "U = v\nrepeat 5:\n    U = v - b .* (U*(k'*k))  over context before\nreturn U\n",
    "read delta": DELTA.format(tokens=5, rate="eta*U") + "return U*(k'*q) over context upto\n",
}
TOKENS, ROWS, WIDTH = 5, 2, 3


def given(seed: int) -> dict[str, Columns]:
    rows = {"v": ROWS, "k": WIDTH, "q": WIDTH, "b": ROWS}
    return {
        name: numbers(size, TOKENS, 10 * seed + n) for n, (name, size) in enumerate(rows.items())
    }


def columns_of(array: np.ndarray) -> Columns:  # type: ignore[type-arg]
    return [list(column) for column in array.T]


def arrays(values: dict[str, Columns]) -> dict[str, object]:
    return {name: {"context": np.array(c, dtype=object).T} for name, c in values.items()}


def expected(name: str, of: dict[str, Columns]) -> Columns:
    v, k, q, b = (of[one] for one in "vkqb")
    rates = [[Fraction(1, 3)] * ROWS] * TOKENS
    match name:
        case "upto":
            return linear_attention(v, k, q, inclusive=True)
        case "delta":
            return delta_rule(v, k, rates)
        case "gated delta":
            return delta_rule(v, k, b)
        case "read delta":
            return linear_attention(delta_rule(v, k, rates), k, q, inclusive=True)
        case _:
            return linear_attention(v, k, q, inclusive=False)


@pytest.mark.parametrize("name", list(BODIES))
def test_equal_to_the_recurrence(name: str) -> None:
    """Nilpotent: as many passes as tokens are the whole recurrence."""
    network = proven(HEADER + BODIES[name], gated=name == "gated delta")
    (output,) = network.program.returns
    for seed in range(3):
        values = given(seed)
        found = exactly(network, arrays(values))[f"{output.name} context"]
        assert columns_of(found) == expected(name, values)


@pytest.mark.parametrize("name", list(BODIES))
def test_a_later_token_changes_no_earlier_output(name: str) -> None:
    network = proven(HEADER + BODIES[name], gated=name == "gated delta")
    (output,) = network.program.returns
    values, changed = given(7), given(7)
    for one in changed.values():
        one[3] = [entry + 1 for entry in one[3]]
    first, second = (
        exactly(network, arrays(one))[f"{output.name} context"] for one in (values, changed)
    )
    assert np.array_equal(first[:, :3], second[:, :3])
    assert not np.array_equal(first[:, 3:], second[:, 3:])


def test_too_few_passes_are_not_the_recurrence() -> None:
    network = proven(HEADER + DELTA.format(tokens=2, rate="eta*U") + "return U\n")
    values = given(1)
    found = columns_of(exactly(network, arrays(values))["U context"])
    wanted = expected("delta", values)
    assert found[:3] == wanted[:3]
    assert found[4] != wanted[4]


# W_t·x_t of gradient descent on the tokens up to t, all t at once: p_t is (I - eta·X_t·X_tᵀ)ʲ·x_t.
PREFIX = """\
algorithm f(x: [d] per context, y: [m] per context)
param eta = 1/3, steps = 3
p = x
z = 0*y
repeat steps:
    z, p = z + eta*y*(x'*p), p - eta*x*(x'*p)  over context upto
return z
"""


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_gradient_descent_of_every_prefix(steps: int) -> None:
    network = proven(PREFIX.replace("steps = 3", f"steps = {steps}"))
    x, y = numbers(WIDTH, TOKENS, 1), numbers(ROWS, TOKENS, 2)
    found = exactly(network, arrays({"x": x, "y": y}))["z context"]
    assert columns_of(found) == gradient_of_prefixes(x, y, Fraction(1, 3), steps)
    x[3], y[3] = [entry + 1 for entry in x[3]], [entry - 1 for entry in y[3]]
    later = exactly(network, arrays({"x": x, "y": y}))["z context"]
    assert np.array_equal(found[:, :3], later[:, :3])
    assert not np.array_equal(found[:, 3:], later[:, 3:])
