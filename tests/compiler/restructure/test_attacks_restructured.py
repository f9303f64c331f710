"""Users' scripts that were compiled to other values, or ended the compiler."""

from __future__ import annotations

import re

import pytest

from weightsmith import api
from weightsmith.dsl.text.diagnostics import DiagnosticError

MATRICES = "algorithm attack(A: [d, d], B: [d, e])\n"
TOKENS = "algorithm attack(x: [d] per token, y: [d] per context)\n"
NESTED = """X = B
repeat 3:
    repeat 5:
        X = A*X - 1/3*B*B'*X
    X = relu(X)
return X
"""
IMAGES = """X = B
repeat 3:
    P = A
    repeat 1:
        P = P*A
    repeat 1:
        X = P*X
    X = relu(X)
return X
"""
PADDED = """X, Y = x, y
repeat 2:
    X, Y = X + Y*I, Y + X over context
return X on tokens
"""
UNUSED = """assume entries(A) in [-1, 1]
X, v = B, sigmoid(A)
repeat 3:
    X = A*X
return X
"""


@pytest.mark.parametrize("fewest", [None, "layers"])
@pytest.mark.parametrize("script", [MATRICES + NESTED, MATRICES + IMAGES], ids=["nested", "images"])
def test_the_network_is_the_scripts(script: str, fewest: str | None) -> None:
    report = api.compile(script, fewest=fewest).verify()
    assert report.accepted, str(report)


@pytest.mark.parametrize("fewest", [None, "layers"])
@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (TOKENS + PADDED, "no network is proven to hold the values"),
        (MATRICES + UNUSED, "nothing that is returned depends on this 'sigmoid'"),
    ],
    ids=["padded", "unused"],
)
def test_no_wrong_network_is_written(script: str, reason: str, fewest: str | None) -> None:
    with pytest.raises(DiagnosticError, match=reason):
        api.compile(script, fewest=fewest)


def coupled(number: int, passes: int) -> str:
    names = [f"X{k}" for k in range(number)]
    step = ", ".join(f"A*{one} + {names[k - 1]}" for k, one in enumerate(names))
    script = f"{MATRICES}{', '.join(names)} = {', '.join(['B'] * number)}\n"
    return script + f"repeat {passes}:\n    {', '.join(names)} = {step}\nreturn X0\n"


@pytest.mark.parametrize(("number", "passes", "layers"), [(3, 27, 4), (12, 12, 4)])
def test_many_coupled_values(number: int, passes: int, layers: int) -> None:
    network = api.compile(coupled(number, passes), fewest="layers")
    assert network.report.layers == layers
    assert network.verify().accepted


def test_too_many_coupled_values_stay_as_they_are_written() -> None:
    network = api.compile(coupled(40, 100), fewest="layers")
    assert "too many products of blocks" in network.notes[0]


SYNTHESISED = """algorithm attack(A: symmetric[d, d], b: [d, n])
assume spectrum(A) in [1/10, 1]
assume norm(b) <= 1
P = synthesize inv(A) within 1e-6
return sigmoid(P*b) within 1/100
"""
WHITENED = """algorithm attack(A: symmetric[d, d])
assume spectrum(A) in [1/10, 1]
P = synthesize invsqrt(A) within 1/1000
return P*A*P
"""
ON_DATA = """algorithm attack(x: [d] per token, y: [k] per context)
assume spectrum(x*x' over context) in [1/100, 1]
P = synthesize inv(x*x') over context within 1e-4
return y*x'*P*x on query over context
"""
NOTHING = """algorithm attack(S: symmetric[d, d])
V = abs(S - S')
return V + S
"""
STEPS = """algorithm attack(A: symmetric[d, d], b: [d, n])
X = 0
repeat 1000000:
    X = X - 1/2*(A*X - b)
repeat 1000000:
    X = relu(X)
return X
"""


def test_a_table_of_what_is_synthesised() -> None:
    """No 'for' loop stands in the script: the user cannot write another one in its place."""
    assert api.compile(SYNTHESISED).verify().accepted


def test_a_returned_expression_keeps_its_name() -> None:
    """The restructured script returns P0 where the script's value is called output."""
    notes = api.compile(WHITENED, fewest="layers").notes
    assert not any("return different values" in note for note in notes), notes


def test_notes_do_not_contradict_each_other() -> None:
    """A polynomial of x*x' takes a layer for the product, which the lower bound counts."""
    notes = " ".join(api.compile(ON_DATA).notes)
    written, least = (
        int(found[1])
        for pattern in (r": (\d+) layers?, predicted", r"in fewer than (\d+) layer")
        if (found := re.search(pattern, notes))
    )
    assert written >= least, notes


def test_a_difference_that_is_zero() -> None:
    """The function's argument vanishes, as S is its own transpose."""
    assert api.compile(NOTHING).verify().accepted


def test_the_loop_that_is_too_long_is_named() -> None:
    """The first loop is restructured; the second one is not."""
    with pytest.raises(DiagnosticError) as error:
        api.compile(STEPS, fewest="layers")
    assert ":5:" in str(error.value)
