"""Scripts whose networks have linear heads, with hypotheses that bound them."""

from __future__ import annotations

GRADIENT = """\
algorithm gd(x: [d] per token, y: [1] per context)
assume norm(x) <= 1
assume entries(y) in [-1, 1]
assume size(context) <= n
param n = 6, eta = 1, steps = 3
w = 0
repeat steps:
    w = w - eta/n * (w*x - y) * x'  over context
return w*x on query
"""

MEAN = GRADIENT.replace("param n = 6,", "param m = size(context), n = 6,").replace("eta/n", "eta/m")

SOFT = """\
algorithm lasso(x: [d] per token, y: [1] per context)
assume norm(x) <= 1
assume entries(y) in [-1, 1]
assume size(context) <= n
assume size(d) <= 3
param n = 6, lam = 1/10, steps = 2
w = 0
repeat steps:
    w = soft(w - 1/n*(w*x - y)*x', lam)  over context
return w, w*x on query
"""

MATRIX = """\
algorithm inverse(A: symmetric[d, d])
assume spectrum(A) in [1/2, 1]
assume size(d) <= 3
param steps = 2
X = I
repeat steps:
    X = 2*X - X*A*X
return X approximates inv(A)
"""

SCHEDULE = """\
algorithm steps(x: [d] per token, y: [1] per context)
assume norm(x) <= 1
assume entries(y) in [-1, 1]
assume size(context) <= n
param n = 6
w = 0
for eta in 1/2, 1, 1/3:
    w = w - eta/n * (w*x - y) * x'  over context
return w*x on query
"""

MIXED = """\
algorithm mixed(x: [d] per context, y: [1] per context)
assume norm(x) <= 1
assume entries(y) in [-1, 1]
assume size(context) <= n
param n = 6
a = y*x'*x/n  over context
b = 1/n*a*(x'*x)  over context before
c = (a + b)*softmax(x'*x)  over context
d1 = c*relu(x'*x)/n  over context
return d1 + 1/2*d1*x'*x/n over context
"""

FIXED = """\
algorithm fixed(x: [d] per token, y: [1] per context, W: fixed[1, d])
assume norm(x) <= 1
assume entries(y) in [-1, 1]
assume size(context) <= n
param n = 6
return (W*x - y)*x'*x/n on query over context
"""

STACKED = """\
algorithm stacked(x: [d] per token, z: [d] per token, y: [1] per context)
assume norm(x) <= 1
assume norm(z) <= 1/2
assume entries(y) in [-1, 1]
assume size(context) <= n
param n = 6
a = y*x'*x/n - y*z'*z/n + y*x'*z/n  over context
return a*x'*x/n + a on query over context
"""

BENT = """\
algorithm bent(x: [d] per context, y: [1] per context)
assume norm(x) <= 1
assume entries(y) in [-1, 1]
assume size(context) <= n
param n = 6
a = y*x'*x/n  over context
b = clip(3*a - 1/2*ones, -1/4, 1/2)
c = 2*relu(b) - abs(a)
return c*x'*x/n + a over context
"""

GATED = """\
algorithm gated(x: [d] per context, y: [1] per context)
assume norm(x) <= 1
assume entries(y) in [-1, 1]
assume size(context) <= n
param n = 6
a = y*x'*x/n  over context
b = a .* (a + ones)
return b*x'*x/n over context
"""
