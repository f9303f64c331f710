"""A loop with affine loops within it: their passes first, as matrices that are held.

The inner loop of n passes leaves Lⁿ·s + S_n of what it is given.  Made of inputs alone, Lⁿ and S_n
are the same in every pass around it: they are computed once, and the loop around is then an affine
loop of matrices like others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest

from weightsmith.compiler.certify.spectral import NoProofError
from weightsmith.compiler.ir.normal import Carried, Loop, NormalProgram
from weightsmith.compiler.ir.polynomial import Letter, Polynomial, Space, substitute
from weightsmith.compiler.restructure.affine import AffineStep, affine_steps, turning
from weightsmith.compiler.restructure.affine_write import AffineWriter
from weightsmith.compiler.restructure.task import Task

Json = dict[str, object]
NOTHING: Json = {}


@dataclass(frozen=True)
class Flat:
    """The program without inner loops, the blocks that make their matrices, and its witness."""

    normal: NormalProgram
    lines: tuple[str, ...]
    held: tuple[Json, ...]
    taken: set[str]


def flattened(task: Task, clause: str, taken: set[str], *, turned: bool) -> Flat:
    """``turned``: inner loops are read as those of transposes.  Raises NoProofError."""
    outer = _outer(task.normal)
    starts: list[str] = []
    blocks: list[list[str]] = []
    held: list[Json] = []
    known: dict[str, tuple[Carried, Letter, Letter | None]] = {}
    axes: dict[str, tuple[Space, Space]] = {}
    for inner in outer.inner:
        (carried,) = inner.carried
        step = _step(task, inner, turned)
        writer = AffineWriter(inner, step, turning(task.normal), clause, taken, "parts")
        count = task.count(inner)
        if count == 0:
            raise NoProofError("an inner loop runs no pass")
        made = writer.blocks(count, (), inline=False)
        taken = writer.taken
        for name in writer.parts():
            axes[name] = _axes(task.normal, carried, turned, is_power=name == writer.parts()[0])
        power, total = (Letter(name, "") if name else None for name in writer.parts())
        if power is None:
            raise NoProofError("an inner loop leaves nothing")
        known[carried.letter] = carried, power, total
        first = next(at for at, line in enumerate(made.lines) if line == "repeat 1:")
        starts += made.lines[:first]
        mine = [line for line in made.lines[first:] if line != "repeat 1:"]
        blocks = _side_by_side(blocks, mine)
        marked = [_marked(one, inner.index) for one in made.held]
        pairs = zip_longest(held, marked, fillvalue=NOTHING)
        held = [{**one, **other} for one, other in pairs]
    lines = [text for block in blocks for text in ("repeat 1:", *block)]
    axes.pop("", None)
    normal = replace(task.normal, alphabet=task.normal.alphabet.with_letters(axes))
    loop = _Flattening(normal, known, turned).loop(outer)
    return Flat(replace(normal, loops=(loop,)), (*starts, *lines), tuple(held), taken)


def _side_by_side(blocks: list[list[str]], lines: list[str]) -> list[list[str]]:
    """One line more for each block, and blocks for what is left."""
    more = [[line] for line in lines]
    empty: list[str] = []
    return [one + other for one, other in zip_longest(blocks, more, fillvalue=empty)]


def inner_loops(normal: NormalProgram) -> tuple[Loop, ...]:
    return normal.loops[0].inner if normal.loops else ()


def _outer(normal: NormalProgram) -> Loop:
    if normal.applications:
        raise NoProofError("the program has functions of entries")
    loops = list(normal.all_loops())
    if len(normal.loops) != 1 or not normal.loops[0].inner:
        raise NoProofError("the program has no loop within its only loop")
    if any(loop.schedule for loop in loops) or any(one.inner for one in normal.loops[0].inner):
        raise NoProofError("the loop within a loop is of no kind that is known")
    if any(len(one.carried) != 1 for one in normal.loops[0].inner):
        raise NoProofError("the loop within a loop carries several values")
    return normal.loops[0]


def _step(task: Task, inner: Loop, turned: bool) -> AffineStep:
    """An L of inputs alone, and R = 1."""
    inputs = {given.name for given in task.normal.inputs}
    for step in affine_steps(task.normal, inner):
        terms = [*step.left.values(), *step.constant.values()]
        names = {letter.name for one in terms for word in one for letter in word}
        if all(side == turned for side in step.turned.values()) and not step.has_right:
            if names <= inputs:
                return step
            raise NoProofError("the loop within a loop is not the same in every pass around it")
    raise NoProofError("the loop within a loop is of no kind that is known")


def _axes(
    normal: NormalProgram, carried: Carried, turned: bool, *, is_power: bool
) -> tuple[Space, Space]:
    rows, columns = normal.alphabet.axes[carried.letter]
    rows, columns = (columns, rows) if turned else (rows, columns)
    return (rows, rows) if is_power else (rows, columns)


def _marked(held: Json, index: int) -> Json:
    """With the loop of the script of which the values are."""
    return {
        name: {**value, "loop": index} if isinstance(value, dict) else value
        for name, value in held.items()
    }


class _Flattening:
    """Puts Lⁿ·s + S_n in the place of what inner loops leave."""

    def __init__(
        self,
        normal: NormalProgram,
        known: Mapping[str, tuple[Carried, Letter, Letter | None]],
        turned: bool,
    ) -> None:
        self.normal, self.known, self.turned = normal, known, turned
        self.one = normal.field.one

    def loop(self, outer: Loop) -> Loop:
        carried = tuple(
            replace(one, next={space: self._flat(value) for space, value in one.next.items()})
            for one in outer.carried
        )
        return replace(outer, carried=carried, inner=())

    def _flat(self, value: Polynomial) -> Polynomial:
        return substitute(value, self._left, self.one)

    def _left(self, letter: Letter) -> Polynomial | None:
        """What an inner loop's letter is after it; None if it is none."""
        if letter.name not in self.known:
            return None
        carried, power, total = self.known[letter.name]
        alphabet = self.normal.alphabet
        plain = letter._replace(transposed=False)
        given = self._flat(carried.initial[alphabet.columns(plain)])
        given = alphabet.transpose(given) if self.turned else given
        rows = alphabet.axes[power.name][0]
        after = Polynomial(rows, rows, {(power,): self.one}) * given
        if total is not None:
            after = after + Polynomial(after.rows, after.columns, {(total,): self.one})
        same = self.turned == letter.transposed
        return after if same else alphabet.transpose(after)
