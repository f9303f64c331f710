"""Networks and scripts that are equal, to be saved."""

from __future__ import annotations

HALF = """
network half
input A: symmetric[d, d]
param steps
tokens  d scratch
stream  X  d rows, starts as 1/3 I[d]
        A  d rows, starts as A
repeat steps:
    layer   head  X += -1/2 X·Aᵀ·X
            mlp   X += X
return  out = X at d tokens
"""
NEWTON = """
algorithm newton(A: symmetric[d, d])
assume spectrum(A) in [mu, L]
param steps = 12
X = 2/(mu + L)*I
repeat steps:
    X = 2*X - X*A*X
return X approximates inv(A)
"""
ENDS = {"mu": 2, "L": 4}  # 2/(mu + L) is 1/3 there, as the network has it
ONCE = """
network once
input A: [d, d]
tokens  d scratch
stream  X  d rows, starts as I[d]
        A  d rows, starts as A'
layer   head  X += X·Aᵀ·X
return  X = X at d tokens
"""
PASSES = """
algorithm passes(A: [d, d])
param k, c
X = I
repeat k:
    X = X + X*A*X
return X
"""
NONE = ONCE.replace("head  X += X·Aᵀ·X", "(nothing)")
WRITTEN_OUT = """
network f
input A: [d, d]
tokens  d scratch
stream  A  d rows, starts as A
        Y  d rows, starts as 0
layer   mlp  Y += relu(A - 1)
layer   mlp  Y += relu(A - 2)
             Y += -2 Y
return  Y = Y at d tokens
"""
FOR = """
algorithm f(A: [d, d])
Y = 0*A
for g in 1, 2:
    Z = 0*A
    repeat 1:
        Z = Z + max(A - g*ones, 0)
    Y = Z - Y
return Y
"""
TWO = """
network two
input x: [d] per token
input y: [k] per context
param eta
tokens  context, query
stream  x  d rows, starts as x
        y  k rows, starts as y
layer   head  y += eta (-y)·xᵀ·x   sum over context; at context, query
return  minus = y at query tokens
return  same = x at query tokens
"""
SCRIPT_OF_TWO = """
algorithm two(x: [d] per token, y: [k] per context)
param eta
D = y*x'  over context
return x on query, -eta*D*x on query
"""
SEEN = """
network seen
input x: [d] per token
param steps
tokens  context, query
stream  x  d rows, starts as x
        z  d rows, starts as x
repeat steps:
    layer   head  z += x·(xᵀ·x)   sum over context before; at context
return  z = z at context tokens
"""
SCRIPT_OF_SEEN = """
algorithm seen(x: [d] per token)
param steps
z = x
repeat steps:
    z = z + x*(x'*x)  over context before
return z on context
"""
