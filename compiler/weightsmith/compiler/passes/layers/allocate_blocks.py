"""Values to blocks: who lives where in the residual stream, and when.

A value is born by the read-in, by a layer's heads (which add, so its block must be zero before)
or by a layer's move (which overwrites).  It dies with its last use; a value used inside a loop it
was not born in lives to the loop's end.  A block whose value has died serves the next value with
as many rows, at the same level of the loops, and is cleared first if that one is born by heads.
What a loop's body leaves in blocks of its own is cleared at the end of the body; so they also serve
the values of the body of a later loop.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from weightsmith.compiler.ir.polynomial import Letter
from weightsmith.compiler.ir.schedule import (
    Schedule,
    ScheduledItem,
    ScheduledLayer,
    ScheduledLoop,
    Value,
    walk,
)

READ_IN, HEADS, MOVE = "read-in", "heads", "move"
FOREVER = 1 << 60
SOURCES = ("letter", "identity", "ones")
KINDS = (*SOURCES, "carried", "product", "applied", "sum", "argument", "spare")


@dataclass
class Life:
    birth: int
    born_by: str
    death: int


@dataclass(frozen=True)
class Placed:
    """A fixed matrix, or its transpose, times a block."""

    matrix: Letter
    block: int
    rows: str


@dataclass
class Allocation:
    """``block[value]``; ``clears[layer]`` are the blocks that its MLP sets to zero.

    Of a fixed matrix times a value it is a number behind those of the blocks: a place in ``views``.
    """

    block: dict[Value, int] = field(default_factory=dict)
    rows: list[str] = field(default_factory=list)
    views: list[Placed] = field(default_factory=list)
    clears: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))


@dataclass
class _Timeline:
    """Layers numbered in order; for each level its own layers, and each loop's first and last."""

    own: dict[int | None, list[int]] = field(default_factory=lambda: defaultdict(list))
    spans: dict[int, tuple[int, int]] = field(default_factory=dict)
    parent: dict[int, int | None] = field(default_factory=dict)
    levels: list[int | None] = field(default_factory=list)

    def add(self, items: list[ScheduledItem], level: int | None) -> None:
        for item in items:
            if isinstance(item, ScheduledLayer):
                self.own[level].append(len(self.levels))
                self.levels.append(level)
            else:
                first = len(self.levels)
                self.parent[item.index] = level
                self.add(item.body, item.index)
                self.spans[item.index] = (first, len(self.levels) - 1)

    def until(self, layer: int, home: int | None) -> int:
        """Return when a value of level ``home``, used in ``layer``, may die."""
        level, end = self.levels[layer], layer
        while level != home and level is not None:
            end = self.spans[level][1]
            level = self.parent[level]
        return end


def allocate_blocks(schedule: Schedule) -> Allocation:
    """Place every value.  May append a layer to a loop's body to clear what its heads add to."""
    timeline = _Timeline()
    timeline.add(schedule.items, None)
    lives = _lives(schedule, timeline)
    loop = _unclearable(lives, timeline)
    if loop is not None:
        _find(schedule.items, loop).body.append(ScheduledLayer())
        return allocate_blocks(schedule)
    allocation = Allocation()
    tenants: dict[int, Value] = {}
    for value in sorted(lives, key=lambda v: (lives[v].birth, KINDS.index(v.kind))):
        _place(value, lives, timeline, allocation, tenants)
    _clear_loop_ends(lives, timeline, allocation)
    _place_views(schedule, allocation)
    return allocation


def _place_views(schedule: Schedule, allocation: Allocation) -> None:
    for value in _read(schedule):
        if value.of is not None and value not in allocation.block:
            placed = Placed(value.word[0], allocation.block[value.of], value.rows)
            if placed not in allocation.views:
                allocation.views.append(placed)
            place = len(allocation.rows) + allocation.views.index(placed)
            allocation.block[value] = place


def _read(schedule: Schedule) -> Iterator[Value]:
    """What heads, MLPs and the read-out read."""
    for layer in walk(schedule.items):
        for head in layer.heads:
            for operands in (*head.keys, *head.queries, *head.values):
                yield from operands
        for moved in layer.moves.values():
            yield from moved
        for applied in layer.applied:
            for argument in applied.arguments:
                yield from argument.terms
    for output in schedule.outputs:
        yield from output.terms


def _lives(schedule: Schedule, timeline: _Timeline) -> dict[Value, Life]:
    lives: dict[Value, Life] = {}
    for value in schedule.initial:
        lives[value] = Life(-1, READ_IN, -1)
    for number, layer in enumerate(walk(schedule.items)):
        for head in layer.heads:
            for operands in (*head.keys, *head.queries, *head.values):
                for value in operands:
                    _use(lives, value.held, number, timeline)
        for head in layer.heads:
            for value, _, _ in head.outputs:
                life = lives.setdefault(value, Life(number, HEADS, number))
                life.death = max(life.death, timeline.until(number, value.home))
        for target, moved in layer.moves.items():
            for value in moved:
                if value != target or value in lives:
                    _use(lives, value.held, number, timeline)
        for applied in layer.applied:
            for argument in applied.arguments:
                for value in argument.terms:
                    _use(lives, value.held, number, timeline)
        for target in _overwritten(layer):
            life = lives.setdefault(target, Life(number, MOVE, number))
            life.death = max(life.death, timeline.until(number, target.home))
    _keep_carried(schedule.items, lives, timeline)
    for output in schedule.outputs:
        for value in output.terms:
            lives.setdefault(value.held, Life(-1, READ_IN, -1)).death = FOREVER
    return lives


def _overwritten(layer: ScheduledLayer) -> Iterator[Value]:
    """What the MLP gives a new value."""
    yield from layer.moves
    yield from layer.biases
    for applied in layer.applied:
        yield from applied.outputs


def _use(lives: dict[Value, Life], value: Value, number: int, timeline: _Timeline) -> None:
    life = lives.setdefault(value, Life(-1, READ_IN, -1))
    life.death = max(life.death, timeline.until(number, value.home))


def _keep_carried(
    items: list[ScheduledItem], lives: dict[Value, Life], timeline: _Timeline
) -> None:
    for item in items:
        if isinstance(item, ScheduledLoop):
            for value in item.carried:
                if value in lives:
                    end = timeline.spans[item.index][1]
                    lives[value].death = max(lives[value].death, end)
            _keep_carried(item.body, lives, timeline)


def _unclearable(lives: dict[Value, Life], timeline: _Timeline) -> int | None:
    """Find a loop whose body has no layer of its own after something in it has died."""
    for value, life in lives.items():
        if value.home is not None:
            own = timeline.own[value.home]
            if not own or own[-1] < life.death:
                return value.home
    return None


def _find(items: list[ScheduledItem], index: int) -> ScheduledLoop:
    for item in items:
        if isinstance(item, ScheduledLoop):
            if item.index == index:
                return item
            if any(isinstance(inner, ScheduledLoop) for inner in item.body):
                found = [i for i in _loops(item.body) if i.index == index]
                if found:
                    return found[0]
    raise KeyError(index)


def _loops(items: list[ScheduledItem]) -> list[ScheduledLoop]:
    found = []
    for item in items:
        if isinstance(item, ScheduledLoop):
            found += [item, *_loops(item.body)]
    return found


def _place(
    value: Value,
    lives: dict[Value, Life],
    timeline: _Timeline,
    allocation: Allocation,
    tenants: dict[int, Value],
) -> None:
    for block, previous in tenants.items():
        if value.rows != previous.rows:
            continue
        if value.home != previous.home:
            if _is_later(value.home, previous.home, timeline):
                allocation.block[value] = block
                tenants[block] = value
                return
            continue
        cleared = _cleared_at(lives[previous].death, lives[value], timeline.own[value.home])
        if cleared is not None:
            if lives[value].born_by == HEADS:
                allocation.clears[cleared].add(block)
            allocation.block[value] = block
            tenants[block] = value
            return
    allocation.block[value] = len(allocation.rows)
    tenants[len(allocation.rows)] = value
    allocation.rows.append(value.rows)


def _is_later(home: int | None, before: int | None, timeline: _Timeline) -> bool:
    """Is it a loop that begins after the other has ended?"""
    if home is None or before is None:
        return False
    return timeline.spans[before][1] < timeline.spans[home][0]


def _cleared_at(death: int, life: Life, own: list[int]) -> int | None:
    """Return the layer at which the block passes on, or None if it is not free in time."""
    if life.born_by == READ_IN:
        return None
    last = life.birth if life.born_by == MOVE else life.birth - 1
    return next((layer for layer in own if death <= layer <= last), None)


def _clear_loop_ends(lives: dict[Value, Life], timeline: _Timeline, allocation: Allocation) -> None:
    """Every pass finds the blocks of the body's own values as the first pass did: zero."""
    for value in lives:
        if value.home is not None:
            last = timeline.own[value.home][-1]
            allocation.clears[last].add(allocation.block[value])
