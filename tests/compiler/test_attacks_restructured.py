"""Users' scripts that were compiled to other values, or ended the compiler."""

from __future__ import annotations

import pytest

from weightsmith import api
from weightsmith.dsl.diagnostics import DiagnosticError

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


def test_many_coupled_values_stay_as_they_are_written() -> None:
    names = [f"X{k}" for k in range(12)]
    step = ", ".join(f"A*{one} + {names[k - 1]}" for k, one in enumerate(names))
    script = f"{MATRICES}{', '.join(names)} = {', '.join(['B'] * 12)}\n"
    script += f"repeat 12:\n    {', '.join(names)} = {step}\nreturn X0\n"
    network = api.compile(script, fewest="layers")
    assert "as written: 12 values are coupled, more than 6" in network.notes
