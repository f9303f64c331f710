"""Numbers, parameters and loops."""

from __future__ import annotations

from weightsmith.messages.message import Message

MESSAGES = (
    Message(
        code="coefficient",
        title="a number has no value, or is too long",
        why="A division by zero, defaults that need one another, a number beyond the floats.",
        wrong="""\
algorithm f(A: symmetric[d, d])
param a = b, b = a
return a*b*A
""",
        mended="""\
algorithm f(A: symmetric[d, d])
param a = 1, b = a
return a*b*A
""",
    ),
    Message(
        code="count",
        title="a loop does not run this often",
        why=("A count is a whole number from 0, or a parameter; it does not depend on the data."),
        wrong="""\
algorithm f(A: symmetric[d, d])
X = A
repeat 3/2:
    X = X*A
return X
""",
        mended="""\
algorithm f(A: symmetric[d, d])
X = A
repeat 3:
    X = X*A
return X
""",
    ),
    Message(
        code="division",
        title="a division that is none",
        why="Nothing is divided by a matrix, or by 0.",
        wrong="""\
algorithm f(A: symmetric[d, d])
return I/A
""",
        mended="""\
algorithm f(A: symmetric[d, d])
return 2*I - A approximates inv(A)
""",
    ),
    Message(
        code="for-numbers",
        title="the numbers of a loop are wrong",
        why=(
            "A for loop runs through numbers that are written out, as many for each pass as "
            "there are names. A number does not change in repeat."
        ),
        wrong="""\
algorithm f(A: symmetric[d, d])
X = A
for g, h in (1, 2), (3, 4, 5):
    X = g*X*A + h*A
return X
""",
        mended="""\
algorithm f(A: symmetric[d, d])
X = A
for g, h in (1, 2), (3, 4):
    X = g*X*A + h*A
return X
""",
    ),
    Message(
        code="power",
        title="a power that has no meaning here",
        why="A matrix has whole powers from 1 in steps, and fractions in targets.",
        wrong="""\
algorithm f(A: symmetric[d, d])
return A^(1/2)
""",
        mended="""\
algorithm f(A: symmetric[d, d])
return A^2
""",
    ),
    Message(
        code="size",
        title="size(…) is not of a group of tokens that enters",
        why="The number of tokens of a group is known from an input that comes with them.",
        wrong="""\
algorithm f(A: symmetric[d, d])
param n = size(context)
return n*A
""",
        mended="""\
algorithm f(A: symmetric[d, d])
param n
return n*A
""",
    ),
)
