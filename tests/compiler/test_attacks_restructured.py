"""Users' scripts that were compiled to other values, or ended the compiler."""

from __future__ import annotations

import pytest

from weightsmith import api

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
@pytest.mark.parametrize(
    "script",
    [MATRICES + NESTED, MATRICES + IMAGES, TOKENS + PADDED, MATRICES + UNUSED],
    ids=["nested", "images", "padded", "unused"],
)
def test_the_network_is_the_scripts(script: str, fewest: str | None) -> None:
    report = api.compile(script, fewest=fewest).verify()
    assert report.accepted, str(report)
