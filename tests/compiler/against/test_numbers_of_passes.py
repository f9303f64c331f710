"""Numbers of ``for`` loops stand inside functions too: each pass has its own, in every verdict."""

from __future__ import annotations

import numpy as np
import pytest

from weightsmith import api

NETWORK = """
network f
input A: [d, d]
tokens  d scratch
stream  A  d rows, starts as A
        Y  d rows, starts as 0
layer   (nothing)
return  Y = Y at d tokens
"""
SCRIPT = """
algorithm f(A: [d, d])
Y = 0*A
for g in 1, 2:
    Y = {} - Y
return Y
"""


@pytest.mark.parametrize("value", ["max(A - g*ones, 0)", "max(0, g*A - ones)", "clip(A, -g, g)"])
def test_two_passes_of_a_function_do_not_cancel(value: str) -> None:
    """f₂(A) − f₁(A) is not 0, though both passes are written f_g(A)."""
    found = api.compare(NETWORK, SCRIPT.format(value))
    assert found.outcome == "different", found.text
    assert found.replay is not None
    assert not np.array_equal(found.replay.network, found.replay.script)


def test_passes_that_cancel_are_equal() -> None:
    assert api.compare(NETWORK, SCRIPT.format("max(A, 0)")).outcome == "equal here"


INNER = """
algorithm f(A: [d, d])
Y = 0*A
for g in 1, 2:
    {}
        Z = {}
    Y = Z - Y
return Y
"""


@pytest.mark.parametrize(
    ("head", "value"),
    [
        ("Z = 0*A\n    repeat 1:", "Z + g*A"),
        ("Z = 0*A\n    for h in 1, 2:", "Z + g*h*A"),
        ("Z = 0*A\n    for h in g, 2*g:", "Z + h*A"),
        ("Z = g*A\n    repeat 2:", "2*Z"),
        ("Z = 0*A\n    repeat 1:", "Z + max(A - g*ones, 0)"),
        ("Z = 0*A\n    repeat 1:\n        repeat 1:\n            Z = g*A", "Z + Z"),
    ],
)
def test_numbers_of_a_loop_around_do_not_cancel(head: str, value: str) -> None:
    """The second pass is twice the first, so the network that returns 0 is no network of it."""
    found = api.compare(NETWORK, INNER.format(head, value))
    assert found.outcome == "different", found.text
    assert found.replay is not None
    assert not np.array_equal(found.replay.network, found.replay.script)


WRITTEN_OUT = """
network f
input A: [d, d]
tokens  d scratch
stream  A  d rows, starts as A
        Y  d rows, starts as 0
layer   mlp  Y += 3 A
layer   mlp  Y += 6 A - 2 Y
return  Y = Y at d tokens
"""


def test_numbers_of_a_loop_around_are_found() -> None:
    """By hand: Z is 3·A, then 6·A; Y is 3·A, then 6·A - 3·A."""
    script = INNER.format("Z = 0*A\n    for h in 1, 2:", "Z + g*h*A")
    assert api.compare(WRITTEN_OUT, script).outcome == "equal here"
    assert not api.compare(WRITTEN_OUT.replace("6 A", "7 A"), script).is_equal


TOKENS = """
network f
input x: [d] per token
tokens  context, query
stream  x  d rows, starts as x
        y  d rows, starts as 0
layer   {}
return  y = y at query tokens
"""
SCORED = """
algorithm f(x: [d] per token)
y = 0*x
for g in 1, 2:
    y = x*normalised(relu(g*x'*x - g*g*ones)) - y  over context
return y on query
"""
PASSES = """head  y += x·normalised(relu(2 xᵀ·x - 4 oneᵀ·one))   sum over context; at query
        head  y += -x·normalised(relu(xᵀ·x - oneᵀ·one))   sum over context; at query"""


def test_numbers_inside_scores() -> None:
    """A head for each pass, with its number, is equal; no head at all is not said to be."""
    stream = "x  d rows, starts as x\n        one  1 rows, starts as ones"
    net = TOKENS.replace("x  d rows, starts as x", stream)
    assert api.compare(net.format(PASSES), SCORED).outcome == "equal here"
    assert not api.compare(net.format("(nothing)"), SCORED).is_equal
    assert not api.compare(net.format(PASSES.replace("4 one", "3 one")), SCORED).is_equal


@pytest.mark.parametrize("numbers", ["1", "1, 2, 3"])
def test_more_and_fewer_numbers_are_other_passes(numbers: str) -> None:
    """An invariant is looked for in three passes, and in two of loops within; some have fewer."""
    loops = "for g in 1, 2:\n    for h in {}:\n        Y = Y + g*h*A"
    script = f"algorithm f(A: [d, d])\nY = 0*A\n{loops}\nreturn Y\n"
    network = api.compile(script.format("1"))
    assert api.compare(network, script.format("1")).is_equal
    assert api.compare(network, script.format(numbers)).is_equal == (numbers == "1")
    outer = script.format("1").replace("1, 2:", f"{numbers}:")
    assert api.compare(network, outer).outcome == "different"
