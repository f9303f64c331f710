"""Published constructions, written down as networks, against the algorithms they claim to be."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from weightsmith import api
from weightsmith.against import Comparison
from weightsmith.dsl import BindingError
from weightsmith.dsl.text.diagnostics import DiagnosticError

NETWORKS = Path(__file__).parents[1] / "nets" / "networks"
EQUAL = sorted(path.stem for path in NETWORKS.glob("*.net") if path.stem != "fu_as_printed")


def against(name: str, other: str = "", **options: object) -> Comparison:
    script = NETWORKS / f"{other or name}.alg"
    return api.compare(NETWORKS / f"{name}.net", script, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", EQUAL)
def test_a_construction_is_equal_for_all_sizes_and_symbols(name: str) -> None:
    found = against(name)
    assert found.outcome == "equal", found.text
    assert found.text.startswith("EQUAL for all sizes")


def test_ten_of_them_are_equal() -> None:
    assert len(EQUAL) == 10


def test_fu_as_printed_adds_up_absolute_values() -> None:
    found = against("fu_as_printed")
    assert found.outcome == "different"
    first, where, replay = found.text.splitlines()
    assert first.startswith("NOT EQUAL after 1 pass, output at query:   network - script = ")
    assert where.startswith("  where relu~1 = relu(")
    assert found.replay is not None
    # by hand, d = n = 1, x = x' = 1, alpha = 1: u = x^3 = 1; the heads add 2·u·|u·x/2| = 1, the MLP
    # doubles 1 + ... : the script says 2M - M·S·M = 1 times x
    assert set(found.replay.sizes.values()) == {1}
    assert abs(found.replay.network[0, 0]) == 3
    assert abs(found.replay.script[0, 0]) == 1
    assert "network [[3]], script [[1]]" in replay


GENERAL = """
network newton
input A: [d, d]
input X0: [d, d]
param steps
tokens  d scratch
stream  X  d rows, starts as X0
        A  d rows, starts as A
        E  d rows, starts as I[d]
repeat steps:
    layer   head  X += -X·Aᵀ·X
            head  X += X·Eᵀ·E
return  X = X at d tokens
"""


def test_a_head_supplies_the_transpose() -> None:
    """K'Q with A for its keys is A': right only if A is symmetric.  As issue 14 prints it."""
    found = api.compare(GENERAL, NETWORKS / "giannou_4_1_general.alg")
    assert found.text.splitlines() == [
        "NOT EQUAL after 1 pass, X at d:   network - script = X0*A*X0 - X0*A'*X0",
        "  smallest input found: " + _shown(found),
    ]
    assert found.way == (
        "the network returns 2*X0 - X0*A'*X0",
        "the script returns 2*X0 - X0*A*X0",
    )
    assert found.replay is not None
    assert found.replay.sizes == {"d": 2}
    assert (
        api.compare(
            GENERAL.replace("input A: [", "input A: symmetric["),
            NETWORKS / "giannou_4_1_symmetric.alg",
        ).outcome
        == "equal"
    )


def _shown(found: Comparison) -> str:
    """The replayed input, computed anew: X + X - X·A'·X beside X + X - X·A·X."""
    assert found.replay is not None
    A, X = (np.asarray(found.replay.inputs[name]) for name in ("A", "X0"))
    network, script = 2 * X - X @ A.T @ X, 2 * X - X @ A @ X

    def matrix(one: np.ndarray) -> str:
        return "[" + ", ".join(f"[{', '.join(map(str, row))}]" for row in one.tolist()) + "]"

    given = f"A = {matrix(A)}, X0 = {matrix(X)}"
    return f"d = 2; {given}: network {matrix(network)}, script {matrix(script)}"


SCALED = """
network scaled
input x: [d] per token
param c, n = size(context)
tokens  context, query
stream  x  d rows, starts as x
layer   head  x += (c/n) x·xᵀ·x   sum over context; at query
return  output = x at query tokens
"""
SCRIPT = """
algorithm scaled(x: [d] per token)
param n
w = x*x'/(2*n)  over context
return x + w*x on query
"""


def test_numbers_that_are_given() -> None:
    assert api.compare(SCALED, SCRIPT).outcome == "different"
    found = api.compare(SCALED, SCRIPT, settings={"c": "1/2"})
    assert found.outcome == "equal"
    assert found.text == (
        "EQUAL for all sizes and inputs\n  with c = 1/2\n  where n is the number of context tokens"
    )
    assert api.compare(SCALED, SCRIPT, settings={"c": Fraction(1, 3)}).outcome == "different"


def test_the_names_of_values() -> None:
    named = SCALED.replace("return  output", "return  r")
    assert api.compare(named, SCRIPT, settings={"c": "1/2"}).outcome == "equal"
    for returns in ({"r": "output"}, {"output": "r"}):
        assert api.compare(named, SCRIPT, settings={"c": "1/2"}, returns=returns).is_equal
    with pytest.raises(ValueError, match="The network returns no 'q'; it returns 'r'"):
        api.compare(named, SCRIPT, returns={"q": "output"})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("input x: [d]", "input x: [k]", "'x' has k rows in the network, d in the script"),
        ("input x", "input z", "reads the input 'z', the script 'x'"),
    ],
)
def test_what_cannot_be_compared(old: str, new: str, message: str) -> None:
    text = SCALED.replace(old, new).replace(" d rows", " k rows" if "[k]" in new else " d rows")
    text = text.replace("starts as x", "starts as z") if new.endswith("z") else text
    with pytest.raises(ValueError, match=message):
        api.compare(text, SCRIPT)


def test_an_unknown_setting_and_a_mistake_in_a_network() -> None:
    with pytest.raises(
        BindingError, match="neither the script nor the network has a parameter 'b'"
    ):
        api.compare(SCALED, SCRIPT, settings={"b": 1})
    with pytest.raises(DiagnosticError, match="there is no block 'z'"):
        api.compare(SCALED.replace("x += (c/n)", "z += (c/n)"), SCRIPT)


UNROLLED = """
network twice
input A: [d, d]
tokens  d scratch
stream  X  d rows, starts as I[d]
        A  d rows, starts as A'
layer   head  X += X·Aᵀ·X
return  X = X at d tokens
"""


def test_a_network_without_the_loop_of_the_script() -> None:
    """The loop runs a number of passes that is given; the network has as many layers."""
    script = "algorithm twice(A: [d, d])\nparam k\nX = I\nrepeat k:\n    X = X + X*A*X\nreturn X\n"
    found = api.compare(UNROLLED, script, settings={"k": 1})
    assert found.outcome == "equal here", found.text
    assert found.text == "EQUAL for these numbers of passes (unrolled)\n  with k = 1"
    assert api.compare(UNROLLED, script, settings={"k": 2}).outcome == "different"
    assert "after 0 passes" in api.compare(UNROLLED, script).text


def test_a_compiled_network_is_compared_too() -> None:
    script = "algorithm n(A: symmetric[d, d])\nparam k = 3\nX = I\n"
    script += "repeat k:\n    X = 2*X - X*A*X\nreturn X\n"
    network = api.compile(script)
    assert api.compare(network, script).outcome == "equal"
    other = script.replace("2*X - X*A*X", "X + X*A - X*A*X")
    assert api.compare(network, other).outcome == "different"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("at query tokens", "at context tokens", "the script returns 'output' at query, the net"),
        ("y: [1] per context", "y: [1] per token", "reads 'y' at 'query', where the script decl"),
    ],
)
def test_groups_that_differ_are_named(old: str, new: str, reason: str) -> None:
    network = """
network gd
input x: [d] per token
input y: [1] per context
param eta
tokens  context, query
stream  x  d rows, starts as x
        y  1 rows, starts as y
layer   head  y += eta (-y)·xᵀ·x   sum over context; at context, query
return  output = -y at query tokens
"""
    script = """
algorithm gd(x: [d] per token, y: [1] per context)
param eta
w = 0*y*x' + eta*y*x' over context
return w*x on query
"""
    assert api.compare(network, script).outcome == "equal"
    found = api.compare(network.replace(old, new), script)
    assert found.outcome == "open"
    assert reason in found.text
