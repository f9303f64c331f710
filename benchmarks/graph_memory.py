"""Time and memory of Richardson's iteration on a graph: the plan, and layer after layer.

    python benchmarks/graph_memory.py

The weighted graph of execution.py, 2,000 vertices and 9,975 edges, 60 steps in float32, each way in
a process of its own: sparse matrices in a plan, full ones in a plan, and the module of structured
coefficients, which ran everything before there were plans.  Seconds are the least of some runs;
memory is what the process's peak grows by, full matrices included where they are used.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable

import torch
from execution import GRAPH, graph_data
from torch import Tensor

from weightsmith.backends.torch import run
from weightsmith.cli.outputs.table import print_table
from weightsmith.network import Network

WAYS = ("plan, sparse", "plan, full", "layer after layer")
RUNS = 3


def peak() -> float:
    """Megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def call_of(way: str, network: Network, data: tuple[Tensor, ...]) -> Callable[[], object]:
    if way == "plan, sparse":
        return lambda: network(*data)
    full = [one if one.layout == torch.strided else one.to_dense() for one in data]
    if way == "plan, full":
        return lambda: network(*full)
    names = [given.name for given in network.program.inputs]
    inputs = {name: one.numpy() for name, one in zip(names, full, strict=True)}
    module = network.module("float32")
    return lambda: run(module, network.template, inputs)


def measured(way: str) -> tuple[float, float]:
    """Seconds and megabytes, in this process; a graph of a few vertices loads what is needed."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    network, *data = graph_data(torch.float32)
    few = [torch.eye(8).to_sparse_csr()] * 2
    with torch.inference_mode():
        call_of(way, network, (*few, data[2][:8]))()
        before, taken = peak(), []
        call = call_of(way, network, tuple(data))
        for _ in range(RUNS):
            start = time.perf_counter()
            call()
            taken.append(time.perf_counter() - start)
    return min(taken), peak() - before


def in_process(way: str) -> tuple[float, float]:
    command = [sys.executable, __file__, "--way", way]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, megabytes = json.loads(told.splitlines()[-1])
    return seconds, megabytes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--way", choices=WAYS)
    way = parser.parse_args().way
    if way:
        print(json.dumps(measured(way)))
        return
    found = {way: in_process(way) for way in WAYS}
    seconds, megabytes = found[WAYS[-1]]
    rows = [
        (way, f"{s:.3f}", f"{m:.1f}", f"{seconds / s:.0f}", f"{megabytes / max(m, 0.1):.0f}")
        for way, (s, m) in found.items()
    ]
    print(GRAPH)
    print_table(("", "seconds", "MB more", "times faster", "times less memory"), rows)


if __name__ == "__main__":
    main()
