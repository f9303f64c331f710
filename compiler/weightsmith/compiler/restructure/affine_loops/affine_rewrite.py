"""A program of one affine loop, by powers of the loop's step, whatever matrices it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from weightsmith.checker.reading.refusal import Budget, RefusedError
from weightsmith.checker.reading.strict_json import as_list
from weightsmith.checker.rewrites.recomputing import recomputed
from weightsmith.checker.rewrites.splitting import split
from weightsmith.checker.semantics.blocks import field_of
from weightsmith.compiler.certify.spectra.spectral import NoProofError, OverLimitError
from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.compiler.ir.normal import Carried, NormalProgram, Returned, polynomials
from weightsmith.compiler.ir.polynomial import Letter, Word
from weightsmith.compiler.pipeline import front
from weightsmith.compiler.restructure.affine_loops.affine import affine_steps, transposing
from weightsmith.compiler.restructure.affine_loops.affine_blocks import Start
from weightsmith.compiler.restructure.affine_loops.affine_write import NOTHING, AffineWriter
from weightsmith.compiler.restructure.affine_loops.both_sides import (
    BothSidesWriter,
    read_both_sides,
)
from weightsmith.compiler.restructure.affine_loops.nested import flattened
from weightsmith.compiler.restructure.affine_loops.newton import read_newton
from weightsmith.compiler.restructure.recurrences.lines import assignment, sum_text, to_scalar
from weightsmith.compiler.restructure.recurrences.setting import (
    IDENTITY,
    NAME,
    bare,
    clause_of_words,
)
from weightsmith.compiler.restructure.recurrences.task import Json, Task

MAX_COUNT = 10**17
MAX_DOUBLINGS = 64


@dataclass(frozen=True)
class Powered:
    """What is made, as ``Made`` has it, by powers: ``first`` is the claim's first step.

    ``held`` is what the blocks hold, ``counts`` those of the values at the end.
    """

    lines: tuple[str, ...]
    results: tuple[str, ...]
    clause: str
    first: Json
    held: tuple[Json, ...]
    counts: tuple[int, ...]

    def steps(self, _: NormalProgram) -> list[Json]:
        """Of the claim, without their numbers."""
        blocks: list[Json] = [
            {"rule": "block", "loop": index, "values": held} for index, held in enumerate(self.held)
        ]
        return [self.first, *blocks, {"rule": "equal", "counts": list(self.counts)}]

    def read(self, **more: object) -> Powered:
        """With more of how the script is read."""
        return replace(self, first=self.first | more)


def for_loop(task: Task, *, inline: bool = False) -> Powered:
    """A ``for`` loop by the products of its passes.  Raises NoProofError."""
    if not any(loop.schedule for loop in task.normal.loops):
        raise NoProofError("the program has no 'for' loop")
    return powered(task, inline=inline, scheduled=True)


def powered(
    task: Task,
    *,
    inline: bool = False,
    transposes: Mapping[str, str] = NOTHING,
    scheduled: bool = False,
) -> Powered:
    """``transposes`` as ``AffineWriter`` has them; ``scheduled``: also of a ``for`` loop.

    Raises NoProofError, with the reason, where the loop is not affine, or of another kind.
    """
    around = _Around(task, scheduled=scheduled)
    loop, normal = around.loop, task.normal
    step = min(
        affine_steps(normal, loop),
        key=lambda one: one.has_right and (one.has_left or bool(loop.schedule)),
    )
    returned = [value for one in normal.returns for value in one.value.values()]
    wanted = {letter.name for value in returned for word in value.terms for letter in word}
    transpose, taken = transposing(normal), around.taken
    numbers, count = task.numbers(loop), around.count
    writer = AffineWriter(
        loop, step, transpose, around.clause, taken, count, transposes=transposes, numbers=numbers
    )
    blocks = writer.values(wanted, inline=inline)
    transposed = tuple(one.variable for one in loop.carried if step.transposed[one.letter])
    return around.powered(blocks.starts + blocks.lines, blocks.held, blocks.counts, transposed)


def around_loops(task: Task, *, inline: bool = False) -> Powered:
    """A loop with loops within it, as ``nested.py`` says.  Raises NoProofError."""
    variables = {one.variable for loop in task.normal.all_loops() for one in loop.carried}
    flat = flattened(task, clause_of(task.normal), set(task.taken | variables))
    flat_task = replace(task, normal=flat.normal, outside=task.outside | flat.taken)
    found = powered(flat_task, inline=inline, transposes=flat.transposes, scheduled=True)
    lines, held = flat.blocks(found.lines)
    found = replace(found, lines=lines + found.lines, held=held + found.held)
    transposed = as_list(found.first["turned"], "turned")
    return found.read(**{"turned": [*transposed, *flat.transposed]})


def statement_by_statement(task: Task, *, inline: bool = False) -> Powered:
    """What each statement of a pass does is materialised, and multiplied; Raises NoProofError."""
    if task.normal.applications:  # the statements' tables would be chosen anew, for nothing
        raise NoProofError("the program has functions of entries")
    normal = front(split(task.program), task.bindings).normal
    return around_loops(replace(task, normal=normal), inline=inline).read(split=True)


def with_residuals(task: Task, *, inline: bool = False) -> Powered:
    """A loop that carries functions of its other variables (r = y - w*x), without these.

    Raises NoProofError where there are none.
    """
    task.only_loop()
    program, names = task.program, []
    field = field_of((program,), task.bindings, Budget())
    for one in task.normal.loops[0].carried:
        try:
            program = recomputed(program, one.variable, field)
        except RefusedError:
            continue
        names.append(one.variable)
    if not names:
        raise NoProofError("no value is a function of the others")
    normal = front(program, task.bindings).normal
    found = powered(replace(task, program=program, normal=normal), inline=inline)
    return found.read(recomputed=names)


def by_newton(task: Task) -> Powered:
    """Newton's iteration and repeated powers, as ``newton.py`` says.  Raises NoProofError."""
    around = _Around(task)
    loop = around.loop
    newton = read_newton(task.normal, loop)
    count = newton.exponent**around.count if around.count <= MAX_DOUBLINGS else MAX_COUNT + 1
    if count > MAX_COUNT:
        raise OverLimitError("it raises to a power that is too large")
    start: Start = "unit" if newton.from_unit else "zero"
    transpose = transposing(task.normal)
    writer = AffineWriter(loop, newton.step, transpose, around.clause, around.taken, count, start)
    blocks = writer.values({one.letter for one in loop.carried})
    found = around.powered(blocks.starts + blocks.lines, blocks.held, blocks.counts)
    return found.read(kind="newton", exponent=newton.exponent)


def from_both_sides(task: Task) -> Powered:
    """A loop that multiplies its variable from both sides, as ``both_sides.py`` says.

    Raises NoProofError.
    """
    around = _Around(task)
    two = read_both_sides(task.normal, around.loop, task.bindings)
    writer = BothSidesWriter(task.normal, around.loop, two, around.clause, around.taken)
    lines, held, counts = writer.blocks(around.count)
    return around.powered(lines, held, counts).read(kind="both_sides")


class _Around:
    """The only loop of a program, and what stands around it."""

    def __init__(self, task: Task, *, scheduled: bool = False) -> None:
        self.normal = task.normal
        self.loop = task.only_loop(scheduled=scheduled)
        self.count = task.count(self.loop)
        if not 0 < self.count <= MAX_COUNT:
            if self.count == 0:
                raise NoProofError("the loop runs no pass")
            raise OverLimitError("the loop runs too often")
        self.clause = clause_of(self.normal)
        self.taken = set(task.taken | {one.variable for one in self.loop.carried})
        self._text = WordText({one.letter: one for one in self.loop.carried})

    def powered(
        self,
        lines: tuple[str, ...],
        held: tuple[Json, ...],
        counts: tuple[int, ...],
        transposed: tuple[str, ...] = (),
    ) -> Powered:
        """The lines with what stands before and after them."""
        results = self.results()
        places = [self._begins(line) for line in lines]
        first = places.index(True) if True in places else len(lines)
        start = self._start(set(NAME.findall(" ".join((*lines, *results)))))
        lines = (*lines[:first], *start, *lines[first:])
        said: Json = {"rule": "powers", "turned": list(transposed), "kind": "one_side"}
        return Powered(lines, results, self.clause, said, held, counts)

    def _begins(self, line: str) -> bool:
        """Does a line read what the loop carries, or begin a block?"""
        own = {one.variable for one in self.loop.carried}
        return line.startswith("repeat") or not own.isdisjoint(NAME.findall(line))

    def _start(self, read: set[str]) -> list[str]:
        """The values before the first block, at once: of a segment they may be of each other."""
        found = {one.variable: self._text.start(one) for one in self.loop.carried}
        starts = {name: text for name, text in found.items() if text and name in read}
        return [assignment(starts, self.clause)] if starts else []

    def results(self) -> tuple[str, ...]:
        results = tuple(map(self._text.returned, self.normal.returns))
        if "0" in results:
            raise NoProofError("a returned value is zero")
        return results


def clause_of(normal: NormalProgram) -> str:
    """Over which tokens everything in a program of one loop is summed."""
    return clause_of_words(normal, [word for value in polynomials(normal) for word in value.terms])


@dataclass(frozen=True)
class WordText:
    """Words as text, carried letters as the script's variables."""

    carried: Mapping[str, Carried]

    def start(self, one: Carried) -> str:
        """The value before the loop; empty if it is what the variable is already."""
        found = {self._words(value.terms) for value in one.initial.values()}
        if len(found) > 1:
            raise NoProofError("context and query tokens start differently")
        (text,) = found
        if text == one.variable + ("'" if one.flipped else ""):
            return ""
        return f"({text})'" if one.flipped and text != "0" else text

    def returned(self, one: Returned) -> str:
        found = {self._words(value.terms) for value in one.value.values()}
        if len(found) > 1:
            raise NoProofError("the groups of the returned value differ")
        (text,) = found
        return f"({text})'" if one.transposed else text

    def _words(self, terms: Mapping[Word, Coefficient]) -> str:
        return sum_text([(to_scalar(number), self._word(word)) for word, number in terms.items()])

    def _word(self, word: Word) -> str:
        return "*".join(map(self._letter, bare(word))) or IDENTITY

    def _letter(self, letter: Letter) -> str:
        one = self.carried.get(letter.name)
        transposed = letter.transposed != (one is not None and one.flipped)
        return (letter.name if one is None else one.variable) + ("'" if transposed else "")
