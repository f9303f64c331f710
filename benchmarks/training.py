"""What a step of training costs whose numbers are tensors of a plan: forward and backward.

    python benchmarks/training.py

Gradient descent of 20 passes, whose step size takes a gradient: the module of
``trainable="coefficients"``, the same loop by hand in PyTorch, and the structured module with
``model.weights()``.  Medians of interleaved runs, in the process's own time, one thread.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor

from weightsmith import api
from weightsmith.backends.torch import arguments
from weightsmith.cli.outputs.table import print_table

PASSES = 20
SIZES = ((16, 1_000, 30), (16, 100_000, 7), (64, 1_000, 30))  # dimension, tokens, runs


def medians(runs: list[Callable[[], Tensor]], count: int) -> list[float]:
    """Milliseconds of each with its backward pass, the runs taking turns."""
    times: list[list[float]] = [[] for _ in runs]
    for number in range(count + 2):
        for run, found in zip(runs, times, strict=True):
            start = time.process_time()
            torch.autograd.backward(run().square().sum())
            if number > 1:
                found.append(1e3 * (time.process_time() - start))
    return [statistics.median(found) for found in times]


def by_hand(x: Tensor, query: Tensor, y: Tensor, eta: Tensor) -> Tensor:
    w = torch.zeros(1, x.shape[0], dtype=x.dtype)
    for _ in range(PASSES):
        w = w - eta * ((w @ x - y) @ x.T)
    return w @ query


def row(d: int, tokens: int, count: int) -> list[str]:
    settings: dict[str, str | int] = {"mu": "1/10", "L": 4, "eta": "1/10", "steps": PASSES}
    network = api.compile("examples/gradient_descent.alg", settings=settings)
    model, module = network.module(trainable="coefficients"), network.module()
    eta = model.get_parameter("coefficients.eta")
    torch.manual_seed(0)
    x = torch.randn(d, tokens, dtype=torch.float64) / tokens**0.5
    y, query = torch.randn(1, tokens, dtype=torch.float64), x[:, :4].contiguous()
    arrays = {"x": {"context": x.numpy(), "query": query.numpy()}, "y": {"context": y.numpy()}}
    given = arguments(module, network.template, arrays)
    runs: list[Callable[[], Tensor]] = [
        lambda: model({"context": x, "query": query}, y),
        lambda: by_hand(x, query, y, eta),
        lambda: torch.func.functional_call(module, model.weights(), given)["output"][:, tokens:],
    ]
    plan, hand, structured = medians(runs, count)
    found = [run().flatten() for run in runs]
    apart = max((one - found[1]).abs().max().item() for one in found)
    sizes = [str(d), f"{tokens:,}", f"{plan:.2f}", f"{hand:.2f}", f"{structured:.1f}"]
    return [*sizes, f"{plan / hand:.2f}", f"{apart:.0e}"]


def main() -> None:
    torch.set_num_threads(1)
    head = ["d", "tokens", "plan ms", "hand ms", "structured ms", "plan / hand", "apart"]
    print_table(head, [row(*sizes) for sizes in SIZES])


if __name__ == "__main__":
    main()
