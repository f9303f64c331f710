"""What no network computes."""

from __future__ import annotations

from weightsmith.messages.message import Message

MESSAGES = (
    Message(
        code="no-use",
        title="something that is written makes no difference",
        why="A value that is 0 for every input, or a size that nothing tells.",
        wrong="""\
algorithm f(A: symmetric[d, d])
return A - A
""",
        mended="""\
algorithm f(A: symmetric[d, d])
return A*A
""",
    ),
    Message(
        code="not-proven",
        title="no network is proven to hold the values",
        why="A network whose exactness is not proven is not written.",
        wrong="""\
algorithm f(x: [d] per token, y: [d] per token)
X, Y = x, y
repeat 2:
    X, Y = X + Y*I, Y + X over context
return X on tokens
""",
        mended="""\
algorithm f(x: [d] per token, y: [d] per token)
X, Y = x, y
repeat 2:
    X, Y = X + Y, Y + X over context
return X on tokens
""",
        settings="",
    ),
    Message(
        code="too-many-layers",
        title="the loops make too many layers",
        why="Every pass is a layer or more, and a network has at most 20000.",
        wrong="""\
algorithm f(A: symmetric[d, d])
X = A
repeat 30000:
    X = X*A
return X
""",
        mended="""\
algorithm f(A: symmetric[d, d])
X = A
repeat 300:
    X = X*A
return X
""",
        settings="",
    ),
)
