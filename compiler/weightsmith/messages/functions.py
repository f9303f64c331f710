"""Functions of entries and of matrices, and their tables."""

from __future__ import annotations

from weightsmith.messages.message import Message

MESSAGES = (
    Message(
        code="function-arguments",
        title="a function is given what it does not take",
        why="Each function has a number of values; a name alone is no value.",
        wrong="""\
algorithm f(x: [d] per query)
return clip(x, 1)
""",
        mended="""\
algorithm f(x: [d] per query)
return clip(x, 0, 1)
""",
    ),
    Message(
        code="function-body",
        title="a function is not a formula of one number",
        why="function declares a formula of one variable: it becomes a table of ReLUs.",
        wrong="""\
algorithm f(x: [d] per query)
function g(s, t) = s*t
return g(x)
""",
        mended="""\
algorithm f(x: [d] per query)
function g(t) = t*t
assume entries(x) in [0, 1]
within 1e-2
return g(x)
""",
    ),
    Message(
        code="function-place",
        title="a function cannot stand here",
        why=(
            "Functions of entries stand in statements, not in targets; norm, size and "
            "spectrum in assumptions."
        ),
        wrong="""\
algorithm f(A: symmetric[d, d])
return norm(A)
""",
        mended="""\
algorithm f(A: symmetric[d, d])
assume spectrum(A) in [0, 1]
return A*A
""",
    ),
    Message(
        code="not-polynomial",
        title="a function of a matrix is no step",
        why=(
            "A head computes products: inv and the like are targets, and an algorithm comes "
            "near them."
        ),
        wrong="""\
algorithm f(A: symmetric[d, d])
return inv(A)
""",
        mended="""\
algorithm f(A: symmetric[d, d])
return 2*I - A approximates inv(A)
""",
    ),
    Message(
        code="table",
        title="a table is not one of points in order",
        why="Its places are numbers that increase, at least two.",
        wrong="""\
algorithm f(x: [d] per query)
table g = (0, 1), (0, 2)
return g(x)
""",
        mended="""\
algorithm f(x: [d] per query)
table g = (0, 1), (1, 2)
return g(x)
""",
    ),
    Message(
        code="table-range",
        title="the interval of a table is not known, or not good",
        why=(
            "A table covers an interval that the assumptions give, on which its function is finite."
        ),
        wrong="""\
algorithm f(x: [d] per query)
within 1e-2
return sigmoid(x)
""",
        mended="""\
algorithm f(x: [d] per query)
assume entries(x) in [-4, 4]
within 1e-2
return sigmoid(x)
""",
        settings="",
    ),
    Message(
        code="tolerance",
        title="a tolerance is missing, not above 0, or too fine",
        why="It says how near a table or a synthesised polynomial must come.",
        wrong="""\
algorithm f(A: symmetric[d, d])
assume spectrum(A) in [1/2, 1]
return synthesize inv(A)
""",
        mended="""\
algorithm f(A: symmetric[d, d])
assume spectrum(A) in [1/2, 1]
return synthesize inv(A) within 1e-3
""",
    ),
)
