"""The letters of loops on which what is returned depends: the others may be left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from weightsmith.checker.algebra.words import Polynomial
from weightsmith.checker.semantics.meaning import Loop, Meaning


def live_loops(meaning: Meaning) -> tuple[Loop, ...]:
    """The loops without letters that nothing depends on which is returned."""
    values: dict[str, tuple[Polynomial, Polynomial]] = {}
    for loop in meaning.all_loops():
        for name in loop.letters:
            values[name] = loop.entering[name], loop.leaving[name]
    returned = (part for one in meaning.returned.values() for part in one.parts.values())
    waiting = {name for part in returned for name in part.names()} & values.keys()
    live: set[str] = set()
    while waiting:
        name = waiting.pop()
        live.add(name)
        names = {other for value in values[name] for other in value.names()}
        waiting |= (names & values.keys()) - live
    return tuple(_only(loop, live) for loop in meaning.loops)


def _only(loop: Loop, live: set[str]) -> Loop:
    def kept(values: Mapping[str, Polynomial]) -> dict[str, Polynomial]:
        return {name: value for name, value in values.items() if name in live}

    return replace(
        loop,
        letters={name: letter for name, letter in loop.letters.items() if name in live},
        entering=kept(loop.entering),
        leaving=kept(loop.leaving),
        children=tuple(_only(child, live) for child in loop.children),
    )
