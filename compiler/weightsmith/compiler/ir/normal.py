"""The normal form: what a program computes, as polynomials over its inputs and loop variables.

Straight-line assignments are expanded away; what is left are the loops, with the value of every
carried variable before the loop and after one pass, and the returned values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.compiler.ir.coefficients import Coefficient, CoefficientField
from weightsmith.compiler.ir.graph import FunctionOperation
from weightsmith.compiler.ir.polynomial import Alphabet, Polynomial, Space
from weightsmith.compiler.ir.template import Scores
from weightsmith.dsl.checking.schedules import loop_text
from weightsmith.dsl.heads import ALL, written
from weightsmith.dsl.numbers.scalars import Scalar, ScalarError, evaluate
from weightsmith.dsl.program.core import Approximated, Axis, Group, PiecewiseLinear, Schedule

Columns = Mapping[Space, Polynomial]
"""The polynomials of a value, by the space of its columns (one, or one a token group)."""


@dataclass(frozen=True)
class Carried:
    """A variable carried round a loop, columns on tokens or scratch tokens.

    ``flipped``: the script's variable is the transpose (its rows are tokens).
    """

    letter: str
    variable: str
    rows: Axis
    spaces: tuple[Space, ...]
    initial: Columns
    next: Columns
    flipped: bool = False

    @property
    def from_zero(self) -> bool:
        """Is it zero before the loop?"""
        return not any(value.terms for value in self.initial.values())


@dataclass(frozen=True)
class Application:
    """A function of entries, applied: ``letter`` stands for f of each entry of the argument.

    ``arguments`` has one member; two if the letter stands for their product entry by entry, with
    ``function`` None or, before tables are chosen, a tolerance.  ``loop`` is the innermost loop
    whose variables the value depends on.  ``flipped``: the script's value is the transpose.

    With ``scores`` it stands for what a head adds: value · N(M ∘ f(Σ keys_iᵀ·queries_i)), the
    arguments being value, keys_1, queries_1, keys_2, …
    """

    letter: str
    function: PiecewiseLinear | Approximated | Scalar | None
    arguments: tuple[Columns, ...]
    rows: Axis
    spaces: tuple[Space, ...]
    loop: int | None
    flipped: bool = False
    scores: Scores | None = None


@dataclass(frozen=True)
class Loop:
    index: int
    count: Scalar
    carried: tuple[Carried, ...]
    inner: tuple[Loop, ...]
    schedule: tuple[Schedule, ...] = ()

    def is_constant(self, coefficient: Coefficient) -> bool:
        """Does a coefficient keep its value from pass to pass?"""
        return coefficient.names.isdisjoint(one.name for one in self.schedule)

    def values_of(self, coefficient: Coefficient) -> tuple[Fraction, ...]:
        """A coefficient's value in every pass, if it is made of the numbers of the passes alone."""
        if not coefficient.names <= {one.name for one in self.schedule}:
            return ()
        try:
            rows = [[evaluate(value, {}) for value in one.values] for one in self.schedule]
            names = [one.name for one in self.schedule]
            passes = [dict(zip(names, row, strict=True)) for row in zip(*rows, strict=True)]
            return tuple(coefficient.field.evaluate(coefficient, one) for one in passes)
        except (ScalarError, RefusedError):
            return ()


@dataclass(frozen=True)
class InputLetter:
    """An input of the program: rows, and the spaces of its columns; or a fixed matrix."""

    name: str
    rows: Axis
    columns: Axis
    groups: tuple[Group, ...]
    fixed: bool = False


@dataclass(frozen=True)
class Returned:
    """A returned value; ``transposed``: its rows are tokens, and its transpose is materialised."""

    name: str
    rows: Axis
    value: Columns
    transposed: bool


@dataclass(frozen=True)
class NormalProgram:
    name: str
    field: CoefficientField
    alphabet: Alphabet
    inputs: tuple[InputLetter, ...]
    loops: tuple[Loop, ...]
    returns: tuple[Returned, ...]
    targets: tuple[Columns | None, ...]
    functions: Mapping[str, tuple[FunctionOperation, Polynomial]]  # letters: f(argument)
    assumed: tuple[Polynomial, ...]  # the value of each spectrum assumption
    applications: tuple[Application, ...] = ()  # operands before the functions of them

    def all_loops(self) -> Iterator[Loop]:
        yield from nested(self.loops)


def nested(loops: tuple[Loop, ...]) -> Iterator[Loop]:
    """Every loop, outer before inner, in the order of the script."""
    for loop in loops:
        yield loop
        yield from nested(loop.inner)


def polynomials(program: NormalProgram) -> Iterator[Polynomial]:
    """Every polynomial of the program."""
    for loop in program.all_loops():
        for carried in loop.carried:
            yield from carried.initial.values()
            yield from carried.next.values()
    for application in program.applications:
        for argument in application.arguments:
            yield from argument.values()
    for returned in program.returns:
        yield from returned.value.values()


def rewrite_program(
    program: NormalProgram,
    rewrite: Callable[[Polynomial], Polynomial],
    *,
    skip: frozenset[str] = frozenset(),
) -> NormalProgram:
    """Rewrite every polynomial but those of the carried variables in ``skip``."""

    def columns(value: Columns) -> dict[Space, Polynomial]:
        return {space: rewrite(p) for space, p in value.items()}

    def carried(c: Carried) -> Carried:
        if c.letter in skip:
            return c
        return replace(c, initial=columns(c.initial), next=columns(c.next))

    def loop(one: Loop) -> Loop:
        return replace(
            one, carried=tuple(map(carried, one.carried)), inner=tuple(map(loop, one.inner))
        )

    returns = tuple(replace(one, value=columns(one.value)) for one in program.returns)
    applications = tuple(
        replace(a, arguments=tuple(map(columns, a.arguments))) for a in program.applications
    )
    return replace(
        program,
        loops=tuple(map(loop, program.loops)),
        returns=returns,
        applications=applications,
    )


def show(program: NormalProgram) -> str:
    """Print the program, one loop after the other (``--emit normal``)."""
    lines = [f"algorithm {program.name}"]
    lines += _application_lines(program, None, "")
    for loop in program.loops:
        lines += _loop_lines(program, loop, "")
    for returned in program.returns:
        mark = "'" if returned.transposed else ""
        for space, value in returned.value.items():
            text = polynomial_text(program, value)
            lines.append(f"return {returned.name}{mark} on {space} = {text}")
    return "\n".join(lines) + "\n"


def _loop_lines(program: NormalProgram, loop: Loop, indent: str) -> list[str]:
    lines = []
    for carried in loop.carried:
        for space, value in carried.initial.items():
            at = f"@{space}" if len(carried.spaces) > 1 else ""
            lines.append(f"{indent}{carried.letter}{at} := {polynomial_text(program, value)}")
    lines.append(f"{indent}{loop_text(loop.count, loop.schedule)}:")
    lines += _application_lines(program, loop.index, indent + "    ")
    for inner in loop.inner:
        lines += _loop_lines(program, inner, indent + "    ")
    for carried in loop.carried:
        for space, value in carried.next.items():
            at = f"@{space}" if len(carried.spaces) > 1 else ""
            lines.append(f"{indent}    {carried.letter}{at} <- {polynomial_text(program, value)}")
    return lines


def _application_lines(program: NormalProgram, loop: int | None, indent: str) -> list[str]:
    lines = []
    for one in program.applications:
        for space in one.spaces if one.loop == loop else ():
            at = f"@{space}" if len(one.spaces) > 1 else ""
            if one.scores is not None:
                lines.append(f"{indent}{one.letter}{at} = {_head_text(program, one, space)}")
                continue
            texts = [polynomial_text(program, argument[space]) for argument in one.arguments]
            inside = " .* ".join(texts) if len(texts) > 1 else texts[0]
            lines.append(f"{indent}{one.letter}{at} = f({inside})")
    return lines


def _head_text(program: NormalProgram, one: Application, space: Space) -> str:
    """``y*softmax((x)'*(x))``, summed over every group of keys."""
    values, *parts = one.arguments
    scores = one.scores or Scores()
    name = " ".join(written(scores.function, scores.normalised))
    found = []
    for group, value in values.items():
        texts = [
            f"({polynomial_text(program, k[group])})'*({polynomial_text(program, q[space])})"
            for k, q in zip(parts[::2], parts[1::2], strict=True)
        ]
        mask = "" if scores.mask == ALL else f" {scores.mask}"
        found.append(f"({polynomial_text(program, value)})*{name}({' + '.join(texts)}{mask})")
    return " + ".join(found)


def polynomial_text(program: NormalProgram, value: Polynomial) -> str:
    parts = []
    for word in sorted(value.terms, key=lambda w: (len(w), w)):
        coefficient = str(value.terms[word])
        letters = "*".join(letter.text() for letter in word) or "I"
        if coefficient in ("1", "-1"):
            parts.append(letters if coefficient == "1" else f"-{letters}")
        else:
            bracketed = f"({coefficient})" if " " in coefficient else coefficient
            parts.append(f"{bracketed}*{letters}")
    return " + ".join(parts).replace("+ -", "- ") or "0"
