"""What the compiler is to find by itself: ``return synthesize TARGET within TOL``, ``ensure``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from weightsmith.dsl import core
from weightsmith.dsl import syntax as s
from weightsmith.dsl.diagnostics import Report
from weightsmith.dsl.scope import Place
from weightsmith.dsl.targets import written_out

if TYPE_CHECKING:
    from weightsmith.dsl.expressions import Elaborator

SYNTHESIZE_HINT = "write within 1e-6"
ENSURE_HINT = "write ensure error <= 1e-6"


def read_synthesized(
    elaborator: Elaborator, name: str, part: s.ReturnedExpression
) -> core.Return | None:
    """Return the target, as value and as target, with its tolerance; None after a report."""
    clauses, report = part.clauses, elaborator.report
    over = elaborator.over_groups(clauses.over)
    with elaborator.within(Place.TARGET, over):
        found = elaborator.matrix(part.value)
    groups = elaborator.groups(clauses.on)
    if clauses.within is None:
        message = "nothing says how near the network must come to this target"
        report.error(part.span, message, f"{SYNTHESIZE_HINT} at its end")
        return None
    tolerance = elaborator.tolerance_of(clauses.within, SYNTHESIZE_HINT)
    target = None if found is None else written_out(found, elaborator.used, report)
    if target is None:
        return None
    return core.Return(part.span, name, target, groups, target, tolerance)


def refuse_steps(
    report: Report, body: Iterable[core.Statement], returns: Sequence[core.Return]
) -> None:
    """A program that synthesises has assignments only: names for what its targets are made of."""
    synthesized = [one for one in returns if one.synthesize is not None]
    if not synthesized:
        return
    for statement in body:
        if isinstance(statement, core.Repeat):
            message = "a program that synthesizes has no loop: the compiler finds the steps"
            hint = "remove the loop, or return its result with 'approximates'"
            report.error(statement.span, message, hint)
    for one in returns:
        if one.synthesize is None:
            message = "either all returned values are synthesized, or none"
            report.error(one.span, message, "make this value an algorithm of its own")


def read_ensure(elaborator: Elaborator, entries: Iterable[s.Entry]) -> core.Ensure | None:
    """Return what the line ``ensure error <= TOL`` asks for, if there is one."""
    found: core.Ensure | None = None
    for entry in entries:
        if not isinstance(entry, s.EnsureEntry):
            continue
        if found is not None:
            elaborator.report.error(entry.span, "a second 'ensure' line", "keep one")
        if entry.word.text != "error":
            message = f"expected 'error' after 'ensure', got '{entry.word.text}'"
            elaborator.report.error(entry.word.span, message, ENSURE_HINT)
        found = core.Ensure(entry.span, elaborator.tolerance_of(entry.tolerance, ENSURE_HINT))
    return found
