"""A loop with affine loops within it, as one without: what these leave is Lⁿ·s₀·Rⁿ + S_n.

Lⁿ, Rⁿ and S_n are made of inputs alone, so they are the same in every pass of the outer loop: the
letters of ``affine_powers.py``; a block that holds them says ``"loop": 1``.  s₀ is what the outer
loop's pass gives the inner one.  A letter of a loop around, or before, that an inner loop reads is
carried by it too, and never changed: X of loop 0 is ``0.X`` there.

An inner loop whose passes have the numbers of a ``for`` loop around it is unrolled.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from fractions import Fraction

from weightsmith.checker.algebra.words import Letter, Polynomial
from weightsmith.checker.reading.refusal import require
from weightsmith.checker.reading.scalar_text import count_at
from weightsmith.checker.rewrites.affine_loop import (
    numbers_around,
    numbers_of_passes,
    read_affine_loop,
)
from weightsmith.checker.rewrites.affine_powers import AffinePowers
from weightsmith.checker.semantics.meaning import Loop
from weightsmith.dsl.numbers.scalars import free_symbols

Readable = Mapping[str, tuple[int, Letter]]  # letters, and the loops that carry them
NOTHING: Readable = {}
MAX_PASSES = 20  # of a loop that is unrolled


class InnerLoops:
    """Takes the loops within a loop away.

    ``transposed`` has ``1.X`` where loop 1 reads its X as a transpose, and ``1.0.X`` where it reads
    X of loop 0 so.  ``powers`` are those of the inner loops, by their index.  ``named``: also what
    loops of one pass leave is made of letters.
    """

    def __init__(
        self, transposed: Collection[str], bindings: Mapping[str, Fraction], *, named: bool = False
    ) -> None:
        self._transposed, self._bindings, self._named = transposed, bindings, named
        self.powers: dict[int, AffinePowers] = {}

    def without(self, loop: Loop, around: Readable = NOTHING) -> Loop:
        """``around``: letters of the loops around it, and before it.  Raises RefusedError."""
        readable = {**around, **_letters(loop)}
        known: dict[str, Polynomial] = {}
        for child in (one for one in loop.children if one.letters):
            inner = self.without(child, readable)
            if numbers_around(inner):
                known |= self._unrolled(inner, known)
            else:
                known |= self._after(_reading(inner, readable), known)
            readable |= _letters(child)
        leaving = {name: value.replace_letters(known) for name, value in loop.leaving.items()}
        return replace(loop, leaving=leaving, children=())

    def _unrolled(self, inner: Loop, known: Mapping[str, Polynomial]) -> dict[str, Polynomial]:
        """What a loop leaves whose passes have numbers of a loop around it: pass by pass."""
        names = free_symbols(inner.count)
        field = next(iter(inner.leaving.values())).field
        require(names.isdisjoint(field.variables), "A loop's count is a number of a pass.")
        count = count_at(inner.count, self._bindings)
        require(count <= MAX_PASSES, f"Loop {inner.index} has numbers of a loop around it.")
        values = {name: value.replace_letters(known) for name, value in inner.entering.items()}
        for numbers in numbers_of_passes(inner, field) or ({},) * count:
            now = {**known, **values}
            passed = {name: value.at(numbers) for name, value in inner.leaving.items()}
            values = {name: value.replace_letters(now) for name, value in passed.items()}
        return values

    def _after(self, inner: Loop, known: Mapping[str, Polynomial]) -> dict[str, Polynomial]:
        """What an inner loop leaves, made of letters around it."""
        mark = f"{inner.index}."
        transposed = [name.removeprefix(mark) for name in self._transposed if name.startswith(mark)]
        entering = {name: value.replace_letters(known) for name, value in inner.entering.items()}
        affine = read_affine_loop(replace(inner, entering=entering), transposed)
        count = count_at(inner.count, self._bindings)
        named = self._named and count == 1
        powers = AffinePowers(affine, f"loop {inner.index} ", named=named)
        self.powers[inner.index] = powers
        after = powers.after(count, dict(affine.start))
        return {
            name: after[name].transpose() if letter.transposed else after[name]
            for name, letter in affine.letters.items()
        }


def _letters(loop: Loop) -> dict[str, tuple[int, Letter]]:
    return {name: (loop.index, letter) for name, letter in loop.letters.items()}


def _reading(inner: Loop, readable: Readable) -> Loop:
    """The loop, carrying what it reads: ``0.X#0`` is X#0 of loop 0, before and after a pass."""
    names = {name for value in inner.leaving.values() for name in value.names()}
    letters, entering = dict(inner.letters), dict(inner.entering)
    new: dict[str, Polynomial] = {}
    same: dict[str, Polynomial] = {}
    for name in sorted(names & readable.keys()):
        index, letter = readable[name]
        here = replace(letter, name=f"{index}.{name}")
        field = next(iter(inner.leaving.values())).field
        letters[here.name] = here
        entering[here.name] = Polynomial.letter(field, letter)
        new[name] = same[here.name] = Polynomial.letter(field, here)
    leaving = {name: value.replace_letters(new) for name, value in inner.leaving.items()}
    return replace(inner, letters=letters, entering=entering, leaving=leaving | same)
