"""The gradient-descent network on random data, for the tests of the module."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from tests.backends import templates

from weightsmith.backends.template.layout import Inputs
from weightsmith.backends.torch import Transformer, arguments, module_from_template, run

RANDOM = np.random.default_rng(11)
GD = templates.gradient_descent()
DIMS = {"d": 3, "k": 2}


def regression(d: int = 3, n: int = 6, m: int = 2, batch: tuple[int, ...] = ()) -> Inputs:
    return {
        "x": {
            "context": RANDOM.normal(size=(*batch, d, n)),
            "query": RANDOM.normal(size=(*batch, d, m)),
        },
        "y": {"context": RANDOM.normal(size=(*batch, 2, n))},
    }


def both() -> list[Transformer]:
    return [module_from_template(GD), module_from_template(GD, dims=DIMS)]


def prediction(module: Transformer, inputs: Inputs) -> NDArray[np.float64]:
    value = run(module, GD, inputs)["prediction"]
    assert isinstance(value, dict)
    return value["query"]


def features(module: Transformer, inputs: Inputs) -> tuple[object, ...]:
    return arguments(module, GD, inputs)
