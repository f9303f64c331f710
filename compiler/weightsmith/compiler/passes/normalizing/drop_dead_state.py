"""Variables of loops on which no returned value depends are not carried.

What is returned, and what the values of these letters before a loop and after a pass are made of,
is alive; so are the arguments of functions that are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from weightsmith.compiler.ir.normal import Loop, NormalProgram
from weightsmith.compiler.ir.polynomial import Polynomial


def drop_dead_state(program: NormalProgram) -> NormalProgram:
    """Return the program without dead carried variables and functions."""
    makers: dict[str, list[Polynomial]] = {}
    for loop in program.all_loops():
        for carried in loop.carried:
            makers[carried.letter] = [*carried.initial.values(), *carried.next.values()]
    for one in program.applications:
        makers[one.letter] = [p for argument in one.arguments for p in argument.values()]
    alive: set[str] = set()
    waiting = _letters(p for returned in program.returns for p in returned.value.values())
    while waiting:
        alive |= waiting
        waiting = _letters(p for name in waiting for p in makers.get(name, ())) - alive
    return replace(
        program,
        loops=tuple(_without_dead(loop, alive) for loop in program.loops),
        applications=tuple(one for one in program.applications if one.letter in alive),
    )


def _without_dead(loop: Loop, alive: set[str]) -> Loop:
    carried = tuple(one for one in loop.carried if one.letter in alive)
    inner = tuple(_without_dead(child, alive) for child in loop.inner)
    return replace(loop, carried=carried, inner=inner)


def _letters(polynomials: Iterable[Polynomial]) -> set[str]:
    return {letter.name for p in polynomials for word in p.terms for letter in word}
