"""Tokens: what is summed, where values are defined."""

from __future__ import annotations

from weightsmith.messages.message import Message

MESSAGES = (
    Message(
        code="head-scores",
        title="a head cannot make these scores",
        why=("A head takes sums of products of keys and queries, and one known function of them."),
        wrong="""\
algorithm f(x: [d] per token, y: [1] per context)
return y*relu(exp.(x'*x)) over context
""",
        mended="""\
algorithm f(x: [d] per token, y: [1] per context)
return y*exp.(x'*x) over context
""",
    ),
    Message(
        code="sum-over",
        title="nothing says over which tokens a product sums",
        why="The context, the queries or all: the result differs, so it is written.",
        wrong="""\
algorithm f(x: [d] per token, y: [1] per context)
return y*x'*x
""",
        mended="""\
algorithm f(x: [d] per token, y: [1] per context)
return y*x'*x over context
""",
    ),
    Message(
        code="token-groups",
        title="a value is not defined on these tokens",
        why="An input per context has no value at query tokens.",
        wrong="""\
algorithm f(x: [d] per token, y: [1] per context)
return y on query
""",
        mended="""\
algorithm f(x: [d] per token, y: [1] per context)
return y*x'*x over context on query
""",
    ),
    Message(
        code="token-order",
        title="a clause of the order of tokens does not fit",
        why=(
            "Tokens are in order within one group; before, upto, position and shift are about one."
        ),
        wrong="""\
algorithm f(x: [d] per token, y: [1] per context)
return y*x'*x over tokens before
""",
        mended="""\
algorithm f(x: [d] per token, y: [1] per context)
return y*x'*x over context before
""",
    ),
    Message(
        code="token-rows",
        title="a value has tokens in its rows",
        why=(
            "The residual stream has columns for tokens; a matrix of tokens by tokens would "
            "make its width grow with the data."
        ),
        wrong="""\
algorithm f(x: [d] per token, y: [1] per context)
G = x'*x
return y*G over context
""",
        mended="""\
algorithm f(x: [d] per token, y: [1] per context)
return y*x'*x over context
""",
    ),
)
