"""A loop with affine loops within it: their passes first, as matrices that are materialised.

The inner loop of n passes leaves Lⁿ·s·Rⁿ + S_n of what it is given.  Made of inputs alone, these
are the same in every pass around it: they are computed once, and the loop around is then an affine
loop of matrices like others.  What an inner loop reads of the loops around it, or of those before
it, is carried by it too, unchanged: its columns of Lⁿ are Σ_{k<n} Lᵏ times what it is read with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import zip_longest

from weightsmith.compiler.certify.spectra.spectral import (
    ManyWordsError,
    NoProofError,
)
from weightsmith.compiler.ir.coefficients import at
from weightsmith.compiler.ir.normal import Carried, Loop, NormalProgram, nested
from weightsmith.compiler.ir.polynomial import Letter, Polynomial, Space
from weightsmith.compiler.restructure.affine_loops.affine import (
    TOO_LONG_WORDS,
    AffineStep,
    affine_steps,
    transposing,
)
from weightsmith.compiler.restructure.affine_loops.affine_blocks import Materialised
from weightsmith.compiler.restructure.affine_loops.affine_write import AffineWriter
from weightsmith.compiler.restructure.recurrences.setting import NAME
from weightsmith.compiler.restructure.recurrences.task import Json, Task
from weightsmith.dsl.program.core import GROUPS

NOTHING: Json = {}
BLOCK = "repeat 1:"
MOST_UNROLLED = 12  # passes
MOST_LETTERS = 400  # of a value, in all its words


@dataclass(frozen=True)
class _Inner:
    """An inner loop with what it reads, and the names of its Lⁿ, Rⁿ and S_n, transposed or not."""

    loop: Loop
    step: AffineStep
    writer: AffineWriter
    parts: Mapping[Materialised, str]
    letters: frozenset[str]  # without those of what it reads


@dataclass(frozen=True)
class Flat:
    """The program without inner loops.

    ``transposed`` are the variables that inner loops read as transposes, ``1.X`` for X of loop 1,
    and ``1.0.X`` for X of loop 0 that loop 1 reads.  ``transposes`` names those of letters.
    """

    normal: NormalProgram
    inner: tuple[tuple[_Inner, ...], ...]  # what comes first is read by what is later
    taken: set[str]
    transposed: tuple[str, ...]
    transposes: Mapping[str, str]

    def blocks(self, lines: Iterable[str]) -> tuple[tuple[str, ...], tuple[Json, ...]]:
        """The blocks that make what these lines read, and what each holds."""
        read = set(NAME.findall(" ".join(lines)))
        self.taken.update(read)
        before: list[str] = []
        held: list[Json] = []
        for group in reversed(self.inner):
            made = []
            for one in group:
                wanted = [part for part, name in one.parts.items() if name in read]
                if wanted:
                    made.append((one.loop.index, one.writer.held_parts(wanted)))
            now = [line for _, blocks in made for line in blocks.starts]
            each = [[line for line in blocks.lines if line != BLOCK] for _, blocks in made]
            for some in zip_longest(*each):
                now += [BLOCK, *(line for line in some if line is not None)]
            marked = [[_marked(one, index) for one in blocks.held] for index, blocks in made]
            some_held = zip_longest(*marked, fillvalue=NOTHING)
            held[:0] = [{k: v for one in values for k, v in one.items()} for values in some_held]
            before[:0] = now
            read |= set(NAME.findall(" ".join(now)))
        return tuple(before), tuple(held)


def flattened(task: Task, clause: str, taken: set[str]) -> Flat:
    """Raises NoProofError where a loop within is no affine loop."""
    outer = task.only_loop(scheduled=True, inner=True)
    if not outer.inner:
        raise NoProofError("the program has no loop within its only loop")
    flattening = _Flattening(task, clause, taken)
    loop = flattening.loop(outer, ())
    normal = replace(flattening.normal, loops=(loop,))
    inner, transposed = tuple(flattening.inner), tuple(flattening.transposed)
    return Flat(normal, inner, flattening.taken, transposed, flattening.transposes)


class _Flattening:
    """Puts Lⁿ·s·Rⁿ + S_n in the place of what inner loops leave."""

    def __init__(self, task: Task, clause: str, taken: set[str]) -> None:
        self.task, self.normal, self.clause, self.taken = task, task.normal, clause, taken
        self.inner: list[tuple[_Inner, ...]] = []
        self.transposed: list[str] = []
        self.transposes: dict[str, str] = {}

    def loop(self, outer: Loop, around: tuple[Carried, ...]) -> Loop:
        """The loop without those within it; ``around`` is what stands around it, or before it."""
        readable = [*around, *outer.carried]
        flat = []
        for one in outer.inner:
            flat.append((self.loop(one, tuple(readable)), tuple(readable)))
            readable += one.carried
        unrolled = [one for one, _ in flat if self._numbers_around(one) or not self.task.count(one)]
        inner = tuple(self._inner(one, before) for one, before in flat if one not in unrolled)
        self.inner += [inner] if inner else []
        replaced = _Replacing(self.task, self.normal, inner, unrolled)
        carried = tuple(
            replace(one, next={space: replaced.flat(value) for space, value in one.next.items()})
            for one in outer.carried
        )
        return replace(outer, carried=carried, inner=())

    def _inner(self, inner: Loop, before: tuple[Carried, ...]) -> _Inner:
        values = [value for one in inner.carried for value in one.next.values()]
        used = {letter.name for value in values for word in value.terms for letter in word}
        read = [self._unchanged(one) for one in before if one.letter in used]
        loop = replace(inner, carried=(*inner.carried, *read))
        count = self.task.count(inner)
        step, transpose = self._step(loop), transposing(self.normal)
        writer = AffineWriter(
            loop,
            step,
            transpose,
            self.clause,
            self.taken,
            count,
            "parts",
            self.transposes,
            self.task.numbers(inner),
        )
        parts = writer.parts()
        self.transposes |= {parts[one.plain()]: parts[one.plain().flipped()] for one in parts}
        self.transposed += [
            f"{inner.index}.{one.variable}" for one in loop.carried if step.transposed[one.letter]
        ]
        axes = {name: self._axes(one, step) for one, name in parts.items()}
        self.normal = replace(self.normal, alphabet=self.normal.alphabet.with_letters(axes))
        return _Inner(loop, step, writer, parts, frozenset(one.letter for one in inner.carried))

    def _numbers_around(self, inner: Loop) -> bool:
        """Do its passes have numbers of a loop around it?"""
        every = self.task.normal.all_loops()
        around = [one for one in every if inner.index in {o.index for o in nested(one.inner)}]
        changing = {one.name for loop in around for one in loop.schedule}
        values = [value for one in inner.carried for value in one.next.values()]
        return any(c.names & changing for value in values for c in value.terms.values())

    def _unchanged(self, one: Carried) -> Carried:
        """What an inner loop reads, as if it carried it."""
        rows, _ = self.normal.alphabet.axes[one.letter]
        value = {
            space: Polynomial.letter(self.normal.field, rows, space, _letter(one.letter, space))
            for space in one.initial
        }
        home = next(
            loop.index for loop in self.task.normal.all_loops() if one.letter in _letters(loop)
        )
        return replace(one, variable=f"{home}.{one.variable}", initial=value, next=value)

    def _step(self, loop: Loop) -> AffineStep:
        """With R = 1, if there is one."""
        return min(affine_steps(self.normal, loop), key=lambda one: one.has_right)

    def _axes(self, held: Materialised, step: AffineStep) -> tuple[Space, Space]:
        def sides(letter: str) -> tuple[Space, Space]:
            rows, columns = self.normal.alphabet.axes[letter]
            return (columns, rows) if step.transposed[letter] else (rows, columns)

        rows, columns = sides(held.row or next(iter(step.transposed)))
        if held.kind == "after":
            return columns, columns
        found = (rows, sides(held.column)[0]) if held.kind == "power" else (rows, columns)
        return found[::-1] if held.transposed else found


def _letters(loop: Loop) -> set[str]:
    return {one.letter for one in loop.carried}


def _letter(name: str, columns: Space) -> Letter:
    return Letter(name, columns if columns in GROUPS else "")


def _at(value: Polynomial, numbers: Mapping[str, Fraction]) -> Polynomial:
    terms = {word: at(number, numbers) for word, number in value.terms.items()}
    return replace(value, terms={word: number for word, number in terms.items() if number})


def _marked(held: Json, index: int) -> Json:
    """With the loop of the script of which the values are."""
    return {
        name: {**value, "loop": index} if isinstance(value, dict) else value
        for name, value in held.items()
    }


class _Replacing:
    """Replaces the letters of inner loops by what these leave, powers or ``unrolled``."""

    def __init__(
        self, task: Task, normal: NormalProgram, inner: Iterable[_Inner], unrolled: Iterable[Loop]
    ) -> None:
        self.task, self.alphabet, self.field = task, normal.alphabet, normal.field
        self.known = {name: one for one in inner for name in one.letters}
        self.values: dict[str, Mapping[Space, Polynomial]] = {}
        for loop in unrolled:  # in order: later ones read earlier ones
            self.values |= self._unrolled(loop)

    def _unrolled(self, loop: Loop) -> dict[str, Mapping[Space, Polynomial]]:
        """What the passes leave, one after the other."""
        values: dict[str, Mapping[Space, Polynomial]] = {
            one.letter: {space: self.flat(value) for space, value in one.initial.items()}
            for one in loop.carried
        }
        count = self.task.count(loop)
        if count > MOST_UNROLLED:
            raise NoProofError("a loop within a loop has the numbers of a loop around it")
        for numbers in self.task.numbers(loop) or ({},) * count:
            self.values |= values
            values = {
                one.letter: {
                    space: self.flat(_at(value, numbers)) for space, value in one.next.items()
                }
                for one in loop.carried
            }
        return values

    def flat(self, value: Polynomial) -> Polynomial:
        found = value.replaced(self._left)
        if sum(map(len, found.terms)) > MOST_LETTERS:
            raise ManyWordsError(TOO_LONG_WORDS)
        return found

    def _left(self, letter: Letter) -> Polynomial | None:
        """What an inner loop's letter is after it; None if it is none."""
        if letter.name in self.values:
            plain = letter._replace(transposed=False)
            value = self.values[letter.name][self.alphabet.columns(plain)]
            return self.alphabet.transpose(value) if letter.transposed else value
        if letter.name not in self.known:
            return None
        left = self.known[letter.name]
        transposed = left.step.transposed[letter.name]
        plain = letter._replace(transposed=False)
        rows, columns = self.alphabet.rows(plain), self.alphabet.columns(plain)
        rows, columns = (columns, rows) if transposed else (rows, columns)
        after = Polynomial.zero(self.field, rows, columns)
        for one in left.loop.carried:
            power = self._power(left, letter.name, one.letter, rows)
            if power is not None:
                after = after + power @ self._given(one, left.step.transposed[one.letter], columns)
        right, total = (
            left.parts.get(Materialised(*one)) for one in (("after",), ("total", letter.name))
        )
        if right is not None:
            after = after @ Polynomial.letter(self.field, columns, columns, Letter(right, ""))
        if total is not None:
            added = Polynomial.letter(self.field, rows, columns, _letter(total, columns))
            after = after + added
        return after if transposed == letter.transposed else self.alphabet.transpose(after)

    def _power(self, left: _Inner, row: str, column: str, rows: Space) -> Polynomial | None:
        """Lⁿᵢⱼ; None where it is zero, or not needed."""
        name = left.parts.get(Materialised("power", row, column))
        if name is not None:
            _, columns = self.alphabet.axes[name]
            return Polynomial.letter(self.field, rows, columns, Letter(name, ""))
        step = left.step
        unchanged = row == column and (step.is_unchanged(row) or not step.has_left)
        return Polynomial.identity(self.field, rows) if unchanged else None

    def _given(self, one: Carried, transposed: bool, columns: Space) -> Polynomial:
        """What a letter was before the inner loop, on the side on which it is read."""
        found = [
            self.alphabet.transpose(value) if transposed else value
            for value in one.initial.values()
        ]
        value = next((value for value in found if value.columns == columns), None)
        if value is None:
            raise NoProofError("a loop within a loop reads a value that its tokens do not have")
        return self.flat(value)
