"""The polynomials of a program by their layers: for every depth, how near each can come.

All steps stand side by side, so a program has one depth for them: at depth D every polynomial that
the script gives no tolerance takes the smallest one for which its plan has at most D layers, to
the nearest of four in an octave.  Where a plan's error falls only with its layers (compositions),
that is its smallest error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.compiler.synthesize.expand import in_numbers
from weightsmith.compiler.synthesize.grouped import Group, grouped
from weightsmith.compiler.synthesize.plans.script import Plan
from weightsmith.compiler.synthesize.requests.request import asked_of, read_request
from weightsmith.dsl.program import core
from weightsmith.dsl.text.diagnostics import DiagnosticError

OCTAVE = 4  # tolerances between one and its half
MOST = 60 * OCTAVE
DEEPEST = 40
Places = dict[int, int]  # of each group's tolerance


def tolerance_at(place: int) -> Fraction:
    """1/2, 7/16, 3/8, 5/16, 1/4, …: halved from octave to octave."""
    octave, part = divmod(place, OCTAVE)
    return Fraction(2 * OCTAVE - part, 2 * OCTAVE * 2 ** (octave + 1))


@dataclass(frozen=True)
class Depth:
    """The places of every group's tolerance: of the coarsest with these layers, and the finest."""

    layers: int
    coarsest: Places
    finest: Places


class Ladder:
    """Raises DiagnosticError where some target has no plan at any tolerance."""

    def __init__(
        self, program: core.Program, bindings: Mapping[str, Fraction], dtype: str = "float64"
    ) -> None:
        self.plain, _ = in_numbers(program, bindings)
        self.asked = asked_of(self.plain)
        self.dtype = dtype
        self.open = tuple(one.position for one in self.asked if one.tolerance is None)
        self.known: dict[tuple[int, int], Plan | None] = {}
        groups = self._groups(0)
        holds_open = (
            k
            for k, group in enumerate(groups)
            if any(one.position in self.open for one in group.requests)
        )
        self.first = {k: self._first(k) for k in holds_open}  # coarser ones are refused
        self.positions = {
            k: [one.position for one in groups[k].requests if one.position in self.open]
            for k in self.first
        }

    def depths(self) -> Iterator[Depth]:
        """From the least that all have to where no tolerance becomes finer."""
        places = dict(self.first)
        start = max(self._layers(k, place) or 0 for k, place in self.first.items())
        for layers in range(start, DEEPEST):
            finest = {k: self._finest(k, place, layers) for k, place in places.items()}
            if layers > start and finest == places:
                return
            if layers > start:
                places = {k: min(place + 1, finest[k]) for k, place in places.items()}
            yield Depth(layers, places, finest)
            places = finest

    def tolerances(self, places: Mapping[int, int]) -> dict[int, Fraction]:
        """Of every position that the script leaves open."""
        return {
            position: tolerance_at(place)
            for k, place in places.items()
            for position in self.positions[k]
        }

    def _groups(self, place: int) -> list[Group]:
        own = tolerance_at(place)
        tolerances = (own if one.tolerance is None else one.tolerance for one in self.asked)
        requests = [read_request(*pair) for pair in zip(self.asked, tolerances, strict=True)]
        return grouped(requests, self.plain, self.dtype)

    def is_same(self, group: int, place: int, other: int) -> bool:
        """Do both tolerances lead to the same steps?"""
        return self._plan(group, place) == self._plan(group, other)

    def _layers(self, group: int, place: int) -> int | None:
        """None where there is no plan."""
        plan = self._plan(group, place)
        return None if plan is None else plan.layers

    def _plan(self, group: int, place: int) -> Plan | None:
        if (group, place) not in self.known:
            try:
                self.known[group, place] = self._groups(place)[group].choice().plan
            except DiagnosticError:
                self.known[group, place] = None
        return self.known[group, place]

    def _first(self, group: int) -> int:
        """The coarsest with a plan; before it a function may be no more than a constant."""
        for place in range(0, MOST, OCTAVE):
            if self._layers(group, place) is not None:
                return place
        self._groups(0)[group].choice()
        raise ValueError("a plan was refused and then made")

    def _finest(self, group: int, low: int, depth: int) -> int:
        """The finest place, from ``low`` on, whose plan has at most so many layers.

        One layer more triples a degree, and so about the place: it is looked for around there.
        """
        high, step = MOST, 2 * OCTAVE
        guess = min(3 * low + 2, MOST - 1)
        if self._fits(group, guess, depth):
            low = guess
            while low + step < high:
                if self._fits(group, low + step, depth):
                    low, step = low + step, 2 * step
                else:
                    high = low + step
        else:
            high = guess
            while high - step > low:
                if self._fits(group, high - step, depth):
                    low = high - step
                else:
                    high, step = high - step, 2 * step
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._fits(group, middle, depth) else (low, middle)
        return low

    def _fits(self, group: int, place: int, depth: int) -> bool:
        layers = self._layers(group, place)
        return layers is not None and layers <= depth
