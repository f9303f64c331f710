"""Gated units: products of entries are exact, and everything else is as with ReLU."""

from __future__ import annotations

import numpy as np
import pytest

import weightsmith.api as ws
from weightsmith.dsl.text.diagnostics import DiagnosticError

from .entry_instances import TABLE_MAKERS
from .instances import EXAMPLES

WITH_PRODUCTS = ["logistic_newton", "softmax_regression", "two_layer_network", "divide"]


def arrays(value: object) -> list[np.ndarray]:
    return list(value.values()) if isinstance(value, dict) else [np.asarray(value)]


@pytest.mark.parametrize("name", WITH_PRODUCTS)
def test_a_program_compiles_either_way(name: str) -> None:
    settings, inputs = TABLE_MAKERS[name](np.random.default_rng(5))
    plain = ws.compile(EXAMPLES / f"{name}.alg", settings=settings)
    gated = ws.compile(EXAMPLES / f"{name}.alg", settings=settings, gated=True)
    assert gated.verify().accepted, [v.reason for v in gated.verify().verdicts if not v.accepted]
    assert gated.report.layers <= plain.report.layers
    for output, value in gated.interpret(inputs, tables=True).items():
        for a, b in zip(arrays(gated.run(inputs)[output]), arrays(value), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-11)


def test_a_product_alone_has_no_error() -> None:
    script = "algorithm times(a: [k] per query, b: [k] per query)\nreturn a .* b\n"
    network = ws.compile(script, gated=True)
    random = np.random.default_rng(0)
    a, b = random.normal(size=(2, 3, 5))
    (found,) = arrays(network.run({"a": {"query": a}, "b": {"query": b}})["output"])
    np.testing.assert_allclose(found, a * b, rtol=1e-15, atol=1e-15)
    assert network.report.hidden_text == "3*k"  # the product, and what makes room for it
    assert network.verify().accepted


SCALED = """algorithm scaled(A: [m, m], b: [m, 1])
r = sum(A)
x = b
repeat 3:
    x = r' .* (A*x)
return x
"""
JACOBI = """algorithm jacobi(A: [m, m], b: [m, 1], inverse: [m, 1])
x = 0*b
repeat 2:
    x = x + inverse .* (b - A*x)
return x
"""
SIRT = """algorithm sirt(A: [p, q], b: [p, 1], rows: [p, 1], columns: [q, 1])
x = 0*columns
repeat 2:
    x = x + columns .* (A'*(rows .* (b - A*x)))
return x
"""
SQUARES = """algorithm squares(A: [m, m], b: [m, 1])
x = b
repeat 2:
    x = (A*x) .* (A*x)
return x
"""
TWO = """algorithm two(A: [m, m], b: [m, 1])
x = b
y = b
repeat 2:
    u = (A*x) .* (A'*y)
    y = (A*y) .* (A'*x)
    x = u
return x, y
"""
TOKENS = """algorithm tokens(x: [d] per token, W: [d, d])
z = x
repeat 2:
    z = (W*z) .* (W'*z)
return z
"""
A, B = np.array([[1, 2], [3, 4]]), np.array([[1], [-1]])
TOKEN = {"context": np.array([[1], [-1]]), "query": np.array([[1, 0], [0, 1]])}
PRODUCTS = [  # both factors of a product are products themselves; values by hand, in rationals
    # D = diag(4, 6); D A b = (-4, -6); D A (-4, -6) = (-64, -216); then D A of that
    (SCALED, {"A": A, "b": B}, {"x": [[-1984], [-6336]]}),
    # b/diag = (1, -1/4); b - A x = (1/2, -3), so x = (3/2, -1)
    (JACOBI, {"A": A, "b": B, "inverse": [[1], [0.25]]}, {"x": [[1.5], [-1]]}),
    # r = (1/3, -1/7), A'r = (-2/21, 2/21), x = (-1/42, 1/63); b - A x = (125/126, -125/126) …
    (
        SIRT,
        {"A": A, "b": B, "rows": [[1 / 3], [1 / 7]], "columns": [[1 / 4], [1 / 6]]},
        {"x": [[-125 / 5292 - 1 / 42], [125 / 7938 + 1 / 63]]},
    ),
    # A b = (-1, -1); squares (1, 1); A of it (3, 7)
    (SQUARES, {"A": A, "b": B}, {"x": [[9], [49]]}),
    # A b = (-1, -1), A'b = (-2, -2), so x = y = (2, 2); A x = (6, 14), A'x = (8, 12)
    (TWO, {"A": A, "b": B}, {"x": [[48], [168]], "y": [[48], [168]]}),
]


@pytest.mark.parametrize(("script", "inputs", "wanted"), PRODUCTS)
@pytest.mark.parametrize(
    "options", [{}, {"fewest": "layers"}, {"fewest": "operations"}, {"dtype": "float32"}]
)
def test_products_of_products_in_a_loop(
    script: str, inputs: dict[str, object], wanted: dict[str, object], options: dict[str, str]
) -> None:
    network = ws.compile(script, gated=True, **options)  # type: ignore[arg-type]
    assert network.verify().accepted, network.verify().verdicts
    tolerance = 1e-5 if "dtype" in options else 1e-13
    for name, value in wanted.items():
        np.testing.assert_allclose(network.run(inputs)[name], value, rtol=tolerance)
        np.testing.assert_allclose(network.interpret(inputs)[name], value, rtol=1e-13)


def test_products_of_products_on_tokens() -> None:
    network = ws.compile(TOKENS, gated=True)
    assert network.verify().accepted
    found = network.run({"x": TOKEN, "W": A})["z"]
    # (1, -1): W z = (-1, -1), W'z = (-2, -2), z = (2, 2); W z = (6, 14), W'z = (8, 12)
    np.testing.assert_allclose(found["context"], [[48], [168]], rtol=1e-14)
    # (1, 0): (1, 3) .* (1, 2) = (1, 6), (13, 27) .* (19, 26); (0, 1): (6, 16), (38, 82) .* (54, 76)
    np.testing.assert_allclose(found["query"], [[247, 2052], [702, 6232]], rtol=1e-14)
    none = network.run({"x": {**TOKEN, "query": np.zeros((2, 0))}, "W": A})["z"]
    assert none["query"].shape == (2, 0)


def test_equal_factors_share_their_block() -> None:
    network = ws.compile(SQUARES, gated=True)
    assert network.report.heads == 1
    assert not any("second" in block.name for block in network.template.blocks)


@pytest.mark.parametrize("gated", [True, False])
def test_a_product_in_a_for_loop_is_one_of_each_pass(gated: bool) -> None:
    text = """algorithm f(x: [n, m], y: [n, m])
assume entries(x) in [-1, 1]
assume entries(y) in [-1, 1]
z = x
for g in 1/2, 1/3:
    z = g*(z .* y within 1e-2) + x
return z
"""
    network = ws.compile(text, gated=gated)
    assert network.verify().accepted
    x, y = np.linspace(-1, 1, 6).reshape(2, 3), np.linspace(1, -0.5, 6).reshape(2, 3)
    wanted = ((x * y) / 2 + x) * y / 3 + x
    assert np.abs(network.run({"x": x, "y": y})["z"] - wanted).max() < (1e-12 if gated else 2e-2)


def test_a_gated_product_without_numbers_is_not_said_to_be_a_table() -> None:
    text = "algorithm f(x: [n, m])\nparam c\nassume norm(x) <= c\nreturn x .* x within 1e-2\n"
    with pytest.raises(DiagnosticError, match=r"gated units, .* but 'c' has no value"):
        ws.compile(text, gated=True)
