"""The reference semantics of functions of entries, against NumPy written by hand."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from weightsmith.dsl import Source, check, load_source, resolve_bindings
from weightsmith.dsl.running.interpreter import InputError, run, target
from weightsmith.dsl.running.root_solver import RootError, solve

Array = NDArray[Any]
CHANCE = np.random.default_rng(5)
A = CHANCE.normal(size=(4, 4))
P = np.abs(A) + 0.5


def sigmoid(t: Array) -> Array:
    result: Array = 1 / (1 + np.exp(-t))
    return result


CASES: list[tuple[str, Callable[[Array, Array], Array]]] = [
    ("relu(A)", lambda a, p: np.maximum(a, 0)),
    ("abs(A)", lambda a, p: np.abs(a)),
    ("max(A, 1/4)", lambda a, p: np.maximum(a, 0.25)),
    ("min(c, A)", lambda a, p: np.minimum(a, 0.5)),
    ("max(A, A')", lambda a, p: np.maximum(a, a.T)),
    ("min(A, P)", lambda a, p: np.minimum(a, p)),
    ("clip(A, -c, c)", lambda a, p: np.clip(a, -0.5, 0.5)),
    ("soft(A, c)", lambda a, p: np.sign(a) * np.maximum(np.abs(a) - 0.5, 0)),
    ("ramp(A)", lambda a, p: np.interp(a, [-1, 0, 1], [0, 0.5, 2])),
    ("bent(A)", lambda a, p: 2 * np.maximum(a - 1, 0) - np.abs(a) / 2 + 1),
    ("A .* P", lambda a, p: a * p),
    ("A .* sum(P)", lambda a, p: a * p.sum(axis=0)),
    ("sum(P) .* A", lambda a, p: a * p.sum(axis=0)),
    ("2*ones + sum(A')'*ones + A", lambda a, p: 2 + a.sum(axis=1, keepdims=True) + a),
    ("sigmoid(A)", lambda a, p: sigmoid(a)),
    ("exp.(A) ./ sum(exp.(A))", lambda a, p: np.exp(a) / np.exp(a).sum(axis=0)),
    ("c ./ P", lambda a, p: 0.5 / p),
    ("rsqrt(P) + sqrt.(P) + log(P)", lambda a, p: 1 / np.sqrt(p) + np.sqrt(p) + np.log(p)),
    ("tanh(A) + sin(A) + cos(A) + atan(A)",
     lambda a, p: np.tanh(a) + np.sin(a) + np.cos(a) + np.arctan(a)),
    ("softplus(A) + square(A) + reciprocal(P)", lambda a, p: np.log1p(np.exp(a)) + a**2 + 1 / p),
    ("weight(A)", lambda a, p: sigmoid(a) * (1 - sigmoid(a))),
    ("damp(P)", lambda a, p: np.sqrt(0.5) / (np.sqrt(0.5) + np.sqrt(p))),
]  # fmt: skip
HEAD = """\
algorithm f(A: [d, d], P: [d, d])
param c = 1/2
table ramp = (-1, 0), (0, c), (1, 2)
function bent(t) = 2*relu(t - 1) - abs(t)/2 + 1
function weight(t) = sigmoid(t)*(1 - sigmoid(t))
function damp(s) = sqrt(c)/(sqrt(c) + sqrt(s))
"""
EXACT = 14  # of the cases


@pytest.mark.parametrize(("text", "by_hand"), CASES, ids=lambda one: one if one is str else None)
def test_a_function_of_entries(text: str, by_hand: Callable[[Array, Array], Array]) -> None:
    program = check(Source("s", f"{HEAD}return {text}"))
    found = run(program, {"A": A, "P": P}, resolve_bindings(program, {}))["output"]
    np.testing.assert_allclose(found, by_hand(A, P), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize(("text", "by_hand"), CASES[:EXACT])
def test_piecewise_linear_functions_are_exact(
    text: str, by_hand: Callable[[Array, Array], Array]
) -> None:
    program = check(Source("s", f"{HEAD}return {text}"))
    bindings = resolve_bindings(program, {})
    found = run(program, {"A": A, "P": P}, bindings, exact=True)["output"]
    assert isinstance(found, np.ndarray)
    assert all(isinstance(entry, Fraction) for entry in found.flat)
    np.testing.assert_allclose(found.astype(float), by_hand(A, P), rtol=1e-13, atol=1e-14)


def test_an_approximated_function_has_no_exact_values() -> None:
    program = check(Source("s", f"{HEAD}return sigmoid(A)"))
    with pytest.raises(InputError, match="'sigmoid' has no exact values"):
        run(program, {"A": A, "P": P}, {}, exact=True)


def test_the_type_of_the_inputs_is_kept() -> None:
    program = check(Source("s", f"{HEAD}return sigmoid(A) + damp(P) + ramp(A) .* ones"))
    inputs = {"A": A.astype(np.float32), "P": P.astype(np.float32)}
    found = run(program, inputs, resolve_bindings(program, {}))["output"]
    assert isinstance(found, np.ndarray)
    assert found.dtype == np.float32


def test_ones_are_indexed_by_tokens() -> None:
    text = "algorithm f(x: [d] per token)\nreturn x + 2*ones, sum((x*(x' + ones))') over context"
    x = {"context": np.array([[1.0, 2.0], [3.0, 4.0]]), "query": np.array([[5.0], [6.0]])}
    found = run(check(Source("s", text)), {"x": x}, {})
    shifted = found["output1"]
    assert isinstance(shifted, dict)
    np.testing.assert_array_equal(shifted["query"], x["query"] + 2)
    context = x["context"]
    by_hand = (context @ (context.T + 1)).sum(axis=1)[None, :]
    np.testing.assert_array_equal(found["output2"], by_hand)


ISTA = """\
algorithm ista(G: symmetric[d, d], b: [1, d])
assume spectrum(G) in [mu, L]
param lam = 1/10, eta = 1/L, steps = 40
w = 0
repeat steps:
    w = soft(w - eta*(w*G - b), eta*lam)
return w approximates root(w: w - soft(w - eta*(w*G - b), eta*lam))
"""


def test_ista_by_hand_and_exactly() -> None:
    program = check(Source("s", ISTA))
    gram = np.diag([1.0, 1.5, 2.0])
    inputs = {"G": gram, "b": np.array([[1.0, -0.05, -3.0]])}
    bindings = resolve_bindings(program, {"mu": 1, "L": 2})
    w = np.zeros((1, 3))
    for _ in range(40):
        step = w - 0.5 * (w @ gram - inputs["b"])
        w = np.sign(step) * np.maximum(np.abs(step) - 0.05, 0)
    found = run(program, inputs, bindings)["w"]
    np.testing.assert_allclose(found, w, rtol=1e-14)
    np.testing.assert_allclose(target(program, inputs, bindings)["w"], w, atol=1e-9)
    exact = run(program, inputs, bindings, exact=True)["w"]
    assert isinstance(exact, np.ndarray)
    np.testing.assert_allclose(exact.astype(float), w, rtol=1e-14)


def classes(count: int) -> tuple[dict[str, Array], Array]:
    chance = np.random.default_rng(9)
    x = chance.normal(size=(3, 12))
    x /= np.linalg.norm(x, axis=0)
    labels = np.eye(count)[:, chance.integers(count, size=10)]
    return {"context": x[:, :10], "query": x[:, 10:]}, labels


def test_softmax_regression_by_hand() -> None:
    text = """\
algorithm softmax(x: [d] per token, y: [k] per context)
param n, mu = 1/5, eta = 1/2, steps = 7
w = 0
repeat steps:
    z = w*x
    e = exp.(z)
    p = e ./ sum(e)
    w = w - eta*((p - y)*x'/n + mu*w) over context
return w
"""
    x, y = classes(4)
    program = check(Source("s", text))
    w = np.zeros((4, 3))
    for _ in range(7):
        e = np.exp(w @ x["context"])
        w = w - 0.5 * ((e / e.sum(axis=0) - y) @ x["context"].T / 10 + 0.2 * w)
    found = run(program, {"x": x, "y": y}, resolve_bindings(program, {"n": 10}))["w"]
    np.testing.assert_allclose(found, w, rtol=1e-12)


LOGISTIC = """\
algorithm logistic(x: [d] per token, y: [1] per context)
assume norm(x) <= R
param n, mu = 1/10, steps = 8
function weight(t) = sigmoid(t)*(1 - sigmoid(t))
w = 0
repeat steps:
    z = w*x
    g = (sigmoid(z) - y)*x'/n + mu*w over context
    H = (weight(z) .* x)*x'/n + mu*I over context
    X = 2/(2*mu + 1/4)*I
    repeat 30:
        X = 2*X - X*H*X
    w = w - g*X
return w approximates root(w: (sigmoid(w*x) - y)*x'/n + mu*w over context)
"""


def test_newton_finds_the_root() -> None:
    program = check(Source("s", LOGISTIC))
    x, labels = classes(2)
    inputs = {"x": x, "y": labels[:1]}
    bindings = resolve_bindings(program, {"n": 10})
    found, wanted = run(program, inputs, bindings)["w"], target(program, inputs, bindings)["w"]
    assert isinstance(wanted, np.ndarray)
    np.testing.assert_allclose(found, wanted, rtol=1e-12)
    margins = wanted @ x["context"]
    gradient = (sigmoid(margins) - labels[:1]) @ x["context"].T / 10 + 0.1 * wanted
    assert np.abs(gradient).max() < 1e-15


def test_a_root_per_token() -> None:
    text = "algorithm f(x: [d] per token)\nreturn x approximates root(x2: x2 + tanh(x2) - x)"
    x = {"context": CHANCE.normal(size=(2, 3)), "query": CHANCE.normal(size=(2, 1))}
    found = target(check(Source("s", text)), {"x": x}, {})["x"]
    assert isinstance(found, dict)
    for group, block in found.items():
        np.testing.assert_allclose(block + np.tanh(block), x[group], rtol=1e-13)


def test_a_root_of_functions_that_are_not_smooth() -> None:
    text = "algorithm f(A: [d, d])\nreturn A approximates root(w: 3*w + abs(w) - A)"
    found = target(check(Source("s", text)), {"A": A}, {})["A"]
    np.testing.assert_allclose(found, np.where(A > 0, A / 4, A / 2), atol=1e-9)


def test_an_equation_without_root_is_an_error() -> None:
    text = "algorithm f(A: [d, d])\nreturn A approximates root(w: exp.(w) + ones)"
    with pytest.raises(RootError, match=r"The equation of root\(…\) was not solved"):
        target(check(Source("s", text)), {"A": A}, {})


def test_the_solver_damps_its_steps() -> None:
    found = solve(lambda t: np.arctan(t - 30) + 0.1 * (t - 30), 1)
    np.testing.assert_allclose(found, [30], rtol=1e-12)


def test_every_example_runs(examples: dict[str, Path]) -> None:
    """Those without a target: what they compute is finite."""
    chance = np.random.default_rng(1)
    sizes = {"d": 3, "k": 2, "m": 4}
    numbers = {"mu": 1, "L": 4, "n": 5, "low": Fraction(1, 4), "high": 2, "lam": Fraction(1, 10),
               "eta": Fraction(1, 10), "beta": Fraction(1, 4), "steps": 3}  # fmt: skip
    for path in examples.values():
        program = check(load_source(path))
        if program.returns[0].target is not None:
            continue
        inputs: dict[str, Any] = {}
        for one in program.inputs:
            rows, columns = (
                int(a) if a.isdigit() else sizes.get(a, 3)
                for a in (one.shape.rows, one.shape.columns)
            )
            made = {g: chance.random((rows, 5)) / 2 + 0.3 for g in one.shape.column_groups}
            inputs[one.name] = made or np.eye(rows, columns)
        given = {one.name: numbers[one.name] for one in program.parameters if one.name in numbers}
        found = run(program, inputs, resolve_bindings(program, given))
        for result in found.values():
            blocks = result.values() if isinstance(result, dict) else [result]
            assert all(np.isfinite(block).all() for block in blocks), path.stem
