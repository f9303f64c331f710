"""Calls of algorithms, and other scripts."""

from __future__ import annotations

from weightsmith.messages.message import Message

MESSAGES = (
    Message(
        code="call-arguments",
        title="the arguments of a call are not those that are needed",
        why="Inputs are passed in order, parameters by name.",
        wrong="""\
algorithm g(B: symmetric[d, d])
param s
return s*B*B
algorithm f(A: symmetric[d, d])
return g(A)
""",
        mended="""\
algorithm g(B: symmetric[d, d])
param s
return s*B*B
algorithm f(A: symmetric[d, d])
return g(A, s = 2)
""",
    ),
    Message(
        code="call-place",
        title="an algorithm cannot be called here",
        why="A target is a formula, and the bound is about it.",
        wrong="""\
algorithm g(B: symmetric[d, d])
param s
return s*B*B
algorithm f(A: symmetric[d, d])
return A approximates g(A, s = 2)
""",
        mended="""\
algorithm g(B: symmetric[d, d])
param s
return s*B*B
algorithm f(A: symmetric[d, d])
return g(A, s = 2)
""",
    ),
    Message(
        code="call-shape",
        title="an argument does not have the shape that is declared",
        why="The called algorithm is about matrices of its declared shape.",
        wrong="""\
algorithm g(B: symmetric[d, d])
param s
return s*B*B
algorithm f(A: [m, n])
return g(A, s = 2)*A
""",
        mended="""\
algorithm g(B: symmetric[d, d])
param s
return s*B*B
algorithm f(A: [m, n])
return g(A*A', s = 2)*A
""",
    ),
    Message(
        code="call-values",
        title="there are more values than names, or fewer",
        why="A call of several values is assigned to as many names.",
        wrong="""\
algorithm f(A: symmetric[d, d])
X, Y = A
return X
""",
        mended="""\
algorithm f(A: symmetric[d, d])
X, Y = A, A*A
return X*Y
""",
    ),
    Message(
        code="use",
        title="another script cannot be used",
        why="The path is relative to the script; two scripts do not use one another.",
        wrong="""\
use g from "absent.alg"
algorithm f(A: symmetric[d, d])
return g(A)
""",
        mended="""\
algorithm g(A: symmetric[d, d])
return A*A
algorithm f(A: symmetric[d, d])
return g(A)
""",
    ),
)
