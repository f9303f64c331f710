"""Affine loops of matrices that do not commute, alone and among other statements."""

from __future__ import annotations

TWO_MATRICES = """algorithm tikhonov(x: [d] per token, y: [k] per context, B: symmetric[d, d])
w = 0
repeat 30:
    w = w - 1/4*((w*x - y)*x' + w*B) over context
return w*x on query
"""
STEIN = """algorithm stein(A: [d, d], Q: symmetric[d, d])
X = Q
repeat 30:
    X = A*X*A' + Q
return X
"""
SADDLE = """algorithm uzawa(A: symmetric[d, d], B: [m, d], F: [d, n])
X, Y = 0, 0
repeat 20:
    X, Y = X - 1/4*(A*X + B'*Y - F), Y + 1/4*(B*X)
return X, Y
"""
ALTERNATING = """algorithm alternating(A: symmetric[d, d], B: symmetric[d, d])
X = I
repeat 20:
    X = A*B*X
return X
"""
FEATURES = """algorithm two_features(x: [d] per token, z: [m] per token, y: [k] per context)
w, v = 0, 0
repeat 20:
    w, v = w - 1/4*(w*x + v*z - y)*x', v - 1/4*(w*x + v*z - y)*z' over context
return w*x + v*z on query
"""
FUNCTIONS = """algorithm functions(x: [d] per token, y: [k] per context)
z = relu(y)
w = 0
repeat 30:
    w = w - 1/4*(w*x - z)*x' over context
return relu(w) + w
"""
NESTED = """algorithm nested(A: symmetric[d, d])
X = 0
repeat 5:
    repeat 10:
        X = X - 1/4*(A*X - I)
    X = relu(X)
return X
"""
SEVERAL = """algorithm several(A: symmetric[d, d], eta: number)
X = 0
repeat 200:
    X = X - 1/4*(A*X - I)
repeat 200:
    X = X - eta*(A*X - I)
return X, A*X
""".replace(", eta: number)", ")\nparam eta")
SYLVESTER = """algorithm sylvester(A: [d, d], B: [e, e], C: [d, e])
X = C
repeat 27:
    X = X + 1/4*(C - A*X - X*B)
return X
"""
NEWTON = """algorithm newton(A: [d, e], X0: [e, d])
X = X0
repeat 16:
    X = 2*X - X*A*X
return A*X
"""
HYPERPOWER = """algorithm hyperpower(A: [d, e], X0: [e, d])
X = 1/3*X0
repeat 12:
    E = I - X*A
    X = X + E*X + E*E*X + E*E*E*X
return X
"""
SQUARES = """algorithm squares(A: [d, d], B: [d, d])
X = I - 1/2*A*B
repeat 20:
    X = X*X
return X
"""
TARGET = """algorithm whitened(A: symmetric[d, d], B: symmetric[d, d])
assume spectrum(A) in [1/4, 2]
Y = 0
repeat 3:
    Y = Y - 1/2*(A*Y - I)
X = Y
repeat 30:
    X = X - 1/2*(A*X - B)
return X*A approximates inv(A)*B*A
"""
ROUNDS = SYLVESTER.replace("repeat 27", "repeat 90")
BILINEAR = """algorithm bilinear(A: symmetric[d, d], B: [e, e], C: [d, e])
X = 0
repeat 60:
    X = X - 1/4*(A*X*B - C)
return X
"""
AROUND = """algorithm around(A: symmetric[d, d], B: [d, d])
X = 0
repeat 6:
    repeat 10:
        X = X - 1/4*(A*X - I)
    Z = X
    repeat 3:
        Z = Z - 1/2*B*Z
    X = X - (B*Z - I)
return X
"""
INEXACT = """algorithm inexact(A: symmetric[d, d], B: [d, d], C: [d, e])
X = 0
repeat 20:
    M, Y = 0, X
    repeat 9:
        M = 1/2*M + A*Y - C + B*X
        Y = Y - 1/8*M
    X = Y
return X
"""
SIBLINGS = """algorithm siblings(A: symmetric[d, d], B: [d, d], C: [d, e])
X, Y, Z = C, 0, 0
repeat 20:
    repeat 5:
        Y = Y - 1/4*(A*Y - X)
    repeat 7:
        Z = Z - 1/4*(B*Z - Y)
    X = X - 1/3*(Z - Y)
return X
"""
DEEP = """algorithm deep(A: symmetric[d, d], B: [d, d], C: [d, e])
X, Y, Z = C, 0, 0
repeat 5:
    repeat 5:
        Z = Y
        repeat 7:
            Z = Z - 1/4*(B*Z - Y - X)
        Y = Y - 1/4*(A*Y - X) + Z
    X = X - 1/3*(Z - Y)
return X
"""
TURNED = """algorithm turned(A: symmetric[d, d], B: [d, d], C: [d, d])
X, Y = C, 0
repeat 20:
    repeat 9:
        Y = Y - 1/4*(Y*A - X')
    X = X - 1/3*(B*Y' - C)
return X, Y
"""
WITHIN = """algorithm both_sides(B: [d, d], D: [e, e], F: [d, e])
X = F
repeat 9:
    repeat 5:
        X = 1/2*B*X*D + F
    repeat 3:
        X = X - X*D
return X
"""
RESTARTED = """algorithm restarted(x: [d] per token, y: [k] per context)
w = 0
repeat 10:
    for eta in 1/2, 1/3, 1/4, 1/5:
        w = w - eta*(w*x - y)*x' over context
return w*x on query
"""
SCHEDULED = """algorithm scheduled(A: symmetric[d, d], B: [d, e], C: [d, d])
X, M = 0, 0
for a, b in (1/2, 1), (1/3, 1/2), (1/4, 0), (1/5, 1/4), (1/2, 1), (1/3, 1/2), (1/7, 2), (1/8, 3):
    M = b*M + A*X + b*C*X - B
    X = X - a*M
return X
"""
CYCLES = """algorithm cycles(A: symmetric[d, d], B: [d, e], C: [d, d])
X = 0
for a in 1/2, 1/3, 1/4, 1/5:
    Y = X
    repeat 10:
        Y = Y - 1/4*(A*Y - X)
    X = B + C*X + a*Y
return X
"""
STEPS = """algorithm steps(A: symmetric[d, d], B: [d, e], C: [d, d])
X = 0
for a in 1/2, 1/3, 1/4, 1/5:
    repeat 10:
        X = X - a*(A*X - B)
    X = C*X
return X
"""
SWEEP = """algorithm sor(A: symmetric[d, d], B: [d, d], C: [d, e], D: [d, d], E: [d, d], F: [d, d])
X, Y = C, 0
repeat 27:
    X = X - 1/2*A*X + C
    X = X - 1/2*B*X + Y
    R = C - D*X
    X = X + 1/4*R
    Y = Y + E*X
    X = X - 1/2*F*X + B*Y
    X = X - 1/3*E*X
    Y = F*Y - A*X
return X, Y
"""
RESIDUAL = """algorithm residual(x: [d] per token, y: [k] per context, B: symmetric[d, d])
r, w, m = y, 0, 0
repeat 30:
    m = 1/2*m + r*x' - w*B over context
    w = w + 1/2*m
    r = y - w*x
return w*x on query
"""
