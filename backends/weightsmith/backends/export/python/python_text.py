"""The function of a plan as Python text, written for a person: short expressions, named values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from weightsmith.backends.errors import ExportError
from weightsmith.backends.export.base.steps import Run, Step, Steps, apart_from_data
from weightsmith.backends.export.base.subject import Subject, identifier, in_dtype
from weightsmith.backends.export.python.dialect import SEEN, Dialect
from weightsmith.backends.export.python.layer_notes import LayerNotes
from weightsmith.backends.export.python.names import Names
from weightsmith.backends.plan.live import loop_of
from weightsmith.backends.plan.operations.nodes import (
    Applied,
    Axis,
    Beside,
    Clamp,
    Combination,
    Entrywise,
    Fixed,
    Linear,
    Node,
    Product,
    Ref,
    Repeat,
    RowSum,
    Seen,
    Shares,
    Table,
)
from weightsmith.dsl.heads import MASKS

ATOM, PRODUCT, SUM = 0, 1, 2  # what an expression is, for brackets
INDENT = "    "
WIDE = 96
COLUMNS = ("KNOTS", "ANCHORS", "VALUES", "SLOPES")


class Expression(NamedTuple):
    text: str
    kind: int = ATOM

    @property
    def atom(self) -> str:
        return self.text if self.kind == ATOM else f"({self.text})"


@dataclass(frozen=True, slots=True)
class Function:
    """The lines of the body, the constants that it reads, and which helpers it calls.

    ``counts``: the parameters that count loops, with their values.
    """

    name: str
    inputs: tuple[str, ...]
    body: tuple[str, ...]
    constants: tuple[tuple[str, tuple[float, ...]], ...]
    helpers: tuple[str, ...]
    counts: tuple[tuple[str, int], ...] = ()


class Writer:
    """Writes the body.  ``number`` may be replaced: how a number of the network is written."""

    def __init__(self, subject: Subject, dialect: Dialect, steps: Steps, names: Names) -> None:
        self._subject = subject
        self._graph = subject.plan.graph
        self._dialect = dialect
        self._steps = steps
        self._names = names
        self._first = names.inputs[0] if names.inputs else ""
        self._eyes: dict[Axis, str] = {}
        self._constants: dict[int, str] = {}
        self._helpers: set[str] = set()
        self._notes = LayerNotes(subject)
        self._apart = apart_from_data(subject.plan)

    def function(self) -> Function:
        if not self._first:
            raise ExportError("a network that reads no input has no size, and is no function.")
        body = list(self._lines(self._steps.steps))
        returned = ", ".join(self._returned(port.ref) for port in self._subject.outputs)
        body.append(f"return {returned}")
        eyes = [
            f"{name} = {self._dialect.eye(self._size(axis), self._first)}"
            for axis, name in self._eyes.items()
        ]
        constants = ((name, self._subject.constants[n]) for n, name in self._constants.items())
        inputs = tuple(self._names.inputs)
        helpers = tuple(sorted(self._helpers))
        known = self._names.counts
        counts = tuple((known[one.symbol], one.value) for one in self._subject.counts)
        name, whole = self._names.function, (*eyes, *body)
        return Function(name, inputs, whole, tuple(constants), helpers, counts)

    def number(self, value: float) -> str:
        return repr(in_dtype(value, self._subject.dtype))

    def column(self, constant: int, kind: str) -> str:
        """The name of a column of a table."""
        known = self._constants
        if constant not in known:
            number = 1 + sum(name.startswith(kind) for name in known.values())
            known[constant] = self._names.free(f"{kind}_{number}")
        return known[constant]

    # statements

    def _lines(self, steps: tuple[Step, ...]) -> Iterator[str]:
        for step in steps:
            if isinstance(step, Run):
                yield from self._loop(step)
                continue
            yield from self._notes.before(self._steps.within(step.node))
            yield from self._assigned(self._names[step.node], self._value(Ref(step.node)))

    def _assigned(self, name: str, value: Expression) -> Iterator[str]:
        """``name = value``, a sum that is too long with a line for each term."""
        line = f"{name} = {value.text}"
        if len(line) <= WIDE or value.kind != SUM:
            yield line
            return
        yield f"{name} = ("
        yield from (INDENT + term for term in _terms_of(value.text))
        yield ")"

    def _loop(self, run: Run) -> Iterator[str]:
        found = loop_of(self._graph, run.loop)
        names = [self._names[self._steps.held[run.loop, place]] for place in run.places]
        for name, place in zip(names, run.places, strict=True):
            entry = found.entries[place]
            text = self._value(entry, whole=False).text
            text = self._returned(entry) if found.symbol else text  # maybe no pass follows
            if text != name:
                yield f"{name} = {text}"
        yield f"for _ in range({self._names.counts.get(found.symbol, found.count)}):"
        self._notes.enter()
        yield from (INDENT + line for line in self._lines(run.body))
        self._notes.leave()
        nexts = [self._value(found.nexts[place], whole=False).text for place in run.places]
        changed = [(n, after) for n, after in zip(names, nexts, strict=True) if n != after]
        if changed:
            left, right = zip(*changed, strict=True)
            line = f"{', '.join(left)} = {', '.join(right)}"
            short = len(line) <= WIDE - len(INDENT)
            parts = [line] if short else _listed(left, right)
            yield from (INDENT + part for part in parts)
        elif not run.body:
            yield f"{INDENT}pass"

    def _returned(self, ref: Ref) -> str:
        value = self._value(ref, whole=False)
        if ref.node not in self._apart:
            return value.text
        return self._dialect.for_each(value.atom, self._first)

    # expressions

    def _value(self, ref: Ref, *, whole: bool = True) -> Expression:
        """The value written out, or (unless ``whole``) its name where it has one."""
        if not whole and ref.node not in self._steps.inlined:
            name = self._names[ref.node]
            return Expression(f"{name}.mT" if ref.transposed else name)
        match self._graph.nodes[ref.node]:
            case Linear(of):
                return self._sum(of, ref.transposed)
            case Product(left, right):
                sides = (right.mT, left.mT) if ref.transposed else (left, right)
                first, second = (self._value(side, whole=False) for side in sides)
                start = first.atom if first.kind == SUM else first.text
                return Expression(f"{start} @ {second.atom}", PRODUCT)
            case Entrywise(left, right):
                one, other = (self._value(side, whole=False).atom for side in (left, right))
                return Expression(f"{one} * {other}", PRODUCT)
            case Clamp(of, low, high):
                return Expression(self._dialect.clamp(self._inner(of), low, high))
            case Table() as table:
                return self._table(table)
            case RowSum(of):
                return Expression(self._dialect.row_sum(self._value(of, whole=False).atom))
            case Repeat(of):
                self._helpers.add("repeated")
                rows = self._size(self._graph.shapes[ref.node][0])
                return Expression(f"repeated({self._inner(of)}, {rows})")
            case other:
                return self._scores(other)

    def _scores(self, node: Node) -> Expression:
        """Fixed matrices, and what heads make of their scores."""
        match node:
            case Fixed(constant, rows, columns):
                name = self.column(constant, "MATRIX")
                return Expression(self._dialect.fixed(name, rows, columns, self._first))
            case Beside(parts):
                return Expression(self._dialect.beside([self._returned(part) for part in parts]))
            case Applied(of, function):
                call = self._dialect.applied(function, self._value(of, whole=False).atom)
                return Expression(call)
            case Seen(of, mask):
                if MASKS[mask].diagonal is None:
                    self._helpers.add(SEEN + mask)
                return Expression(self._dialect.seen(self._inner(of), mask, node.other))
            case Shares(of, by):
                name = "softmax" if by is None else "shares"
                self._helpers.add(name)
                values = [self._inner(one) for one in (of, by) if one is not None]
                return Expression(f"{name}({', '.join(values)})")
            case other:
                raise TypeError(f"no operation: {other}")

    def _inner(self, ref: Ref) -> str:
        return self._value(ref, whole=False).text

    def _table(self, table: Table) -> Expression:
        bucket = self._graph.nodes[table.bucket.node]
        knots = getattr(bucket, "knots", -1)
        self._helpers.add("table")
        numbers = (knots, table.anchors, table.values, table.slopes)
        columns = [self.column(n, kind) for n, kind in zip(numbers, COLUMNS, strict=True)]
        return Expression(f"table({', '.join([self._inner(table.of), *columns])})")

    def _sum(self, of: Combination, transposed: bool) -> Expression:
        terms = [
            (number, self._value(ref.mT if transposed else ref, whole=False))
            for ref, number in of.terms
        ]
        if of.eye:
            terms.append((of.eye, Expression(self._eye(of.shape[0]))))
        terms.sort(key=lambda term: term[0] < 0)
        text = "".join(
            self._term(number, value, place) for place, (number, value) in enumerate(terms)
        )
        if not terms:
            shape = [self._size(axis) for axis in (of.shape[::-1] if transposed else of.shape)]
            return Expression(self._dialect.full(shape, self.number(of.ones), self._first))
        if of.ones:
            sign = "-" if of.ones < 0 else "+"
            text += f" {sign} {self.number(abs(of.ones))}"
        if len(terms) == 1 and not of.ones:
            return Expression(text, PRODUCT if terms[0][0] > 0 else SUM)
        return Expression(text, SUM)

    def _term(self, number: float, value: Expression, place: int) -> str:
        sign = ("-" if place == 0 else " - ") if number < 0 else ("" if place == 0 else " + ")
        if abs(number) == 1.0:
            return f"{sign}{value.text if value.kind <= PRODUCT else value.atom}"
        return f"{sign}{self.number(abs(number))} * {value.atom}"

    def _eye(self, axis: Axis) -> str:
        if axis not in self._eyes:
            several = len(set(self._identities())) > 1
            self._eyes[axis] = self._names.free(f"I_{identifier(axis)}" if several else "I")
        return self._eyes[axis]

    def _identities(self) -> Iterator[Axis]:
        """The axes of all identities."""
        for node in self._graph.nodes:
            if isinstance(node, Linear) and node.of.eye:
                yield node.of.shape[0]

    def _size(self, axis: Axis) -> str:
        if axis.isdigit():
            return axis
        if "+" in axis:
            return f"({' + '.join(map(self._size, axis.split('+')))})"
        if axis in self._subject.told:
            return str(self._subject.told[axis])
        if axis not in self._subject.sizes:
            raise ExportError(f"no input of the network tells the size of '{axis}'.")
        port, place = self._subject.sizes[axis]
        name = self._names.inputs[self._subject.inputs.index(port)]
        return f"{name}.shape[{place - 2}]"


def _listed(left: Sequence[str], right: Sequence[str]) -> Iterator[str]:
    """An assignment of several values that is too long for a line."""
    yield "("
    yield from (f"{INDENT}{name}," for name in left)
    yield ") = ("
    yield from (f"{INDENT}{value}," for value in right)
    yield ")"


def _terms_of(text: str) -> Iterator[str]:
    """The terms of a sum, each with its sign: split where no bracket is open."""
    depth, start = 0, 0
    for place, character in enumerate(text):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(character, 0)
        if depth == 0 and text[place : place + 3] in (" + ", " - "):
            yield text[start:place]
            start = place + 1
    yield text[start:]
