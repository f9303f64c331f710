"""The stream as single combinations, and what a loop carries of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from weightsmith.backends.plan.layers.stream import Key, Value
from weightsmith.backends.plan.operations.nodes import Combination, Shape

Place = tuple[int, int, int]  # block, group, source or DIRECT
State = dict[Key, Value]  # what is not there is zero
Flat = dict[Place, Combination]  # the same


class Held:
    """What a loop carries: a guess that a pass of the body refines, until it is what a pass does.

    ``names``: of each carried value the first that is equal to it in every pass.
    """

    def __init__(self, entry: Flat, shapes: Mapping[Place, Shape]) -> None:
        self._entry = entry
        self._kept: set[Place] = set()  # were thought not to change, and do
        self._classes: list[list[Place]] = []
        found: dict[tuple[Shape, Combination | None], list[Place]] = defaultdict(list)
        for place in sorted(shapes):
            found[shapes[place], entry.get(place)].append(place)
        self._classes = list(found.values())

    @property
    def places(self) -> dict[Place, int]:
        """The number of each value that is carried."""
        return {some[0]: number for number, some in enumerate(self._classes)}

    def names(self) -> dict[Place, Place]:
        return {place: some[0] for some in self._classes for place in some}

    def refined(self, inside: Flat, after: Flat) -> bool:
        """Was the guess wrong?  Then it is another one now."""
        names = self.names()
        changed = {p for p in after.keys() | inside.keys() if p not in names}
        wrong = {p for p in changed if after.get(p) != inside.get(p)}
        self._kept |= wrong
        classes: list[list[Place]] = [[place] for place in sorted(wrong)]
        for some in self._classes:
            by_next: dict[Combination | None, list[Place]] = defaultdict(list)
            for place in some:
                by_next[after.get(place)].append(place)
            for then, same in by_next.items():
                still = then in (inside.get(same[0]), self._entry.get(same[0]))
                classes += [same] if not still else [[p] for p in same if p in self._kept]
        before, self._classes = self._classes, sorted(classes)
        return self._classes != sorted(before)


def flat(state: State) -> Flat:
    return {(*key, s): part for key, value in state.items() for s, part in value.parts.items()}


def values_of(parts: Flat) -> State:
    found: dict[Key, dict[int, Combination]] = defaultdict(dict)
    for (block, group, source), part in parts.items():
        found[block, group][source] = part
    return {key: Value(some) for key, some in found.items()}


def is_matrix(part: Combination | None) -> bool:
    """Is it a matrix that a loop can start from, and not a zero, an identity or ones?"""
    return part is not None and bool(part.terms) and not (part.eye or part.ones)
