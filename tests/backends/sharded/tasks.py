"""What the processes of a crew do."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

from torch import Tensor, distributed

from weightsmith.backends.errors import BackendError
from weightsmith.network import Network

Inputs = Mapping[str, Tensor | Mapping[str, Tensor]]


@dataclass(frozen=True)
class Problem:
    """A network on data; ``shares``: how many of the tokens each process has."""

    network: Network
    inputs: Inputs
    execution: str = "plan"
    settings: Mapping[str, int] = field(default_factory=dict)
    over: str = "context"


@dataclass(frozen=True)
class Run:
    """What one process got, and what it sent: bytes of each sum over the processes."""

    values: object
    sent: tuple[int, ...]
    told: tuple[int, int]


def shares(tokens: int, count: int) -> list[slice]:
    """One token for the first process, none for the second of several, the rest unevenly."""
    sizes = [1, 0, tokens // 3] if count > 2 else [tokens // 3]
    sizes = [*sizes[: count - 1], 0, 0, 0][: count - 1]
    edges = [0, *accumulate(sizes), tokens]
    return [slice(low, high) for low, high in pairwise(edges)]


def part(inputs: Inputs, rank: int, count: int) -> dict[str, Tensor | Mapping[str, Tensor]]:
    """This process's tokens."""

    def mine(array: Tensor) -> Tensor:
        return array[..., shares(array.shape[-1], count)[rank]]

    return {
        name: {g: mine(a) if g == "context" else a for g, a in value.items()}
        if isinstance(value, Mapping)
        else value
        for name, value in inputs.items()
    }


def pieces(value: object) -> dict[str, Tensor]:
    """The tensors of a returned value, by name and group."""
    if isinstance(value, Tensor):
        return {"": value}
    assert isinstance(value, dict)
    return {f"{key} {more}": t for key, one in value.items() for more, t in pieces(one).items()}


@contextmanager
def counted() -> Iterator[list[int]]:
    """The bytes of each sum over the processes, as PyTorch is asked for it."""
    sent: list[int] = []
    plain = distributed.ProcessGroup.__dict__["allreduce"]
    bound = distributed.ProcessGroup.allreduce

    def allreduce(group: object, tensors: list[Tensor], options: object) -> object:
        sent.append(sum(t.numel() * t.element_size() for t in tensors))
        return bound(group, tensors, options)  # type: ignore[call-overload]

    distributed.ProcessGroup.allreduce = allreduce  # type: ignore[method-assign]
    try:
        yield sent
    finally:
        distributed.ProcessGroup.allreduce = plain  # type: ignore[method-assign]


def run_all(rank: int, count: int, problems: object) -> list[Run]:
    """Run problem after problem, each twice: what is sent is counted the second time."""
    found = []
    for problem in problems:  # type: ignore[attr-defined]
        network = problem.network.sharded(timeout=30, over=problem.over)
        own = (
            part(problem.inputs, rank, count)
            if problem.over == "context"
            else {name: a[shares(a.shape[-2], count)[rank]] for name, a in problem.inputs.items()}
        )
        more = {"execution": problem.execution, **problem.settings}
        network(**own, **more)
        before = network.traffic
        with counted() as sent:
            values = network(**own, **more)
        after = network.traffic
        told = after.calls - before.calls, after.bytes - before.bytes
        found.append(Run(values, tuple(sent), told))
    return found


def gradients(rank: int, count: int, problem: Problem) -> tuple[list[Tensor], list[Tensor]]:
    """The gradients of Σ values², for this process's tokens and for what all have."""
    network = problem.network.sharded()
    own = part(problem.inputs, rank, count)
    leaves = {
        (name, g): a.clone().requires_grad_()
        for name, value in own.items()
        if isinstance(value, Mapping)
        for g, a in value.items()
    }
    inputs = {
        name: {g: leaves[name, g] for g in value}
        for name, value in own.items()
        if isinstance(value, Mapping)
    }
    loss = sum(piece.square().sum() for piece in pieces(network(**inputs)).values())
    loss.backward()  # type: ignore[union-attr]
    grads = {key: leaf.grad for key, leaf in leaves.items()}
    return (
        [g for (_, group), g in grads.items() if group == "context" and g is not None],
        [g for (_, group), g in grads.items() if group != "context" and g is not None],
    )


def told(call: Callable[[], object]) -> str:
    """The error of a call, or what it returned."""
    try:
        return repr(call())
    except BackendError as problem:
        return f"{type(problem).__name__}: {problem}"


def disagree(rank: int, count: int, problem: Problem) -> list[str]:
    """Calls in which the last process differs from the others."""
    odd = rank == count - 1
    own = part(problem.inputs, rank, count)
    x, y = own["x"], own["y"]
    assert isinstance(x, Mapping)
    assert isinstance(y, Mapping)
    more = {**x, "query": x["query"][:, :1]} if odd else x
    double = {g: a.float() for g, a in x.items()} if odd else x
    single = {g: a.float() for g, a in y.items()} if odd else y
    short = {"context": y["context"][:, 1:]} if odd else y

    def sharded() -> Callable[..., object]:
        return problem.network.sharded(timeout=20)

    return [
        told(lambda: sharded()(x=more, y=y)),
        told(lambda: sharded()(x=x, y=y, steps=3 + odd)),
        told(lambda: sharded()(x=double, y=single)),
        told(lambda: sharded()(x=x, y=short)),
        told(lambda: sharded()(x=x, y=single)),
        told(lambda: sharded()(x={"context": x["context"]} if odd else x, y=y)),
    ]


def outside(rank: int, count: int, problem: Problem) -> str:
    """A group that the last process is no member of."""
    group = distributed.new_group([0])
    return told(lambda: problem.network.sharded(group)(**part(problem.inputs, 0, 1)))


def one_is_lost(rank: int, count: int, argument: object) -> list[str]:
    """The last process dies, or sleeps, after a first run that went well."""
    problem, how, timeout = argument  # type: ignore[misc]
    network = problem.network.sharded(timeout=timeout)
    own = part(problem.inputs, rank, count)
    network(**own)
    if rank == count - 1:
        if how == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(10_000)
    return [told(lambda: network(**own)) for _ in range(2)]
