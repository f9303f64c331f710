"""A loop with affine loops within it: their passes first, as matrices that are held.

The inner loop of n passes leaves Lⁿ·s + S_n of what it is given.  Made of inputs alone, Lⁿ and S_n
are the same in every pass around it: they are computed once, and the loop around is then an affine
loop of matrices like others.  What an inner loop reads of the loops around it, or of those before
it, is carried by it too, unchanged: its columns of Lⁿ are Σ_{k<n} Lᵏ times what it is read with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest

from weightsmith.compiler.certify.spectral import NoProofError
from weightsmith.compiler.ir.normal import Carried, Loop, NormalProgram, nested
from weightsmith.compiler.ir.polynomial import Letter, Polynomial, Space, identity, substitute
from weightsmith.compiler.restructure.affine import AffineStep, affine_steps, turning
from weightsmith.compiler.restructure.affine_blocks import Held
from weightsmith.compiler.restructure.affine_write import AffineWriter
from weightsmith.compiler.restructure.task import Task
from weightsmith.dsl.core import GROUPS

Json = dict[str, object]
NOTHING: Json = {}


@dataclass(frozen=True)
class Flat:
    """The program without inner loops, the blocks that make their matrices, and its witness.

    ``turned`` are the variables that inner loops read as transposes, ``1.X`` for X of loop 1, and
    ``1.0.X`` for X of loop 0 that loop 1 reads.
    """

    normal: NormalProgram
    lines: tuple[str, ...]
    held: tuple[Json, ...]
    taken: set[str]
    turned: tuple[str, ...]


def flattened(task: Task, clause: str, taken: set[str]) -> Flat:
    """Raises NoProofError where a loop within is no affine loop of one side."""
    outer = _outer(task.normal)
    flattening = _Flattening(task, clause, taken)
    loop = flattening.loop(outer, ())
    normal = replace(flattening.normal, loops=(loop,))
    lines, held = tuple(flattening.lines), tuple(flattening.held)
    return Flat(normal, lines, held, flattening.taken, tuple(flattening.turned))


def _outer(normal: NormalProgram) -> Loop:
    if normal.applications:
        raise NoProofError("the program has functions of entries")
    if len(normal.loops) != 1 or not normal.loops[0].inner:
        raise NoProofError("the program has no loop within its only loop")
    if any(loop.schedule for loop in normal.all_loops()):
        raise NoProofError("a loop within a loop has numbers of its own for every pass")
    return normal.loops[0]


@dataclass(frozen=True)
class _Written:
    """An inner loop's lines: those before its blocks, and one for each block with its witness."""

    starts: tuple[str, ...]
    blocks: tuple[str, ...]
    held: tuple[Json, ...]


@dataclass(frozen=True)
class _Left:
    """What an inner loop leaves: of each letter Σⱼ Lⁿᵢⱼ·sⱼ + S_n, by the names of both."""

    loop: Loop
    step: AffineStep
    parts: Mapping[Held, str]


class _Flattening:
    """Puts Lⁿ·s + S_n in the place of what inner loops leave; gathers the lines of these."""

    def __init__(self, task: Task, clause: str, taken: set[str]) -> None:
        self.task, self.normal, self.clause, self.taken = task, task.normal, clause, taken
        self.one = task.normal.field.one
        self.lines: list[str] = []
        self.held: list[Json] = []
        self.turned: list[str] = []

    def loop(self, outer: Loop, around: tuple[Carried, ...]) -> Loop:
        """The loop without those within it; ``around`` is what stands around it, or before it."""
        readable, inner = [*around, *outer.carried], []
        for one in outer.inner:
            inner.append((self.loop(one, tuple(readable)), tuple(readable)))
            readable += one.carried
        known: dict[str, _Left] = {}
        written = []
        for one, before in inner:
            lines, left = self._written(one, before, _needed(outer, one))
            written.append(lines)
            known |= dict.fromkeys((each.letter for each in one.carried), left)
        self._side_by_side(written)
        replaced = _Replacing(self.normal, known)
        carried = tuple(
            replace(one, next={space: replaced.flat(value) for space, value in one.next.items()})
            for one in outer.carried
        )
        return replace(outer, carried=carried, inner=())

    def _side_by_side(self, written: list[_Written]) -> None:
        """Blocks of several loops as one, as far as there are."""
        for one in written:
            self.lines += one.starts
        for lines in zip_longest(*(one.blocks for one in written)):
            self.lines += ["repeat 1:", *(line for line in lines if line is not None)]
        for values in zip_longest(*(one.held for one in written), fillvalue=NOTHING):
            self.held.append({name: value for one in values for name, value in one.items()})

    def _written(
        self, inner: Loop, before: tuple[Carried, ...], needed: set[str]
    ) -> tuple[_Written, _Left]:
        used = _names(value for one in inner.carried for value in one.next.values())
        read = [self._unchanged(one, inner) for one in before if one.letter in used]
        loop = replace(inner, carried=(*inner.carried, *read))
        count = self.task.count(inner)
        if count == 0:
            raise NoProofError("an inner loop runs no pass")
        step = self._step(loop)
        turn = turning(self.normal)
        writer = AffineWriter(loop, step, turn, self.clause, self.taken, count, "parts")
        made = writer.blocks({one.letter for one in inner.carried} & needed)
        if not made.parts:
            raise NoProofError("an inner loop leaves nothing")
        self.taken = writer.taken
        self.turned += [
            f"{inner.index}.{one.variable}" for one in loop.carried if step.turned[one.letter]
        ]
        axes = {name: self._axes(one, step) for one, name in made.parts.items()}
        self.normal = replace(self.normal, alphabet=self.normal.alphabet.with_letters(axes))
        first = made.lines.index("repeat 1:")
        blocks = tuple(line for line in made.lines[first:] if line != "repeat 1:")
        held = tuple(_marked(one, inner.index) for one in made.held)
        return _Written(made.lines[:first], blocks, held), _Left(loop, step, made.parts)

    def _unchanged(self, one: Carried, inner: Loop) -> Carried:
        """What an inner loop reads, as if it carried it."""
        rows, _ = self.normal.alphabet.axes[one.letter]
        value = {
            space: Polynomial(rows, space, {(_letter(one.letter, space),): self.one})
            for space in one.initial
        }
        home = next(
            loop.index for loop in self.task.normal.all_loops() if one.letter in _letters(loop)
        )
        return replace(one, variable=f"{home}.{one.variable}", initial=value, next=value)

    def _step(self, loop: Loop) -> AffineStep:
        """With R = 1."""
        for step in affine_steps(self.normal, loop):
            if not step.has_right:
                return step
        raise NoProofError("a loop within a loop multiplies from both sides")

    def _axes(self, held: Held, step: AffineStep) -> tuple[Space, Space]:
        def sides(letter: str) -> tuple[Space, Space]:
            rows, columns = self.normal.alphabet.axes[letter]
            return (columns, rows) if step.turned[letter] else (rows, columns)

        if held.kind == "power":
            return sides(held.row)[0], sides(held.column)[0]
        return sides(held.row)


def _letters(loop: Loop) -> set[str]:
    return {one.letter for one in loop.carried}


def _letter(name: str, columns: Space) -> Letter:
    return Letter(name, columns if columns in GROUPS else "")


def _names(values: Iterable[Polynomial]) -> set[str]:
    return {letter.name for value in values for word in value.terms for letter in word}


def _needed(outer: Loop, inner: Loop) -> set[str]:
    """Letters that are read outside an inner loop."""
    values = [one.next for one in outer.carried]
    for other in outer.inner:
        values += [one.initial for one in other.carried]
        for loop in nested((other,)) if other.index != inner.index else ():
            values += [columns for one in loop.carried for columns in (one.initial, one.next)]
    return _names(value for columns in values for value in columns.values())


def _marked(held: Json, index: int) -> Json:
    """With the loop of the script of which the values are."""
    return {
        name: {**value, "loop": index} if isinstance(value, dict) else value
        for name, value in held.items()
    }


class _Replacing:
    """Replaces the letters of inner loops by what these leave."""

    def __init__(self, normal: NormalProgram, known: Mapping[str, _Left]) -> None:
        self.alphabet, self.one, self.known = normal.alphabet, normal.field.one, known

    def flat(self, value: Polynomial) -> Polynomial:
        return substitute(value, self._left, self.one)

    def _left(self, letter: Letter) -> Polynomial | None:
        """What an inner loop's letter is after it; None if it is none."""
        if letter.name not in self.known:
            return None
        left = self.known[letter.name]
        turned = left.step.turned[letter.name]
        plain = letter._replace(transposed=False)
        rows, columns = self.alphabet.rows(plain), self.alphabet.columns(plain)
        rows, columns = (columns, rows) if turned else (rows, columns)
        after = Polynomial(rows, columns, {})
        for one in left.loop.carried:
            power = self._power(left, letter.name, one.letter, rows)
            if power is not None:
                after = after + power * self._given(one, left.step.turned[one.letter], columns)
        total = left.parts.get(Held("total", letter.name))
        if total is not None:
            sum_ = Polynomial(rows, columns, {(_letter(total, columns),): self.one})
            after = after + sum_
        return after if turned == letter.transposed else self.alphabet.transpose(after)

    def _power(self, left: _Left, row: str, column: str, rows: Space) -> Polynomial | None:
        """Lⁿᵢⱼ; None where it is zero, or not needed."""
        name = left.parts.get(Held("power", row, column))
        if name is not None:
            _, columns = self.alphabet.axes[name]
            return Polynomial(rows, columns, {(Letter(name, ""),): self.one})
        unchanged = row == column and left.step.is_unchanged(row)
        return identity(rows, self.one) if unchanged else None

    def _given(self, one: Carried, turned: bool, columns: Space) -> Polynomial:
        """What a letter was before the inner loop, turned to the side on which it is read."""
        found = [
            self.alphabet.transpose(value) if turned else value for value in one.initial.values()
        ]
        value = next((value for value in found if value.columns == columns), None)
        if value is None:
            raise NoProofError("a loop within a loop reads a value that its tokens do not have")
        return self.flat(value)
