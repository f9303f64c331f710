"""Newton's iteration for the inverse of a 4 × 4 matrix: Weightsmith and others, in one run.

    python benchmarks/outside/peers.py [--small]

X ← 2X − XAX, 8 steps from a multiple of the identity, in float32, each as a transformer.
torchwright 0.2.0 compiles computation graphs, too; it is installed into a temporary folder for the
run (without it that is said, and the rest is printed).  It holds the 16 entries at one token: as
*lanes* a matrix product is one layer of 64 products made by hand of its building block, as
*entries* 64 of its operation ``multiply``.  ``nn.TransformerEncoder`` computes something else, and
stands for what a trained network of the same width and depth costs.

torchwright's callable lays the input out anew at each call, which is part of its time here.

Times are medians of runs that take turns in one process on one thread: seconds of processor time to
compile, microseconds of a forward pass.  ``error``: the distance from the exact inverse, relative,
in the Frobenius norm.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import cast

import torch
from installed import NotInstalledError, installed
from torch import Tensor, nn

from weightsmith import api
from weightsmith.backends.torch import arguments
from weightsmith.cli.outputs.table import print_table

TORCHWRIGHT = "torchwright==0.2.0"
SIZE, STEPS = 4, 8
SETTINGS: dict[str, str | int] = {"mu": "1/10", "L": 2, "steps": STEPS}
START = 2 / 2.1
BUDGET, SMALL_BUDGET = 6.0, 0.5  # seconds of forward passes
COMPILED = 3  # times
HEAD = (
    *("", "layers", "width", "compile s", "/ Weightsmith", "parameters", "/ Weightsmith"),
    *("forward µs", "/ Weightsmith", "error"),
)


@dataclass(frozen=True)
class Peer:
    """``make`` compiles anew; ``forward`` is a pass of one that was made before."""

    name: str
    layers: int
    width: int
    parameters: int
    make: Callable[[], object] | None
    forward: Callable[[], Tensor]
    is_inverse: bool = True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    A = _positive()
    peers = [*_ours(A), _encoder(A)]
    try:
        with installed(TORCHWRIGHT):
            peers += _torchwright(A, small=chosen.small)
            _print(peers, A, SMALL_BUDGET if chosen.small else BUDGET)
    except NotInstalledError as reason:
        print(f"{reason}\nso it is not compared.\n")
        _print(peers, A, SMALL_BUDGET if chosen.small else BUDGET)


def _positive() -> Tensor:
    """A symmetric matrix with its spectrum from 1/10 to 2, in float32."""
    basis = torch.linalg.qr(torch.randn(SIZE, SIZE, dtype=torch.float64))[0]
    values = torch.linspace(0.1, 2, SIZE, dtype=torch.float64)
    matrix: Tensor = (basis * values) @ basis.T
    return matrix.float()


def _ours(A: Tensor) -> Iterator[Peer]:
    def make() -> api.Network:
        return api.compile("examples/newton_inverse.alg", settings={**SETTINGS})

    network = make()
    structured = network.module("float32")
    dense = network.module("float32", dims={"d": SIZE})
    given = arguments(dense, network.template, {"A": A.numpy()})
    features, groups = given[0], given[1]
    layers, width = len(dense.layers), SIZE * len(network.template.blocks)

    def plan() -> Tensor:
        return cast(Tensor, network(A))

    def whole() -> Tensor:
        value: Tensor = dense(features, groups)["X"]
        return value[0].mT

    yield Peer("Weightsmith, plan", layers, width, _count(structured.parameters()), make, plan)
    yield Peer("Weightsmith, dense", layers, width, _count(dense.parameters()), make, whole)


def _encoder(A: Tensor) -> Peer:
    """PyTorch's own, as wide and deep as the dense transformer, with as many hidden units."""
    network = api.compile("examples/newton_inverse.alg", settings={**SETTINGS})
    dense = network.module("float32", dims={"d": SIZE})
    width = SIZE * len(network.template.blocks)
    hidden = dense.get_parameter("layers.0.mlp.up.weight").shape[0]
    layer = nn.TransformerEncoderLayer(width, 1, hidden, dropout=0.0, batch_first=True)
    encoder = nn.TransformerEncoder(layer, len(dense.layers), enable_nested_tensor=False).eval()
    state = torch.randn(1, SIZE, width)
    parameters = _count(encoder.parameters())
    name = "nn.TransformerEncoder"
    forward = cast(Callable[[], Tensor], lambda: encoder(state))
    return Peer(name, len(dense.layers), width, parameters, None, forward, is_inverse=False)


def _torchwright(A: Tensor, *, small: bool) -> Iterator[Peer]:
    kinds: dict[str, tuple[Callable[[object, object], object], int]] = {"lanes": (_lanes, 128)}
    if not small:
        kinds["entries"] = (_entries, 256)
    for name, (product, width) in kinds.items():

        def make(
            product: Callable[[object, object], object] = product, width: int = width
        ) -> object:
            compile_headless = importlib.import_module("torchwright").compile_headless
            return compile_headless(_newton(product), d=width, d_hidden=128)

        made = cast(Callable[[Tensor], Tensor], make())
        net = made._net  # type: ignore[attr-defined]
        parameters = sum(tensor.numel() for tensor in _tensors(net.layers))

        def forward(made: Callable[[Tensor], Tensor] = made) -> Tensor:
            entries: Tensor = made(A.reshape(1, -1))
            return entries.reshape(SIZE, SIZE)

        yield Peer(f"torchwright, {name}", len(net.layers), width, parameters, make, forward)


def _newton(product: Callable[[object, object], object]) -> object:
    """The graph: A comes in as its entries, row by row."""
    ends = importlib.import_module("torchwright.ops.inout_nodes")
    linear = importlib.import_module("torchwright.ops.linear")
    A = ends.create_input("A", SIZE**2, value_range=(-2.0, 2.0))
    X = ends.create_literal_value(START * torch.eye(SIZE).flatten())
    for _ in range(STEPS):
        X = linear.add_scaled_nodes(2.0, X, -1.0, product(X, product(A, X)))
    return cast(object, X)


def _lanes(left: object, right: object) -> object:
    """One feed-forward layer: swish(a)·b + swish(−a)·(−b) = a·b for each product of entries."""
    gate, up = (torch.zeros(2 * SIZE**3, 2 * SIZE**2) for _ in range(2))
    out = torch.zeros(2 * SIZE**3, SIZE**2)
    places = [(i, j, k, s) for i, j, k in _triples() for s in (1.0, -1.0)]
    for lane, (i, j, k, sign) in enumerate(places):
        gate[lane, i * SIZE + k] = up[lane, SIZE**2 + k * SIZE + j] = sign
        out[lane, i * SIZE + j] = 1.0
    building = importlib.import_module("torchwright.ops.swiglu.swiglu_ffn")
    both = importlib.import_module("torchwright.ops.linear").concat([left, right])
    none = torch.zeros(len(gate))
    ffn = building.swiglu_ffn(
        both, gate, none, out, torch.zeros(SIZE**2), up_proj=up, up_bias=none.clone()
    )
    return cast(object, ffn)


def _entries(left: object, right: object) -> object:
    """Each entry as the sum of products of two entries."""
    linear = importlib.import_module("torchwright.ops.linear")
    multiply = importlib.import_module("torchwright.ops.swiglu").multiply
    a, b = ([linear.slice_columns(m, n, 1) for n in range(SIZE**2)] for m in (left, right))
    products: dict[tuple[int, int], list[object]] = {}
    for i, j, k in _triples():
        products.setdefault((i, j), []).append(multiply(a[i * SIZE + k], b[k * SIZE + j]))
    return cast(object, linear.concat([linear.sum_nodes(some) for some in products.values()]))


def _triples() -> Iterator[tuple[int, int, int]]:
    size = range(SIZE)
    return ((i, j, k) for i in size for j in size for k in size)


def _tensors(of: object, seen: set[int] | None = None) -> Iterator[Tensor]:
    """Every tensor that objects of torchwright hold; it has no ``parameters``."""
    seen = set() if seen is None else seen
    if id(of) in seen:
        return
    seen.add(id(of))
    if isinstance(of, Tensor):
        yield of
    elif isinstance(of, list | tuple):
        for one in of:
            yield from _tensors(one, seen)
    elif type(of).__module__.startswith("torchwright.compiler") and hasattr(of, "__dict__"):
        for one in vars(of).values():
            yield from _tensors(one, seen)


def _count(parameters: Iterable[Tensor]) -> int:
    return sum(one.numel() for one in parameters)


def _print(peers: list[Peer], A: Tensor, budget: float) -> None:
    compiling = _compile_times(peers)
    with torch.no_grad():
        forward = _forward_times(peers, budget)
        inverse = torch.linalg.inv(A.double())
        errors = [
            f"{float((p.forward().double() - inverse).norm() / inverse.norm()):.1e}"
            if p.is_inverse
            else "-"
            for p in peers
        ]
    rows = [
        (
            peer.name,
            *(str(peer.layers), str(peer.width)),
            *((f"{made:.3f}", f"{made / compiling[0]:.1f}") if made else ("-", "-")),
            *(str(peer.parameters), f"{peer.parameters / peers[0].parameters:.1f}"),
            *(f"{1e6 * seconds:.0f}", f"{seconds / forward[0]:.1f}", error),
        )
        for peer, made, seconds, error in zip(peers, compiling, forward, errors, strict=True)
    ]
    print_table(HEAD, rows)


def _compile_times(peers: list[Peer]) -> list[float]:
    """Seconds of processor time, the peers taking turns; 0 of what is not compiled."""
    times: list[list[float]] = [[] for _ in peers]
    for _ in range(COMPILED):
        for peer, found in zip(peers, times, strict=True):
            start = time.process_time()
            if peer.make is not None:
                peer.make()
                found.append(time.process_time() - start)
    return [statistics.median(found) if found else 0.0 for found in times]


def _forward_times(peers: list[Peer], budget: float) -> list[float]:
    times: list[list[float]] = [[] for _ in peers]
    for peer in peers:
        peer.forward()
    end = time.perf_counter() + budget
    while time.perf_counter() < end or len(times[0]) < 5:
        for peer, found in zip(peers, times, strict=True):
            start = time.perf_counter()
            peer.forward()
            found.append(time.perf_counter() - start)
    return [statistics.median(found) for found in times]


if __name__ == "__main__":
    main()
