"""Loops written out, pass by pass: tables and fixed matrices that change stand in no loop.

A function with straight pieces may name the numbers of the loop (``soft(X, g)``): its bends are
coefficients of the layer, which change from pass to pass.  Tables, and bounds of the factors of a
product entry by entry, are made for the values that a pass meets: where there are any, every
``for`` loop becomes its passes, a ``repeat 1`` each, with the numbers in place of the names.  So
does every loop that has another fixed matrix in each pass: weights are matrices with names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from weightsmith.dsl.numbers import scalar_algebra as algebra
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.formulas import substitute_formula
from weightsmith.dsl.numbers.scalars import Scalar
from weightsmith.dsl.program import core
from weightsmith.dsl.program.nodes import with_parts
from weightsmith.dsl.program.parts import nodes_in, nodes_of
from weightsmith.dsl.program.piecewise import EXACT, arguments_of, ordered_ends
from weightsmith.dsl.text.diagnostics import Report
from weightsmith.dsl.text.shown import number_text

MAX_STATEMENTS = 3000  # that the passes of a script's loops may be written out to
Numbers = Mapping[str, Scalar]
Matrices = Mapping[str, core.Name]  # what a name of a fixed matrix stands for in this pass


def with_own_tables(
    body: tuple[core.Statement, ...], returns: tuple[core.Return, ...], report: Report
) -> tuple[core.Statement, ...]:
    """Return the body, its ``for`` loops written out if the program has tables.

    Reports numbers under which ``clip`` or ``soft`` is another function in some pass.
    """
    errors = report.errors
    for loop in _scheduled(body):
        _check_limits(loop, report)
    if report.errors > errors or not _has_tables(body, returns):
        return body
    first = next(_scheduled(body), None)
    if first is None:
        return body
    size = _size(body)
    if size > MAX_STATEMENTS:
        message = (
            "every pass has tables of its own, and the passes of the 'for' loops come to "
            f"{number_text(size)} statements, more than {MAX_STATEMENTS}"
        )
        report.error(
            "for-numbers",
            first.span,
            message,
            "write fewer numbers, or use 'repeat' with one number",
        )
        return body
    try:
        return tuple(_written_out(body, {}, {}))
    except q.ScalarError as problem:
        message = f"a number of the block has no value in some pass: {problem}"
        report.error("for-numbers", first.span, message, "leave this number out of the list")
        return body


def by_pass(
    loop: core.Repeat, matrices: Mapping[str, Sequence[core.Name]], report: Report
) -> list[core.Repeat]:
    """The passes of a loop, in which each of these names is its own matrix in every pass.

    Reports passes that are too many, and numbers that have no value in one of them.
    """
    errors = report.errors
    for scheduled in _scheduled((loop,)):
        _check_limits(scheduled, report)
    times = min(map(len, matrices.values()))
    if report.errors > errors:
        return []
    if times * (1 + _size(loop.body)) > MAX_STATEMENTS:
        message = (
            "every pass has matrices of its own, and written out the passes come to more than "
            f"{MAX_STATEMENTS} statements"
        )
        report.error(
            "too-large", loop.span, message, "write fewer passes, or keep one matrix for all"
        )
        return []
    rows = list(_passes(loop)) if loop.schedule else [{} for _ in range(times)]
    found = []
    try:
        for place, numbers in enumerate(rows[:times]):
            own = {name: each[place] for name, each in matrices.items()}
            body = tuple(_written_out(loop.body, numbers, own))
            found.append(core.Repeat(loop.span, q.ONE, body))
    except q.ScalarError as problem:
        message = f"a number of the block has no value in some pass: {problem}"
        report.error("division", loop.span, message, "leave this number out of the list")
    return found


def _scheduled(body: tuple[core.Statement, ...]) -> Iterator[core.Repeat]:
    return (loop for loop in core.repeats(body) if loop.schedule)


def _has_tables(body: tuple[core.Statement, ...], returns: tuple[core.Return, ...]) -> bool:
    nodes = [*nodes_in(body), *(node for one in returns for node in nodes_of(one.value))]
    return any(
        isinstance(node, core.Hadamard)
        or (isinstance(node, core.Entrywise) and isinstance(node.function, core.Approximated))
        for node in nodes
    )


def _passes(loop: core.Repeat) -> Iterator[dict[str, Scalar]]:
    """The numbers of each pass of a ``for`` loop, by their names."""
    for row in zip(*(one.values for one in loop.schedule), strict=True):
        yield dict(zip((one.name for one in loop.schedule), row, strict=True))


# -- limits that change from pass to pass -------------------------------------------------------


def _check_limits(loop: core.Repeat, report: Report) -> None:
    """Report a ``clip`` or ``soft`` whose limits are out of order in one of the passes."""
    names = {one.name for one in loop.schedule}
    for node in nodes_in(loop.body):
        if not isinstance(node, core.Entrywise) or isinstance(node.function, core.Approximated):
            continue
        limits = arguments_of(node.label, node.function) or ()
        ends = ordered_ends(node.label, limits)
        if ends is None or names.isdisjoint(q.free_symbols(ends[0]) | q.free_symbols(ends[1])):
            continue
        for place, numbers in enumerate(_passes(loop)):
            try:
                low, high = (algebra.constant(algebra.substituted(e, numbers)) for e in ends)
            except q.ScalarError:  # said where the numbers are bound
                continue
            if low is not None and high is not None and low > high:
                wrong = EXACT[node.label].disorder.format(
                    low=number_text(low), high=number_text(high)
                )
                report.error(
                    "for-numbers", node.span, f"in pass {place + 1}, {wrong}", "change the number"
                )
                break


# -- passes written out -------------------------------------------------------------------------


def _size(body: tuple[core.Statement, ...]) -> int:
    """How many statements there are when every ``for`` loop is written out."""
    total = 0
    for statement in body:
        if isinstance(statement, core.Repeat):
            times = len(statement.schedule[0].values) if statement.schedule else 1
            total += times * (1 + _size(statement.body))
        else:
            total += 1
    return total


def _written_out(
    body: tuple[core.Statement, ...], numbers: Numbers, matrices: Matrices
) -> Iterator[core.Statement]:
    for statement in body:
        if not isinstance(statement, core.Repeat):
            written = tuple(_node(value, numbers, matrices) for value in statement.values)
            yield replace(statement, values=written)
        elif not statement.schedule:
            count = algebra.substituted(statement.count, dict(numbers))
            inner = tuple(_written_out(statement.body, numbers, matrices))
            yield replace(statement, count=count, body=inner)
        elif matrices:  # it may stay a loop
            schedule = tuple(
                replace(
                    one, values=tuple(algebra.substituted(v, dict(numbers)) for v in one.values)
                )
                for one in statement.schedule
            )
            inner = tuple(_written_out(statement.body, numbers, matrices))
            yield replace(statement, body=inner, schedule=schedule)
        else:
            for own in _passes(statement):
                values = {n: algebra.substituted(v, dict(numbers)) for n, v in own.items()}
                inner = tuple(_written_out(statement.body, {**numbers, **values}, {}))
                yield core.Repeat(statement.span, q.ONE, inner)


def _node(node: core.Node, numbers: Numbers, matrices: Matrices) -> core.Node:
    """The node with numbers and matrices in place of their names.  Raises ScalarError."""
    if not numbers and not matrices:
        return node
    node = with_parts(node, lambda part: _node(part, numbers, matrices))
    own = dict(numbers)
    match node:
        case core.Name(name=name) if name in matrices:
            return replace(node, name=matrices[name].name)
        case core.Combination(terms=terms):
            return replace(node, terms=tuple((algebra.substituted(c, own), of) for c, of in terms))
        case core.Hadamard(tolerance=tolerance):
            return replace(node, tolerance=algebra.substituted(tolerance, own))
        case core.Entrywise(function=core.Approximated(formula=formula, tolerance=tolerance)):
            formula, tolerance = (
                substitute_formula(formula, own),
                algebra.substituted(tolerance, own),
            )
            return replace(node, function=core.Approximated(formula, tolerance))
        case core.Entrywise(function=core.PiecewiseLinear() as line):
            points = tuple(
                (algebra.substituted(place, own), algebra.substituted(change, own))
                for place, change in line.breakpoints
            )
            constant, slope = (algebra.substituted(one, own) for one in (line.constant, line.slope))
            return replace(node, function=core.PiecewiseLinear(constant, slope, points))
        case _:
            return node
