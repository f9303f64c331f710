"""Assignments, loops and the return of one algorithm, still without groups of tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TypeGuard

from weightsmith.dsl.checking.calls import Calls
from weightsmith.dsl.checking.declarations import is_reserved
from weightsmith.dsl.checking.passes_written import by_pass
from weightsmith.dsl.checking.schedules import (
    Passes,
    PerPass,
    define_schedule,
    read_schedule,
    warn_unused,
)
from weightsmith.dsl.checking.synthesis import read_assigned, read_returned
from weightsmith.dsl.checking.targets import return_names, written_out
from weightsmith.dsl.meaning.elaborator import Elaborator, Value
from weightsmith.dsl.meaning.entrywise import is_entry_function
from weightsmith.dsl.meaning.roots import read_root
from weightsmith.dsl.numbers import scalar_algebra as algebra
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.program import core
from weightsmith.dsl.program.inlining import is_count
from weightsmith.dsl.program.nodes import DEEP, DEEP_HINT, bare, is_deep, text_of
from weightsmith.dsl.program.parts import nodes_in, nodes_of_return
from weightsmith.dsl.program.scope import (
    BrokenSymbol,
    Definition,
    DimensionSymbol,
    MatrixSymbol,
    Place,
    ScalarSymbol,
)
from weightsmith.dsl.reading import syntax as s
from weightsmith.dsl.reading.slips import decimal_comma
from weightsmith.dsl.text.source import Span

UNTIL_HINT = "write repeat until error <= 1e-6:"


def assigned_names(statements: Sequence[s.Entry]) -> frozenset[str]:
    """Every name that is assigned in these statements or in a block of theirs."""
    found: set[str] = set()
    waiting = list(statements)
    while waiting:
        one = waiting.pop()
        if isinstance(one, s.AssignStatement):
            found.update(word.text for word in one.names)
        elif isinstance(one, s.RepeatStatement):
            waiting.extend(one.body)
    return frozenset(found)


class StatementReader:
    """Reads statements in order into a draft of the core program."""

    def __init__(self, elaborator: Elaborator, calls: Calls) -> None:
        self.elaborator = elaborator
        self.report = elaborator.report
        self.scope = elaborator.scope
        self.calls = calls
        self.has_inner_return = False
        self.passes: dict[Span, str] = {}  # the counts of 'repeat until', by their places
        self.untils: list[core.Until] = []
        self.ensured = False  # is there a line 'ensure error <= …'?
        self.blocks = 0
        self.taken: set[str] = set()  # names that a number of a 'for' loop may not have
        self.fixed: dict[str, bool] = {}  # the fixed matrices: is it one per pass?
        self.per_pass = PerPass(elaborator, {})

    def read(self, statement: s.AssignStatement | s.RepeatStatement) -> list[core.Statement]:
        """Return the statement, after those that its calls have written."""
        self.elaborator.used = {}
        if isinstance(statement, s.RepeatStatement):
            return self._repeat(statement)
        reader = self._sought if statement.is_synthesized else self._assign
        assign = reader(statement)
        found = [*self.calls.take_written(), *([] if assign is None else [assign])]
        self.per_pass.refuse(nodes_in(found), self.blocks)
        return found

    # -- loops --------------------------------------------------------------------------------

    def _repeat(self, statement: s.RepeatStatement) -> list[core.Statement]:
        """The loop, or its passes where they have fixed matrices of their own."""
        passes = Passes()
        if isinstance(statement.count, s.ScheduleExpression):
            passes = read_schedule(self.elaborator, statement.count, self.taken, self.fixed)
            count: q.Scalar | None = q.Number(Fraction(len(statement.count.passes)))
        else:
            count = self._count(statement.count)
        carried = assigned_names(statement.body)
        for name in carried:
            self.scope.forget_definition(name)
        self.scope.enter_loop()
        if isinstance(statement.count, s.ScheduleExpression):
            define_schedule(self.elaborator, statement.count, passes)
        self.blocks += 1
        body: list[core.Statement] = []
        for inner in statement.body:
            if isinstance(inner, s.ReturnStatement):
                message = "'return' cannot stand inside a loop"
                self.report.error("misplaced", inner.span, message, "return after the loop, once")
                self.has_inner_return = True
            else:
                body += self.read(inner)
        self.blocks -= 1
        if isinstance(statement.count, s.ScheduleExpression):
            warn_unused(self.elaborator, statement.count)
        self.scope.leave_loop()
        for name in carried:
            self.scope.forget_definition(name)
        if count is None:
            return []
        loop = core.Repeat(statement.span, count, tuple(body), passes.numbers)
        matrices = {**passes.matrices, **({} if self.blocks else self.per_pass.of_loop(loop))}
        if matrices and all(matrices.values()):
            return [*by_pass(loop, matrices, self.report)]
        return [loop]

    def _count(self, written: s.Expression | s.UntilExpression) -> q.Scalar | None:
        if isinstance(written, s.UntilExpression):
            return self._until(written)
        with self.elaborator.within(Place.NUMBER):
            count = self.elaborator.scalar(written, "a number of repetitions")
        return self._checked_count(count, written)

    def _until(self, until: s.UntilExpression) -> q.Scalar | None:
        """The parameter that the compiler sets so that the error is small enough."""
        tolerance = self.elaborator.tolerance_of(until.tolerance, UNTIL_HINT)
        if until.word.text != "error":
            message = f"expected 'error' after 'until', got '{until.word.text}'"
            self.report.error("misspelt", until.word.span, message, UNTIL_HINT)
            return None
        if self.blocks or until.span not in self.passes:
            message = "'repeat until' cannot stand inside another loop"
            hint = "write a number of steps: repeat steps:"
            self.report.error("misplaced", until.span, message, hint)
            return None
        name = self.passes[until.span]
        self.untils.append(core.Until(until.span, name, tolerance))
        return q.Symbol(name)

    def _checked_count(self, count: q.Scalar | None, part: s.Expression) -> q.Scalar | None:
        number = None if count is None else algebra.constant(count)
        if number is None or is_count(number):
            return count
        message = f"'repeat' takes a whole number of steps, 0 or more, got {text_of(part)}"
        hint = "write a number or a parameter: repeat steps:"
        self.report.error("count", part.span, message, hint)
        return None

    # -- assignments --------------------------------------------------------------------------

    def _assign(self, statement: s.AssignStatement) -> core.Assign | None:
        over = self.elaborator.over_groups(statement.clauses)
        within = statement.clauses.within
        with self.elaborator.within(Place.STATEMENT, over, within):
            values = self._values(statement)
            on = statement.clauses.on
            values = [self.elaborator.restricted(value, on) for value in values]
        names: list[str] = []
        nodes: list[core.Node] = []
        seen: set[str] = set()
        for index, word in enumerate(statement.names):
            value = values[index] if index < len(values) else None
            if word.text in seen:
                message = f"'{word.text}' is assigned twice in one statement"
                self.report.error("misplaced", word.span, message)
                continue
            seen.add(word.text)
            node = self._define(word, value, statement)
            if node is not None:
                names.append(word.text)
                nodes.append(node)
        if not names:
            return None
        return core.Assign(statement.span, tuple(names), tuple(nodes))

    def _sought(self, statement: s.AssignStatement) -> core.Assign | None:
        """``P = synthesize TARGET``: P stands for the target, the compiler finds the steps."""
        found = read_assigned(
            self.elaborator, statement, ensured=self.ensured, in_loop=self.blocks > 0
        )
        word, groups = statement.names[0], self.elaborator.groups(statement.clauses.on)
        if found is None:
            self._define(word, None, statement)
            return None
        value, target, synthesis = found
        if groups:
            value, target = (
                replace(one, shape=replace(one.shape, column_groups=groups))
                for one in (value, target)
            )
        if self._define(word, value, statement) is None:
            return None
        return core.Assign(statement.span, (word.text,), (target,), synthesis)

    def _values(self, statement: s.AssignStatement) -> list[Value | None]:
        names, values = statement.names, statement.values
        single = values[0]
        if len(names) > len(values) == 1 and self._is_algorithm(single):
            results = self.elaborator.call(single) if self._is_call(single) else None
            if results is None:
                return [None] * len(names)
            if len(results) != len(names):
                message = (
                    f"'{single.name.text}' returns {len(results)} values, "
                    f"but {len(names)} names are assigned"
                )
                self.report.error("call-values", statement.span, message)
            return list(results[: len(names)])
        if len(values) != len(names):
            wanted = "one value" if len(names) == 1 else f"{len(names)} values"
            message = f"expected {wanted} on the right of '=', got {len(values)}"
            hint = decimal_comma(statement.span.source.text, single.span.end)
            hint = hint or "write A, B = E1, E2"
            self.report.error("call-values", statement.span, message, hint)
        return [self.elaborator.value(value) for value in values]

    def _is_algorithm(self, expression: s.Expression) -> TypeGuard[s.CallExpression]:
        if not isinstance(expression, s.CallExpression):
            return False
        return not is_entry_function(self.elaborator, expression)

    def _is_call(self, expression: s.CallExpression) -> bool:
        """False, after a report, for a matrix function where an algorithm is needed."""
        if expression.name.text in self.calls.callable or not is_reserved(expression.name.text):
            return True
        self.elaborator.value(expression)
        return False

    def _define(
        self, word: s.Word, value: Value | None, statement: s.AssignStatement
    ) -> core.Node | None:
        """Bind a name; return the matrix it is assigned, if it is one and all is well."""
        if not self._may_assign(word):
            return None
        symbol = self.scope.get(word.text)
        if value is None:
            if not isinstance(symbol, MatrixSymbol | ScalarSymbol):
                self.scope.define(word.text, BrokenSymbol(word.span))
            return None
        literal_zero = value == q.ZERO and _is_literal(statement)
        if isinstance(value, q.Scalar):
            if not literal_zero or isinstance(symbol, ScalarSymbol):
                self._define_scalar(word, value)
                return None
            value = self.elaborator.zero(_span_of(statement, word))
        return self._define_matrix(word, value)

    def _may_assign(self, word: s.Word) -> bool:
        symbol = self.scope.get(word.text)
        problem: str | None = None
        if is_reserved(word.text):
            problem = f"'{word.text}' is a word of the language"
        elif isinstance(symbol, MatrixSymbol) and symbol.is_input:
            what = "a matrix of this 'for' loop" if symbol.is_scheduled else "an input"
            problem = f"'{word.text}' is {what} and cannot be assigned"
        elif isinstance(symbol, ScalarSymbol) and symbol.is_parameter:
            what = "a number of this 'for' loop" if symbol.is_scheduled else "a parameter"
            problem = f"'{word.text}' is {what} and cannot be assigned"
        elif isinstance(symbol, DimensionSymbol):
            problem = f"'{word.text}' is a dimension and cannot be assigned"
        if problem is not None:
            self.report.error("name-taken", word.span, problem, "choose another name")
        return problem is None

    def _define_scalar(self, word: s.Word, value: q.Scalar) -> None:
        symbol = self.scope.get(word.text)
        if isinstance(symbol, MatrixSymbol):
            shape = self.elaborator.axes.text(symbol.shape)
            message = f"'{word.text}' is a matrix {shape}, but here it is assigned a number"
            hint = "choose another name, or write the number times I"
            self.report.error("number-or-matrix", word.span, message, hint)
        elif isinstance(symbol, ScalarSymbol) and self.scope.is_carried(word.text):
            message = f"the number '{word.text}' would change from step to step"
            hint = "only matrices are carried round a loop; a list of numbers is: for g in 1, 2, 3:"
            self.report.error("for-numbers", word.span, message, hint)
        elif algebra.is_long(value):
            message = f"written out, the number '{word.text}' is too long a formula"
            self.report.error("too-large", word.span, message, "make a part of it a param")
            self.scope.define(word.text, BrokenSymbol(word.span))
        else:
            self.scope.define(word.text, ScalarSymbol(word.span, value))

    def _define_matrix(self, word: s.Word, node: core.Node) -> core.Node | None:
        symbol, axes = self.scope.get(word.text), self.elaborator.axes
        if isinstance(symbol, ScalarSymbol):
            message = f"'{word.text}' is a number, but here it is assigned a matrix"
            self.report.error("number-or-matrix", word.span, message, "choose another name")
            return None
        if is_deep(node):
            self.report.error("too-large", node.span, DEEP, DEEP_HINT)
            self.scope.define(word.text, symbol or BrokenSymbol(word.span))
            return None
        shape = bare(node.shape)
        if isinstance(symbol, MatrixSymbol):
            was, now = axes.text(symbol.shape), axes.text(shape)
            if not axes.unify_shapes(symbol.shape, shape):
                line = symbol.span.source.text.count("\n", 0, symbol.span.start) + 1
                message = f"'{word.text}' is {was} since line {line}, but this value is {now}"
                hint = "a variable keeps its shape: choose another name"
                self.report.error("shape-changes", word.span, message, hint)
                return None
        span = symbol.span if isinstance(symbol, MatrixSymbol) else word.span
        shape = axes.resolve(shape)
        definition = Definition(node, dict(self.elaborator.used))
        self.scope.define(word.text, MatrixSymbol(span, shape, definition))
        return node

    # -- the return ---------------------------------------------------------------------------

    def read_return(
        self, statement: s.ReturnStatement
    ) -> tuple[list[core.Statement], list[core.Return]]:
        """Return what must run before, and the returned values."""
        returns: list[core.Return] = []
        names = return_names(statement, self.taken)
        for name, part in zip(names, statement.returned, strict=True):
            self.elaborator.used = {}
            if part.is_synthesized:
                one = read_returned(self.elaborator, name, part, ensured=self.ensured)
            else:
                one = self._returned(name, part)
            if one is not None:
                returns.append(one)
                self.per_pass.refuse(nodes_of_return(one), 0)
        written = self.calls.take_written()
        self.per_pass.refuse(nodes_in(written), 0)
        return list(written), returns

    def _returned(self, name: str, part: s.ReturnedExpression) -> core.Return | None:
        over = self.elaborator.over_groups(part.clauses)
        with self.elaborator.within(Place.STATEMENT, over, part.clauses.within):
            value = self.elaborator.matrix(part.value)
        groups = self.elaborator.groups(part.clauses.on)
        target = self._target(part, over, value)
        if value is None:
            return None
        if is_deep(value):
            self.report.error("too-large", value.span, DEEP, DEEP_HINT)
            return None
        if target is not None and not self.elaborator.axes.unify_shapes(
            bare(value.shape), bare(target.shape)
        ):
            axes = self.elaborator.axes
            message = (
                f"the target has another shape: {text_of(part.value)} is {axes.text(value.shape)} "
                f"but {text_of(part.target or part.value)} is {axes.text(target.shape)}"
            )
            place = part.target.span if part.target else part.span
            self.report.error("target", place, message)
            return None
        return core.Return(part.span, name, value, groups, target)

    def _target(
        self, part: s.ReturnedExpression, over: tuple[str, ...], value: core.Node | None
    ) -> core.Node | None:
        if part.target is None:
            return None
        self.elaborator.used = {}
        over = self.elaborator.over_groups(part.target_clauses) or over
        with self.elaborator.within(Place.TARGET, over):
            target: core.Node | None = None
            if not isinstance(part.target, s.RootExpression):
                target = self.elaborator.matrix(part.target)
            elif value is not None:
                target = read_root(self.elaborator, part.target, value)
        for word, clause in (
            ("on", part.target_clauses.on),
            ("within", part.target_clauses.within),
        ):
            if clause is not None:
                message = f"'{word}' belongs to the returned value, not to the target"
                hint = "write it before 'approximates'"
                self.report.error("misplaced", clause.span, message, hint)
        if target is None:
            return None
        return written_out(target, self.elaborator.used, self.report)


def _is_literal(statement: s.AssignStatement) -> bool:
    return any(isinstance(value, s.NumberExpression) for value in statement.values)


def _span_of(statement: s.AssignStatement, word: s.Word) -> Span:
    index = statement.names.index(word)
    return statement.values[index].span if index < len(statement.values) else statement.span
