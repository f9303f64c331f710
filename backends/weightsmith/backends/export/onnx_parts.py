"""What the graph of a plan is put together from: values, constants, sizes, identities, buckets."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from itertools import count
from typing import TypeAlias

import numpy as np
import onnx_ir as ir

from weightsmith.backends.errors import ExportError
from weightsmith.backends.export.base.subject import Count, Port, Subject, free_name, in_dtype
from weightsmith.backends.plan.operations.nodes import Axis, Shape

BATCH = "batch"
# onnxruntime 1.32 leaves out a constant factor within 1e-8 of 1, in float64, too:
# findings/onnxruntime_factors_near_one.sh.
NEAR_ONE = 1e-6
Attribute: TypeAlias = "int | list[int] | ir.Graph | ir.Tensor[np.ndarray]"
TYPES = {"float64": ir.DataType.DOUBLE, "float32": ir.DataType.FLOAT}


class Scope:
    """The nodes of the graph, or of the body of a loop, in order."""

    def __init__(self, names: Iterator[str]) -> None:
        self.nodes: list[ir.Node] = []
        self._names = names

    def add(
        self, op: str, *inputs: ir.Value, output: ir.Value | None = None, **attributes: Attribute
    ) -> ir.Value:
        outputs = [ir.Value(name=next(self._names)) if output is None else output]
        return self._node(op, inputs, outputs, attributes)[0]

    def add_several(
        self, op: str, inputs: Sequence[ir.Value], many: int, **attributes: Attribute
    ) -> list[ir.Value]:
        return self._node(
            op, inputs, [ir.Value(name=next(self._names)) for _ in range(many)], attributes
        )

    def _node(
        self,
        op: str,
        inputs: Sequence[ir.Value],
        outputs: list[ir.Value],
        attributes: dict[str, Attribute],
    ) -> list[ir.Value]:
        known = [_attribute(name, value) for name, value in attributes.items()]
        self.nodes.append(ir.Node("", op, inputs, known, outputs=outputs, name=""))
        return outputs


def _attribute(name: str, value: Attribute) -> ir.Attr:
    if isinstance(value, int):
        return ir.AttrInt64(name, value)
    if isinstance(value, list):
        return ir.AttrInt64s(name, value)
    return ir.AttrGraph(name, value) if isinstance(value, ir.Graph) else ir.AttrTensor(name, value)


class Parts:
    """Makes each constant, size and identity once.  ``prelude`` runs before the graph."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._type = TYPES[subject.dtype]
        self._batch = free_name(BATCH, set(subject.sizes))
        self._known: dict[object, ir.Value] = {}
        self._ports: dict[str, ir.Value] = {}
        self._counts = {count.symbol: self._count(count) for count in subject.counts}
        taken = {port.name for port in (*subject.inputs, *subject.outputs)}
        taken |= {count.name for count in subject.counts}
        numbered = (f"t{number}" for number in count())
        self._names = (name for name in numbered if name not in taken)  # of all scopes together
        self.prelude = self.scope()
        self.constants: list[ir.Value] = []

    def scope(self) -> Scope:
        return Scope(self._names)

    # values

    def array(self, shape: Shape, name: str | None = None) -> ir.Value:
        axes = [int(axis) if axis.isdigit() else axis for axis in shape]
        dims = ir.Shape([self._batch, *axes])
        return ir.Value(name=name or next(self._names), type=ir.TensorType(self._type), shape=dims)

    def like(self, value: ir.Value) -> ir.Value:
        return ir.Value(name=next(self._names), type=value.type, shape=value.shape)

    def port(self, port: Port) -> ir.Value:
        """The value that is called so outside."""
        if port.name not in self._ports:
            self._ports[port.name] = self.array((port.rows, port.columns), port.name)
        return self._ports[port.name]

    def scalar(self, kind: ir.DataType) -> ir.Value:
        return self.typed(ir.Value(name=next(self._names)), kind)

    def typed(self, value: ir.Value, kind: ir.DataType) -> ir.Value:
        value.type, value.shape = ir.TensorType(kind), ir.Shape([])
        return value

    def count(self, symbol: str) -> ir.Value:
        """A whole number that the caller may choose: an input with a value of its own."""
        return self._counts[symbol]

    @property
    def counts(self) -> list[ir.Value]:
        return list(self._counts.values())

    def _count(self, count: Count) -> ir.Value:
        array = np.array(count.value, np.int64)
        value = self.typed(ir.Value(name=count.name), ir.DataType.INT64)
        value.const_value = ir.Tensor(array, ir.DataType.INT64, name=count.name)
        return value

    # constants

    def number(self, value: float) -> ir.Value:
        rounded = in_dtype(value, self._subject.dtype)
        return self._constant(("number", rounded), np.array(rounded, self._subject.dtype))

    def limit(self, value: float) -> ir.Value:
        """A number that may be infinite."""
        array = np.array(value, self._subject.dtype)
        return self.number(value) if np.isfinite(value) else self._constant(("limit", value), array)

    def times(self, scope: Scope, value: ir.Value, number: float) -> ir.Value:
        """number · value; near 1 as value + (number − 1) · value, so that nothing leaves it out."""
        rounded = in_dtype(number, self._subject.dtype)
        if rounded == 1.0:
            return value
        if abs(rounded - 1.0) > NEAR_ONE:
            return scope.add("Mul", value, self.number(rounded))
        return scope.add("Add", value, scope.add("Mul", value, self.number(rounded - 1.0)))

    def numbers(self, values: tuple[float, ...]) -> ir.Value:
        rounded = [in_dtype(value, self._subject.dtype) for value in values]
        return self._constant(("numbers", values), np.array(rounded, self._subject.dtype))

    def integer(self, value: int) -> ir.Value:
        return self._constant(("integer", value), np.array(value, np.int64))

    def integers(self, values: Sequence[int]) -> ir.Value:
        return self._constant(("integers", tuple(values)), np.array(values, np.int64))

    def true(self) -> ir.Value:
        return self._constant("true", np.array(True))

    def _constant(self, key: object, array: np.ndarray) -> ir.Value:
        if key not in self._known:
            name = next(self._names)
            kind = ir.DataType.from_numpy(array.dtype)
            tensor = ir.Tensor(array, kind, shape=ir.Shape(array.shape), name=name)
            value = ir.Value(name=name, const_value=tensor)
            self.constants.append(value)
            self._known[key] = value
        return self._known[key]

    # sizes, and what is made of them

    def size(self, axis: Axis) -> ir.Value:
        """The size as a list of one number."""
        if axis.isdigit():
            return self.integers([int(axis)])
        if axis in self._subject.told:
            return self.integers([self._subject.told[axis]])
        if "+" in axis and ("size", axis) not in self._known:
            parts = map(self.size, axis.split("+"))
            self._known["size", axis] = functools.reduce(
                lambda one, other: self.prelude.add("Add", one, other), parts
            )
        if ("size", axis) not in self._known:
            port, place = self._told(axis)
            self._known["size", axis] = self._extent(port, place + 1)
        return self._known["size", axis]

    def shape(self, shape: Shape) -> ir.Value:
        """Batch, rows, columns as a list of three numbers."""
        key = "shape", shape
        if key not in self._known:
            batch = self._extent(self._subject.inputs[0], 0)
            sizes = [self.size(axis) for axis in shape]
            self._known[key] = self.prelude.add("Concat", batch, *sizes, axis=0)
        return self._known[key]

    def _extent(self, port: Port, place: int) -> ir.Value:
        return self.prelude.add("Shape", self.port(port), start=place, end=place + 1)

    def _told(self, axis: Axis) -> tuple[Port, int]:
        found = self._subject.sizes.get(axis)
        if found is None:
            raise ExportError(f"no input of the network tells the size of '{axis}'.")
        return found

    def eye(self, axis: Axis, number: float) -> ir.Value:
        """number · identity, of axis × axis."""
        key = "eye", axis, number
        if key not in self._known:
            plain = self._identity(axis)
            self._known[key] = self.times(self.prelude, plain, number)
        return self._known[key]

    def _identity(self, axis: Axis) -> ir.Value:
        key = "identity", axis
        if key not in self._known:
            square = self.prelude.add("Concat", self.size(axis), self.size(axis), axis=0)
            zeros = self.prelude.add("ConstantOfShape", square, value=self._zero())
            self._known[key] = self.prelude.add("EyeLike", zeros)
        return self._known[key]

    def _zero(self) -> ir.Tensor[np.ndarray]:
        return ir.Tensor(np.zeros(1, self._subject.dtype), self._type)

    # buckets

    def bucket(self, scope: Scope, of: ir.Value, knots: tuple[float, ...]) -> ir.Value:
        """How many knots are at most the number, by binary search: one comparison a level.

        Level l compares with 2^l knots; what is missing to a full tree is NaN, which is at most
        nothing.
        """
        levels = len(knots).bit_length()
        padded = np.full((1 << levels) - 1, np.nan)
        padded[: len(knots)] = [in_dtype(knot, self._subject.dtype) for knot in knots]
        place: ir.Value | None = None
        for level in range(levels):
            half = 1 << (levels - 1 - level)
            own = padded[half - 1 :: 2 * half].astype(self._subject.dtype)
            table = self._constant(("level", knots, level), own)
            knot = table if place is None else scope.add("Gather", table, place)
            passed = scope.add("GreaterOrEqual", of, knot)
            bit = scope.add("Cast", passed, to=int(ir.DataType.INT64))
            doubled = None if place is None else scope.add("Add", place, place)
            place = bit if doubled is None else scope.add("Add", doubled, bit)
        if place is None:
            raise ValueError("a table without knots")
        return place
