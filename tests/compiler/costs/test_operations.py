"""The arithmetic of the heads, and the networks that are chosen by it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import weightsmith.api as ws

EXAMPLES = Path(__file__).parents[3] / "examples"
SETTINGS = {"mu": 1, "L": 10, "steps": 5}


def test_a_head_costs_values_by_keys_by_tokens() -> None:
    found = ws.compile(EXAMPLES / "gradient_descent.alg", settings=SETTINGS).report
    assert found.operations_text == "10*context*d*k + 5*d*k*query"


def test_a_count_without_a_value_has_no_cost() -> None:
    text = (EXAMPLES / "newton_inverse.alg").read_text().replace("steps = 12", "steps")
    assert ws.compile(text).report.operations_text == ""


@pytest.mark.parametrize("name", ["gradient_descent", "gd_plus_plus", "heavy_ball", "ridge"])
def test_the_objectives_are_met_and_the_values_the_same(name: str) -> None:
    settings = {**SETTINGS, "steps": 12}
    if name == "heavy_ball":
        settings |= {"eta": "1/5", "beta": "1/3"}
    random = np.random.default_rng(0)
    x, queries = random.standard_normal((3, 20)), random.standard_normal((3, 4))
    scale = np.sqrt(10) / np.linalg.norm(x, 2)
    inputs = {
        "x": {"context": scale * x, "query": scale * queries},
        "y": {"context": random.standard_normal((2, 20)), "query": np.zeros((2, 4))},
    }
    if name != "gd_plus_plus":
        del inputs["y"]["query"]
    results, layers = [], []
    for fewest in (None, "operations", "layers"):
        network = ws.compile(EXAMPLES / f"{name}.alg", settings=settings, fewest=fewest)
        assert network.verify().accepted
        (answer,) = network.run(inputs).values()
        results.append(answer["query"] if isinstance(answer, dict) else answer)
        layers.append(network.report.layers)
    assert layers[2] <= layers[0] <= layers[1]
    for other in results[1:]:
        assert np.abs(other - results[0]).max() <= 1e-10 * np.abs(results[0]).max()


def test_many_tokens_make_the_gram_matrix_pay() -> None:
    found = ws.compile(
        EXAMPLES / "gradient_descent.alg", settings={**SETTINGS, "steps": 50}, fewest="operations"
    ).report
    assert "context*d*k" in found.operations_text
    assert not found.operations_text.startswith("100*context*d*k")
