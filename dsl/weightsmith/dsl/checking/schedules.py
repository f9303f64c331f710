"""The numbers and fixed matrices of ``for`` loops: read, given names of their own, printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from weightsmith.dsl.checking.declarations import is_reserved
from weightsmith.dsl.meaning.elaborator import Elaborator, Value
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.scalar_algebra import constant
from weightsmith.dsl.numbers.scalar_printer import scalar_text
from weightsmith.dsl.program import core
from weightsmith.dsl.program.nodes import text_of
from weightsmith.dsl.program.parts import nodes_in
from weightsmith.dsl.program.scope import BrokenSymbol, MatrixSymbol, Place, ScalarSymbol
from weightsmith.dsl.reading import syntax as s
from weightsmith.dsl.text.shown import number_text

MOST_PASSES = 1000  # that have matrices of their own
COUNT_HINT = "write: repeat {0}: or, with numbers that the block uses: for g in 1, 2, 3:"
HINT = "write: for g in 3/2, 2, 3: or: for a, b in (3/2, -1/2), (2, -1):"


@dataclass(frozen=True, slots=True)
class Passes:
    """What the names of a ``for`` loop stand for.

    ``numbers``: of each name of a number, its symbol and its values.  ``matrices``: of each name of
    a matrix, the fixed matrix of every pass.
    """

    numbers: tuple[core.Schedule, ...] = ()
    matrices: Mapping[str, tuple[core.Name, ...]] = field(default_factory=dict)
    symbols: Mapping[str, str] = field(default_factory=dict)  # name of a number: its symbol


def read_schedule(
    elaborator: Elaborator,
    written: s.ScheduleExpression,
    taken: set[str],
    fixed: Mapping[str, bool],
) -> Passes:
    """The names, each with its number or matrix in every pass.

    A name that an earlier loop has used is a symbol of another name here; ``taken`` are the names
    that a symbol may not have, and grows.  ``fixed``: the fixed matrices, and whether each is one
    for every pass.
    """
    rows = [_row(elaborator, numbers, len(written.names)) for numbers in written.passes]
    _refuse_count(elaborator, written, rows[0])
    numbers, matrices, symbols = [], {}, {}
    before: set[str] = set()
    for place, word in enumerate(written.names):
        _check_name(elaborator, word, before)
        before.add(word.text)
        values = [row[place] for row in rows]
        parts = [one.values[place] for one in written.passes if place < len(one.values)]
        if isinstance(values[0], core.Node):
            matrices[word.text] = _matrices(elaborator, parts, values, fixed)
            continue
        name, number = word.text, 1
        while name in taken:
            number += 1
            name = f"{word.text}{number}"
        taken.add(name)
        symbols[word.text] = name
        numbers.append(core.Schedule(name, _numbers(elaborator, parts, values)))
    return Passes(tuple(numbers), matrices, symbols)


def _numbers(
    elaborator: Elaborator, parts: Sequence[s.Expression], values: Sequence[Value | None]
) -> tuple[q.Scalar, ...]:
    for part, value in zip(parts, values, strict=False):
        if isinstance(value, core.Node):
            shape = elaborator.axes.text(value.shape)
            message = f"expected a number, got the matrix {text_of(part)} {shape}"
            elaborator.report.error(
                "number-or-matrix", part.span, message, "numbers are made of parameters"
            )
    return tuple(q.ZERO if v is None or isinstance(v, core.Node) else v for v in values)


def _matrices(
    elaborator: Elaborator,
    parts: Sequence[s.Expression],
    values: Sequence[Value | None],
    fixed: Mapping[str, bool],
) -> tuple[core.Name, ...]:
    """The fixed matrices of the passes, all of one shape; what is none is reported."""
    found: list[core.Name] = []
    for part, value in zip(parts, values, strict=False):
        text, hint = text_of(part), "write their names: for P in P1, P2, P3:"
        if isinstance(value, core.Name) and fixed.get(value.name) is False:
            if found and not elaborator.axes.unify_shapes(found[0].shape, value.shape):
                first, other = (elaborator.axes.text(one.shape) for one in (found[0], value))
                message = f"the matrices of a 'for' loop have one shape: {found[0].name} is {first}"
                elaborator.report.error(
                    "shapes-differ", part.span, f"{message} but {text} is {other}"
                )
            found.append(value)
            continue
        message = f"expected a fixed matrix in every pass, got {text}"
        if isinstance(value, core.Name) and value.name in fixed:
            message = f"'{text}' is a matrix per pass already"
            hint = f"use {text} itself in the block: repeat 3: has three of them"
        elif isinstance(value, core.Name):
            hint = f"declare it so: {text}: fixed[k, d]; other matrices change only by statements"
        elif isinstance(value, q.Scalar):
            message = f"expected a fixed matrix in every pass, got the number {text}"
        if value is not None:
            elaborator.report.error("for-numbers", part.span, message, hint)
    return tuple(found)


def define_schedule(elaborator: Elaborator, written: s.ScheduleExpression, passes: Passes) -> None:
    """Let the names stand for their symbols and matrices, until the loop is left."""
    scope = elaborator.scope
    for word in written.names:
        if word.text in passes.symbols:
            symbol = ScalarSymbol(
                word.span, q.Symbol(passes.symbols[word.text]), True, is_scheduled=True
            )
            scope.define(word.text, symbol)
        elif of := passes.matrices.get(word.text):
            known = scope.get(of[0].name)
            if isinstance(known, MatrixSymbol):
                scope.define(word.text, replace(known, span=word.span, is_scheduled=True))
        else:
            scope.define(word.text, BrokenSymbol(word.span))
        scope.used.discard(word.text)


@dataclass
class PerPass:
    """The fixed matrices of every pass, ``W: fixed[k, d] per pass``: W1, W2, … of a loop.

    ``inputs``: those that are declared so.  ``made``: the matrices of each, once a loop has said
    how many passes it has.
    """

    elaborator: Elaborator
    inputs: Mapping[str, core.Input]
    made: dict[str, tuple[core.Input, ...]] = field(default_factory=dict)

    def used_in(self, body: Sequence[core.Statement]) -> dict[str, core.Name]:
        """Where each of them is first used in these statements."""
        found: dict[str, core.Name] = {}
        for node in nodes_in(body) if self.inputs else ():
            if isinstance(node, core.Name) and node.name in self.inputs:
                found.setdefault(node.name, node)
        return found

    def refuse(self, nodes: Iterable[core.Node], depth: int) -> None:
        """Report uses in no loop, or in loops within loops: ``depth`` is how many there are."""
        for node in nodes if self.inputs and depth != 1 else ():
            if not isinstance(node, core.Name) or node.name not in self.inputs:
                continue
            message = f"'{node.name}' is a matrix per pass, and stands in no loop"
            hint = f"use it in a block: repeat 3: or for g in 1, 2, 3: has three {node.name}"
            if depth:
                message = f"'{node.name}' is a matrix per pass, and stands in a loop within a loop"
                hint = "say whose passes are meant: declare P1, P2 and write for P in P1, P2:"
            self.elaborator.report.error("for-numbers", node.span, message, hint)

    def of_loop(self, loop: core.Repeat) -> dict[str, tuple[core.Name, ...]]:
        """Of every one that the loop uses, the matrix of each pass."""
        return {
            name: self._matrices(node, loop.count) for name, node in self.used_in(loop.body).items()
        }

    def _matrices(self, node: core.Name, written: q.Scalar) -> tuple[core.Name, ...]:
        name, report, count = node.name, self.elaborator.report, constant(written)
        if count is None or not count:
            message = f"'{name}' is a matrix per pass, and this loop has "
            message += "no passes" if count is not None else "no number of passes yet"
            hint = "write the number itself: repeat 3:"
            report.error("count", node.span, message, hint)
            return ()
        if count > MOST_PASSES:
            message = (
                f"'{name}' is a matrix per pass, and this loop has {number_text(count)} of them"
            )
            report.error("count", node.span, message, f"write at most {MOST_PASSES} passes")
            return ()
        if name not in self.made:
            self.made[name] = tuple(self._input(name, k + 1) for k in range(int(count)))
        matrices = self.made[name]
        if len(matrices) != count:
            message = (
                f"'{name}' is a matrix per pass, and has {len(matrices)} in an earlier loop: "
                f"this one has {int(count)} passes"
            )
            hint = "give the loops as many passes, or declare a matrix for each"
            report.error("for-numbers", node.span, message, hint)
            return ()
        return tuple(core.Name(node.span, node.shape, one.name) for one in matrices)

    def _input(self, name: str, number: int) -> core.Input:
        """The matrix of a pass, an input of its own."""
        one, elaborator = replace(self.inputs[name], name=f"{name}{number}"), self.elaborator
        if elaborator.scope.get(one.name) is not None or one.name in elaborator.assigned:
            message = f"'{one.name}' has a meaning already, and is the matrix of pass {number} too"
            elaborator.report.error(
                "name-taken", one.span, message, f"choose another name than {name}"
            )
        return one

    def declared(self, inputs: Sequence[core.Input]) -> tuple[core.Input, ...]:
        """The inputs of the program, those of every pass in the place of what declared them."""
        found: list[core.Input] = []
        for one in inputs:
            if one.name not in self.inputs:
                found.append(one)
                continue
            found += self.made.get(one.name, ())
            if one.name not in self.elaborator.scope.used:
                message = f"'{one.name}' is a matrix per pass, and no loop uses it"
                hint = f"remove it, or use it in a block: repeat 3: has three {one.name}"
                self.elaborator.report.error("unused", one.span, message, hint)
        return tuple(found)


def warn_unused(elaborator: Elaborator, written: s.ScheduleExpression) -> None:
    """Called at the end of the block: a number that no statement of it uses."""
    for word in written.names:
        if word.text not in elaborator.scope.used:
            hint = _unused_hint(written) if len(written.names) == 1 else None
            symbol = elaborator.scope.get(word.text)
            what = "matrix" if isinstance(symbol, MatrixSymbol) else "number"
            message = f"the {what} '{word.text}' is not used"
            elaborator.report.warning("unused", word.span, message, hint)


def _refuse_count(
    elaborator: Elaborator, written: s.ScheduleExpression, first: Sequence[Value | None]
) -> None:
    """Report ``for i in steps:``: one name is no list of numbers, and one pass is not meant."""
    if len(written.passes) > 1 or len(written.names) > 1 or isinstance(first[0], core.Node):
        return
    (value,) = written.passes[0].values[:1]
    if isinstance(value, s.NameExpression) and len(written.passes[0].values) == 1:
        message = f"'for' does not count: '{value.name}' is one number, and this would be one pass"
        elaborator.report.error("for-numbers", value.span, message, COUNT_HINT.format(value.name))


def _unused_hint(written: s.ScheduleExpression) -> str:
    """How often the block is meant to run: ``for i in 5:`` is one pass, and hardly meant so."""
    only = written.passes[0].values[0]
    if len(written.passes) == 1 and isinstance(only, s.NumberExpression) and only.value > 1:
        return f"write: repeat {text_of(only)}: this is one pass, with the number {text_of(only)}"
    return f"write: repeat {len(written.passes)}:"


def schedule_text(schedule: tuple[core.Schedule, ...]) -> str:
    """``a, b in (3/2, -1/2), (2, -1)``."""
    names = ", ".join(one.name for one in schedule)
    values = [[scalar_text(value) for value in one.values] for one in schedule]
    rows = zip(*values, strict=True)
    texts = [row[0] if len(row) == 1 else f"({', '.join(row)})" for row in rows]
    if len(texts) == len(schedule) == 1 and isinstance(schedule[0].values[0], q.Symbol):
        texts = [f"1*{texts[0]}"]  # a name by itself would be a count
    return f"{names} in {', '.join(texts)}"


def loop_text(count: q.Scalar, schedule: tuple[core.Schedule, ...]) -> str:
    """``repeat steps`` or ``for g in 3/2, 2``."""
    if schedule:
        return f"for {schedule_text(schedule)}"
    return f"repeat {scalar_text(count)}"


def _row(elaborator: Elaborator, numbers: s.Numbers, wanted: int) -> tuple[Value | None, ...]:
    values: list[Value | None] = []
    with elaborator.within(Place.NUMBER):
        for value in numbers.values:
            values.append(elaborator.value(value))
    if len(values) != wanted:
        names = "one number" if wanted == 1 else f"{wanted} numbers in brackets"
        message = f"expected {names} for every pass, got {len(values)}"
        elaborator.report.error("for-numbers", numbers.span, message, HINT)
    return (*values, *[None] * wanted)[:wanted]


def _check_name(elaborator: Elaborator, word: s.Word, before: set[str]) -> None:
    problem: str | None = None
    if is_reserved(word.text):
        problem = f"'{word.text}' is a word of the language"
    elif elaborator.scope.get(word.text) is not None:
        problem = f"'{word.text}' has a meaning already"
    elif word.text in before:
        problem = f"'{word.text}' stands twice"
    if problem is not None:
        elaborator.report.error("name-taken", word.span, problem, "choose another name")
