"""``dot``, ``diag``, and a 1 x 1 value times a matrix: in scripts, networks and messages."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from weightsmith import api
from weightsmith.dsl import Checked, Source, check, diagnose, program_text

Look = Callable[[str], Checked]
Values = Callable[..., np.ndarray]
HEAD = """algorithm f(A: [d, d], B: [d, d], v: [d, 1], u: [d, 1], r: [1, d])
assume norm(A) <= 1
assume norm(B) <= 1
assume norm(v) <= 1
assume norm(u) <= 1
assume norm(r) <= 1
assume size(d) <= 3
"""
EXPRESSIONS: dict[str, Values] = {
    "dot(v, 2*u)": lambda A, B, v, u, r: 2 * v.T @ u,
    "dot(r, r)": lambda A, B, v, u, r: r @ r.T,
    "dot(r', v)": lambda A, B, v, u, r: r @ v,
    "dot(A, B')": lambda A, B, v, u, r: np.sum(A * B.T).reshape(1, 1),
    "dot(A*B, A)": lambda A, B, v, u, r: np.sum(A @ B * A).reshape(1, 1),
    "diag(A*B)": lambda A, B, v, u, r: np.diag(A @ B)[:, None],
    "diag(v)*A": lambda A, B, v, u, r: v * A,
    "A*diag(r)": lambda A, B, v, u, r: A * r,
    "diag(diag(A - 2*B))": lambda A, B, v, u, r: np.diag(np.diag(A - 2 * B)),
    "diag(dot(v, u))": lambda A, B, v, u, r: v.T @ u,
    "sum(I .* A)": lambda A, B, v, u, r: np.diag(A)[None],
    "sum(A)*ones": lambda A, B, v, u, r: np.sum(A).reshape(1, 1),
    "A*ones": lambda A, B, v, u, r: np.sum(A, axis=1, keepdims=True),
    "trace(A*B)*A": lambda A, B, v, u, r: np.trace(A @ B) * A,
    "A*dot(v, u)": lambda A, B, v, u, r: (v.T @ u) * A,
    "1/2*(r*v)*A*(u'*u)*B": lambda A, B, v, u, r: (r @ v) * (u.T @ u) * A @ B / 2,
    "A*u*dot(v, v)": lambda A, B, v, u, r: A @ u * (v.T @ v),
    "dot(v, v)*r*A": lambda A, B, v, u, r: (v.T @ v) * r @ A,
    "(r*A*v) .* B": lambda A, B, v, u, r: (r @ A @ v) * B,
    "A + dot(v, u)*ones": lambda A, B, v, u, r: A + v.T @ u,
    "A - trace(B)*I": lambda A, B, v, u, r: A - np.trace(B) * np.eye(3),
    "A/(dot(v, v) + 2*ones)": lambda A, B, v, u, r: A / (v.T @ v + 2),
    "v/(2*I + dot(A, A))": lambda A, B, v, u, r: v / (2 + np.sum(A * A)),
    "relu(dot(v, u))*A": lambda A, B, v, u, r: np.maximum(v.T @ u, 0) * A,
    "dot(v, u)^2*A": lambda A, B, v, u, r: (v.T @ u) ** 2 * A,
}


def inputs() -> dict[str, np.ndarray]:
    random = np.random.default_rng(3)
    shapes = {"A": (3, 3), "B": (3, 3), "v": (3, 1), "u": (3, 1), "r": (1, 3)}
    drawn = {name: random.normal(size=shape) for name, shape in shapes.items()}
    return {name: one / np.linalg.norm(one, 2) for name, one in drawn.items()}


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_it_is_what_numpy_says_and_the_network_is_within_its_bound(text: str) -> None:
    network = api.compile(f"{HEAD}out = {text}\nreturn out\n")
    given = inputs()
    true = EXPRESSIONS[text](**given)
    plain = {name: given[name] for name in (one.name for one in network.program.inputs)}
    exact = network.interpret(plain)["out"]
    assert isinstance(exact, np.ndarray)
    assert exact.shape == true.shape
    assert np.abs(exact - true).max() <= 1e-12
    found = network.run(plain)["out"]
    assert isinstance(found, np.ndarray)
    bound = sum(float(one.value or 0) for one in network.bounds)
    assert np.abs(found - true).max() <= bound + 1e-12
    assert all(verdict.accepted for verdict in network.verify().verdicts)
    printed = program_text(network.program)
    again = diagnose(Source("printed", printed))
    assert again.program is not None
    assert program_text(again.program) == printed
    assert not [
        one
        for one in again.diagnostics
        if "is not used" not in one.message and "is the diagonal" not in one.message
    ]


def test_it_stands_in_loops_calls_and_roots() -> None:
    script = """algorithm scaled(X: [d, d])
assume norm(X) <= 1
return rsqrt(dot(X, X) + ones)*X

algorithm f(A: [d, d], w: [d, 1])
assume norm(A) <= 1
assume norm(w) <= 1
assume size(d) <= 3
param mu = 4
X = scaled(A)
v = w
repeat 3:
    v = v - 1/8*(mu*v + dot(v, v)*v - w)
output = X*v
return output, v approximates root(v: mu*v + dot(v, v)*v - w)
"""
    network = api.compile(script)
    random = np.random.default_rng(5)
    a, w = random.normal(size=(3, 3)), random.normal(size=(3, 1))
    a, w = a / np.linalg.norm(a, 2), w / np.linalg.norm(w)
    v = w
    for _ in range(3):
        v = v - (4 * v + (v.T @ v) * v - w) / 8
    x = a / np.sqrt(np.sum(a * a) + 1)
    found = network.run({"A": a, "w": w})
    assert np.abs(network.interpret({"A": a, "w": w})["output"] - x @ v).max() <= 1e-12  # type: ignore[operator]
    assert np.abs(found["v"] - v).max() <= 1e-12
    assert np.abs(found["output"] - x @ v).max() <= 1e-2
    assert all(verdict.accepted for verdict in network.verify().verdicts)


MISUSES = [
    (
        "dot(v, r)",
        "dot(v, r)",
        "dot takes two values of one shape, but v is [d, 1] and r is",
        "v*r",
    ),
    ("dot(v)", "dot(v)", "dot takes 2 values, got 1", "write dot(x, y)"),
    ("dot(v, 2)", "2", "expected a matrix, got 2", "write dot(x, y)"),
    ("dot(x, x)", "dot(x,", "this product sums over tokens", "over context"),
    ("diag(C)", "C", "diag takes a square matrix or a column, but C is [d, k]", ""),
    ("diag(2)", "diag(2)", "diag is applied to the entries of a matrix, got 2", ""),
    ("diag(A, 1)", "diag(A, 1)", "diag takes one value, got 2", "write diag(A)"),
    ("diag(x'*x)", "diag(x'*x)", "no value has tokens in rows and columns", "sum(x .* y)"),
    ("diag(y)", "diag(y)", "would have tokens in rows and columns", "y .* E"),
    ("trace(x'*x)", "trace(x'*x)", "no value has tokens in rows and columns", "dot(x, y)"),
    ("v'*v*A", "v*A", "these do not multiply: v is [d, 1] but A is", "one number: (v'*v)*A"),
    ("A*v'*v", "A*v'", "these do not multiply: A is [d, d] but v' is", "one number: A*(v'*v)"),
    ("dot(v, v)*v*C", "v*C", "these do not multiply: v is [d, 1] but C is", "the columns of v"),
    ("trace(A)*I", "I", "the size of I cannot be worked out", "write 0*A"),
    ("dot(v, v) + 1", "1", "the number 1 is added to a matrix", "1*I"),
    ("v approximates dot(v, v)*A*v", "", "", ""),
    ("A approximates trace(A)*A", "trace(A)", "works on entries and cannot stand in a target", ""),
    ("A approximates (v'*v)*A", "(v'*v)*A", "a 1 x 1 value times a matrix works on entries", ""),
    ("A approximates dot(A, A)*A", "dot(A, A)", "'dot' of two matrices works on entries", ""),
    ("A/A", "A", "cannot divide by the matrix A", "inv(A)"),
    ("dot", "dot", "'dot' is a function", "write dot(x, y)"),
]


@pytest.mark.parametrize(("value", "place", "message", "hint"), MISUSES)
def test_misuse_is_told_at_its_place(
    value: str, place: str, message: str, hint: str, look: Look
) -> None:
    tokens = "x: [d] per token, y: [1] per token"
    head = f"algorithm f(A: [d, d], C: [d, k], v: [d, 1], r: [1, d], {tokens})"
    script = f"{head}\nreturn {value}\n"
    errors = [one for one in look(script).diagnostics if one.severity == "error"]
    if not message:
        assert errors == []
        return
    (error,) = errors
    assert message in error.message
    assert hint in (error.hint or "")
    start = script.index(value)
    assert error.span.start >= start
    assert script[error.span.start :].startswith(place)


SAID = [
    (
        "sum(A .* I)",
        "is the diagonal, as one row",
        "their sum is trace(A), the column of them diag(A)",
    ),
    ("sum(I .* (A*A))", "is the diagonal, as one row", "their sum is trace(A*A)"),
    ("sum(sum(A))", "is one row already", "sum(A)*ones"),
]


@pytest.mark.parametrize(("value", "message", "hint"), SAID)
def test_a_sum_that_is_a_row_is_told(value: str, message: str, hint: str, look: Look) -> None:
    (said,) = look(f"algorithm f(A: [d, d])\nreturn {value}\n").diagnostics
    assert said.severity == "warning"
    assert message in said.message
    assert hint in (said.hint or "")
    assert not look(f"algorithm f(A: [d, d])\nreturn {value}*ones\n").diagnostics


def test_what_needs_no_product_of_entries_is_exact() -> None:
    for text in ("dot(v, v)*v", "v*dot(v, v)", "2*(v'*v)*v'*A"):
        program = check(Source("s.alg", f"algorithm f(A: [d, d], v: [d, 1])\nreturn {text}\n"))
        assert ".*" not in program_text(program)
