"""One strategy to restructure a program, tried: written, read again, compiled, and proven equal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property

from weightsmith.checker.reading.refusal import SHARE, Budget, OverBudgetError, RefusedError
from weightsmith.compiler.certify.spectra.spectral import (
    ManyWordsError,
    NoProofError,
    OverLimitError,
)
from weightsmith.compiler.costs.report import layers_as_run
from weightsmith.compiler.pipeline import Compilation, Front, compile_program
from weightsmith.compiler.restructure.affine_loops.affine import TokenStepError, TwoSidedError
from weightsmith.compiler.restructure.polynomials.evaluate import MAX_DIGITS, TOO_LONG, coupled
from weightsmith.compiler.restructure.recurrences.task import (
    Bindings,
    Json,
    Names,
    Task,
    claim_of,
)
from weightsmith.compiler.restructure.strategies import BY_NAME, ON_DATA, STRATEGIES, Make, Result
from weightsmith.dsl import Source, check, program_text
from weightsmith.dsl.numbers.scalars import ScalarError
from weightsmith.dsl.program import core
from weightsmith.dsl.text.diagnostics import DiagnosticError

NETWORK = "network.alg"
NEVER = 10**30  # layers, or blocks
CHECKING = f"checking that the values are the same takes more than {SHARE:,} units of work"
OUTPUT = re.compile(r"output\d*")  # the name of a returned expression
LONG_NUMBER = re.compile(rf"[0-9]{{{MAX_DIGITS + 1}}}")


@dataclass(frozen=True)
class Restructured:
    """A program of the same values.

    ``notes`` has one line a loop: the layers before and after, or why the loop stays as it is.
    ``given_up`` says what was not tried to its end, so that fewer layers may be possible.
    ``problem`` is why this strategy does not do, if that is no matter of layers.
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
    given_up: tuple[str, ...] = ()
    problem: Exception | None = field(default=None, compare=False)

    @property
    def layers(self) -> int:
        """Of the network, if it changed; more than any other, if not."""
        return layers_of(self.compilation) if self.compilation is not None else NEVER

    @property
    def rows(self) -> int:
        """Of the residual stream, in blocks."""
        return len(self.compilation.template.blocks) if self.compilation is not None else NEVER


@dataclass(frozen=True)
class Written:
    """A program in normal form, to be restructured, and what the strategies have in common.

    ``networks`` are those of all texts so far, also of other parts of the script.
    """

    front: Front
    bindings: Bindings
    networks: dict[str, tuple[core.Program, Compilation]] = field(default_factory=dict)

    @cached_property
    def layers(self) -> int | None:
        """Layers as written; None if no network holds the values as they are written."""
        program, tables = self.front.program, self.front.lowered.tables
        try:
            compiled = compile_program(program, self.bindings, tables=tables)
        except DiagnosticError:
            return None
        return layers_as_run(compiled.template, self.bindings)

    def network(self, text: str) -> tuple[core.Program, Compilation]:
        """What a text is compiled to: several may write the same.  Raises DiagnosticError."""
        if text not in self.networks:
            new = check(Source(NETWORK, text))
            self.networks[text] = new, compile_program(new, self.bindings, search=False)
        return self.networks[text]


def layers_of(compilation: Compilation) -> int:
    bindings = {name: Fraction(value) for name, value in compilation.template.bindings}
    return layers_as_run(compilation.template, bindings) or 0


def as_written(program: core.Program, *notes: str, given_up: tuple[str, ...] = ()) -> Restructured:
    return Restructured(program, False, notes, given_up=given_up)


def without_repeats(given_up: Iterable[str], notes: tuple[str, ...]) -> tuple[str, ...]:
    """What was given up, each once, and not what a note says already."""
    return tuple(one for one in dict.fromkeys(given_up) if not any(one in note for note in notes))


def attempt(program: core.Program, written: Written, outside: Names = frozenset()) -> Restructured:
    """The first strategy that saves layers; ``outside`` are names that are not free.

    Coupled sequences on data (momentum) go by the polynomial that they return, if every symbol has
    a number: their powers are matrices, and take more blocks.
    """
    normal = written.front.normal
    task = Task(program, normal, written.bindings, outside)
    given_up: list[str] = []
    if coupled(normal):
        series = _tried(task, written, ON_DATA.make)
        if series.changed:
            return replace(series, notes=(f"{series.notes[0]}, by the polynomial it returns",))
        given_up += series.given_up
    tried: dict[str, Restructured] = {}
    for strategy in STRATEGIES:
        for make in strategy.makes:
            found = _tried(task, written, make)
            if found.changed:
                best = _better(task, written, found) if coupled(normal) else found
                return replace(best, given_up=without_repeats(given_up, best.notes))
            tried[strategy.name] = found
            given_up += found.given_up
    found = _unchanged(program, written.front, tried)
    return replace(found, given_up=without_repeats(given_up, found.notes))


def _unchanged(
    program: core.Program, written: Front, tried: dict[str, Restructured]
) -> Restructured:
    """What the strategy says that says most of why nothing saves layers; ``tried`` has all."""
    loops = list(written.normal.all_loops())
    problems = {name: one.problem for name, one in tried.items()}
    telling = [n for n, one in problems.items() if isinstance(one, ManyWordsError | TokenStepError)]
    if telling:
        name = telling[0]
    elif any(loop.inner for loop in loops):
        name = "loops within the loop"
    elif len(loops) != 1 or loops[0].schedule:
        name = "the polynomial returned"
    elif any(isinstance(one, TwoSidedError) for one in problems.values()):
        name = "from both sides"
    else:
        name = "functions of an operator"
    return as_written(program, *tried[name].notes)


def _better(task: Task, written: Written, found: Restructured) -> Restructured:
    """Of coupled sequences: their powers, or the polynomial that they return if it is narrower."""
    series = _tried(task, written, BY_NAME["the polynomial returned"].make)
    return min(found, series, key=lambda one: (one.layers, one.rows)) if series.changed else found


def _tried(task: Task, written: Written, make: Make) -> Restructured:
    program, bindings, layers = task.program, task.bindings, 0
    try:
        made = make(task)
        text = new_text(program, made)
        new, compiled = written.network(text)
        layers = layers_of(compiled)
        claim = claim_of(made.steps(compiled.normal))
        accept(program, new, bindings, claim)
    except OverLimitError as limit:
        found = as_written(program, f"as written: {limit}", given_up=(str(limit),))
        return replace(found, problem=limit)
    except OverBudgetError as over:
        reason = f"{layers} layers were found, but {CHECKING}" if layers else CHECKING
        return as_written(program, f"as written: {over}", given_up=(reason,))
    except (NoProofError, RefusedError, ScalarError, DiagnosticError) as problem:
        return replace(as_written(program, f"as written: {reason_text(problem)}"), problem=problem)
    return judged(program, written, Restructured(new, True, (), text, claim, compiled))


def new_text(program: core.Program, made: Result) -> str:
    """The script of the new program: its body, and a returned expression for each value."""
    head = program_text(replace(program, body=(), untils=())).split("\nreturn ")[0]
    written = [head.rstrip("\n"), "", *made.lines]
    returned = []
    for one, result in zip(program.returns, made.results, strict=True):
        text = f"1*{result}" if result.isidentifier() and result != one.name else result
        if text != one.name and not OUTPUT.fullmatch(one.name):
            written.append(f"{one.name} = {result}{made.clause}")
            text = one.name
        if one.groups:
            text += " on " + ("tokens" if len(one.groups) > 1 else one.groups[0])
        returned.append(text + ("" if text.startswith(one.name) else made.clause))
    written.append("return " + ", ".join(returned))
    return "\n".join(written) + "\n"


def judged(program: core.Program, written: Written, found: Restructured) -> Restructured:
    """What was found, if it has fewer layers."""
    if found.compilation is None:
        return as_written(program, *found.notes)
    if LONG_NUMBER.search(repr(found.compilation.template)):
        return as_written(program, f"as written: {TOO_LONG}", given_up=(TOO_LONG,))
    after, before = layers_of(found.compilation), written.layers
    if before is not None and after >= before:
        return as_written(program, f"as written: {before} layers, and {after} restructured")
    layers = "" if before is None else f"{before} layers as written, "
    note = f"restructured: {layers}{after} now"
    parts = found.program, True, (note,), found.text, found.claim, found.compilation
    return Restructured(*parts, written.front)


def reason_text(problem: Exception) -> str:
    if isinstance(problem, DiagnosticError):
        first = next(one for one in problem.diagnostics if one.severity == "error")
        return f"restructured, {first.message}"
    return str(problem)


def accept(script: core.Program, network: core.Program, bindings: Bindings, claim: Json) -> None:
    """Let the checker follow both scripts.  Raises RefusedError."""
    from weightsmith.checker.prove import prove_restructuring

    with Budget(SHARE).active():
        prove_restructuring(script, network, bindings, claim)
