"""The plans of one network: made once for sizes of about the same magnitude, and kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from weightsmith.backends.data.arrays import Array
from weightsmith.backends.errors import PlanError
from weightsmith.backends.plan.build import Form, Plan, plan_of
from weightsmith.backends.plan.layers.looped_numbers import numbers_of
from weightsmith.backends.plan.live import cost
from weightsmith.backends.plan.operations.cost import Sizes
from weightsmith.backends.template.coefficients import Bindings
from weightsmith.backends.template.instantiate import Weights
from weightsmith.backends.template.layout import Answer, Inputs, fit
from weightsmith.backends.template.token_counts import check_counts
from weightsmith.backends.template.wellformed import DATA, TOKEN_GROUPS
from weightsmith.backends.torch.plans.chunks import LONG, chunked
from weightsmith.backends.torch.plans.module import PlannedModule, Scalars
from weightsmith.backends.torch.run import check_mode
from weightsmith.compiler.ir.template import Template

MOST = 64  # plans that are kept
PLAN: tuple[Form, ...] = ("direct", "images")
GRAM: tuple[Form, ...] = ("gram",)
Piece = TypeVar("Piece")
Live = tuple[Mapping[str, Array], Scalars]


class Engine:
    """Runs a network by plans.

    ``bindings`` are those that the weights were made with, where they are not the template's own;
    the cheapest of the ``forms`` is taken.  ``live``: which scalar each entry of the weights is
    times, by tensor, and what gives the scalars.  ``sharded``: the axes of which it sees a part
    only.  ``masked``: the groups that come with masks.
    """

    sharded: frozenset[str] = frozenset()

    def __init__(
        self,
        template: Template,
        weights: Weights,
        bindings: Bindings | None = None,
        forms: tuple[Form, ...] = PLAN,
        live: Live | None = None,
        masked: tuple[str, ...] = (),
    ) -> None:
        self._template = template
        self._bindings = bindings
        self._scalars = None if live is None else live[1]
        places = None if live is None else live[0]
        self._numbers = numbers_of(template, weights, bindings, places)
        self._forms = forms if any(g in TOKEN_GROUPS for g in template.groups) else forms[:1]
        self._too_long: str | None = None
        self._untold = untold_axes(template)
        self._plans: dict[tuple[tuple[str, int], ...], PlannedModule] = {}
        self.dtype = np.dtype(weights.dtype)
        self.masked = masked

    def module(self, sizes: Mapping[str, int]) -> PlannedModule:
        """The plan for such sizes.  Raises PlanError where the network is too long for one."""
        if self._too_long is not None:
            raise PlanError(self._too_long)
        check_counts(self._template, sizes, self._bindings)
        sizes = {**self._numbers.architecture.told, **sizes}
        untold = {axis: sizes[axis] for axis in self._untold if axis in sizes}
        about = {axis: 1 << (size - 1).bit_length() for axis, size in sizes.items() if size > 0}
        key = (*sorted(about.items()), ("", 0), *sorted(untold.items()))
        found = self._plans.pop(key, None)
        if found is None:
            found = self._made(self._plan(about), untold, about)
        self._plans[key] = found  # the last one used stands last
        if len(self._plans) > MOST:
            del self._plans[next(iter(self._plans))]
        return found

    def _made(
        self, plan: Plan, untold: Mapping[str, int], about: Mapping[str, int]
    ) -> PlannedModule:
        tokens, axis = max((about.get(group, 0), group) for group in TOKEN_GROUPS)
        found = chunked(plan, axis, untold, self._scalars) if tokens > LONG else None
        return found or PlannedModule(plan, untold, scalars=self._scalars)

    def _plan(self, sizes: Mapping[str, int]) -> Plan:
        """The cheapest of the forms."""
        axes = self.sharded
        try:
            plans = [
                plan_of(self._template, self._numbers, sizes, form, axes, self.masked)
                for form in self._forms
            ]
        except PlanError as problem:
            self._too_long = str(problem)
            raise
        return min(plans, key=lambda plan: cost(plan, Sizes(sizes, axes)))

    def run(
        self, inputs: Inputs, dtype: str | None = None, *, dims: Mapping[str, int] | None = None
    ) -> Answer:
        """Return what the script returns, by name, for one problem or a batch; without gradients.

        Computed in ``dtype``, or that of the weights.  Raises LayoutError where the inputs do not
        fit, PrecisionError where PyTorch would compute with less than the dtype.
        """
        check_mode(getattr(torch, dtype or self.dtype.name), torch.device("cpu"))
        found = fit(self._template, inputs, dtype or self.dtype, dims=dims)
        module = self.module({**found.dims, **dict(found.groups)})
        with torch.inference_mode():
            values = module(*(_tensor(found.pieces[key]) for key in module.inputs))
        readings: dict[str, dict[str, Array]] = {}
        for (name, group), value in zip(module.outputs, values, strict=True):
            readings.setdefault(name, {})[group] = np.array(value.numpy())
        return {name: one_or_several(pieces) for name, pieces in readings.items()}


def one_or_several(pieces: dict[str, Piece]) -> Piece | dict[str, Piece]:
    """A value with a token axis by group, a matrix by itself."""
    several = len(pieces) > 1 or set(pieces) <= set(TOKEN_GROUPS)
    return pieces if several else next(iter(pieces.values()))


def untold_axes(template: Template) -> set[str]:
    """The axes that no input has."""
    axes = {source.rows for source in template.sources} | set(template.groups)
    axes |= {*template.readable.values()} | {o.rows for o in template.read_out}
    told = {s.rows for s in template.sources if s.kind in DATA}
    told |= {group for s in template.sources if s.kind in DATA for group in s.groups}
    return {axis for axis in axes - told if not axis.isdigit()}


def _tensor(array: Array) -> Tensor:
    """The same numbers, in the same memory where PyTorch can take it."""
    native = array.astype(array.dtype.newbyteorder("="), copy=False)
    if not native.flags.writeable or any(stride < 0 for stride in native.strides):
        native = native.copy()
    return torch.from_numpy(native)
