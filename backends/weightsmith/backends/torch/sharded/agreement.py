"""What all processes must have in common: the network, the dtype, all sizes but the shared one.

It is asked once for each set of sizes; sums over processes that differ would end in a timeout, or
in PyTorch ending the process.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import torch
from torch import Tensor

from weightsmith.backends.errors import LayoutError
from weightsmith.backends.plan.operations.nodes import Shape
from weightsmith.backends.torch.sharded.processes import Processes

PROBLEM = "problem"
Facts = dict[str, str]
Arrays = Mapping[str, tuple[Tensor, Shape]]  # by what a message calls it; with its axes


def check_agreement(processes: Processes, facts: Facts | LayoutError, device: torch.device) -> None:
    """Compare the facts of all processes.

    Raises LayoutError in each of them where they differ, or where one has a problem instead.
    """
    own = {PROBLEM: str(facts)} if isinstance(facts, LayoutError) else facts
    texts = processes.gather(json.dumps(own), device)
    everywhere: list[Facts] = [json.loads(text) for text in texts]
    for rank, other in enumerate(everywhere):
        if PROBLEM in other:
            raise LayoutError(f"rank {rank} of {processes.count}: {other[PROBLEM]}")
    first = everywhere[0]
    for rank, other in enumerate(everywhere):
        for what in [*first, *other]:
            one, two = first.get(what, "none"), other.get(what, "none")
            if one != two:
                raise LayoutError(
                    f"all processes must have the same for {what}: rank 0 has {one}, "
                    f"rank {rank} has {two}."
                )


def facts_of(arrays: Arrays, sharded: frozenset[str]) -> Facts:
    """What all processes must have alike.  Raises LayoutError where this one's do not fit."""
    found = _Facts()
    for called, (array, axes) in arrays.items():
        if array.ndim < 2:
            raise LayoutError(f"expected rows × columns for {called}, got {array.ndim} dimensions.")
        found.learn("the dtype", str(array.dtype).removeprefix("torch."), called)
        found.learn("the batch dimensions", str(tuple(array.shape[:-2])), called)
        for axis, size in zip(axes, array.shape[-2:], strict=True):
            found.learn(_size(axis), str(size), called)
    own = {_size(axis) for axis in sharded}
    return {what: value for what, value in found.known.items() if what not in own}


class _Facts:
    """Each fact, and which array it was seen in first."""

    def __init__(self) -> None:
        self.known: Facts = {}
        self._by: dict[str, str] = {}

    def learn(self, what: str, value: str, called: str) -> None:
        known = self.known.setdefault(what, value)
        by = self._by.setdefault(what, called)
        if known != value:
            raise LayoutError(f"expected {known} for {what} in {called}, as {by} has, got {value}.")


def _size(axis: str) -> str:
    return f"the size '{axis}'"
