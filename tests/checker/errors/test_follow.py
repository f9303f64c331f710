"""Bounds followed pass by pass are never broken, and some are met."""

from __future__ import annotations

import numpy as np
import pytest
from checker_attacks import followed, number, worst_ratios
from checker_networks import read_program, tables_of

from weightsmith.checker.reading.refusal import RefusedError

Ends = dict[str, tuple[object, object]]
SCRIPTS: dict[str, tuple[str, Ends]] = {
    "one function": (
        """algorithm a(x: [d] per token, w: [1, d])
assume norm(x) <= 2
assume norm(w) <= 1
return sigmoid(w*x) on context
""",
        {"1": (-3, 3)},
    ),
    "gradient descent": (
        """algorithm a(x: [d] per token, y: [1] per context)
assume norm(x) <= 1
assume entries(y) in [0, 1]
assume size(context) <= n
param n = 3, mu = 1/10, eta = 1, steps = 3
w = 0
repeat steps:
    w = w - eta * ((sigmoid(w*x) - y)*x'/n + mu*w)  over context
return w, w*x on query
""",
        {"1": (-5, 5)},
    ),
    "an operator": (
        """algorithm a(A: symmetric[d, d], b: [d, 1])
assume spectrum(A) in [1/10, 1]
assume norm(b) <= 1
assume size(d) <= 3
param eta = 1/2, steps = 3
w = 0
repeat steps:
    w = w - eta*(A*w - b) + 1/10*tanh(w)
return w, b'*w, A*A*w - w + 2*A*w
""",
        {"1": (-8, 8)},
    ),
    "products": (
        """algorithm a(x: [d] per token, y: [d] per token)
assume norm(x) <= 1
assume entries(y) in [-1, 2]
assume size(d) <= 3
p = x .* y
q = tanh(x) .* p
return p on query, q on query, sum(q) on context, q + relu(q - p) on context
""",
        {"1": (1, 2), "2": (-2, 2), "3": (2, 3)},
    ),
    "softmax": (
        """algorithm a(x: [d] per token, y: [k] per context)
assume norm(x) <= 1
assume entries(y) in [0, 1]
assume size(context) <= n
assume size(k) <= classes
param n = 3, classes = 2, mu = 1, eta = 1/2, steps = 2
W = 0
repeat steps:
    e = exp.(clip(W*x, -1, 1))
    r = 1 ./ sum(e)
    W = W - eta * ((e .* (ones*r) - y)*x'/n + mu*W)  over context
return W, W*x on query
""",
        {"2": (-1, 1), "3": ("3/10", 7), "4": (6, 4)},
    ),
    "singular values": (
        """algorithm a(A: [d, m], b: [d, 1])
assume singular_values(A) in [1/10, 2]
assume norm(b) <= 1
assume size(m) <= 3
assume size(d) <= 3
param eta = 1/5, steps = 3
w = 0
repeat steps:
    w = w - eta*A'*(clip(A*w, -1, 1) - sin(b)) + 1/7*sigmoid(w)
return w, A*w
""",
        {"2": (-2, 2), "3": (-6, 6)},
    ),
    "rows and transposes": (
        """algorithm a(x: [d] per token, W: [k, d], v: [k, 1])
assume norm(x) <= 1
assume norm(W) <= 2
assume entries(v) in [0, 1]
assume size(k) <= 2
assume size(context) <= 3
h = softplus(W*x + v*ones)
g = h*h' + relu(v*v')  over context
return h on query, g, sum(h) on query, exp.(v)
""",
        {"1": (-4, 4), "3": (-1, 2)},
    ),
    "inner loops": (
        """algorithm a(A: symmetric[d, d], b: [d, 1])
assume nonzero_spectrum(A) in [1/2, 1]
assume entries(b) in [-1, 1]
assume size(d) <= 3
param k = 2, l = 2
u = b
repeat k:
    z = tanh(u)
    X = 1/2*I
    repeat l:
        X = 2*X - X*A*X
        u = u + 1/9*z - 1/8*X*b
    u = 1/2*u + 1/10*abs(X*z)
return u, A*u
""",
        {"1": (-9, 9)},
    ),
}
MET = {"one function": ("network", "difference"), "products": ("script",), "softmax": ()}


@pytest.mark.parametrize("shift", [-4, 0, 4])
@pytest.mark.parametrize("name", SCRIPTS)
def test_no_input_breaks_a_bound(name: str, shift: int) -> None:
    text, ends = SCRIPTS[name]
    program, bindings = read_program(text)
    pieces = 24 if name == "softmax" else 12
    tables = tables_of(program, bindings, ends, shift=shift, pieces=pieces)
    best = worst_ratios(program, bindings, tables, steps=200, seed=shift + 4)
    assert max(best.values()) <= 1 + 1e-9, {k: v for k, v in best.items() if v > 1}
    for which in MET.get(name, ()):
        assert max(v for k, v in best.items() if k[2] == which) > 0.9


def test_gated_products_are_exact() -> None:
    text, ends = SCRIPTS["products"]
    program, bindings = read_program(text)
    tables = tables_of(program, bindings, ends, gated=True)
    best = worst_ratios(program, bindings, tables, steps=200)
    assert max(best.values()) <= 1 + 1e-9
    triple = followed(program, bindings, tables)["p", "query"]
    assert triple.difference.is_zero


def test_an_argument_outside_of_its_table_is_refused() -> None:
    text, _ = SCRIPTS["gradient descent"]
    program, bindings = read_program(text, steps=2)
    wide = tables_of(program, bindings, {"1": (-9, 9)}, pieces=80)
    bounds = followed(program, bindings, wide)["output2", "query"].network
    reached = number(bounds.high)  # by w·x before the third pass
    for share, good in ((1.01, True), (0.99, False)):
        end = f"{reached * share:.6f}"
        program, bindings = read_program(text, steps=3)
        tables = tables_of(program, bindings, {"1": (f"-{end}", end)}, pieces=80)
        if good:
            followed(program, bindings, tables)
        else:
            with pytest.raises(RefusedError, match="only shown to lie in"):
                followed(program, bindings, tables)


def test_factors_of_products_must_fit() -> None:
    text, ends = SCRIPTS["products"]
    program, bindings = read_program(text)
    for sizes in (("999/1000", 2), (1, "1999/1000")):
        tables = tables_of(program, bindings, {**ends, "1": sizes})
        with pytest.raises(RefusedError, match="A factor of product"):
            followed(program, bindings, tables)


def test_a_loop_that_grows_for_too_long_is_refused() -> None:
    text = """algorithm a(b: [d, 1])
assume norm(b) <= 1
param steps = 20001
w = 0
repeat steps:
    w = w + b
return tanh(clip(w, -1, 1))
"""
    program, bindings = read_program(text)
    tables = tables_of(program, bindings, {"2": (-1, 1)})
    with pytest.raises(RefusedError, match="more than 20000 passes"):
        followed(program, bindings, tables)
    settles = text.replace("w + b", "1/2*w + b")
    program, bindings = read_program(settles, steps=10**9)
    tables = tables_of(program, bindings, {"2": (-1, 1)})
    assert number(followed(program, bindings, tables)["output", ""].network.high) < 0.8
    program, bindings = read_program(settles.replace("tanh(clip(w, -1, 1))", "w"), steps=10**9)
    size = number(followed(program, bindings, [])["w", ""].network.norm)
    assert 2 <= size <= 2 * (1 + 1e-9)


def test_assumptions_that_contradict_are_refused() -> None:
    text = """algorithm a(b: [d, 1])
assume norm(b) <= 1
assume entries(b) in [2, 3]
return tanh(b)
"""
    program, bindings = read_program(text)
    tables = tables_of(program, bindings, {"1": (-9, 9)})
    with pytest.raises(RefusedError, match="contradict"):
        followed(program, bindings, tables)


def test_what_nothing_bounds_is_not_bounded() -> None:
    text = """algorithm a(A: [d, n], b: [d, 1])
assume norm(b) <= 1
c = A'*b
return c, b
"""
    program, bindings = read_program(text)
    bounds = followed(program, bindings, [])
    assert number(bounds["c", ""].network.high) == np.inf
    assert number(bounds["b", ""].network.high) == 1
