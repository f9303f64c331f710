"""Softmax attention and normalised scores against NumPy, written by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.compiler.attention.networks import floats, inputs_of, proven

HEADER = "algorithm f(x: [d] per token, y: [m] per context, v: [m] per token, W: [d, d])\n"
Floats = NDArray[np.float64]


def softmax(scores: Floats, seen: Floats) -> Floats:
    shifted = np.where(seen, scores, -np.inf)
    raised = np.exp(shifted - shifted.max(axis=0))
    return raised / raised.sum(axis=0)


@pytest.mark.parametrize(("scale", "factor"), [("1", 1.0), ("1/8", 0.125), ("20", 20.0)])
@pytest.mark.parametrize("over", ["tokens", "context", "context upto", "context before"])
def test_softmax_attention_equals_numpy(over: str, scale: str, factor: float) -> None:
    network = proven(HEADER + f"return v*softmax({scale}*x'*W*x)  over {over}\n")
    (output,) = network.program.returns
    inputs = floats(inputs_of(network.program, 0))
    assert isinstance(inputs, dict)
    x, v = inputs["x"], inputs["v"]
    group, *mask = over.split()
    keys = ["context", "query"] if group == "tokens" else ["context"]
    answer = network.run(inputs)[output.name]
    assert isinstance(answer, dict)
    left = np.hstack([x[one] for one in keys])
    for queries, found in answer.items():
        products = left.T @ (factor * inputs["W"]) @ x[queries]
        seen = np.ones_like(products)
        if mask:
            seen = np.triu(seen, 0 if mask == ["upto"] else 1)
        with np.errstate(invalid="ignore"):
            wanted = np.hstack([v[one] for one in keys]) @ softmax(products, seen)
        np.testing.assert_allclose(found, np.nan_to_num(wanted), rtol=1e-12, atol=1e-12)


def test_softmax_of_nothing_is_the_mean() -> None:
    network = proven(HEADER + "return y*softmax(0*x'*x)  over context on context\n")
    inputs = floats(inputs_of(network.program, 1))
    assert isinstance(inputs, dict)
    answer = network.run(inputs)["output"]
    assert isinstance(answer, dict)
    mean = inputs["y"]["context"].mean(axis=1, keepdims=True)
    np.testing.assert_allclose(answer["context"], np.tile(mean, 4), rtol=1e-14)


def test_columns_of_normalised_scores_add_up_to_one() -> None:
    for scores in ("relu(x'*x + 99*ones)", "exp.(x'*x/9)", "abs(x'*x)", "x'*x + 99*ones"):
        network = proven(HEADER + f"return sum(normalised({scores}))  over context\n")
        inputs = floats(inputs_of(network.program, 2))
        assert isinstance(inputs, dict)
        answer = network.run(inputs)["output"]
        assert isinstance(answer, dict)
        for found in answer.values():
            np.testing.assert_allclose(found, 1, rtol=1e-13)
