"""How fast a network runs whose context tokens several processes share, and what they send.

    python benchmarks/sharded.py [--small]

Gradient descent, 20 steps, d = 16, float32, in 1, 2 and 4 gloo processes of one thread each; N is
all tokens.  Prints the median seconds of a run, with the plan and on Gram matrices, beside how
often and how many bytes each process gave to sums over all of them.  More processes than cores
gain nothing.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import torch
from torch import distributed

from weightsmith import api
from weightsmith.cli.outputs.table import print_table
from weightsmith.network import Network

EXAMPLE = Path(__file__).parents[1] / "examples" / "gradient_descent.alg"
D, STEPS = 16, 20
BUDGET = 2.0  # seconds of runs that are measured, about
LONGEST = 300  # seconds that the processes may take


@dataclass(frozen=True)
class Measured:
    tokens: int
    execution: str
    seconds: float
    calls: int
    sent: int


def measured(
    network: Network, tokens: int, execution: str, rank: int, count: int, budget: float
) -> Measured:
    """The median of runs that all processes begin together."""
    sharded = network.sharded(timeout=LONGEST)
    mine = tokens * (rank + 1) // count - tokens * rank // count
    torch.manual_seed(rank)
    x = torch.randn(D, mine) / tokens**0.5
    y, query = torch.randn(1, mine) / tokens**0.5, torch.ones(D, 8)

    def run() -> float:
        distributed.barrier()
        start = time.perf_counter()
        sharded(x={"context": x, "query": query}, y=y, execution=execution)
        return time.perf_counter() - start

    run()
    more = torch.tensor([max(3, int(budget / max(run(), 1e-6)))])
    distributed.broadcast(more, 0)  # all processes run equally often
    before = sharded.traffic
    times = [run() for _ in range(int(more))]
    calls, sent = (
        (now - then) // len(times)
        for now, then in (
            (sharded.traffic.calls, before.calls),
            (sharded.traffic.bytes, before.bytes),
        )
    )
    return Measured(tokens, execution, statistics.median(times), calls, sent)


def member(
    rank: int,
    count: int,
    store: str,
    network: Network,
    sizes: list[int],
    budget: float,
    pipe: Connection,
) -> None:
    torch.set_num_threads(1)
    distributed.init_process_group(
        "gloo", init_method=f"file://{store}", rank=rank, world_size=count
    )
    pipe.send(
        [
            measured(network, tokens, execution, rank, count, budget)
            for tokens in sizes
            for execution in ("plan", "gram")
        ]
    )
    distributed.destroy_process_group()


def by_processes(count: int, network: Network, sizes: list[int], budget: float) -> list[Measured]:
    """What rank 0 measured."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["weightsmith.network", "weightsmith.backends.torch.sharded"])
    with tempfile.TemporaryDirectory() as place:
        pipes = [context.Pipe(duplex=False) for _ in range(count)]
        store = str(Path(place) / "store")
        members = [
            context.Process(
                target=member, args=(rank, count, store, network, sizes, budget, pipe[1])
            )
            for rank, pipe in enumerate(pipes)
        ]
        for process in members:
            process.start()
        found: list[Measured] = pipes[0][0].recv() if pipes[0][0].poll(LONGEST) else []
        for process in members:
            process.join(LONGEST)
            process.kill()
    if not found:
        raise SystemExit(f"{count} processes gave no answer within {LONGEST} s")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="few tokens, 2 processes at most")
    small = parser.parse_args().small
    counts, sizes = ([1, 2], [1_000]) if small else ([1, 2, 4], [10**5, 10**6])
    network = api.compile(EXAMPLE, settings={"mu": "1/10", "L": 2, "steps": STEPS})
    rows = [
        [
            f"{one.tokens:,}",
            one.execution,
            str(count),
            f"{1000 * one.seconds:.2f}",
            str(one.calls),
            f"{one.sent:,}",
        ]
        for count in counts
        for one in by_processes(count, network, sizes, 0.1 if small else BUDGET)
    ]
    rows.sort(key=lambda row: (len(row[0]), row[1]))
    print(f"gradient descent, {STEPS} steps, d = {D}, float32; {os.cpu_count()} cores")
    print_table(["tokens", "execution", "processes", "ms a run", "sums", "bytes a process"], rows)


if __name__ == "__main__":
    main()
