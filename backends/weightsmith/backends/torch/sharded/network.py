"""A network as a function of this process's share of the tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import cast

import torch
from torch import Tensor

from weightsmith.backends.errors import LayoutError
from weightsmith.backends.template.layout import axes_of, called
from weightsmith.backends.torch.plans.calling import Caller, Given, Returned
from weightsmith.backends.torch.plans.module import PlannedModule
from weightsmith.backends.torch.sharded.agreement import Facts, check_agreement, facts_of
from weightsmith.backends.torch.sharded.engine import ShardedEngine, ShardedModule
from weightsmith.backends.torch.sharded.processes import Processes, Traffic
from weightsmith.compiler.ir.template import Template

Counts = tuple[tuple[str, object], ...]
Make = Callable[[Counts, str], "ShardedCaller"]


class ShardedCaller(Caller):
    """Takes arguments as the script names them; what all processes must agree on is asked once."""

    def __init__(
        self, template: Template, engine: ShardedEngine, order: tuple[str, ...], group: Processes
    ) -> None:
        super().__init__(template, engine, order)
        self._sharded = engine.sharded
        self._group = group
        self._asked = False
        self._agreed: set[tuple[tuple[str, str], ...]] = set()

    def __call__(
        self,
        args: tuple[Given, ...],
        named: Mapping[str, Given],
        masks: Mapping[str, Tensor] | None = None,
    ) -> Returned | dict[str, Returned]:
        """The values by name.  A mistake in the first call is told to all processes."""
        try:
            return super().__call__(args, named, masks)
        except LayoutError as problem:
            if not self._asked:
                self._asked = True
                check_agreement(self._group, problem, _device((*args, *named.values())))
            raise

    def _module(self, arrays: list[Tensor]) -> PlannedModule:
        shapes = {
            called(*key): (array, axes_of(self._template, *key))
            for key, array in zip(self._keys, arrays, strict=True)
        }
        facts = facts_of(shapes, self._sharded)
        module = cast(ShardedModule, super()._module(arrays))
        self._agree({"the network": module.digest, **facts}, arrays[0].device)
        return module

    def _agree(self, facts: Facts, device: torch.device) -> None:
        key = tuple(facts.items())
        if key not in self._agreed:
            self._asked = True
            check_agreement(self._group, facts, device)
            self._agreed.add(key)


def _device(given: Iterable[Given]) -> torch.device:
    """Where the first tensor is, for want of arguments that fit."""
    for value in given:
        for one in value.values() if isinstance(value, Mapping) else [value]:
            if isinstance(one, Tensor):
                return one.device
    return torch.device("cpu")


class ShardedNetwork:
    """What ``Network.sharded`` returns.

    It is called as the network is, by all processes at once: each gives its own part of the shared
    tokens, and the same of everything else; it gets the values at its own tokens, and the whole of
    all others.
    """

    def __init__(self, make: Make, names: tuple[str, ...], group: Processes) -> None:
        self._make = make
        self._names = names
        self._group = group
        self._callers: dict[tuple[Counts, str], ShardedCaller] = {}

    @property
    def traffic(self) -> Traffic:
        """The sums over all processes so far, and the bytes that each process gave to them."""
        return self._group.traffic

    @torch.compiler.disable(reason="it sends to other processes")  # type: ignore[untyped-decorator,no-untyped-call]
    def __call__(
        self, *args: Given, execution: str = "plan", **kwargs: Given | int
    ) -> Returned | dict[str, Returned]:
        """Run the network on this process's tokens; all processes must call it.

        Arguments are those of ``Network.__call__``.  Raises LayoutError where the processes do not
        fit together, CommunicationError where one of them does not answer in time.
        """
        tensors = {name: v for name, v in kwargs.items() if name in self._names}
        counts = tuple((name, v) for name, v in kwargs.items() if name not in self._names)
        key = counts, execution
        if key not in self._callers:
            self._callers[key] = self._make(counts, execution)
        return self._callers[key](args, tensors)  # type: ignore[arg-type]
