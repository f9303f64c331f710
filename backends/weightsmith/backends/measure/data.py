"""A user's data as the inputs of a program, whatever the network makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from weightsmith.backends.data.arrays import Array, checked_array
from weightsmith.backends.data.given import FloatInputs
from weightsmith.backends.errors import LayoutError, listed
from weightsmith.backends.template.layout import by_group, turned_hint
from weightsmith.backends.template.wellformed import DATA, TOKEN_GROUPS
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import TOKEN

if TYPE_CHECKING:
    from weightsmith.backends.template.layout import Inputs
    from weightsmith.compiler.ir.template import Template

UNITS = (("bfloat16", 2.0**-8), ("float16", 2.0**-11), ("float32", 2.0**-24))
UNIT = 2.0**-53
FLOAT64 = np.dtype(np.float64)
NO_SIZES: Mapping[str, int] = {}


@dataclass(frozen=True, slots=True)
class Data:
    """The matrices that are given, batch × rows × columns, by input and token group.

    The group of a whole matrix is "".  ``units`` has the unit round-off of the numbers that each
    input was given in, ``batch`` is None for a single problem.
    """

    matrices: Mapping[tuple[str, str], Array]
    sizes: Mapping[str, int]
    units: Mapping[str, float]
    batch: int | None

    @property
    def problems(self) -> int:
        return 1 if self.batch is None else self.batch

    def groups(self, name: str) -> tuple[str, ...]:
        """The groups in which an input is given; none if it is not given."""
        return tuple(group for one, group in self.matrices if one == name)

    def place(self, problem: int) -> str:
        """Name a problem of the batch, if there is one."""
        return "" if self.batch is None else f" (index {problem} of the batch)"


def reads_of(template: Template) -> dict[str, tuple[str, ...]]:
    """The token groups in which a network reads its inputs per token."""
    reads: dict[str, tuple[str, ...]] = {}
    for source in template.sources:
        if source.kind in DATA and source.groups[0] in TOKEN_GROUPS:
            reads[source.of] = tuple(dict.fromkeys((*reads.get(source.of, ()), *source.groups)))
    return reads


def with_counts(
    program: core.Program, data: Data, bindings: Mapping[str, Fraction]
) -> Mapping[str, Fraction]:
    """The bindings, and the parameters that are numbers of tokens, as the data have them."""
    counts = {name: data.sizes[g] for name, g in program.sizes if g in data.sizes}
    return {**bindings, **{name: Fraction(n) for name, n in counts.items()}} if counts else bindings


def fixed_sizes(template: Template) -> dict[str, int]:
    """The sizes of axes that fixed matrices tell."""
    found: dict[str, int] = {}
    for one in template.matrices:
        if one.entries:
            found |= {one.rows: len(one.entries), one.columns: len(one.entries[0])}
    return found


def read_data(
    program: core.Program,
    inputs: Inputs,
    reads: Mapping[str, tuple[str, ...]],
    fixed: Mapping[str, int] = NO_SIZES,
) -> Data:
    """Read what is given of the program's inputs; ``fixed`` are sizes known before.

    ``reads`` says in which token groups a network reads an input, where a bare array is given for
    one that the script has in several.  Raises LayoutError on what fits no declaration.
    """
    declared = {one.name: one for one in program.inputs}
    unknown = [name for name in inputs if name not in declared]
    base = str(unknown[0]).partition(".")[0] if unknown else ""
    if base in declared and (groups := declared[base].shape.column_groups):
        raise LayoutError(f"'{unknown[0]}' is no input of the script; {by_group(base, groups)}.")
    if unknown:
        raise LayoutError(
            f"the script has no input '{unknown[0]}'; its inputs are {listed(declared)}."
        )
    finite = isinstance(inputs, FloatInputs)
    given: dict[tuple[str, str], Array] = {}
    sizes: dict[str, int] = dict(fixed)
    batches: set[int | None] = set()
    for name, value in inputs.items():
        shape = declared[name].shape
        own = reads.get(name) or shape.column_groups
        arrays = {
            (name, group): checked_array(part, what, FLOAT64, finite=finite)
            for group, part, what in _parts(declared[name], value, own)
        }
        turned = turned_hint({key: array.shape for key, array in arrays.items()}, name, shape.rows)
        for (_, group), array in arrays.items():
            _learn(sizes, shape.rows, array.shape[-2], name, turned)
            _learn(sizes, group or shape.columns, array.shape[-1], name)
            if array.ndim == 3 or not declared[name].fixed:  # one is for the whole batch
                batches.add(len(array) if array.ndim == 3 else None)
            given[name, group] = array if array.ndim == 3 else array[None]
    if len(batches) > 1:
        raise LayoutError("every input must have the same batch.")
    units = {name: _unit(value) for name, value in inputs.items()}
    batch = batches.pop() if batches else None
    if batch is not None:
        for (name, group), array in given.items():
            if declared[name].fixed and len(array) == 1:
                given[name, group] = np.broadcast_to(array, (batch, *array.shape[1:]))
    return Data(given, sizes, units, batch)


def _parts(
    one: core.Input, value: ArrayLike | Mapping[str, ArrayLike], groups: tuple[str, ...]
) -> list[tuple[str, ArrayLike, str]]:
    """What is given of an input, by token group, each with what it is called."""
    if one.shape.columns != TOKEN:
        if isinstance(value, Mapping):
            raise LayoutError(f"expected a matrix for '{one.name}', got a mapping.")
        return [("", value, f"'{one.name}'")]
    if not isinstance(value, Mapping):
        if len(groups) > 1:
            form = by_group(one.name, groups)
            raise LayoutError(f"'{one.name}' is given by token group; {form}.")
        value = {groups[0]: value}
    wrong = [group for group in value if group not in one.shape.column_groups]
    if wrong:
        known = listed(one.shape.column_groups)
        raise LayoutError(f"'{one.name}' has the token groups {known}, not '{wrong[0]}'.")
    return [(group, part, f"'{one.name}' on {group} tokens") for group, part in value.items()]


def _learn(sizes: dict[str, int], axis: str, size: int, name: str, hint: str = "") -> None:
    known = int(axis) if axis.isdigit() else sizes.setdefault(axis, size)
    if known != size:
        raise LayoutError(
            f"expected {known} for the size of '{axis}' in '{name}', got {size}.{hint}"
        )


def _unit(value: object) -> float:
    """The unit round-off of the numbers given; arrays of any library name their dtype."""
    if type(value) is np.ndarray and value.dtype == FLOAT64:
        return UNIT  # as in most calls: soon
    if not isinstance(value, Mapping):
        return _unit_of(getattr(value, "dtype", None))
    return max((_unit(part) for part in value.values()), default=UNIT)


@lru_cache(64)
def _unit_of(dtype: object) -> float:
    return next((unit for name, unit in UNITS if name in str(dtype)), UNIT)
