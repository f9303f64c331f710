"""A plan as a PyTorch module: tensors in, tensors out, in the dtype and on the device of the data.

No argument is checked and nothing is copied.  The function is made of pure operations, so
gradients, ``torch.func`` and ``torch.compile`` pass through it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

import torch
from torch import Tensor, nn

from weightsmith.backends.plan.build import Plan
from weightsmith.backends.plan.operations.nodes import Input
from weightsmith.backends.plan.torch_text import Text, torch_text
from weightsmith.backends.torch.plans import sparse
from weightsmith.backends.torch.plans.running import running

Function = Callable[..., tuple[Tensor, ...]]
Scalars = Callable[[], list[Tensor]]
InputKey = tuple[str, str | None]  # name, and group of an input that comes by group


class PlannedModule(nn.Module):
    """Runs a plan.  ``inputs`` names its arguments: each rows × columns, or batches of such.

    ``sizes`` are those of axes that no input tells; ``all_reduce`` gives the sums over all
    processes, in a plan that has such; ``scalars`` gives those that are trained, asked in every
    call.
    """

    def __init__(
        self,
        plan: Plan,
        sizes: Mapping[str, int] | None = None,
        all_reduce: Callable[..., list[Tensor]] | None = None,
        scalars: Scalars | None = None,
    ) -> None:
        super().__init__()
        text = torch_text(plan, sizes=sizes, scalars=len(scalars()) if scalars else 0)
        self._scalars = scalars
        self.source = self.written(text)
        self.inputs = input_keys(plan)
        self.outputs = [(o.name, group) for o in plan.outputs for group in o.pieces]
        self._eyes = text.eyes
        more: dict[str, object] = {"running": running}
        more |= {} if all_reduce is None else {"all_reduce": all_reduce}
        self._single = _function(self.source, mm=torch.mm, addmm=torch.addmm, **more)
        self._sparse = _function(self.source, mm=sparse.mm, addmm=sparse.addmm, **more)
        self._batched = _function(self.source, mm=torch.bmm, addmm=torch.baddbmm, **more)
        with torch.inference_mode(False):
            self._numbers = [torch.tensor(c, dtype=torch.float64) for c in plan.graph.constants]

    def written(self, text: Text) -> str:
        """The text of the function."""
        return text.source

    def forward(self, *arrays: Tensor) -> tuple[Tensor, ...]:
        """Return the values in the order of ``outputs``; arrays in the order of ``inputs``.

        Leading batch dimensions are those of every array, and of every value.
        """
        return self.prepared(*arrays)(*arrays)

    def prepared(self, *arrays: Tensor) -> Function:
        """The function for arrays of these shapes, dtype and device, with what else it needs."""
        first = arrays[0] if arrays else torch.empty(0, 0, dtype=torch.float64)
        function = self._single if first.ndim == 2 else self._batched
        if any(isinstance(array, sparse.Sparse) for array in arrays):
            function = self._sparse
        fixed = self._fixed(arrays, first)
        if self._scalars is not None:
            return self._with_scalars(function, first, fixed)
        if first.ndim > 3:
            return lambda *arrays: _flattened(function, arrays, fixed)
        if not arrays:
            return lambda: function(first, *fixed)
        return lambda *arrays: function(*arrays, *fixed)

    def _with_scalars(self, function: Function, first: Tensor, fixed: list[Tensor]) -> Function:
        """The same with the scalars as they are at each call, in the dtype of the data."""
        scalars, device, dtype = cast(Scalars, self._scalars), first.device, first.dtype
        several = first.ndim > 3
        alone = () if self.inputs else (first,)  # a function is kept, and no data with it

        def call(*arrays: Tensor) -> tuple[Tensor, ...]:
            more = [*(one.to(device, dtype) for one in scalars()), *fixed]
            if several:
                return _flattened(function, arrays, more)
            return function(*arrays, *alone, *more)

        return call

    def _fixed(self, arrays: tuple[Tensor, ...], first: Tensor) -> list[Tensor]:
        """Tables and multiples of identities, for data like ``first``."""
        if torch.compiler.is_compiling():
            return self._made(arrays, first)
        with torch.inference_mode(False), torch.no_grad():
            return self._made(arrays, first)

    def _made(self, arrays: tuple[Tensor, ...], first: Tensor) -> list[Tensor]:
        tables = [numbers.to(first.device, first.dtype) for numbers in self._numbers]
        batch = first.shape[:-2].numel()
        for place, number in self._eyes:
            size = place if isinstance(place, int) else arrays[place[0]].shape[place[1]]
            eye = number * torch.eye(size, dtype=first.dtype, device=first.device)
            tables.append(eye if first.ndim == 2 else eye.expand(batch, size, size))
        return tables


def _flattened(
    function: Function, arrays: tuple[Tensor, ...], fixed: list[Tensor]
) -> tuple[Tensor, ...]:
    """The function on all leading dimensions as one."""
    values = function(*(array.flatten(0, -3) for array in arrays), *fixed)
    return tuple(value.reshape(*arrays[0].shape[:-2], *value.shape[-2:]) for value in values)


def input_keys(plan: Plan) -> list[InputKey]:
    nodes = [plan.graph.nodes[ref.node] for ref in plan.inputs]
    return [(node.name, node.group) for node in nodes if isinstance(node, Input)]


def _function(source: str, **names: object) -> Function:
    """The function of a text that ``torch_text`` wrote."""
    scope: dict[str, object] = {"torch": torch, **names}
    exec(compile(source, "<weightsmith plan>", "exec"), scope)
    return cast(Function, scope["forward"])
