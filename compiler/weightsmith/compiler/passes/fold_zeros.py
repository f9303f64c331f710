"""Variables that are zero before their loop and after every pass are zero: drop them."""

from __future__ import annotations

from dataclasses import replace

from weightsmith.compiler.ir.normal import Columns, Loop, NormalProgram
from weightsmith.compiler.ir.polynomial import Polynomial


def fold_zeros(program: NormalProgram) -> NormalProgram:
    """Put zero in place of every carried variable that stays zero (greatest fixed point)."""
    zeros = {c.letter for loop in program.all_loops() for c in loop.carried}
    while True:
        failing = {
            c.letter
            for loop in program.all_loops()
            for c in loop.carried
            if c.letter in zeros and not (_vanishes(c.initial, zeros) and _vanishes(c.next, zeros))
        }
        if not failing:
            break
        zeros -= failing
    return _without(program, zeros) if zeros else program


def _vanishes(value: Columns, zeros: set[str]) -> bool:
    return not any(p.terms for p in _folded(value, zeros).values())


def _folded(value: Columns, zeros: set[str]) -> dict[str, Polynomial]:
    return {
        space: replace(
            p,
            terms={
                word: c
                for word, c in p.terms.items()
                if not any(letter.name in zeros for letter in word)
            },
        )
        for space, p in value.items()
    }


def _without(program: NormalProgram, zeros: set[str]) -> NormalProgram:
    def loop(one: Loop) -> Loop:
        carried = tuple(
            replace(c, initial=_folded(c.initial, zeros), next=_folded(c.next, zeros))
            for c in one.carried
            if c.letter not in zeros
        )
        return replace(one, carried=carried, inner=tuple(map(loop, one.inner)))

    returns = tuple(replace(r, value=_folded(r.value, zeros)) for r in program.returns)
    return replace(program, loops=tuple(map(loop, program.loops)), returns=returns)
