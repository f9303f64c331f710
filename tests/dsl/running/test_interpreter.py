"""The reference semantics against NumPy written by hand, and against exact arithmetic."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from weightsmith.dsl import Source, check, load_source, resolve_bindings
from weightsmith.dsl.program import core
from weightsmith.dsl.running.interpreter import InputError, run, target

Array = NDArray[Any]
Inputs = dict[str, Any]


def spd(chance: np.random.Generator, size: int, low: float = 0.5, high: float = 2.0) -> Array:
    vectors, _ = np.linalg.qr(chance.normal(size=(size, size)))
    values = np.linspace(low, high, size)
    result: Array = (vectors * values) @ vectors.T
    return result


def regression(chance: np.random.Generator) -> Inputs:
    """Tokens whose Gram matrix of the context has its spectrum in [1, 4]."""
    left, _ = np.linalg.qr(chance.normal(size=(3, 3)))
    right, _ = np.linalg.qr(chance.normal(size=(7, 3)))
    context = left @ np.diag([1.0, 1.5, 2.0]) @ right.T
    x = {"context": context, "query": chance.normal(size=(3, 2))}
    return {"x": x, "y": chance.normal(size=(2, 7))}


def classification(chance: np.random.Generator) -> Inputs:
    """Tokens of norm at most 1, eight of them in the context, labels 0 and 1."""
    x = chance.normal(size=(3, 10))
    x /= np.linalg.norm(x, axis=0)
    labels = (chance.random((1, 8)) > 0.5).astype(float)
    return {"x": {"context": x[:, :8], "query": x[:, 8:]}, "y": labels}


SETTINGS: dict[str, dict[str, Any]] = {
    "logistic_gradient_descent": {"steps": 60},
    "logistic_newton": {"m": 3, "steps": 12, "inner": 12},
    "poisson_regression": {"steps": 150},
}


def graph() -> Inputs:
    incidence = np.array([[1, 0, 0, 1, 1], [-1, 1, 0, 0, 0], [0, -1, 1, 0, -1], [0, 0, -1, -1, 0]])
    weights = np.array([1.0, 2.0, 1.0, 0.5, 1.5])
    demand = np.array([[1.0, 0.0], [-1.0, 2.0], [0.0, -1.0], [0.0, -1.0]])
    return {"B": incidence.astype(float), "C": incidence * weights, "psi": demand}


def inputs_of(name: str, chance: np.random.Generator) -> tuple[Inputs, dict[str, Any]]:
    """Inputs that meet the assumptions of an example, and its parameters."""
    if name in ("electric_flows", "electric_potentials"):
        return graph(), {"mu": 1, "L": 8, "steps": 150}
    if name in ("gradient_descent", "heavy_ball", "preconditioned_gradient_descent", "ridge"):
        extra = {"heavy_ball": {"eta": "0.4", "beta": "0.2", "steps": 60}, "ridge": {"steps": 8}}
        inputs = regression(chance)
        if name.startswith("pre"):
            inputs["P"] = np.eye(3)
        return inputs, {"mu": 1, "L": 4, "steps": 60} | extra.get(name, {})
    if name == "whitened_regression":
        return regression(chance), {"mu": 1, "L": 4, "steps": 1}
    if name == "gd_plus_plus":
        inputs = regression(chance)
        inputs["y"] = {"context": inputs["y"], "query": np.zeros((2, 2))}
        return inputs, {"mu": 1, "L": 4, "steps": 30}
    if name in ("muon", "polar", "polar_quintic", "halley_polar"):
        matrix = spd(chance, 4)[:, :3]
        return {("G" if name == "muon" else "A"): matrix}, {"smin": "0.4", "smax": 2}
    if name == "newton_inverse_general":
        return {"A": spd(chance, 4) @ spd(chance, 4)}, {"smin": "0.2", "smax": 4}
    if name in ("logistic_gradient_descent", "logistic_newton", "poisson_regression"):
        return classification(chance), {"n": 8} | SETTINGS[name]
    if name in ("huber_regression", "quantile_regression"):
        inputs = regression(chance)
        inputs["y"] = inputs["y"][:1]
        return inputs, {"n": 7, "L": 4, "mu": 2, "steps": 150}
    if name == "heat_kernel":
        return {"A": spd(chance, 4)}, {"L": 2, "s": "1/2", "k": 10}
    return {"A": spd(chance, 4)}, {"mu": "0.5", "L": 2}


CLOSE = {"heat_kernel": 1e-4, "muon": 0.4, "gd_plus_plus": 0.1}
NAMES = [
    path.stem
    for path in sorted((Path(__file__).parents[3] / "examples").glob("*.alg"))
    if "approximates" in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("name", NAMES)
def test_an_example_comes_near_its_target(name: str, examples: dict[str, Path]) -> None:
    program = check(load_source(examples[name]))
    inputs, given = inputs_of(name, np.random.default_rng(7))
    for one in program.inputs:
        if one.shape.column_groups == (core.CONTEXT,) and isinstance(inputs[one.name], dict):
            inputs[one.name] = inputs[one.name]["context"]
    bindings = resolve_bindings(program, given)
    found, wanted = run(program, inputs, bindings), target(program, inputs, bindings)
    assert set(found) == set(wanted) == {one.name for one in program.returns}
    for one in program.returns:
        for have, want in zip(_arrays(found[one.name]), _arrays(wanted[one.name]), strict=True):
            assert have.shape == want.shape
            error = np.linalg.norm(have - want, 2) / max(np.linalg.norm(want, 2), 1)
            assert error < CLOSE.get(name, 1e-7)


@pytest.mark.parametrize("name", ["newton_inverse", "polar", "gradient_descent", "square_root"])
def test_exact_and_floating_point_agree(name: str, examples: dict[str, Path]) -> None:
    program = check(load_source(examples[name]))
    inputs, given = inputs_of(name, np.random.default_rng(11))
    bindings = resolve_bindings(program, given | {"steps": 2})
    floating = run(program, inputs, bindings)
    exact = run(program, inputs, bindings, exact=True)
    for key in floating:
        for have, want in zip(_arrays(floating[key]), _arrays(exact[key]), strict=True):
            assert all(isinstance(entry, Fraction) for entry in want.flat)
            np.testing.assert_allclose(have, want.astype(float), rtol=1e-12, atol=1e-14)


def test_newton_by_hand(examples: dict[str, Path]) -> None:
    program = check(load_source(examples["newton_inverse"]))
    matrix = spd(np.random.default_rng(3), 5)
    bindings = resolve_bindings(program, {"mu": "0.5", "L": 2, "steps": 4})
    by_hand = 2 / 2.5 * np.eye(5)
    for _ in range(4):
        by_hand = 2 * by_hand - by_hand @ matrix @ by_hand
    found = run(program, {"A": matrix}, bindings)["X"]
    np.testing.assert_allclose(found, by_hand, rtol=1e-14)


def test_gradient_descent_by_hand(examples: dict[str, Path]) -> None:
    program = check(load_source(examples["gradient_descent"]))
    inputs = regression(np.random.default_rng(5))
    bindings = resolve_bindings(program, {"eta": "0.3", "steps": 5})
    x, y = inputs["x"]["context"], inputs["y"]
    weights = np.zeros((2, 3))
    for _ in range(5):
        weights = weights - 0.3 * (weights @ x - y) @ x.T
    found = run(program, inputs, bindings)["output"]
    assert isinstance(found, dict)
    assert list(found) == ["query"]
    np.testing.assert_allclose(found["query"], weights @ inputs["x"]["query"], rtol=1e-12)


def test_a_simultaneous_assignment_uses_the_old_values() -> None:
    text = "algorithm f(A: [d, d], B: [d, d])\nX, Y = A, B\nrepeat 3:\n  X, Y = Y, X\nreturn X, Y"
    one, two = np.eye(2), np.ones((2, 2))
    found = run(check(Source("s", text)), {"A": one, "B": two}, {})
    np.testing.assert_array_equal(found["X"], two)
    np.testing.assert_array_equal(found["Y"], one)


def test_a_sum_over_all_tokens_joins_the_groups() -> None:
    text = "algorithm f(x: [d] per token)\nG = x*x' over tokens\nreturn G, (x'*x)*x' over query"
    text = text.replace(", (x'*x)*x' over query", ", x*(x'*x)*x' over query")
    x = {"context": np.array([[1.0, 2.0]]), "query": np.array([[3.0]])}
    found = run(check(Source("s", text)), {"x": x}, {})
    np.testing.assert_array_equal(found["G"], [[14.0]])
    np.testing.assert_array_equal(found["output2"], [[81.0]])


def test_the_identity_on_tokens_joins_no_groups() -> None:
    text = "algorithm f(x: [d] per token)\nreturn x*(I + x'*x) over tokens"
    x = {"context": np.array([[1.0]]), "query": np.array([[2.0]])}
    found = run(check(Source("s", text)), {"x": x}, {})["output"]
    assert isinstance(found, dict)
    np.testing.assert_array_equal(found["context"], [[6.0]])
    np.testing.assert_array_equal(found["query"], [[12.0]])


def test_numbered_dimensions_and_zero_steps() -> None:
    text = "w = I\nrepeat n:\n  w = x*x'*w over context\nreturn w"
    text = f"algorithm f(x: [2] per context)\nparam n\n{text}"
    program = check(Source("s", text))
    found = run(program, {"x": np.ones((2, 3))}, resolve_bindings(program, {"n": 0}))
    np.testing.assert_array_equal(found["w"], np.eye(2))


def test_the_type_of_the_inputs_is_kept(examples: dict[str, Path]) -> None:
    program = check(load_source(examples["newton_inverse"]))
    bindings = resolve_bindings(program, {"mu": "0.5", "L": 2})
    matrix = spd(np.random.default_rng(3), 3).astype(np.float32)
    found = run(program, {"A": matrix}, bindings)["X"]
    assert isinstance(found, np.ndarray)
    assert found.dtype == np.float32


TOKENS = "algorithm f(x: [d] per token, y: [d] per context, A: [d, 2])\nreturn x on query\n"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"y": None}, "Input 'y' is missing."),
        ({"Q": np.eye(2)}, "'f' has no input 'Q'."),
        ({"x": np.eye(2)}, "Input 'x' needs a matrix for each of context, query."),
        ({"x": {"context": np.eye(2)}}, "needs a matrix for each of context, query, got context."),
        ({"A": {"context": np.eye(2)}}, "Input 'A' is one matrix"),
        ({"A": np.ones(2)}, "Input 'A' must be a matrix, got 1 axes."),
        ({"A": np.ones((2, 3))}, "Input 'A' has 3 along 2, expected 2."),
        ({"A": np.ones((3, 2))}, "Input 'A' has 3 along d, expected 2."),
        ({"y": np.ones((2, 5))}, "Input 'y' has 5 along token of context, expected 4."),
    ],
)
def test_inputs_that_do_not_fit(changed: Inputs, message: str) -> None:
    inputs: Inputs = {
        "x": {"context": np.ones((2, 4)), "query": np.ones((2, 1))},
        "y": np.ones((2, 4)),
        "A": np.ones((2, 2)),
    }
    inputs = {name: value for name, value in (inputs | changed).items() if value is not None}
    with pytest.raises(InputError, match=message.replace("[", r"\[")):
        run(check(Source("s", TOKENS)), inputs, {})


def test_every_matrix_function_has_a_reference() -> None:
    names = ["inv", "pinv", "sqrt", "invsqrt", "exp", "polar"]
    targets = ", ".join(f"{i + 1}*A approximates {name}(A)" for i, name in enumerate(names))
    program = check(Source("s", f"algorithm f(A: symmetric[d, d])\nreturn {targets}"))
    matrix = np.diag([1.0, 4.0])
    found = target(program, {"A": matrix}, {})
    values = [[1, 0.25], [1, 0.25], [1, 2], [1, 0.5], np.exp([1, 4]), [1, 1]]
    for i, want in enumerate(values):
        np.testing.assert_allclose(found[f"output{i + 1}"], np.diag(want), atol=1e-12)
    assert isinstance(program.returns[0].target, core.Function)


def _arrays(result: Any) -> list[Array]:
    return list(result.values()) if isinstance(result, dict) else [result]
