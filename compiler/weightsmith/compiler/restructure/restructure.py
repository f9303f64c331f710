"""Same algorithm, fewer layers: the program, whether it changed, and what to say of every loop."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from weightsmith.checker.reading.refusal import OverBudgetError, RefusedError
from weightsmith.checker.reading.strict_json import as_list
from weightsmith.compiler.passes.normalizing.long_loops import refuse_long_loops
from weightsmith.compiler.pipeline import compile_program, front
from weightsmith.compiler.restructure.attempt import (
    CHECKING,
    NETWORK,
    Restructured,
    Written,
    accept,
    as_written,
    attempt,
    judged,
    reason_text,
    without_repeats,
)
from weightsmith.compiler.restructure.recurrences.task import Bindings, Names, claim_of
from weightsmith.compiler.restructure.segments import Segmented, segmented
from weightsmith.dsl import Source, check, program_text
from weightsmith.dsl.numbers.scalars import ScalarError, evaluate
from weightsmith.dsl.program import core
from weightsmith.dsl.text.diagnostics import DiagnosticError

FEWEST = ("layers", "operations")
FEW = 1  # passes of a loop that only stands around others


def restructured(
    program: core.Program,
    bindings: dict[str, Fraction],
    fewest: str | None,
    most: int,
    *,
    gated: bool = False,
) -> Restructured:
    """Restructure if the fewest layers are asked for; else the loops are those of the script.

    ``gated``: products of entries by gated hidden units.

    Raises DiagnosticError where one of these then runs more than ``most`` passes.
    """
    if fewest not in (None, *FEWEST):
        raise ValueError(f"expected fewest to be {' or '.join(FEWEST)}, got '{fewest}'.")
    found = as_written(program)
    if fewest == "layers":
        found = _with_what_was_given_up(restructure(program, bindings, gated=gated))
    refuse_long_loops(_left_as_written(program, found), bindings, most)
    return found


def _with_what_was_given_up(found: Restructured) -> Restructured:
    """A note for each: the user is told that fewer layers may be possible."""
    given_up = tuple(f"not tried to the end: {one}" for one in found.given_up)
    return replace(found, notes=(*found.notes, *given_up))


def _left_as_written(program: core.Program, found: Restructured) -> tuple[core.Statement, ...]:
    """The statements that are those of the script."""
    if found.claim is None:
        return program.body
    steps = as_list(found.claim["steps"], "The steps")
    segments = [step for step in steps if isinstance(step, dict) and "script" in step]
    if not all(step["rule"] in ("segment", "inside") for step in segments) or not segments:
        return ()
    replaced = {at for step in segments for at in range(*step["script"])}
    return tuple(one for at, one in enumerate(program.body) if at not in replaced)


def restructure(program: core.Program, bindings: Bindings, *, gated: bool = False) -> Restructured:
    """Return the program with the fewest layers that this pass knows, or as it is written.

    The whole program at once, or its loops one by one.
    """
    try:
        written = Written(front(program, bindings, gated=gated), bindings)
    except (DiagnosticError, ScalarError) as problem:
        return as_written(program, f"as written: {reason_text(problem)}")
    whole = attempt(program, written)
    loops = list(written.front.normal.all_loops())
    if not loops or (whole.changed and _is_one(written)):
        return whole
    parts = _by_segments(program, written)
    several = not whole.changed and len(loops) > 1
    found = replace(whole, notes=whole.notes + parts.notes) if several else whole
    if parts.changed and parts.layers < whole.layers:
        found = parts
    given_up = without_repeats(whole.given_up + parts.given_up, found.notes)
    return replace(found, given_up=given_up)


def _is_one(written: Written) -> bool:
    """Is one loop all that there is, so that its parts alone cannot save more?"""
    first, *others = written.front.normal.loops
    return not others and (not first.inner or evaluate(first.count, written.bindings) > FEW)


def _by_segments(program: core.Program, written: Written) -> Restructured:
    given_up: list[str] = []

    def one(excerpt: core.Program, taken: Names) -> Restructured:
        try:
            part = replace(written, front=front(excerpt, written.bindings))
            tried = attempt(excerpt, part, taken)
        except (DiagnosticError, ScalarError) as problem:
            return as_written(excerpt, f"as written: {reason_text(problem)}")
        given_up.extend(tried.given_up)
        return tried

    found = segmented(program, one)
    result = _put_together(program, written, found)
    return replace(result, given_up=(*result.given_up, *given_up))


def _put_together(program: core.Program, written: Written, found: Segmented) -> Restructured:
    """The program with its loops restructured, if that is proven and saves layers."""
    if not found.steps:
        return as_written(program, *found.notes)
    text, bindings = program_text(found.program), written.bindings
    claim = claim_of(found.steps)
    try:
        new = check(Source(NETWORK, text))
        accept(program, new, bindings, claim)
    except OverBudgetError as over:
        return as_written(program, f"as written: {over}", given_up=(CHECKING,))
    except (DiagnosticError, RefusedError) as problem:
        return as_written(program, f"as written: {reason_text(problem)}")
    result = as_written(program)
    for search in (False, True):  # what is not restructured may need values of another kind
        try:
            tables = written.front.lowered.tables
            compiled = compile_program(new, bindings, tables=tables, search=search)
        except (DiagnosticError, ScalarError) as problem:
            result = as_written(program, f"as written: {reason_text(problem)}")
            continue
        new_one = Restructured(new, True, (), text, claim, compiled)
        result = judged(program, written, new_one)
        if result.changed:
            return replace(result, notes=result.notes + found.notes)
    return result
