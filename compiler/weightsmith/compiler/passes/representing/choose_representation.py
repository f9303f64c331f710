"""Choose what each loop carries: try the changes of representation, keep what costs least.

The cost of a candidate is that of its schedule: layers first, then rows of the residual stream,
then heads; or arithmetic operations first.  What stands in a loop counts as often as the loop
runs, a thousand times if that is not known yet.  A greedy walk: from the script's own variables,
take the best single change until none improves, or until enough were tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from weightsmith.compiler.costs.operations import scheduled_head_cost
from weightsmith.compiler.ir.normal import Loop, NormalProgram
from weightsmith.compiler.ir.representation import Representation
from weightsmith.compiler.ir.schedule import Schedule, ScheduledItem, ScheduledLayer, walk
from weightsmith.compiler.passes.layers.allocate_blocks import Allocation, allocate_blocks
from weightsmith.compiler.passes.layers.by_groups import InfeasibleError
from weightsmith.compiler.passes.layers.merge_heads import merge_heads
from weightsmith.compiler.passes.layers.schedule_layers import schedule_layers
from weightsmith.compiler.passes.representing.carry_applied import carriable, carry_applied
from weightsmith.compiler.passes.representing.represent import (
    by_images,
    offset,
    offsets,
    transposed,
)
from weightsmith.dsl.numbers.scalars import Number, Scalar

LOOP_WEIGHT = 1000  # passes of a loop whose count is a symbol
MAX_TRIALS = 200  # schedules tried at the most
MAX_PRODUCTS = 5_000  # in all schedules that are tried

Cost = tuple[int, ...]


@dataclass(frozen=True)
class Candidate:
    """A representation with its schedule and its blocks."""

    representation: Representation
    schedule: Schedule
    allocation: Allocation
    cost: Cost
    hoisted: bool


def choose_representation(
    start: Representation, *, search: bool = True, by_operations: bool = False
) -> Candidate:
    """Return the cheapest candidate found.  Raises InfeasibleError if none can be scheduled.

    Without ``search``, and where one loop runs once, the script's own variables are kept.
    ``by_operations``: the fewest multiply-adds of heads at nominal sizes, rather than the fewest
    layers.
    """
    best, reason = _tried(start, by_operations)
    several = _repeats(start.program) or len(_written_out(start.program)) > 1
    here, left = start, _trials(best) if search and (several or best is None) else 0
    while left > 0:
        few = best is not None and not _repeats(start.program)
        nearby = list(islice(_neighbours(here, few=few), left))
        left -= len(nearby)
        found = [candidate for near in nearby if (candidate := _tried(near, by_operations)[0])]
        better = min(found, key=lambda c: c.cost, default=None)
        if better is None or (best is not None and better.cost >= best.cost):
            break
        best, here = better, better.representation
    if best is None:
        raise InfeasibleError(reason)
    return _with_fewer_blocks(best, by_operations)


def _trials(first: Candidate | None) -> int:
    """How many are tried, the fewer the larger they are."""
    size = sum(len(layer.products) for layer in walk(first.schedule.items)) if first else 0
    return min(MAX_TRIALS, MAX_PRODUCTS // max(size, 1))


def _with_fewer_blocks(best: Candidate, by_operations: bool) -> Candidate:
    """Share blocks where that costs nothing that comes before them, nor too many heads.

    Rows count twice: they make heads wide, and MLPs.
    """
    saved = {"spare", "sum"}  # what takes blocks of its own
    if not any(value.kind in saved for value in best.allocation.block):
        return best
    hoists = (best.hoisted,)
    found, _ = _tried(best.representation, by_operations, hoists, share_blocks=True)
    if found is None or found.cost[:-2] > best.cost[:-2]:
        return best
    rows, heads = found.cost[-2:]
    before, heads_before = best.cost[-2:]
    return found if rows**2 * heads < before**2 * heads_before else best


def _tried(
    representation: Representation,
    by_operations: bool,
    hoists: tuple[bool, ...] = (False, True),
    *,
    share_blocks: bool = False,
) -> tuple[Candidate | None, str]:
    """Schedule a representation both ways, and return the cheaper candidate."""
    found: list[Candidate] = []
    reason = ""
    for hoist_terms in hoists:
        try:
            schedule = schedule_layers(
                representation.program, hoist_terms=hoist_terms, share_blocks=share_blocks
            )
        except InfeasibleError as problem:
            reason = str(problem)
            continue
        merge_heads(schedule, representation.program.field)
        allocation = allocate_blocks(schedule)
        layers, heads, operations = (
            _weigh(schedule.items, one) for one in (_is_layer, _heads, _operations)
        )
        cost: Cost = (layers, len(allocation.rows), heads)
        if by_operations:
            cost = (operations, *cost)
        found.append(Candidate(representation, schedule, allocation, cost, hoist_terms))
        if not schedule.hoistable:
            break
    return min(found, key=lambda c: c.cost, default=None), reason


def _weigh(items: list[ScheduledItem], measure: Callable[[ScheduledLayer], int]) -> int:
    """Add up over the layers, those of a loop as often as it runs."""
    total = 0
    for item in items:
        if isinstance(item, ScheduledLayer):
            total += measure(item)
        else:
            total += _passes(item.count) * _weigh(item.body, measure)
    return total


def _passes(count: Scalar) -> int:
    """How often a loop is taken to run: as often as it says, if it says a number."""
    return min(int(count.value), LOOP_WEIGHT) if isinstance(count, Number) else LOOP_WEIGHT


def _is_layer(layer: ScheduledLayer) -> int:
    return int(bool(layer.heads or layer.applied))


def _heads(layer: ScheduledLayer) -> int:
    return len(layer.heads)


def _operations(layer: ScheduledLayer) -> int:
    return sum(scheduled_head_cost(head) for head in layer.heads)


def _neighbours(here: Representation, *, few: bool) -> Iterator[Representation]:
    """Single changes, and an offset right after images: w·x may pay only once it is w·x − y.

    Passes that are written out hand on what they carry: they change all together, too.  ``few``:
    no other changes; those of single passes are many, and each converts what comes and goes.
    """
    if len(_written_out(here.program)) > 1:
        yield from _offsets_everywhere(here)
        for near in islice(_images(here, together=True), 1):
            yield from _offsets_everywhere(near)
            yield near
    if few:
        return
    for near in _kept_functions(here):
        yield near
        yield from _images(near)
    for near in _images(here):
        yield near
        yield from _kept_functions(near)
        for loop in near.program.all_loops():
            yield from (far for far in _offsets(near, loop) if far is not None)
    for loop in here.program.all_loops():
        for other in (*_transposes(here, loop), *_offsets(here, loop)):
            if other is not None:
                yield other


def _repeats(program: NormalProgram) -> bool:
    return any(_passes(loop.count) > 1 for loop in program.all_loops())


def _written_out(program: NormalProgram) -> list[Loop]:
    """The loops of one pass: passes of a ``for`` loop that have their own matrices or tables."""
    return [loop for loop in program.loops if _passes(loop.count) == 1]


def _images(here: Representation, *, together: bool = False) -> Iterator[Representation]:
    """By images: each matrix variable alone, all of a loop, all of the program.

    ``together``: only the last.
    """
    alphabet = here.program.alphabet
    of_loops = [
        [
            c.letter
            for c in loop.carried
            if alphabet.axes[c.letter][1] and c.letter not in alphabet.symmetric
        ]
        for loop in here.program.all_loops()
    ]
    everything = [letter for letters in of_loops for letter in letters]
    sets = [frozenset({letter}) for letter in everything]
    sets += [frozenset(letters) for letters in (*of_loops, everything)]
    sets = sets[-1:] if together else sets
    for letters in dict.fromkeys(sets):
        if letters and (near := by_images(here, letters)) is not None:
            yield near


def _kept_functions(here: Representation) -> Iterator[Representation]:
    """Functions of what a loop carries, carried themselves: all together, or one alone."""
    for loop in here.program.all_loops():
        found = carriable(here.program, loop)
        sets = [found, *((one,) for one in found)] if len(found) > 1 else [found]
        for applications in sets:
            if applications:
                yield carry_applied(here, loop, applications)


def _transposes(here: Representation, loop: Loop) -> Iterator[Representation | None]:
    for carried in loop.carried:
        yield transposed(here, loop, carried.letter)


def _offsets_everywhere(here: Representation) -> Iterator[Representation]:
    """The same offset in every loop that has it."""
    loops, axes = list(here.program.all_loops()), here.program.alphabet.axes
    every = [set(offsets(here.program, loop)) for loop in loops]
    for z, factor in offsets(here.program, loops[0]):
        chosen = [loop for loop, has in zip(loops, every, strict=True) if (z, factor) in has]
        rows = axes[z.name][0]
        alike = frozenset(c.letter for loop in chosen for c in loop.carried if c.rows == rows)
        if alike and (changed := offset(here, chosen, alike, z.name, factor)) is not None:
            yield changed


def _offsets(here: Representation, loop: Loop) -> Iterator[Representation | None]:
    for z, factor in offsets(here.program, loop):
        alike = [c.letter for c in loop.carried if c.rows == here.program.alphabet.axes[z.name][0]]
        for letter in alike:
            yield offset(here, (loop,), frozenset({letter}), z.name, factor)
        if len(alike) > 1:
            yield offset(here, (loop,), frozenset(alike), z.name, factor)
