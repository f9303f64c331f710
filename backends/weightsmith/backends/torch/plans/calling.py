"""A network as a function of tensors: shapes are checked once, a plan is found and run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor

from weightsmith.backends.errors import LayoutError, listed
from weightsmith.backends.plan.layers.masks import MASK
from weightsmith.backends.template.layout import input_groups, size_of_axes
from weightsmith.backends.torch.plans.engine import Engine, one_or_several
from weightsmith.backends.torch.plans.module import Function, InputKey, PlannedModule
from weightsmith.backends.torch.plans.sized import SizedEngine
from weightsmith.backends.torch.plans.sparse import sparse_of
from weightsmith.compiler.ir.template import Template

MOST = 64  # sets of shapes that are kept
Given = Tensor | Mapping[str, Tensor]
Returned = Tensor | dict[str, Tensor]
# a plan, its function for such arrays, and the place of each that it takes where that is another
Ready = tuple[PlannedModule, Function, list[int] | None]


class Caller:
    """Takes arguments as the script names them; keeps the plan of each set of shapes."""

    def __init__(
        self, template: Template, engine: Engine | SizedEngine, order: tuple[str, ...]
    ) -> None:
        self._engine = engine
        self._template = template
        self._groups = input_groups(template)
        self._keys: list[InputKey] = [
            (name, group) for name, groups in self._groups.items() for group in groups or (None,)
        ]
        self._order = [name for name in order if name in self._groups]
        self._masked = engine.masked
        self._places = {
            key: place
            for place, key in enumerate([*self._keys, *((MASK, group) for group in self._masked)])
        }
        self._in_order = self._keys == [(name, None) for name in self._order]
        self._usual: list[PlannedModule] = []
        self._ready: dict[tuple[object, ...], Ready] = {}

    def __call__(
        self,
        args: tuple[Given, ...],
        named: Mapping[str, Given],
        masks: Mapping[str, Tensor] | None = None,
    ) -> Returned | dict[str, Returned]:
        """The values by name; the value itself where there is one."""
        arrays = None if named else self._as_given(args)
        if arrays is None:
            given = self._named(args, named)
            arrays = [self._array(given, name, group) for name, group in self._keys]
        if masks:
            arrays = self._with_masks(arrays, masks)
        if torch.compiler.is_compiling():
            self._make_usual()
            module = self._usual[0]
            return _by_name(module.outputs, module(*self._ordered(module, arrays)))
        key = tuple([(type(a), a.shape, a.dtype, a.device) for a in arrays])
        ready = self._ready.get(key)
        if ready is None:
            ready = self._ready[key] = self._made_ready(arrays)
            if len(self._ready) > MOST:
                del self._ready[next(iter(self._ready))]
        module, function, places = ready
        if places is not None:
            arrays = [arrays[place] for place in places]
        return _by_name(module.outputs, function(*arrays))

    def _made_ready(self, arrays: list[Tensor]) -> Ready:
        module = self._module(arrays)
        places = [self._places[key] for key in module.inputs]
        function = module.prepared(*self._ordered(module, arrays))
        return module, function, None if places == list(range(len(arrays))) else places

    def _as_given(self, args: tuple[Given, ...]) -> list[Tensor] | None:
        """Full matrices, one for each input in the script's order; None for anything else."""
        if not self._in_order or len(args) != len(self._keys):
            return None
        for value in args:
            if not isinstance(value, Tensor) or value.layout != torch.strided:
                return None
        return cast(list[Tensor], list(args))

    def _with_masks(self, arrays: list[Tensor], masks: Mapping[str, Tensor]) -> list[Tensor]:
        """The arrays, zero where there is no token, and then the masks as numbers."""
        found, rows = list(arrays), {}
        for place, (_, group) in enumerate(self._keys):
            if group is not None and group in masks:
                row = _row(masks[group], arrays[place], group)
                found[place] = torch.where(row, arrays[place], 0)
                rows[group] = row.to(arrays[place].dtype)
        return [*found, *(rows[group] for group in self._masked)]

    @torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
    def _make_usual(self) -> None:
        """The plan for usual sizes, which serves any: while traced no size need be known."""
        if not self._usual:
            self._usual.append(self._engine.module({}))

    def _ordered(self, module: PlannedModule, arrays: list[Tensor]) -> list[Tensor]:
        """The arrays that the plan takes, in its order; it may leave out what changes nothing."""
        return [arrays[self._places[key]] for key in module.inputs]

    def _module(self, arrays: list[Tensor]) -> PlannedModule:
        shapes = {key: tuple(a.shape[-2:]) for key, a in zip(self._keys, arrays, strict=False)}
        return self._engine.module(size_of_axes(self._template, shapes))

    def _array(self, given: Mapping[str, Given], name: str, group: str | None) -> Tensor:
        value: object = given.get(name)
        if group is not None and isinstance(value, Mapping):
            value = value.get(group)
        elif group is not None and len(self._groups[name]) > 1:
            value = None
        if isinstance(value, Tensor) and value.layout == torch.strided:
            return value
        sparse = sparse_of(value)
        if sparse is None:
            raise self._refusal(name, value)
        return cast(Tensor, sparse)  # it behaves as one

    def _refusal(self, name: str, value: object) -> LayoutError:
        groups = self._groups[name]
        each = ", ".join(f"'{group}': tensor" for group in groups)
        form = f"{{{each}}}, one token a column" if groups else "a tensor"
        is_array = hasattr(value, "__array__") and not isinstance(value, Tensor)
        hint = " An array becomes a tensor by torch.as_tensor." if is_array else ""
        return LayoutError(f"expected {form} for '{name}'.{hint}")

    def _named(self, args: tuple[Given, ...], named: Mapping[str, Given]) -> dict[str, Given]:
        """Arguments by name; those in order are for the inputs that the network reads."""
        if len(args) > len(self._order):
            names = listed(self._order)
            raise LayoutError(
                f"expected at most {len(self._order)} inputs, {names}, got {len(args)}."
            )
        found = dict(zip(self._order, args, strict=False))
        for name, value in named.items():
            if name in found:
                raise LayoutError(f"the input '{name}' is given twice.")
            found[name] = value
        return found


def _row(mask: object, array: Tensor, group: str) -> Tensor:
    """A mask as one row beside an array at its tokens."""
    tokens = array.shape[-1]
    if not isinstance(mask, Tensor):
        raise LayoutError(
            f"expected a tensor of booleans as the mask of {group} tokens, got "
            f"{type(mask).__name__}."
        )
    if mask.dtype != torch.bool or mask.ndim == 0 or mask.shape[-1] != tokens:
        raise LayoutError(
            f"expected a mask of booleans for {tokens} {group} tokens, got {tuple(mask.shape)} of "
            f"{str(mask.dtype).removeprefix('torch.')}."
        )
    if array.layout != torch.strided:
        raise LayoutError(f"a sparse input takes no mask: leave its tokens out on {group} tokens.")
    try:
        return mask.unsqueeze(-2).expand(*array.shape[:-2], 1, tokens)
    except RuntimeError:
        raise LayoutError(
            f"the mask of {group} tokens has the batch {tuple(mask.shape[:-1])}, and the inputs "
            f"have {tuple(array.shape[:-2])}."
        ) from None


def _by_name(
    outputs: list[tuple[str, str]], values: tuple[Tensor, ...]
) -> Returned | dict[str, Returned]:
    if len(values) == 1:
        return values[0]
    found: dict[str, dict[str, Tensor]] = {}
    for (name, group), value in zip(outputs, values, strict=True):
        found.setdefault(name, {})[group] = value
    several: dict[str, Returned] = {name: one_or_several(p) for name, p in found.items()}
    return next(iter(several.values())) if len(several) == 1 else several
