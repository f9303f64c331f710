"""Runs plans on PyTorch tensors: made once for each set of sizes, kept, and called."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from weightsmith.backends.instantiate import Weights
from weightsmith.backends.plan.build import Plan, plan_of
from weightsmith.backends.plan.looped_numbers import Numbers, numbers_of
from weightsmith.backends.plan.nodes import Input
from weightsmith.backends.plan.torch_text import Text, torch_text
from weightsmith.compiler.ir.template import Template

Function = Callable[..., tuple[Tensor, ...]]


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan as functions: of matrices, and of batches of matrices."""

    plan: Plan
    text: Text
    single: Function
    batched: Function


@dataclass(slots=True)
class Engine:
    """The plans of one network, by the sizes that they were made for."""

    template: Template
    numbers: Numbers
    gram: bool = False
    _plans: dict[tuple[tuple[str, int], ...], Planned] = field(default_factory=dict)
    _constants: dict[tuple[int, torch.dtype, torch.device], list[Tensor]] = field(
        default_factory=dict
    )
    _eyes: dict[tuple[int, float, torch.dtype, torch.device], Tensor] = field(default_factory=dict)

    @classmethod
    def of(cls, template: Template, weights: Weights, *, gram: bool = False) -> Engine:
        return cls(template, numbers_of(template, weights), gram)

    def planned(self, sizes: Mapping[str, int]) -> Planned:
        key = tuple(sorted(sizes.items()))
        found = self._plans.get(key)
        if found is None:
            plan = plan_of(self.template, self.numbers, sizes, gram=self.gram)
            text = torch_text(plan)
            one = function_of(text.source, batched=False)
            several = function_of(text.source, batched=True)
            found = self._plans[key] = Planned(plan, text, one, several)
        return found

    def __call__(
        self, arrays: Mapping[tuple[str, str | None], Tensor], sizes: Mapping[str, int]
    ) -> dict[str, dict[str, Tensor]]:
        """The returned values by group, from each array by its name and group."""
        planned = self.planned(sizes)
        given = [arrays[key] for key in input_keys(planned.plan)]
        function = planned.batched if given[0].ndim == 3 else planned.single
        first = given[0]
        constants = self.constants(planned, first.dtype, first.device)
        eyes = [self._eye(sizes, axis, number, first) for axis, number in planned.text.eyes]
        values = iter(function(*given, *constants, *eyes))
        return {
            output.name: {group: next(values) for group in output.pieces}
            for output in planned.plan.outputs
        }

    def constants(self, planned: Planned, dtype: torch.dtype, device: torch.device) -> list[Tensor]:
        key = id(planned), dtype, device
        if key not in self._constants:
            numbers: Sequence[tuple[float, ...]] = planned.plan.graph.constants
            self._constants[key] = [torch.tensor(c, dtype=dtype, device=device) for c in numbers]
        return self._constants[key]

    def _eye(self, sizes: Mapping[str, int], axis: str, number: float, like: Tensor) -> Tensor:
        size = int(axis) if axis.isdigit() else sizes[axis]
        key = size, number, like.dtype, like.device
        if key not in self._eyes:
            self._eyes[key] = number * torch.eye(size, dtype=like.dtype, device=like.device)
        eye = self._eyes[key]
        return eye if like.ndim == 2 else eye.expand(*like.shape[:-2], size, size)


def input_keys(plan: Plan) -> list[tuple[str, str | None]]:
    nodes = [plan.graph.nodes[ref.node] for ref in plan.inputs]
    return [(node.name, node.group) for node in nodes if isinstance(node, Input)]


def function_of(source: str, *, batched: bool) -> Function:
    """The function of a text that ``torch_text`` wrote."""
    names: dict[str, object] = {
        "torch": torch,
        "mm": torch.bmm if batched else torch.mm,
        "addmm": torch.baddbmm if batched else torch.addmm,
    }
    exec(compile(source, "<weightsmith plan>", "exec"), names)
    return names["forward"]  # type: ignore[return-value]
