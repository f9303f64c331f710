"""Names: known, free, and used."""

from __future__ import annotations

from weightsmith.messages.message import Message

MESSAGES = (
    Message(
        code="call-order",
        title="an algorithm is called before it is written, or by itself",
        why=(
            "An algorithm may call those above it. Recursion would have no end: a network has "
            "a fixed depth."
        ),
        wrong="""\
algorithm f(A: symmetric[d, d])
return g(A)
algorithm g(A: symmetric[d, d])
return A*A
algorithm h(A: symmetric[d, d])
return f(A)
""",
        mended="""\
algorithm g(A: symmetric[d, d])
return A*A
algorithm f(A: symmetric[d, d])
return g(A)
""",
    ),
    Message(
        code="name-taken",
        title="a name has a meaning already",
        why="One name means one thing; inputs, parameters and dimensions are not assigned.",
        wrong="""\
algorithm f(A: symmetric[d, d])
A = A*A
return A
""",
        mended="""\
algorithm f(A: symmetric[d, d])
X = A*A
return X
""",
    ),
    Message(
        code="no-value-yet",
        title="a name has no value here",
        why="It is assigned later, or only within a loop that may run 0 times.",
        wrong="""\
algorithm f(A: symmetric[d, d])
X = Y*A
Y = A
return X
""",
        mended="""\
algorithm f(A: symmetric[d, d])
Y = A
X = Y*A
return X
""",
    ),
    Message(
        code="unknown-function",
        title="no function or algorithm of this name is known",
        why=(
            "Functions of entries are built in or declared with a line; algorithms stand "
            "above, or are brought in with use."
        ),
        wrong="""\
algorithm f(A: symmetric[d, d])
return invert(A)
""",
        mended="""\
algorithm f(A: symmetric[d, d])
return 2*I - A approximates inv(A)
""",
    ),
    Message(
        code="unknown-name",
        title="nothing of this name is declared",
        why="Every name is an input, a parameter, or assigned above.",
        wrong="""\
algorithm f(A: symmetric[d, d])
return B*A
""",
        mended="""\
algorithm f(A: symmetric[d, d], B: [d, d])
return B*A
""",
    ),
    Message(
        code="unused",
        title="something is declared and never used",
        why="It may be a slip: another name was meant. This is a warning.",
        wrong="""\
algorithm f(A: symmetric[d, d], B: [d, d])
return A*A
""",
        mended="""\
algorithm f(A: symmetric[d, d])
return A*A
""",
    ),
)
