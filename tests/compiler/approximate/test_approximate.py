"""Universal approximation: a sympy expression on a box, within a tolerance that is proven."""

from __future__ import annotations

import numpy as np
import pytest
import sympy

import weightsmith.api as ws
from weightsmith.compiler.sources.from_sympy import ExpressionError
from weightsmith.compiler.sources.from_text import expression_of

s, t = sympy.symbols("s t")
EXPRESSIONS = [
    sympy.exp(-s) * sympy.sin(3 * t) + (s - t) ** 2,
    sympy.sqrt(s**2 + t**2 + sympy.Rational(1, 4)),
    sympy.pi * s * t / (1 + s + t),
    sympy.Max(s, t) * 2 - sympy.Abs(s - t),
    (1 + s) ** t,
    sympy.sin(20 * s) / (1 + s**2),
    sympy.cos(s * t),
    3 * s - t / 2 + 1,
]


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_the_network_is_within_the_tolerance(expression: sympy.Expr) -> None:
    box = dict.fromkeys(sorted(str(v) for v in expression.free_symbols), (0, 1))
    network = ws.approximate(expression, within="1/200", **box)
    assert network.verify().accepted
    axis = np.linspace(0, 1, 41)
    grid = np.array(np.meshgrid(axis, axis)).reshape(2, 1, -1)
    points = dict(zip(("s", "t"), grid, strict=True))
    found = network.run({name: points[name] for name in box})["output"]["query"]
    exact = sympy.lambdify((s, t), expression, "numpy")(*grid) + 0 * grid[0]
    assert np.abs(np.asarray(found) - exact).max() <= 1 / 200


def test_text_will_do() -> None:
    network = ws.approximate("s*t", within="1e-2", s=(-2, 1), t=("1/2", 3))
    (bound,) = network.bounds
    assert bound.value is not None
    assert bound.value <= 0.01


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (sympy.sign(s), "discontinuous"),
        (sympy.Heaviside(s - t), "discontinuous"),
        (sympy.gamma(s), "not known"),
        (s + sympy.Symbol("u"), "nothing bounds 'u'"),
        (sympy.Integer(3), "is a number"),
    ],
    ids=str,
)
def test_what_has_no_network_is_named(expression: sympy.Expr, message: str) -> None:
    with pytest.raises(ExpressionError, match=message):
        ws.approximate(expression, within="1e-2", s=(0, 1), t=(0, 1))


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("exp(-s)*sin(3*t) + (s - t)**2", sympy.exp(-s) * sympy.sin(3 * t) + (s - t) ** 2),
        ("s/2 - 0.1*t^-2", s / 2 - t**-2 / 10),
        ("abs(s)*sqrt(t)", sympy.Abs(s) * sympy.sqrt(t)),
        ("2^s", 2**s),
    ],
)
def test_a_text_is_read_as_a_formula(text: str, same: sympy.Expr) -> None:
    assert expression_of(text) == same


@pytest.mark.parametrize(
    "text",
    [
        "__import__('weightsmith')",
        "[s for s in (1, 2)]",
        "s.free_symbols",
        "print(s)",
        "s +",
        "",
        "9^(9^9)^(9^9)",
        "(" * 5000,
        "lambda: s",
    ],
)
def test_a_text_that_is_no_formula_is_not_run(text: str) -> None:
    with pytest.raises(ExpressionError):
        ws.approximate(text, within="1e-2", s=(0, 1))


@pytest.mark.parametrize(
    "within", [0, -1, "-1e-3", float("nan"), float("inf"), "small", "1/0", None]
)
def test_a_tolerance_is_a_number_above_0(within: ws.Setting) -> None:
    with pytest.raises(ExpressionError, match="within"):
        ws.approximate(s * t, within=within, s=(0, 1), t=(0, 1))


@pytest.mark.parametrize(
    ("interval", "message"),
    [
        ((1, 0), "above its high end"),
        ((0,), "as s="),
        (3, "as s="),
        ((0, "x"), "expected a number"),
    ],
)
def test_an_interval_has_two_ends_in_order(interval: object, message: str) -> None:
    with pytest.raises(ExpressionError, match=message):
        ws.approximate(s, within="1e-2", s=interval)  # type: ignore[arg-type]


def test_a_box_of_single_points_has_a_network() -> None:
    network = ws.approximate("exp(s)", within="1e-3", s=(1, 1))
    assert network.verify().accepted
