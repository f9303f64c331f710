"""Compiled networks on a GPU: are they right, and how fast beside the same written by hand?

    python benchmarks/gpu.py [--device cuda] [--seconds 0.5] [--small]

Without such a device it says that it was not run, and ends with status 0.  First every execution,
plan, Gram matrices, the structured and the dense module, in float64, float32 and bfloat16, against
the plan on the processor in float64: the largest error relative to the largest entry, and what is
allowed, ALLOWED units of round-off.  Then the ratios of execution.py there, and
of ``torch.compile`` of plan and hand.  Under four minutes; exits with status 1 on a wrong result.

On a machine with PyTorch that reaches no package registry: ``pip download lark python-flint -d
wheels`` elsewhere for its Python, and there ``pip install --no-index --find-links wheels lark
python-flint`` with this repository's dsl, compiler and backends in PYTHONPATH.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import torch
from execution import Subject, compiled, descent, medians, newton, positive, synthesized
from torch import Tensor

from weightsmith.backends.template.layout import Inputs
from weightsmith.backends.torch import arguments
from weightsmith.cli.outputs.table import print_table
from weightsmith.executions import Execution
from weightsmith.network import Network

DTYPES = (torch.float64, torch.float32, torch.bfloat16)
ALLOWED = 64  # units of round-off; the condition is 20
QUERIES = 8
WIDTH = {"gradient descent": QUERIES}
Data = dict[str, Tensor | dict[str, Tensor]]
Run = Callable[[], object]


@dataclass(frozen=True)
class Case:
    """A network, data for it on the processor in float64, and the name of what it returns."""

    name: str
    network: Network
    data: Data


def cases(small: bool) -> list[Case]:
    d, count = (16, 200) if small else (64, 4096)
    x = torch.linalg.qr(torch.randn(count, d, dtype=torch.float64))[0].mT
    x = (torch.linspace(0.1, 2, d, dtype=torch.float64) ** 0.5)[:, None] * x
    tokens: Data = {
        "x": {"context": x, "query": torch.randn(d, QUERIES, dtype=torch.float64)},
        "y": torch.randn(1, count, dtype=torch.float64),
    }
    matrix: Data = {"A": positive(d, torch.float64)}
    return [
        Case("Newton's inverse", compiled("newton_inverse", mu="1/10", L=2, steps=10), matrix),
        Case("synthesised inverse", compiled("synthesized_inverse", mu="1/10", L=2), matrix),
        Case("gradient descent", compiled("gradient_descent", mu="1/10", L=2, steps=20), tokens),
    ]


def moved(data: Data, device: torch.device, dtype: torch.dtype) -> Data:
    return {
        name: {group: part.to(device, dtype) for group, part in value.items()}
        if isinstance(value, dict)
        else value.to(device, dtype)
        for name, value in data.items()
    }


def executions(case: Case, device: torch.device, dtype: torch.dtype) -> Iterator[tuple[str, Run]]:
    data = moved(case.data, device, dtype)
    yield "plan", lambda: _called(case, data)
    if "x" in data:
        yield "gram", lambda: _called(case, data, "gram")
    yield "structured", lambda: by_module(case, device, dtype, None)
    yield "dense", lambda: by_module(case, device, dtype, case.network.dims_of(numpy(case.data)))


def _called(case: Case, data: Data, execution: Execution = "plan") -> object:
    named: dict[str, Any] = dict(data)
    return case.network(**named, execution=execution)


def by_module(
    case: Case, device: torch.device, dtype: torch.dtype, dims: dict[str, int] | None
) -> Tensor:
    """The one value of the module at its tokens, which come last, rows × columns."""
    network = case.network
    module = network.module(dims=dims).to(device, dtype)
    inputs = network.used(numpy(case.data))
    with torch.no_grad():
        (value,) = module(*arguments(module, network.template, inputs)).values()
    return cast(Tensor, value[0].mT[:, -WIDTH.get(case.name, len(value[0])) :])


def numpy(data: Data) -> Inputs:
    return {
        name: {group: part.numpy() for group, part in value.items()}
        if isinstance(value, dict)
        else value.numpy()
        for name, value in data.items()
    }


def one(value: object) -> Tensor:
    """The matrix itself of a value at one group."""
    while isinstance(value, dict):
        (value,) = value.values()
    return cast(Tensor, value)


def check(device: torch.device, small: bool) -> bool:
    """Print how far every execution is from the processor's; is any too far?"""
    rows, wrong = [], False
    for case in cases(small):
        wanted = one(_called(case, case.data))
        for dtype in DTYPES:
            allowed = ALLOWED * torch.finfo(dtype).eps
            for name, run in executions(case, device, dtype):
                found = one(run()).cpu().double()
                error = float((found - wanted).abs().max() / wanted.abs().max())
                bad = not error <= allowed
                wrong |= bad
                told = "wrong" if bad else ""
                text = str(dtype).removeprefix("torch.")
                rows.append((case.name, name, text, f"{error:.1e}", f"{allowed:.1e}", told))
    print_table(("", "execution", "dtype", "error", "allowed", ""), rows)
    return wrong


def waited_for(run: Run, device: torch.device) -> Run:
    """The run until the device is done."""

    def whole() -> object:
        value = run()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return value

    return whole


def subjects(small: bool) -> Iterator[Callable[[], Subject]]:
    for dtype in (torch.float32, torch.float64):
        for d in (16,) if small else (16, 64, 256, 1024):
            yield lambda d=d, dtype=dtype: newton(d, dtype)  # type: ignore[misc]
        for d in (16,) if small else (16, 256):
            yield lambda d=d, dtype=dtype: synthesized(d, dtype)  # type: ignore[misc]
        for n in (1000,) if small else (10**3, 10**6):
            yield lambda n=n, dtype=dtype: descent(n, dtype)  # type: ignore[misc]


def compare(device: torch.device, seconds: float, small: bool) -> None:
    """Print the ratios of plan, Gram matrices and both compiled to the loop by hand."""
    rows = []
    for make in subjects(small):
        subject = make()
        runs: list[Run] = [subject.hand, subject.plan]
        runs += [torch.compile(subject.hand), torch.compile(subject.plan, fullgraph=True)]
        runs += [] if subject.gram is None else [subject.gram]
        with torch.no_grad():
            hand, *others = medians([waited_for(run, device) for run in runs], seconds)
        ratios = [f"{other / hand:.2f}" for other in others]
        dtype = str(subject.dtype).removeprefix("torch.")
        rows.append((subject.name, subject.size, dtype, f"{1e6 * hand:.0f}", *ratios, "")[:8])
    print_table(
        ("", "size", "dtype", "hand µs", "plan", "hand compiled", "plan compiled", "gram"), rows
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--small", action="store_true")
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        print("not run: PyTorch sees no CUDA device on this machine")
        return 0
    device = torch.device(options.device)
    torch.manual_seed(0)
    torch.backends.cuda.matmul.allow_tf32 = False
    wrong = check(device, options.small)
    torch.set_default_device(device)
    compare(device, options.seconds, options.small)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
