"""One algorithm: from its syntax tree to a core program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from weightsmith.dsl.checking.calls import Budget, Calls
from weightsmith.dsl.checking.declarations import Head, HeadReader
from weightsmith.dsl.checking.finish import Finisher, counted_names
from weightsmith.dsl.checking.inference import Bound
from weightsmith.dsl.checking.passes_written import with_own_tables
from weightsmith.dsl.checking.schedules import PerPass
from weightsmith.dsl.checking.statements import StatementReader, assigned_names
from weightsmith.dsl.meaning.elaborator import Elaborator
from weightsmith.dsl.meaning.expressions import ExpressionReader
from weightsmith.dsl.meaning.function_declarations import unused_functions
from weightsmith.dsl.numbers.scalar_algebra import constant
from weightsmith.dsl.program import core
from weightsmith.dsl.program.inlining import is_count
from weightsmith.dsl.program.parts import nodes_of
from weightsmith.dsl.program.shapes import Axes, is_unknown
from weightsmith.dsl.reading import syntax as s
from weightsmith.dsl.text.diagnostics import Report

HEAD_WORDS: dict[type[object], str] = {
    s.AssumeEntry: "assume",
    s.ParamEntry: "param",
    s.TableEntry: "table",
    s.FunctionEntry: "function",
    s.WithinEntry: "within",
    s.EnsureEntry: "ensure",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """An algorithm with every call written out.

    Unless it is sound it has mistakes, which are reported: then it is no program, but what could be
    read of one, for editors.
    """

    program: core.Program
    is_sound: bool


def elaborate(
    algorithm: s.Algorithm,
    callable_: Mapping[str, core.Program | None],
    later: frozenset[str],
    budget: Budget,
    report: Report,
) -> Draft:
    """Give an algorithm its meaning; report what is wrong with it."""
    errors = report.errors
    calls = Calls(algorithm.name.text, callable_, later, budget)
    assigned = assigned_names(algorithm.entries)
    elaborator = ExpressionReader(report, calls, assigned, callable_.keys(), later)
    head = HeadReader(elaborator).read(algorithm)
    calls.assumptions.extend(head.named)
    calls.bounds.extend(one for one in head.assumptions if isinstance(one, Bound))
    calls.taken.update(elaborator.scope.names())
    calls.taken.update(name.partition(".")[0] for name in assigned)
    reader = StatementReader(elaborator, calls)
    reader.passes = head.passes
    reader.ensured = head.ensure is not None
    reader.taken = {*elaborator.scope.names(), *assigned}
    reader.fixed = {one.name: one.name in head.per_pass for one in head.inputs if one.fixed}
    named = {one.name: one for one in head.inputs if one.name in head.per_pass}
    reader.per_pass = PerPass(elaborator, named)
    for assumed in head.assumptions:
        reader.per_pass.refuse(_assumed(assumed), 0)
    body, returns = _statements(algorithm, reader)
    inputs = reader.per_pass.declared(head.inputs)
    _unused(elaborator, head)
    unused_functions(elaborator, algorithm.entries)
    for axis in elaborator.repeated_rows:
        if is_unknown(elaborator.axes.find(axis)):  # nothing says otherwise: it is one row
            elaborator.axes.unify(axis, "1")
    finisher = Finisher(elaborator.axes, report, _resolved(elaborator.axes, inputs))
    assumptions = tuple(_finished(finisher, one) for one in head.assumptions)
    finished = finisher.statements(body)
    values = tuple(finisher.returned(one) for one in returns)
    finished = with_own_tables(finished, values, report)
    counts = counted_names(finished)
    _whole_defaults(head.parameters, counts, report)
    for one in head.parameters:
        if one.name in counts & dict(head.sizes).keys():
            message = f"'{one.name}' is a number of tokens, and cannot count repetitions"
            report.error("count", one.span, message, "a network has as many layers for any data")
    program = core.Program(
        algorithm.span,
        algorithm.name.text,
        head.dimensions,
        inputs,
        tuple(replace(one, is_count=one.name in counts) for one in head.parameters),
        assumptions,
        finished,
        values,
        tuple(reader.untils),
        head.ensure,
        head.sizes,
    )
    return Draft(program, report.errors == errors)


def _statements(
    algorithm: s.Algorithm, reader: StatementReader
) -> tuple[list[core.Statement], list[core.Return]]:
    """Read the statements in order; exactly one ``return``, as the last of them."""
    body: list[core.Statement] = []
    returns: list[core.Return] = []
    seen_statement: bool = False
    returned: s.ReturnStatement | None = None
    for entry in algorithm.entries:
        if isinstance(entry, s.HeadEntry):
            _in_head(entry, seen_statement, reader.report)
            continue
        seen_statement = True
        if returned is not None:
            _after_return(entry, reader.report)
        if isinstance(entry, s.ReturnStatement):
            if returned is None:
                before, returns = reader.read_return(entry)
                body += before
            returned = returned or entry
        elif returned is None:
            body += reader.read(entry)
    if returned is None and not reader.has_inner_return:
        message = f"algorithm '{algorithm.name.text}' returns nothing"
        reader.report.error("no-return", algorithm.name.span, message, "end it with: return X")
    return body, returns


def _in_head(entry: s.HeadEntry, seen_statement: bool, report: Report) -> None:
    if seen_statement:
        word = HEAD_WORDS[type(entry)]
        report.error(
            "misplaced",
            entry.span,
            f"'{word}' stands after a statement",
            "move it above the first one",
        )


def _after_return(entry: s.StatementEntry, report: Report) -> None:
    if isinstance(entry, s.ReturnStatement):
        message, hint = "a second 'return'", "return several values at once: return X, Y"
    else:
        message, hint = "this statement stands after 'return'", "move it above, or remove it"
    report.error("misplaced", entry.span, message, hint)


def _unused(elaborator: Elaborator, head: Head) -> None:
    used = elaborator.scope.used
    declared: list[core.Input | core.Parameter] = [*head.inputs, *head.parameters]
    for one in declared:
        if one.name not in used | head.per_pass:
            what = "input" if isinstance(one, core.Input) else "parameter"
            elaborator.report.warning("unused", one.span, f"the {what} '{one.name}' is not used")


def _whole_defaults(
    parameters: tuple[core.Parameter, ...], counts: frozenset[str], report: Report
) -> None:
    """A default that counts repetitions is whole and not negative."""
    for one in parameters:
        number = None if one.default is None else constant(one.default)
        if one.name in counts and number is not None and not is_count(number):
            message = f"'{one.name}' counts repetitions, but its default is {number}"
            report.error("count", one.span, message, "give it a whole number, 0 or more")


def _resolved(axes: Axes, inputs: tuple[core.Input, ...]) -> tuple[core.Input, ...]:
    return tuple(replace(one, shape=axes.resolve(one.shape)) for one in inputs)


def _assumed(assumption: core.Assumption) -> tuple[core.Node, ...]:
    """The nodes that an assumption is about."""
    match assumption:
        case core.SpectrumAssumption(of=of):
            return tuple(nodes_of(of))
        case core.RangeAssumption(value=value, operator=operator):
            return (*nodes_of(value), *nodes_of(operator))
        case core.NormAssumption(of=of) | core.EntryAssumption(of=of):
            return (core.Name(assumption.span, core.Shape("1", "1"), of),)
        case core.SizeAssumption():
            return ()


def _finished(finisher: Finisher, assumption: core.Assumption) -> core.Assumption:
    match assumption:
        case core.SpectrumAssumption(of=of):
            return replace(assumption, of=finisher.node(of))
        case core.RangeAssumption(value=value, operator=operator):
            return replace(assumption, value=finisher.node(value), operator=finisher.node(operator))
        case core.NormAssumption() | core.EntryAssumption() | core.SizeAssumption():
            return assumption
