"""Which blocks of the residual stream hold what is still read, before and after each layer.

Time goes in half steps: the heads of a layer, then its MLP.  A block *holds* something at a moment
if it may be other than zero there and its content is read later, before it is taken away (in a
loop: also in a later pass).  A block is *emptied* by an MLP that adds the negative of its content.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from weightsmith.compiler.ir.template import Item, Layer, Repeat, Template, layers_of
from weightsmith.compiler.nets.cursor import added, times
from weightsmith.compiler.nets.write_layers import Units


@dataclass(frozen=True, slots=True)
class Life:
    """From moment ``start`` to moment ``end``; 2·n is before layer n, 2·n + 1 within it."""

    block: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Step:
    """What the heads, or the MLP, of one layer read, add to, and empty."""

    reads: frozenset[str]
    adds: frozenset[str]
    empties: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Loop:
    first: int
    last: int  # its last step


def lives(template: Template) -> list[Life]:
    """The spans of every block, in the order of blocks, then in time; loops are passed once."""
    views = {view.name: view.block for view in template.views}
    steps = [step for layer in layers_of(template.body) for step in _steps(layer, views)]
    loops = list(_loops(template.body, 0))
    live = _live(steps, loops, frozenset(_read_out(template, views)))
    start = {block for block, terms in template.read_in if any(c != "0" for _, c in terms)}
    filled = _filled(steps, loops, frozenset(start))
    found = []
    for block in template.blocks:
        begun: int | None = None
        for moment in range(len(steps) + 1):
            holds = block.name in live[moment] and block.name in filled[moment]
            new = moment > 0 and block.name in steps[moment - 1].empties
            if begun is not None and (not holds or new):
                found.append(Life(block.name, begun, moment))
                begun = None
            if holds and begun is None:
                begun = moment
        if begun is not None:
            found.append(Life(block.name, begun, len(steps) + 1))
    return found


def _steps(layer: Layer, views: dict[str, str]) -> Iterator[_Step]:
    def blocks(names: Iterator[str]) -> frozenset[str]:
        return frozenset(views.get(name, name) for name in names)

    parts = (terms for head in layer.heads for terms in (*head.keys, *head.queries, *head.values))
    read = blocks(name for terms in parts for name, one in terms if one != "0")
    heads = frozenset(block for head in layer.heads for block, _, _ in head.outputs)
    yield _Step(read, heads, frozenset())
    if layer.mlp is None:
        yield _Step(frozenset(), frozenset(), frozenset())
        return
    units, place = Units(layer.mlp), 0
    own: dict[str, str] = {}  # the multiple of itself that a block gets
    reads: set[str] = set()
    adds: set[str] = {block for block, _ in layer.mlp.bias}
    while place < len(layer.mlp.hidden):
        one = layer.mlp.hidden[place]
        targets = units.targets[place]
        names = blocks(name for name, c in (*one.terms, *one.gate) if c != "0")
        if units.is_pair(place):
            block, factor = targets[0]
            share = dict(one.terms).get(block)
            if share is not None:
                own[block] = added(own.get(block, "0"), times(factor, share))
                names -= {block}
            adds |= {block} if names else set()
            place += 2
        else:
            adds |= {block for block, _ in targets}
            place += 1
        reads |= names if targets else set()
    emptied = frozenset(block for block, share in own.items() if share == "-1")
    yield _Step(frozenset(reads), frozenset(adds), emptied)


def _read_out(template: Template, views: dict[str, str]) -> Iterator[str]:
    for output in template.read_out:
        yield from (views.get(name, name) for name, one in output.terms if one != "0")


def _loops(items: tuple[Item, ...], first: int) -> Iterator[_Loop]:
    """Every loop with its steps, inner ones first."""
    for item in items:
        if isinstance(item, Repeat):
            length = 2 * sum(1 for _ in layers_of(item.body))
            yield from _loops(item.body, first)
            if length:
                yield _Loop(first, first + length - 1)
            first += length
        else:
            first += 2


def _live(steps: list[_Step], loops: list[_Loop], at_end: frozenset[str]) -> list[frozenset[str]]:
    """At each moment: the blocks whose content is read later."""
    live = [frozenset[str]() for _ in steps] + [at_end]
    changed = True
    while changed:  # the sets grow only
        known = list(live)
        for number in reversed(range(len(steps))):
            for loop in loops:
                if loop.last == number:
                    live[number + 1] |= live[loop.first]
            live[number] |= steps[number].reads | (live[number + 1] - steps[number].empties)
        changed = live != known
    return live


def _filled(
    steps: list[_Step], loops: list[_Loop], at_start: frozenset[str]
) -> list[frozenset[str]]:
    """At each moment: the blocks that may be other than zero."""
    filled = [at_start] + [frozenset[str]() for _ in steps]
    changed = True
    while changed:  # the sets grow only
        known = list(filled)
        for number, step in enumerate(steps):
            for loop in loops:
                if loop.first == number:
                    filled[number] |= filled[loop.last + 1]
            filled[number + 1] |= (filled[number] - step.empties) | step.adds
        changed = filled != known
    return filled
