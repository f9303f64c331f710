"""Targets, and errors that are promised."""

from __future__ import annotations

from weightsmith.messages.message import Message

MESSAGES = (
    Message(
        code="ensure",
        title="an error that is promised is not proven",
        why="ensure and repeat until are promises: what is not proven is not compiled.",
        wrong="""\
algorithm f(A: symmetric[d, d])
assume spectrum(A) in [1/2, 1]
ensure error <= 1e-9
return 2*I - A approximates inv(A)
""",
        mended="""\
algorithm f(A: symmetric[d, d])
assume spectrum(A) in [1/2, 1]
return 2*I - A approximates inv(A)
""",
        settings="",
    ),
    Message(
        code="synthesis",
        title="the polynomials of this target cannot be found",
        why="synthesize takes one function of a matrix whose spectrum an assumption bounds.",
        wrong="""\
algorithm f(A: symmetric[d, d])
return synthesize inv(A) within 1e-3
""",
        mended="""\
algorithm f(A: symmetric[d, d])
assume spectrum(A) in [1/2, 1]
return synthesize inv(A) within 1e-3
""",
        settings="",
    ),
    Message(
        code="target",
        title="a target is not a formula of the inputs",
        why=(
            "It says what is meant, apart from the steps: of the inputs, in the shape of the value."
        ),
        wrong="""\
algorithm f(A: symmetric[d, d])
X = A
repeat 2:
    X = X*A
return X approximates inv(X)
""",
        mended="""\
algorithm f(A: symmetric[d, d])
X = A
repeat 2:
    X = X*A
return X approximates inv(A)
""",
    ),
)
