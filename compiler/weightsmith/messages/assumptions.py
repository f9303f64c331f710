"""Assumptions."""

from __future__ import annotations

from weightsmith.messages.message import Message

MESSAGES = (
    Message(
        code="assumption",
        title="an assumption is not of a form that is known",
        why=(
            "Known are intervals of spectra, singular values and entries, bounds of norms and "
            "sizes, and ranges."
        ),
        wrong="""\
algorithm f(A: symmetric[d, d])
assume trace(A) in [0, 1]
return A*A
""",
        mended="""\
algorithm f(A: symmetric[d, d])
assume spectrum(A) in [0, 1]
return A*A
""",
    ),
    Message(
        code="contradiction",
        title="no input meets two assumptions",
        why="Of what does not exist everything is true, so a bound would say nothing.",
        wrong="""\
algorithm f(A: symmetric[d, d])
assume spectrum(A) in [0, 1]
assume spectrum(A) in [2, 3]
return A*A
""",
        mended="""\
algorithm f(A: symmetric[d, d])
assume spectrum(A) in [0, 1]
return A*A
""",
    ),
    Message(
        code="interval",
        title="the ends of an interval are wrong",
        why="The lower end comes first; norms and singular values are never below 0.",
        wrong="""\
algorithm f(A: symmetric[d, d])
assume spectrum(A) in [2, 1]
return A*A
""",
        mended="""\
algorithm f(A: symmetric[d, d])
assume spectrum(A) in [1, 2]
return A*A
""",
    ),
)
