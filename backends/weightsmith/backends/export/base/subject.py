"""A network on its way to another format: its plan, the names of its inputs, what is certified."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from weightsmith.backends.errors import ExportError, shown_name
from weightsmith.backends.plan.build import Plan, PlannedOutput, plan_of
from weightsmith.backends.plan.layers.looped_numbers import numbers_of
from weightsmith.backends.plan.live import live, loop_of
from weightsmith.backends.plan.operations.nodes import Axis, Input, Ref
from weightsmith.backends.storage.files import CERTIFICATE, MODEL
from weightsmith.backends.storage.safetensors_file import check_weights, weights_from_bytes
from weightsmith.backends.template.coefficients import DType
from weightsmith.backends.template.instantiate import Weights, structured_weights
from weightsmith.backends.template.unroll import (
    network_shape,
    open_counts,
)
from weightsmith.backends.template.wellformed import TOKEN_GROUPS
from weightsmith.compiler.ir.template import Template
from weightsmith.compiler.nets.net import NetInput

CHANGED = "nothing is certified: the files are not those of the certificate"


@dataclass(frozen=True, slots=True)
class Port:
    """One array that goes in or comes out: its name, and the axes of its rows and columns."""

    name: str
    ref: Ref
    rows: Axis
    columns: Axis


@dataclass(frozen=True, slots=True)
class Count:
    """The parameter ``symbol`` that counts loops, what it is called outside, and its value here."""

    symbol: str
    name: str
    value: int


@dataclass(frozen=True)
class Subject:
    """A compiled network.

    With ``counts_open`` whoever runs it may choose the counts of its loops.

    ``saved`` are its weights as they were saved, if they were; ``bounds`` say what the certificate
    states, which is nothing of a network that was changed: then it is not ``intact``.  ``declared``
    are the inputs of its script.
    """

    template: Template
    saved: Weights | None
    certificate_file: bytes
    bounds: tuple[str, ...]
    intact: bool
    dtype: DType
    counts_open: bool = False
    declared: tuple[NetInput, ...] = ()

    @cached_property
    def weights(self) -> Weights:
        """The coefficients over blocks, in the dtype.  Raises InstantiationError, ExportError."""
        saved = self.saved
        if saved is None or (self.intact and (saved.dense or saved.dtype != self.dtype)):
            return structured_weights(self.template, dtype=self.dtype)
        if saved.dense:
            raise ExportError(
                "full matrices that were changed have no coefficients over blocks to export; "
                "compile the script without --dense, and change those."
            )
        if saved.dtype == self.dtype:
            return saved
        cast = {
            name: np.array([in_dtype(number, self.dtype) for number in tensor.ravel().tolist()])
            .astype(self.dtype)
            .reshape(tensor.shape)
            for name, tensor in saved.tensors.items()
        }
        return Weights(cast, self.dtype)

    @cached_property
    def plan(self) -> Plan:
        chosen = open_counts(self.template) if self.counts_open else frozenset()
        numbers = numbers_of(self.template, self.weights, open_counts=chosen)
        return plan_of(self.template, numbers, by_chunks=False)

    @cached_property
    def told(self) -> dict[Axis, int]:
        """The sizes of axes that fixed matrices have."""
        return network_shape(self.template).told

    @cached_property
    def counts(self) -> tuple[Count, ...]:
        """The counts that may be chosen, sorted by symbol."""
        loops = (loop_of(self.plan.graph, loop) for loop in live(self.plan).places)
        values = {loop.symbol: loop.count for loop in loops if loop.symbol}
        taken = {port.name for port in (*self.inputs, *self.outputs)}
        return tuple(
            Count(symbol, free_name(identifier(symbol), taken), value)
            for symbol, value in sorted(values.items())
        )

    def with_counts_open(self) -> Subject:
        """The same with counts to be chosen.  Raises ExportError where there is none."""
        found = replace(self, counts_open=True)
        if not found.counts:
            raise ExportError(
                "no loop of this network is counted by a parameter that stands nowhere else, so "
                "its counts cannot be inputs; leave out '--counts' (counts=True)."
            )
        return found

    @cached_property
    def constants(self) -> tuple[tuple[float, ...], ...]:
        """The columns of the plan's tables, by number."""
        return tuple(self.plan.graph.constants)

    @property
    def algorithm(self) -> str:
        return self.template.algorithm

    @property
    def function_name(self) -> str:
        """The algorithm as a name in Python."""
        return identifier(self.algorithm)

    @property
    def certificate(self) -> str:
        """The SHA-256 of the certificate."""
        return hashlib.sha256(self.certificate_file).hexdigest()

    @property
    def statement(self) -> str:
        """What the certificate says of the returned values, before round-off."""
        if not self.intact:
            return CHANGED
        if not self.bounds:
            return "it states no distance of the returned values from a target"
        return "\n".join(["before round-off:", *self.bounds])

    @property
    def producer(self) -> str:
        """The version of this program."""
        try:
            return version("weightsmith")
        except PackageNotFoundError:
            return "unknown"

    @cached_property
    def inputs(self) -> tuple[Port, ...]:
        """The arrays of the plan in order: ``A``, ``x_context``."""
        taken: set[str] = set()
        return tuple(self._port(self._input_name(ref), ref, taken) for ref in self.plan.inputs)

    @cached_property
    def outputs(self) -> tuple[Port, ...]:
        """The returned values in order: ``X``, or ``y_query`` where a value comes by group.

        One that is called as an input is ``X_out``.
        """
        taken = {port.name for port in self.inputs}
        ports = []
        for output in self.plan.outputs:
            for group, ref in output.pieces.items():
                name = identifier(_output_name(output, group))
                ports.append(self._port(f"{name}_out" if name in taken else name, ref, taken))
        return tuple(ports)

    @property
    def sizes(self) -> dict[Axis, tuple[Port, int]]:
        """Of each axis an input that has it, and where: 0 its rows, 1 its columns."""
        found: dict[Axis, tuple[Port, int]] = {}
        for port in self.inputs:
            for place, axis in enumerate((port.rows, port.columns)):
                if not axis.isdigit():
                    found.setdefault(axis, (port, place))
        return found

    def _input_name(self, ref: Ref) -> str:
        node = self.plan.graph.nodes[ref.node]
        if not isinstance(node, Input):
            raise TypeError(f"no input: {node}")
        return node.name if node.group is None else f"{node.name}_{node.group}"

    def _port(self, name: str, ref: Ref, taken: set[str]) -> Port:
        return Port(free_name(identifier(name), taken), ref, *self.plan.graph.shape(ref))


def subject_of(
    files: Mapping[str, bytes],
    template: Template,
    bounds: Sequence[str],
    *,
    intact: bool,
    dtype: str | None,
    declared: tuple[NetInput, ...] = (),
) -> Subject:
    """The network of these files in ``dtype``, or in that of its weights.  Raises ExportError."""
    if dtype not in (None, "float64", "float32"):
        raise ExportError(f"expected the dtype float64 or float32, got '{shown_name(dtype)}'.")
    saved = weights_from_bytes(files[MODEL]) if MODEL in files else None
    if saved is not None:
        check_weights(saved, network_shape(template))
    own = saved.dtype if saved is not None else "float64"
    chosen: DType = own if dtype is None else "float32" if dtype == "float32" else "float64"
    certificate = files[CERTIFICATE]
    return Subject(template, saved, certificate, tuple(bounds), intact, chosen, declared=declared)


def _output_name(output: PlannedOutput, group: str) -> str:
    by_group = len(output.pieces) > 1 or group in TOKEN_GROUPS
    return f"{output.name}_{group}" if by_group else output.name


def identifier(text: str) -> str:
    """The text as an identifier: letters, digits and underscores."""
    name = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_")
    return name if name and not name[0].isdigit() else f"v{name}"


def free_name(name: str, taken: set[str]) -> str:
    """The name, with underscores until nothing else has it; it is taken from now on."""
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def in_dtype(number: float, dtype: DType) -> float:
    """The number rounded to the dtype.  Raises ExportError where it has no room for it."""
    with np.errstate(over="ignore"):
        rounded = float(np.dtype(dtype).type(number))
    if not np.isfinite(rounded):
        raise ExportError(
            f"a number of the network, {number:.3g}, is too large for {dtype}; export float64."
        )
    return rounded
