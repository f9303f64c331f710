"""Addition chains of triple sums: which counts a network holds after each layer.

A layer takes held counts to n = a + b + c + e.  With factors (``plus`` true: a product of three
materialised functions has a factor λ of its own) e may be 1; otherwise e = 0, and count 1 costs
nothing.  Fewest layers come first, then fewest held counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations_with_replacement

MAX_LAYERS = 24
Goals = frozenset[int]


@dataclass(frozen=True)
class Split:
    """n = a + b + c + extra; c belongs to the value where it is not a power."""

    a: int
    b: int
    c: int
    extra: int


@dataclass(frozen=True)
class Step:
    """One layer: the powers and the values that it computes, each with its split."""

    powers: dict[int, Split]
    values: dict[int, Split]
    as_powers: frozenset[int] = frozenset()  # of the values that it reads, those that are powers


@dataclass(frozen=True)
class Chain:
    """What bounds the search; ``sums``: the value is a sum of powers, so all three parts are kept.

    ``unit_held``: the value of count 0 (of count 1 for a sum) is there from the start.
    ``same``: a value is a combination of the powers of its count.
    """

    plus: bool
    sums: bool
    unit_held: bool
    same: bool = False
    _known: dict[tuple[int, Goals, Goals], tuple[int, tuple[Step, ...]] | None] = field(
        default_factory=dict, compare=False
    )

    @property
    def free(self) -> tuple[int, ...]:
        """Powers that cost nothing at any layer."""
        return (0,) if self.plus else (0, 1)

    @property
    def start(self) -> int:
        """The value that needs no other: the word between the factors, or its multiple."""
        return 1 if self.sums else 0

    def reach(self, layers: int) -> int:
        """The largest power after so many layers."""
        largest: int = 3**layers
        return (largest - 1) // 2 if self.plus else largest

    def value_reach(self, layers: int) -> int:
        """The largest count of a value after so many layers; -1 if there is none."""
        reached = self.start if self.unit_held else self.start - 1
        for layer in range(layers):
            if reached < self.start:
                reached = self.start
                continue
            reached += 2 * self.reach(layer) + self.plus
        return reached

    def steps(self, count: int) -> tuple[Step, ...]:
        """The layers, first to last, that end with the value of this count."""
        for layers in range(1, MAX_LAYERS):
            found = self._plan(layers, frozenset(), frozenset({count}))
            if found is not None:
                return found[1]
        raise ValueError(f"no chain reaches {count}")

    def is_free_value(self, count: int) -> bool:
        """Is there nothing to hold: zero, or what is there from the start?"""
        return (self.sums and count == 0) or (self.unit_held and count == self.start)

    def _plan(
        self, layers: int, powers: Goals, values: Goals
    ) -> tuple[int, tuple[Step, ...]] | None:
        """The cheapest chain with these powers and values after so many layers."""
        key = (layers, powers, values)
        if key not in self._known:
            self._known[key] = self._planned(layers, powers, values)
        return self._known[key]

    def _planned(
        self, layers: int, powers: Goals, values: Goals
    ) -> tuple[int, tuple[Step, ...]] | None:
        if not powers and not values:
            return 0, ()
        if layers == 0 or any(power > self.reach(layers) for power in powers):
            return None
        if any(value > self.value_reach(layers) for value in values):
            return None
        best: tuple[int, tuple[Step, ...]] | None = None
        for held in self._candidates(layers, powers, values):
            step = self._step(held, layers, powers, values)
            if step is None:
                continue
            needed_powers, needed_values = self._needs(step)
            if self.same:
                step = replace(step, as_powers=needed_values & needed_powers)
                needed_values -= step.as_powers
            rest = self._plan(layers - 1, needed_powers, needed_values)
            if rest is None:
                continue
            cost = rest[0] + 2 * len(needed_powers) + len(needed_values)
            cost += sum(split.extra for split in (*step.powers.values(), *step.values.values()))
            if best is None or cost < best[0]:
                best = cost, (*rest[1], step)
        return best

    def _candidates(self, layers: int, powers: Goals, values: Goals) -> Iterator[frozenset[int]]:
        """Sets of powers worth a try: near a third, or what divides the goal exactly."""
        goal = max((*powers, *values))
        limit = self.reach(layers - 1)
        near = {goal // part + shift for part in (1, 2, 3) for shift in (-2, -1, 0, 1)}
        near = {one for one in near | {limit} if 0 < one <= limit}
        yield frozenset()
        for one in sorted(near):
            yield frozenset({one})
        for one in sorted(near):
            if one + 1 <= limit:
                yield frozenset({one, one + 1})
            yield frozenset({1, one} if limit >= 1 else {one})

    def _step(self, held: frozenset[int], layers: int, powers: Goals, values: Goals) -> Step | None:
        usable = sorted({*held, *self.free})
        by_power: dict[int, Split] = {}
        for power in sorted(powers):
            splits = [
                Split(a, b, c, extra)
                for c, b, a in combinations_with_replacement(usable, 3)
                for extra in range(1 + self.plus)
                if a + b + c + extra == power
            ]
            if not splits:
                return None
            by_power[power] = min(splits, key=_power_cost)
        by_value: dict[int, Split] = {}
        kept: set[int] = set()
        for value in sorted(values):
            if value == self.start and not self.unit_held:
                by_value[value] = Split(0, 0, 0, 1)
                continue
            splits = list(self._value_splits(value, usable, layers))
            if not splits:
                return None
            known = kept | set(usable) if self.same else kept
            chosen = min(splits, key=lambda split: self._value_cost(split, known))
            kept |= self._value_needs(chosen)
            by_value[value] = chosen
        return Step(by_power, by_value)

    def _value_splits(self, value: int, usable: list[int], layers: int) -> Iterator[Split]:
        reach = self.value_reach(layers - 1)
        for b, a in combinations_with_replacement(usable, 2):
            for extra in range(1 + self.plus):
                split = Split(a, b, value - a - b - extra, extra)
                if split.c >= 0 and all(one <= reach for one in self._value_needs(split)):
                    yield split

    def _value_needs(self, split: Split) -> set[int]:
        parts = (split.a, split.b, split.c) if self.sums else (split.c,)
        return {one for one in parts if not self.is_free_value(one)}

    def _value_cost(self, split: Split, kept: set[int]) -> tuple[int, int, int, int]:
        needs = self._value_needs(split)
        largest = max((*needs, 0)) if self.sums else 0  # as even as possible
        distinct = len({split.a, split.b} - set(self.free))
        return largest, len(needs - kept), distinct, split.extra

    def _needs(self, step: Step) -> tuple[Goals, Goals]:
        powers: set[int] = set()
        values: set[int] = set()
        for split in step.powers.values():
            powers |= {split.a, split.b, split.c}
        for value, split in step.values.items():
            if value == self.start and not self.unit_held:
                continue
            powers |= {split.a, split.b}
            values |= self._value_needs(split)
        return frozenset(powers - set(self.free)), frozenset(values)


def _power_cost(split: Split) -> tuple[int, int]:
    return len({split.a, split.b, split.c} - {0}), split.extra
