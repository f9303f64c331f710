"""What the compiler is to find by itself: ``synthesize TARGET within TOL``, ``ensure``."""

from __future__ import annotations

from collections.abc import Iterable

from weightsmith.dsl.checking.targets import written_out
from weightsmith.dsl.meaning.elaborator import Elaborator
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import Node
from weightsmith.dsl.program.scope import Place
from weightsmith.dsl.reading import syntax as s
from weightsmith.dsl.text.source import Span

SYNTHESIZE_HINT = "write within 1e-6"
ENSURE_HINT = "write ensure error <= 1e-6"


def read_returned(
    elaborator: Elaborator, name: str, part: s.ReturnedExpression, *, ensured: bool
) -> core.Return | None:
    """Return the target, as value and as target, with its tolerance; None after a report."""
    found = _read_target(elaborator, part.value, part.span, part.clauses, ensured)
    if found is None:
        return None
    _, target, synthesis = found
    groups = elaborator.groups(part.clauses.on)
    return core.Return(part.span, name, target, groups, target, synthesis)


def read_assigned(
    elaborator: Elaborator, statement: s.AssignStatement, *, ensured: bool, in_loop: bool
) -> tuple[Node, Node, core.Synthesis] | None:
    """The target of ``P = synthesize TARGET``: as it is written, and in terms of the inputs."""
    if in_loop:
        message = "'synthesize' cannot stand inside a loop"
        hint = "assign it above the loop: its target is made of the inputs, the same in every pass"
        elaborator.report.error("misplaced", statement.span, message, hint)
        return None
    if len(statement.names) > 1:
        message = f"'synthesize' gives one value, but {len(statement.names)} names are assigned"
        elaborator.report.error("call-values", statement.span, message, "write a line for each")
        return None
    value, clauses = statement.values[0], statement.clauses
    return _read_target(elaborator, value, statement.span, clauses, ensured)


def _read_target(
    elaborator: Elaborator, value: s.Expression, span: Span, clauses: s.Clauses, ensured: bool
) -> tuple[Node, Node, core.Synthesis] | None:
    with elaborator.within(Place.TARGET, elaborator.over_groups(clauses)):
        found = elaborator.matrix(value)
    tolerance = None
    if clauses.within is not None:
        tolerance = elaborator.tolerance_of(clauses.within, SYNTHESIZE_HINT)
    elif not ensured:
        message = "nothing says how near the network must come to this target"
        hint = f"{SYNTHESIZE_HINT} at its end, or above the first statement: ensure error <= 1e-6"
        elaborator.report.error("tolerance", span, message, hint)
        return None
    target = None if found is None else written_out(found, elaborator.used, elaborator.report)
    if found is None or target is None:
        return None
    return found, target, core.Synthesis(tolerance)


def read_ensure(elaborator: Elaborator, entries: Iterable[s.Entry]) -> core.Ensure | None:
    """Return what the line ``ensure error <= TOL`` asks for, if there is one."""
    found: core.Ensure | None = None
    for entry in entries:
        if not isinstance(entry, s.EnsureEntry):
            continue
        if found is not None:
            elaborator.report.error("misplaced", entry.span, "a second 'ensure' line", "keep one")
        if entry.word.text != "error":
            message = f"expected 'error' after 'ensure', got '{entry.word.text}'"
            elaborator.report.error("misspelt", entry.word.span, message, ENSURE_HINT)
        found = core.Ensure(entry.span, elaborator.tolerance_of(entry.tolerance, ENSURE_HINT))
    return found
