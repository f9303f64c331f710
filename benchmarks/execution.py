"""How fast compiled networks run, beside the same algorithm written by hand in PyTorch.

    python benchmarks/execution.py [--small] [--threads N] [--only TEXT]

Medians of interleaved runs in one process: plan and hand, and where it says so Gram matrices and
the module of structured coefficients, which a version before plans ran.  Prints the ratios, and
how far the two outputs are apart.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import networkx as nx
import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor

from weightsmith import api
from weightsmith.cli.outputs.table import print_table
from weightsmith.network import Network

EXAMPLES = "examples"
GRAPH = "v = 2000, e = 9975"
BUDGET = 1.5  # seconds of runs that are measured


@dataclass(frozen=True)
class Subject:
    """A network on data, and the same by hand; ``bar``: what plan / hand is to be."""

    name: str
    size: str
    dtype: torch.dtype
    plan: Callable[[], object]
    hand: Callable[[], Tensor]
    bar: float
    gram: Callable[[], object] | None = None


def medians(runs: list[Callable[[], object]], budget: float) -> list[float]:
    """Seconds of each, the runs taking turns."""
    times: list[list[float]] = [[] for _ in runs]
    for run in runs:
        run()
    end = time.perf_counter() + budget
    while time.perf_counter() < end or len(times[0]) < 5:
        for run, found in zip(runs, times, strict=True):
            start = time.perf_counter()
            run()
            found.append(time.perf_counter() - start)
    return [statistics.median(found) for found in times]


def compiled(name: str, **settings: object) -> Network:
    return api.compile(f"{EXAMPLES}/{name}.alg", settings=settings)  # type: ignore[arg-type]


def positive(d: int, dtype: torch.dtype) -> Tensor:
    """A symmetric matrix with its spectrum in [1/10, 2]."""
    basis = torch.linalg.qr(torch.randn(d, d, dtype=torch.float64))[0]
    values = torch.linspace(0.1, 2, d, dtype=torch.float64)
    return cast(Tensor, (basis * values) @ basis.T).to(dtype)


def newton(d: int, dtype: torch.dtype) -> Subject:
    network = compiled("newton_inverse", mu="1/10", L=2, steps=10)
    A = positive(d, dtype)

    def hand() -> Tensor:
        X = (2 / 2.1) * torch.eye(d, dtype=dtype)
        for _ in range(10):
            X = torch.addmm(X, X, A @ X, beta=2, alpha=-1)
        return X

    bar = 1.10 if d <= 16 else 1.00
    return Subject("Newton, 10 steps", f"d = {d}", dtype, lambda: network(A), hand, bar)


def synthesized(d: int, dtype: torch.dtype) -> Subject:
    network = compiled("synthesized_inverse", mu="1/10", L=2)
    A = positive(d, dtype)
    (loop,) = [item for item in network.template.body if hasattr(item, "schedule")]
    gs = [float(eval(g)) for g in dict(loop.schedule)["g"]]
    eye, scale = torch.eye(d, dtype=dtype), 20 / 21

    def hand() -> Tensor:
        E = torch.sub(eye, A, alpha=scale)
        X = scale * eye
        for g in gs:
            square = E @ E
            X = torch.addmm(X, X, E + square, alpha=g)
            if g != gs[-1]:
                E = torch.addmm(E, E, square, beta=1 - g, alpha=g)
        return X

    bar = {16: 1.4, 64: 1.10}.get(d, 1.00)
    return Subject("synthesised inverse", f"d = {d}", dtype, lambda: network(A), hand, bar)


def descent(n: int, dtype: torch.dtype) -> Subject:
    network = compiled("gradient_descent", mu="1/10", L=2, steps=20)
    d, eta = 16, 2 / 2.1
    x = torch.randn(d, n, dtype=dtype) / n**0.5
    y, query = torch.randn(1, n, dtype=dtype) / n**0.5, torch.randn(d, 8, dtype=dtype)
    data = {"x": {"context": x, "query": query}, "y": y}

    def hand() -> Tensor:
        w = torch.zeros(1, d, dtype=dtype)
        for _ in range(20):
            residual = torch.addmm(y, w, x, beta=-1)
            w = torch.addmm(w, residual, x.mT, alpha=-eta)
        return w @ query

    return Subject(
        "gradient descent, 20 steps",
        f"d = 16, N = {n}",
        dtype,
        lambda: network(**data),
        hand,
        1.05 if n < 10**6 else 1.00,
        lambda: network(**data, execution="gram"),
    )


def logistic(dtype: torch.dtype, *, gated: bool) -> Subject:
    d, n, mu, steps, inner = 4, 200, 0.1, 14, 8
    network = api.compile(f"{EXAMPLES}/logistic_newton.alg", settings={"n": n, "m": d}, gated=gated)
    x = torch.randn(d, n, dtype=dtype)
    x = x / x.norm(dim=0).clamp(min=1)
    y = (torch.rand(1, n) < 0.5).to(dtype)
    start = 2 / (2 * mu + 1 / 4)

    def hand() -> Tensor:
        eye = torch.eye(d, dtype=dtype)
        w = torch.zeros(1, d, dtype=dtype)
        for _ in range(steps):
            p = torch.sigmoid(torch.clamp(w @ x, -4, 4))
            g = torch.addmm(w, p - y, x.mT, beta=mu, alpha=1 / n)
            H = torch.addmm(eye, (p * (1 - p)) * x, x.mT, beta=mu, alpha=1 / n)
            X = start * eye
            for _ in range(inner):
                X = torch.addmm(X, X, H @ X, beta=2, alpha=-1)
            step = g @ X
            decrement = torch.clamp(step @ g.mT, 0, 4)
            w = w - 2 * mu**0.5 / (2 * mu**0.5 + torch.sqrt(decrement)) * step
        return w

    name = f"logistic Newton, {'gated' if gated else 'tables'}"
    size, bar = f"d = {d}, N = {n}", 2.5 if gated else 7.0
    return Subject(name, size, dtype, lambda: network(x, y), hand, bar)


def graph_data(dtype: torch.dtype) -> tuple[Network, Tensor, Tensor, Tensor]:
    """60 steps of Richardson's iteration, a weighted graph in CSR, and a right-hand side."""
    network = compiled("electric_potentials", mu="1/10", L=500, steps=60)
    found = nx.barabasi_albert_graph(2000, 5, seed=1)
    incidence = nx.incidence_matrix(found, oriented=True).tocsr()
    weights = np.random.default_rng(0).uniform(0.5, 1.5, incidence.shape[1])
    B, C = (_csr(matrix, dtype) for matrix in (incidence, incidence.multiply(weights).tocsr()))
    psi = torch.randn(2000, 1, dtype=dtype)
    psi -= psi.mean()
    return network, B, C, psi


def graph(dtype: torch.dtype) -> Subject:
    network, B, C, psi = graph_data(dtype)
    step = 2 / 500.1

    def hand() -> Tensor:
        with torch.inference_mode(False):  # in which PyTorch cannot transpose a sparse matrix
            transposed = B.mT.to_sparse_csr()
        phi = torch.zeros_like(psi)
        for _ in range(60):
            residual = torch.addmm(psi, C, transposed @ phi, alpha=-1)
            phi = torch.add(phi, residual, alpha=step)
        return phi

    name = "Richardson on a graph, CSR"
    return Subject(name, GRAPH, dtype, lambda: network(B, C, psi), hand, 1.0)


def _csr(matrix: csr_array, dtype: torch.dtype) -> Tensor:
    starts, columns = (
        torch.from_numpy(p.astype(np.int64)) for p in (matrix.indptr, matrix.indices)
    )
    numbers = torch.from_numpy(matrix.data).to(dtype)
    return torch.sparse_csr_tensor(starts, columns, numbers, size=matrix.shape)


def subjects(*, small: bool) -> list[Callable[[], Subject]]:
    found: list[Callable[[], Subject]] = []
    for dtype in (torch.float32, torch.float64):
        for d in (16, 64) if small else (16, 64, 256, 1024):
            found.append(lambda d=d, dtype=dtype: newton(d, dtype))  # type: ignore[misc]
        for d in (16,) if small else (16, 64, 256):
            found.append(lambda d=d, dtype=dtype: synthesized(d, dtype))  # type: ignore[misc]
        for n in (1000,) if small else (10**3, 10**5, 10**6):
            found.append(lambda n=n, dtype=dtype: descent(n, dtype))  # type: ignore[misc]
        found.append(lambda dtype=dtype: graph(dtype))  # type: ignore[misc]
        for gated in (True, False):
            found.append(lambda g=gated, dtype=dtype: logistic(dtype, gated=g))  # type: ignore[misc]
    return found


def row(subject: Subject, budget: float) -> tuple[str, ...]:
    runs = [subject.plan, subject.hand]
    if subject.gram is not None:
        runs.append(subject.gram)
    with torch.inference_mode():
        plan, hand, *rest = medians(runs, budget)
        wanted = subject.hand()
        found = cast(Tensor, subject.plan())
        apart = float((found - wanted).abs().max() / wanted.abs().max())
    gram = f"{rest[0] / hand:.2f}" if rest else ""
    return (
        subject.name,
        subject.size,
        str(subject.dtype).removeprefix("torch."),
        f"{hand * 1e6:.0f}",
        f"{plan / hand:.2f}",
        f"{subject.bar:.2f}",
        gram,
        f"{apart:.0e}",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    rows = []
    for make in subjects(small=options.small):
        subject = make()
        if options.only in f"{subject.name} {subject.size} {subject.dtype}":
            rows.append(row(subject, 0.05 if options.small else BUDGET))
            print(*rows[-1], flush=True) if options.only else None
    head = ("", "size", "dtype", "hand µs", "plan/hand", "bar", "gram/hand", "apart")
    print_table(head, rows)


if __name__ == "__main__":
    main()
