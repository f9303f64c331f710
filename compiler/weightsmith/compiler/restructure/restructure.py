"""Same algorithm, fewer layers: the program, whether it changed, and what to say of every loop."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.checker.refusal import RefusedError
from weightsmith.compiler.certify.restructuring import restructuring_claim
from weightsmith.compiler.certify.spectral import NoProofError
from weightsmith.compiler.ir.normal import NormalProgram
from weightsmith.compiler.long_loops import refuse_long_loops
from weightsmith.compiler.pipeline import Compilation, Front, compile_program, front
from weightsmith.compiler.report import report
from weightsmith.compiler.restructure.affine_rewrite import Powered, powered
from weightsmith.compiler.restructure.evaluate import MAX_DIGITS, TOO_LONG, Evaluated, evaluated
from weightsmith.compiler.restructure.rewrite import Rewritten, new_text, rewrite
from weightsmith.dsl import Source, check, core
from weightsmith.dsl.diagnostics import DiagnosticError
from weightsmith.dsl.scalars import ScalarError

Json = dict[str, object]
Way = Callable[[core.Program, NormalProgram, dict[str, Fraction]], Rewritten | Evaluated | Powered]
NETWORK = "network.alg"
LONG_NUMBER = re.compile(rf"[0-9]{{{MAX_DIGITS + 1}}}")
FEWEST = ("layers", "operations")


@dataclass(frozen=True)
class Restructured:
    """A program of the same values.

    ``notes`` has one line a loop: the layers before and after, or why the loop stays as it is.
    If it changed: ``text`` is network.alg, ``claim`` that it is equal, ``compilation`` its network,
    and ``written`` the normal form of the user's script.
    """

    program: core.Program
    changed: bool
    notes: tuple[str, ...]
    text: str = ""
    claim: Json | None = None
    compilation: Compilation | None = None
    written: Front | None = None


def restructured(
    program: core.Program, bindings: dict[str, Fraction], fewest: str | None, most: int
) -> Restructured:
    """Restructure if the fewest layers are asked for; else the loops are those of the script.

    Raises DiagnosticError where one of these then runs more than ``most`` passes.
    """
    if fewest not in (None, *FEWEST):
        raise ValueError(f"expected fewest to be {' or '.join(FEWEST)}, got '{fewest}'.")
    found = restructure(program, bindings) if fewest == "layers" else as_written(program)
    if not found.changed:
        refuse_long_loops(program.body, bindings, most)
    return found


def as_written(program: core.Program, *notes: str) -> Restructured:
    return Restructured(program, False, notes)


def restructure(program: core.Program, bindings: dict[str, Fraction]) -> Restructured:
    """Return the program with the fewest layers that this pass knows, or as it is written.

    One affine loop goes by powers of its step; what that leaves, by the polynomial it returns.
    """
    try:
        written = front(program, bindings)
    except (DiagnosticError, ScalarError) as problem:
        return as_written(program, f"as written: {_reason(problem)}")
    first = _attempt(program, written, bindings, rewrite)
    if first.changed:
        return first
    second = _attempt(program, written, bindings, powered)
    if second.changed:
        return second
    second = _attempt(program, written, bindings, evaluated)
    loops = list(written.normal.all_loops())
    is_one = len(loops) == 1 and not loops[0].schedule
    return first if is_one and not second.changed else second


def _attempt(
    program: core.Program, written: Front, bindings: dict[str, Fraction], way: Way
) -> Restructured:
    try:
        rewritten = way(program, written.normal, bindings)
        text = new_text(program, rewritten.lines, rewritten.results, rewritten.clause)
        new = check(Source(NETWORK, text))
        compiled = compile_program(new, bindings, search=False)
        claim = restructuring_claim(rewritten, compiled.normal)
        _accepted(program, new, bindings, claim)
    except (NoProofError, RefusedError, ScalarError, DiagnosticError) as problem:
        return as_written(program, f"as written: {_reason(problem)}")
    if LONG_NUMBER.search(repr(compiled.template)):
        return as_written(program, f"as written: {TOO_LONG}")
    after = report(compiled.normal, compiled.template, bindings).layers
    before = _layers(program, bindings)
    if before is not None and after is not None and after >= before:
        note = f"as written: {before} layers, and {after} restructured"
        return as_written(program, note)
    layers = "" if before is None else f"{before} layers as written, "
    note = f"restructured: {layers}{after} now"
    return Restructured(new, True, (note,), text, claim, compiled, written)


def _reason(problem: Exception) -> str:
    if isinstance(problem, DiagnosticError):
        return f"restructured, {problem.diagnostics[0].message}"
    return str(problem)


def _layers(program: core.Program, bindings: dict[str, Fraction]) -> int | None:
    """Layers as written; None if no network holds the values as they are written."""
    try:
        compiled = compile_program(program, bindings)
    except DiagnosticError:
        return None
    return report(compiled.normal, compiled.template, bindings).layers


def _accepted(
    script: core.Program, network: core.Program, bindings: dict[str, Fraction], claim: Json
) -> None:
    """Let the checker follow both scripts.  Raises RefusedError."""
    from weightsmith.checker.prove import prove_restructuring

    prove_restructuring(script, network, bindings, claim)
