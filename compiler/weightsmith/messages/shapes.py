"""Shapes of matrices."""

from __future__ import annotations

from weightsmith.messages.message import Message

MESSAGES = (
    Message(
        code="declared-shape",
        title="an input is declared in a shape that it cannot have",
        why=("A matrix has two dimensions, a value per token one; a symmetric matrix is square."),
        wrong="""\
algorithm f(A: symmetric[d, e])
return A*A
""",
        mended="""\
algorithm f(A: symmetric[d, d])
return A*A
""",
    ),
    Message(
        code="not-square",
        title="a square matrix is needed",
        why="Eigenvalues, inverses, traces and powers are of square matrices.",
        wrong="""\
algorithm f(A: [m, n])
assume spectrum(A) in [1, 2]
return A*A'*A
""",
        mended="""\
algorithm f(A: [m, n])
assume singular_values(A) in [1, 2]
return A*A'*A
""",
    ),
    Message(
        code="not-symmetric",
        title="a symmetric matrix is needed",
        why="Functions of eigenvalues are proven for symmetric matrices.",
        wrong="""\
algorithm f(A: [d, d])
return A approximates sqrt(A)
""",
        mended="""\
algorithm f(A: symmetric[d, d])
return A approximates sqrt(A)
""",
    ),
    Message(
        code="number-or-matrix",
        title="a number stands where a matrix is needed, or a matrix for a number",
        why="A number is no multiple of I by itself: what is meant is written.",
        wrong="""\
algorithm f(A: symmetric[d, d])
return A + 2
""",
        mended="""\
algorithm f(A: symmetric[d, d])
return A + 2*I
""",
    ),
    Message(
        code="presumed",
        title="something is presumed that nothing states",
        why=(
            "The certificate relies on it. This is a warning; a declaration or an assumption "
            "makes it plain."
        ),
        wrong="""\
algorithm f(A: [2, 2])
assume spectrum(A) in [1, 2]
return 2*I - A approximates inv(A)
""",
        mended="""\
algorithm f(A: symmetric[d, d])
assume spectrum(A) in [1, 2]
return 2*I - A approximates inv(A)
""",
    ),
    Message(
        code="shape-changes",
        title="a variable would change its shape",
        why="What a loop carries has one place in the residual stream, and so one shape.",
        wrong="""\
algorithm f(A: [m, n])
X = A
X = X*A'
return X
""",
        mended="""\
algorithm f(A: [m, n])
X = A
Y = X*A'
return Y
""",
    ),
    Message(
        code="shapes-differ",
        title="values that are added or compared differ in shape",
        why="A sum, and a function of two values, is entry by entry.",
        wrong="""\
algorithm f(A: [m, n])
return A + A'
""",
        mended="""\
algorithm f(A: [m, m])
return A + A'
""",
    ),
    Message(
        code="shapes-multiply",
        title="the shapes of a product do not fit",
        why="The columns of the left factor are the rows of the right one.",
        wrong="""\
algorithm f(A: [m, n])
return A*A
""",
        mended="""\
algorithm f(A: [m, n])
return A*A'*A
""",
    ),
    Message(
        code="suspicious-sum",
        title="a sum that adds up something else than one expects",
        why=(
            "sum adds up every column: of a product of tokens that is the diagonal. This is a "
            "warning."
        ),
        wrong="""\
algorithm f(x: [d] per query)
return sum(sum(x))
""",
        mended="""\
algorithm f(x: [d] per query)
return sum(x)
""",
    ),
    Message(
        code="unknown-shape",
        title="the size of a matrix cannot be worked out",
        why="I, 0 and ones take their size from what they are added to or multiplied with.",
        wrong="""\
algorithm f(A: symmetric[d, d])
X = ones*ones
return A*A + 0*X*A
""",
        mended="""\
algorithm f(A: symmetric[d, d])
X = ones + 0*A
return A*A + X
""",
    ),
)
