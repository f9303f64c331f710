"""What a script promises of errors is proven before a network is handed on.

``ensure error <= e`` and ``repeat until error <= e`` (also where the passes are set by hand) bound
the certified error of every returned value, ``synthesize TARGET within e`` that of its own value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from weightsmith.checker.reading.open_claims import OVER_BUDGET, REASONS
from weightsmith.compiler.certify.stated import ERRORS, Stated
from weightsmith.compiler.choosing.certified_error import (
    UnprovenError,
    error_facts_of,
    worst_error,
)
from weightsmith.compiler.reports.bound import upward
from weightsmith.compiler.synthesize.expand import in_numbers
from weightsmith.dsl.numbers.scalars import Scalar, evaluate
from weightsmith.dsl.program import core
from weightsmith.dsl.text.diagnostics import Diagnostic, DiagnosticError, error
from weightsmith.dsl.text.source import Span

Bindings = dict[str, Fraction]
UNPROVEN = "leave the promise out: the network is compiled then, and you are told what is missing"
CHEAPER = "give loops smaller counts, or the script shorter numbers: the proof is cheaper then"


def check_promises(
    given: core.Program, compiled: core.Program, bindings: Bindings, facts: list[Stated]
) -> None:
    """Raise DiagnosticError unless the bounds are as small as the script says.

    ``given`` is the user's program, ``compiled`` that with its steps written out; ``bindings`` are
    the numbers of both.
    """
    errors = [one for one in facts if one.kind in ERRORS]
    found = [
        *_of_lines(compiled, bindings, errors),
        *_of_synthesis(given, compiled, bindings, errors),
    ]
    if found:
        raise DiagnosticError(found)


def _of_lines(
    program: core.Program, bindings: Bindings, facts: list[Stated]
) -> Iterator[Diagnostic]:
    if program.ensure is not None:
        hint = "allow a larger error, or leave what is set by hand to the compiler"
        yield from _kept(program.ensure.span, program.ensure.error, bindings, facts, hint)
    for until in program.untils:
        hint = f"leave '{until.parameter}' to the compiler, or give it more passes"
        yield from _kept(until.span, until.tolerance, bindings, facts, hint)


def _of_synthesis(
    given: core.Program, compiled: core.Program, bindings: Bindings, facts: list[Stated]
) -> Iterator[Diagnostic]:
    hint = "this is a fault of the compiler, whose error is not as predicted: allow a larger one"
    for one, written in zip(given.returns, compiled.returns, strict=True):
        if one.synthesize is not None and one.synthesize.tolerance is not None:
            own = [one for one in facts if one.output == written.name]
            yield from _kept(one.span, one.synthesize.tolerance, bindings, own, hint)
    for place in in_numbers(given, bindings)[0].body if given.synthesized else ():
        if isinstance(place, core.Assign) and place.synthesize is not None:
            tolerance = place.synthesize.tolerance
            if tolerance is not None:
                own = _facts_of_value(place, compiled, bindings)
                yield from _kept(place.span, tolerance, bindings, own, hint)


def _facts_of_value(place: core.Assign, compiled: core.Program, bindings: Bindings) -> list[Stated]:
    """The error of a synthesised value, as if it were returned by itself."""
    (name,), (target,) = place.names, place.values
    body: list[core.Statement] = []
    for statement in compiled.body:
        body.append(statement)
        if isinstance(statement, core.Assign) and statement.names == (name,):
            break
    value = core.Name(place.span, target.shape, name)
    returned = core.Return(place.span, name, value, (), target)
    known = tuple(one for one in compiled.parameters if one.name in bindings)
    alone = replace(
        compiled, parameters=known, body=tuple(body), returns=(returned,), untils=(), ensure=None
    )
    return error_facts_of(alone, bindings, gated=False)


def _kept(
    span: Span, tolerance: Scalar, bindings: Bindings, facts: list[Stated], hint: str
) -> Iterator[Diagnostic]:
    wanted = evaluate(tolerance, bindings)
    try:
        reached = worst_error(facts)
    except UnprovenError as problem:
        reason = REASONS.get(str(problem), str(problem))
        lacks = CHEAPER if str(problem) == OVER_BUDGET else UNPROVEN
        yield error(
            "ensure", span, f"the error that is promised here is not proven: {reason}", lacks
        )
        return
    if reached > wanted:
        message = (
            f"the error is at most {upward(wanted)} here, but only {upward(reached)} is proven"
        )
        yield error("ensure", span, message, hint)
