"""Networks as text."""

from __future__ import annotations

from weightsmith.messages.message import Message

MESSAGES = (
    Message(
        code="net-form",
        title="a line is not in its form",
        why="docs/net.md has the form of every line.",
        wrong="""\
network gd
input x: [d] per token
input y: [1] per context
param eta
tokens  context, query
stream  x  d rows, starts as x
        y  1 rows, starts as y
layer   head  y += eta (-y)·xᵀ·x   sum over context; at context, query
return  output -y at query tokens
""",
        mended="""\
network gd
input x: [d] per token
input y: [1] per context
param eta
tokens  context, query
stream  x  d rows, starts as x
        y  1 rows, starts as y
layer   head  y += eta (-y)·xᵀ·x   sum over context; at context, query
return  output = -y at query tokens
""",
        kind="network",
    ),
    Message(
        code="net-layer",
        title="a head or an mlp cannot do this",
        why="A head adds values·keysᵀ·queries, an mlp functions of entries.",
        wrong="""\
network gd
input x: [d] per token
input y: [1] per context
param eta
tokens  context, query
stream  x  d rows, starts as x
        y  1 rows, starts as y
layer   head  y += eta (-y)·xᵀ·x   sum over context before; at context, query
return  output = -y at query tokens
""",
        mended="""\
network gd
input x: [d] per token
input y: [1] per context
param eta
tokens  context, query
stream  x  d rows, starts as x
        y  1 rows, starts as y
layer   head  y += eta (-y)·xᵀ·x   sum over context; at context, query
return  output = -y at query tokens
""",
        kind="network",
    ),
    Message(
        code="net-nothing",
        title="a combination is zero, or a number without ones",
        why="What is added is made of blocks; a number needs a block that starts as ones.",
        wrong="""\
network gd
input x: [d] per token
input y: [1] per context
param eta
tokens  context, query
stream  x  d rows, starts as x
        y  1 rows, starts as y
layer   head  y += eta (-y)·xᵀ·x   sum over context; at context, query
return  output = 1 - y at query tokens
""",
        mended="""\
network gd
input x: [d] per token
input y: [1] per context
param eta
tokens  context, query
stream  x  d rows, starts as x
        y  1 rows, starts as y
layer   head  y += eta (-y)·xᵀ·x   sum over context; at context, query
return  output = -y at query tokens
""",
        kind="network",
    ),
    Message(
        code="net-number",
        title="a number is not written as one",
        why="Coefficients are exact, and stand in front of the block that they multiply.",
        wrong="""\
network gd
input x: [d] per token
input y: [1] per context
param eta
tokens  context, query
stream  x  d rows, starts as x
        y  1 rows, starts as y
layer   head  y += eta (-y)·xᵀ·x   sum over context; at context, query
return  output = -y/2 at query tokens
""",
        mended="""\
network gd
input x: [d] per token
input y: [1] per context
param eta
tokens  context, query
stream  x  d rows, starts as x
        y  1 rows, starts as y
layer   head  y += eta (-y)·xᵀ·x   sum over context; at context, query
return  output = -y at query tokens
""",
        kind="network",
    ),
    Message(
        code="net-order",
        title="a line stands too late, or twice",
        why="The heading comes first: inputs, parameters, tokens, the stream; then layers.",
        wrong="""\
network gd
input x: [d] per token
input y: [1] per context
param eta
tokens  context, query
stream  x  d rows, starts as x
        y  1 rows, starts as y
layer   head  y += eta (-y)·xᵀ·x   sum over context; at context, query
param s
return  output = -y at query tokens
""",
        mended="""\
network gd
input x: [d] per token
input y: [1] per context
param eta
tokens  context, query
stream  x  d rows, starts as x
        y  1 rows, starts as y
layer   head  y += eta (-y)·xᵀ·x   sum over context; at context, query
return  output = -y at query tokens
""",
        kind="network",
    ),
    Message(
        code="net-rows",
        title="blocks of different rows are added or multiplied",
        why="What is added, multiplied or written has equal rows.",
        wrong="""\
network gd
input x: [d] per token
input y: [1] per context
param eta
tokens  context, query
stream  x  d rows, starts as x
        y  1 rows, starts as y
layer   head  y += eta (-y)·xᵀ·x   sum over context; at context, query
return  output = x - y at query tokens
""",
        mended="""\
network gd
input x: [d] per token
input y: [1] per context
param eta
tokens  context, query
stream  x  d rows, starts as x
        y  1 rows, starts as y
layer   head  y += eta (-y)·xᵀ·x   sum over context; at context, query
return  output = -y at query tokens
""",
        kind="network",
    ),
    Message(
        code="net-tokens",
        title="there are no such tokens",
        why="An input comes on the tokens that are declared for it.",
        wrong="""\
network gd
input x: [d] per token
input y: [1] per context
param eta, N = size(scratch)
tokens  context, query
stream  x  d rows, starts as x
        y  1 rows, starts as y
layer   head  y += eta (-y)·xᵀ·x   sum over context; at context, query
return  output = -y at query tokens
""",
        mended="""\
network gd
input x: [d] per token
input y: [1] per context
param eta
tokens  context, query
stream  x  d rows, starts as x
        y  1 rows, starts as y
layer   head  y += eta (-y)·xᵀ·x   sum over context; at context, query
return  output = -y at query tokens
""",
        kind="network",
    ),
)
