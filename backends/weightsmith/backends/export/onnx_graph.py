"""A plan as a graph of ONNX operators.

Arrays are batch × rows × columns.  What is the same in every pass, sizes, identities and numbers,
stands outside of the loops, whose bodies read it from there.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from math import inf

import onnx_ir as ir

from weightsmith.backends.errors import ExportError
from weightsmith.backends.export.base.subject import Port, Subject
from weightsmith.backends.export.onnx_pairs import pairs_of
from weightsmith.backends.export.onnx_parts import Parts, Scope
from weightsmith.backends.plan.live import Live, live, loop_of
from weightsmith.backends.plan.operations.functions import SPELLINGS
from weightsmith.backends.plan.operations.graph import TOP
from weightsmith.backends.plan.operations.nodes import (
    Applied,
    Beside,
    Bucket,
    Carried,
    Clamp,
    Combination,
    Entrywise,
    Fixed,
    Input,
    Linear,
    Loop,
    Node,
    Product,
    Ref,
    Repeat,
    Result,
    RowSum,
    Seen,
    Shares,
    Table,
    operands,
)
from weightsmith.dsl.heads import MASKS
from weightsmith.dsl.heads.record import Mask

OPSET = 17


def graph_of(subject: Subject) -> ir.Graph:
    """Return the graph.  Raises ExportError."""
    return _Writer(subject).graph()


class _Writer:
    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._nodes = subject.plan.graph
        self._live: Live = live(subject.plan)
        self._flipped = set(_flipped(subject, self._live))
        self._parts = Parts(subject)
        self._values: dict[Ref, ir.Value] = {}

    def graph(self) -> ir.Graph:
        inputs = [self._parts.port(port) for port in self._subject.inputs]
        main = self._parts.scope()
        for port, value in zip(self._subject.inputs, inputs, strict=True):
            self._define(main, port.ref.node, value)
        self._scope(main, TOP)
        outputs = [self._output(main, port) for port in self._subject.outputs]
        return ir.Graph(
            [*inputs, *self._parts.counts],
            outputs,
            nodes=[*self._parts.prelude.nodes, *main.nodes],
            initializers=[*self._parts.constants, *self._parts.counts],
            opset_imports={"": OPSET},
            name=self._subject.algorithm,
        )

    def _output(self, scope: Scope, port: Port) -> ir.Value:
        """Each a value of its own: the same one may be returned twice, or come in."""
        value = self._parts.port(port)
        scope.add("Identity", self._values[port.ref], output=value)
        return value

    def _define(self, scope: Scope, number: int, value: ir.Value) -> None:
        self._values[Ref(number)] = value
        if number in self._flipped:
            self._values[Ref(number, True)] = scope.add("Transpose", value, perm=[0, 2, 1])

    def _scope(self, scope: Scope, number: int) -> None:
        done: set[int] = set()
        for node in self._live.order.get(number, ()):
            of = self._nodes.nodes[node]
            if isinstance(of, Result):
                if of.loop not in done:
                    done.add(of.loop)
                    self._loop(scope, of.loop)
            elif not isinstance(of, Input | Carried):
                self._define(scope, node, self._operation(scope, node))

    def _operation(self, scope: Scope, number: int) -> ir.Value:
        match self._nodes.nodes[number]:
            case Linear(of):
                return self._linear(scope, of)
            case Product(left, right):
                return scope.add("MatMul", self._values[left], self._values[right])
            case Entrywise(left, right):
                return scope.add("Mul", self._values[left], self._values[right])
            case Clamp(of, low, high):
                return self._clamp(scope, self._values[of], low, high)
            case Bucket(of, knots):
                return self._parts.bucket(scope, self._values[of], self._subject.constants[knots])
            case Table() as table:
                return self._table(scope, table)
            case RowSum(of):
                axes = self._parts.integers([1])
                return scope.add("ReduceSum", self._values[of], axes, keepdims=1)
            case Repeat(of):
                shape = self._parts.shape(self._nodes.shapes[number])
                return scope.add("Expand", self._values[of], shape)
            case Fixed(constant, rows, columns):
                return self._fixed(scope, self._subject.constants[constant], (rows, columns))
            case other:
                return self._scores(scope, other)

    def _fixed(self, scope: Scope, numbers: tuple[float, ...], shape: tuple[int, int]) -> ir.Value:
        """A matrix among the weights, one for each of a batch."""
        flat = self._parts.numbers(numbers)
        matrix = scope.add("Reshape", flat, self._parts.integers(shape))
        rows, columns = map(str, shape)
        return scope.add("Expand", matrix, self._parts.shape((rows, columns)))

    def _scores(self, scope: Scope, node: Node) -> ir.Value:
        """What heads make of their scores."""
        match node:
            case Beside(parts):
                return scope.add("Concat", *(self._values[part] for part in parts), axis=2)
            case Applied(of, function):
                return _called(scope, self._calls(function), self._values[of])
            case Seen(of, mask):
                return self._seen(scope, self._values[of], MASKS[mask], node.other)
            case Shares(of, by):
                if by is None:
                    return scope.add("Softmax", self._values[of], axis=1)
                return scope.add("Div", self._values[of], self._values[by])
            case other:
                raise TypeError(f"no operation: {other}")

    def _calls(self, function: str) -> ast.expr:
        """The operators of a function.  Raises ExportError."""
        spelling = SPELLINGS[function]
        if self._subject.dtype == "float64" and not spelling.double:
            raise ExportError(
                f"a head has {function} of its scores, which onnxruntime does not have in "
                "float64; export float32, or a Python file."
            )
        return ast.parse(spelling.onnx, mode="eval").body

    def _seen(self, scope: Scope, of: ir.Value, mask: Mask, other: float) -> ir.Value:
        """Selected, for what is not seen may be no number."""
        shape, diagonal = scope.add("Shape", of), mask.diagonal
        if diagonal is None:
            seen = pairs_of(scope, self._parts, mask.pairs, shape)
            return scope.add("Where", seen, of, self._parts.limit(other))
        ones = scope.add("Expand", self._parts.number(1.0), shape)
        upper = scope.add("Trilu", ones, self._parts.integer(diagonal), upper=1)
        seen = scope.add("Greater", upper, self._parts.number(0.5))
        return scope.add("Where", seen, of, self._parts.limit(other))

    def _clamp(self, scope: Scope, of: ir.Value, low: float, high: float) -> ir.Value:
        if (low, high) == (0.0, inf):
            return scope.add("Relu", of)
        if low != -inf:
            of = scope.add("Max", of, self._parts.number(low))
        return of if high == inf else scope.add("Min", of, self._parts.number(high))

    def _table(self, scope: Scope, table: Table) -> ir.Value:
        """value[i] + slope[i] · (argument − anchor[i])."""
        bucket = self._values[table.bucket]
        anchor, value, slope = (
            scope.add("Gather", self._parts.numbers(self._subject.constants[one]), bucket)
            for one in (table.anchors, table.values, table.slopes)
        )
        moved = scope.add("Sub", self._values[table.of], anchor)
        return scope.add("Add", value, scope.add("Mul", slope, moved))

    def _linear(self, scope: Scope, of: Combination) -> ir.Value:
        """Σ number · matrix + eye · identity + ones; last what is subtracted."""
        total: ir.Value | None = None
        for ref, number in sorted(of.terms, key=lambda term: (term[1] != 1.0, term[1] == -1.0)):
            value = self._values[ref]
            if total is not None and number == -1.0:
                total = scope.add("Sub", total, value)
                continue
            value = self._parts.times(scope, value, number)
            total = value if total is None else scope.add("Add", total, value)
        if of.eye:
            eye = self._parts.eye(of.shape[0], of.eye)
            total = eye if total is None else scope.add("Add", total, eye)
        if total is None:
            total = self._parts.number(of.ones)
        elif of.ones:
            total = scope.add("Add", total, self._parts.number(of.ones))
        if of.terms:
            return total
        return scope.add("Expand", total, self._parts.shape(of.shape))  # one for each of a batch

    def _loop(self, scope: Scope, loop: int) -> None:
        found = loop_of(self._nodes, loop)
        places = self._live.places[loop]
        body = self._parts.scope()
        condition = self._parts.scalar(ir.DataType.BOOL)
        carried = [self._carried(body, loop, place, found.entries[place]) for place in places]
        self._scope(body, loop)
        going_on = body.add("Identity", condition)
        nexts = [
            body.add("Identity", self._values[found.nexts[place]], output=self._parts.like(value))
            for place, value in zip(places, carried, strict=True)
        ]
        graph = ir.Graph(
            [self._parts.scalar(ir.DataType.INT64), condition, *carried],
            [self._parts.typed(going_on, ir.DataType.BOOL), *nexts],
            nodes=body.nodes,
            name=f"loop{loop}",
        )
        entries = [self._values[found.entries[place]] for place in places]
        start = [self._trips(found), self._parts.true(), *entries]
        results = scope.add_several("Loop", start, len(places), body=graph)
        by_place = dict(zip(places, results, strict=True))
        for number in self._live.order.get(found.parent, ()):
            node = self._nodes.nodes[number]
            if isinstance(node, Result) and node.loop == loop:
                self._define(scope, number, by_place[node.place])

    def _trips(self, of: Loop) -> ir.Value:
        """How many passes: an input where the caller may choose."""
        return self._parts.count(of.symbol) if of.symbol else self._parts.integer(of.count)

    def _carried(self, body: Scope, loop: int, place: int, entry: Ref) -> ir.Value:
        """The value as a pass finds it; one that no pass reads is carried for its result."""
        value = self._parts.array(self._nodes.shape(entry))
        for number in self._live.order.get(loop, ()):
            if self._nodes.nodes[number] == Carried(loop, place):
                self._define(body, number, value)
        return value


def _called(scope: Scope, calls: ast.expr, of: ir.Value) -> ir.Value:
    """Operators of one another, and of ``x``, which is ``of``."""
    match calls:
        case ast.Call(ast.Name(operator), arguments):
            return scope.add(operator, *(_called(scope, one, of) for one in arguments))
    return of


def _flipped(subject: Subject, found: Live) -> Iterable[int]:
    """The nodes whose transpose is needed."""
    graph = subject.plan.graph
    refs = [port.ref for port in subject.outputs]
    for order in found.order.values():
        refs += [ref for number in order for ref in operands(graph.nodes[number])]
    for loop, places in found.places.items():
        of = loop_of(graph, loop)
        refs += [ref for place in places for ref in (of.entries[place], of.nexts[place])]
    return (ref.node for ref in refs if ref.transposed)
