"""What float32, float16 and bfloat16 cost: relative distance of a module's values from float64's.

    python benchmarks/low_precision.py

The module is called as it is, in the dtype that it was moved to; ``network.run`` refuses what is
below float32, for no certificate covers it.  Medians of random problems, in the Frobenius norm,
beside the unit round-off of the dtype.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable

import numpy as np
import torch
from settings import EXAMPLES

from weightsmith import api
from weightsmith.backends.template.layout import Inputs
from weightsmith.backends.torch import arguments
from weightsmith.cli.outputs.table import print_table

PROBLEMS = 9
DTYPES = {torch.float32: 2**-24, torch.float16: 2**-11, torch.bfloat16: 2**-8}
Make = Callable[[np.random.Generator], Inputs]


def matrix(low: float, high: float, size: int = 16) -> Make:
    """A symmetric matrix with a spectrum in [low, high], both ends included."""

    def make(random: np.random.Generator) -> Inputs:
        basis = np.linalg.qr(random.normal(size=(size, size)))[0]
        found = (basis * np.geomspace(low, high, size)) @ basis.T
        return {"A": (found + found.T) / 2}

    return make


def regression(random: np.random.Generator) -> Inputs:
    """64 tokens in context whose second moments lie in [1/10, 2], and 8 queries."""
    basis = np.linalg.qr(random.normal(size=(64, 16)))[0].T
    scales = np.sqrt(np.geomspace(0.1, 2, 16))[:, np.newaxis]
    context = scales * basis
    labels = random.normal(size=(1, 16)) @ context
    return {
        "x": {"context": context, "query": random.normal(size=(16, 8))},
        "y": {"context": labels},
    }


def columns(random: np.random.Generator) -> Inputs:
    found = random.normal(size=(10, 32))
    return {"x": {"query": found / np.linalg.norm(found, axis=0)}}


BOUNDS: dict[str, api.Setting] = {"mu": "1/10", "L": 2}
CASES: tuple[tuple[str, dict[str, api.Setting], Make], ...] = (
    ("newton_inverse", {**BOUNDS, "steps": 9}, matrix(0.1, 2)),
    ("synthesized_inverse", BOUNDS, matrix(0.1, 2)),
    ("heat_kernel", {"L": 2, "k": 8}, matrix(0.1, 2)),
    ("gradient_descent", {**BOUNDS, "steps": 60}, regression),
    ("normalise", {}, columns),
)


def main() -> None:
    rows = []
    for name, settings, make in CASES:
        network = api.compile(EXAMPLES / f"{name}.alg", settings=settings)
        errors = [distances(network, make(np.random.default_rng(n))) for n in range(PROBLEMS)]
        medians = [statistics.median(column) for column in zip(*errors, strict=True)]
        rows.append((name, str(network.report.layers), *(f"{error:.1e}" for error in medians)))
    print_table(("example", "layers", *map(_title, DTYPES)), rows)


def distances(network: api.Network, inputs: Inputs) -> list[float]:
    """The error of the returned value in each dtype."""
    exact = value(network, torch.float64, inputs)
    found = (value(network, dtype, inputs) for dtype in DTYPES)
    return [float((each - exact).norm() / exact.norm()) for each in found]


def value(network: api.Network, dtype: torch.dtype, inputs: Inputs) -> torch.Tensor:
    module = network.module().to(dtype)
    with torch.inference_mode():
        (found,) = module(*arguments(module, network.template, inputs)).values()
    assert isinstance(found, torch.Tensor)
    return found.double()


def _title(dtype: torch.dtype) -> str:
    return f"{str(dtype).removeprefix('torch.')}\n{DTYPES[dtype]:.1e}"


if __name__ == "__main__":
    main()
