"""Gated units: products of entries are exact, and everything else is as with ReLU."""

from __future__ import annotations

import numpy as np
import pytest

import weightsmith.api as ws

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
