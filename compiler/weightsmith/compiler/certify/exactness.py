"""Evidence for exactness: what every block holds at the start of every pass of every loop.

The representation says what a carried block stands for in the script's letters.  Blocks that the
body's heads add to are zero at the start of a pass.  Elsewhere a block is zero in the token
groups that nothing has reached (a boolean simulation of the schedule), or it is left out.
"""

from __future__ import annotations

from weightsmith.compiler.ir.coefficients import CoefficientField
from weightsmith.compiler.ir.normal import NormalProgram
from weightsmith.compiler.ir.polynomial import Polynomial
from weightsmith.compiler.ir.schedule import (
    ScheduledItem,
    ScheduledLayer,
    ScheduledLoop,
)
from weightsmith.compiler.ir.template import Template
from weightsmith.compiler.passes.layers.allocate_blocks import Allocation
from weightsmith.compiler.passes.representing.choose_representation import Candidate

Json = dict[str, object]
Reach = dict[int, set[str]]  # block -> token groups in which it may be nonzero


def exactness_witness(normal: NormalProgram, candidate: Candidate, template: Template) -> Json:
    """The invariant of every loop, in the order of the script."""
    writer = _Invariants(normal, candidate, template)
    writer.run(candidate.schedule.items, writer.start())
    return {"loops": [writer.loops[index] for index in sorted(writer.loops)]}


class _Invariants:
    def __init__(self, normal: NormalProgram, candidate: Candidate, template: Template) -> None:
        self.normal, self.candidate, self.template = normal, candidate, template
        self.allocation: Allocation = candidate.allocation
        self.names = [block.name for block in template.blocks]
        self.loops: dict[int, Json] = {}
        self.layer_number = 0

    def start(self) -> Reach:
        groups = {source.name: set(source.groups) for source in self.template.sources}
        reach: Reach = {block: set() for block in range(len(self.names))}
        for name, terms in self.template.read_in:
            reach[self.names.index(name)] = set().union(*(groups[s] for s, _ in terms))
        return reach

    def run(self, items: list[ScheduledItem], reach: Reach) -> Reach:
        for item in items:
            if isinstance(item, ScheduledLayer):
                reach = self._layer(item, reach)
            else:
                reach = self._loop(item, reach)
        return reach

    def _layer(self, layer: ScheduledLayer, reach: Reach) -> Reach:
        after = {block: set(groups) for block, groups in reach.items()}
        for head in layer.heads:
            for value, _, _ in head.outputs:
                after[self.allocation.block[value]] |= set(head.groups)
        moved = dict(after)
        everywhere = set(self.template.groups)
        for target, sources in layer.moves.items():
            block = self.allocation.block[target]
            moved[block] = set().union(
                *(after[self.allocation.block[v.held]] for v in sources), set()
            )
        for block in self.allocation.clears.get(self.layer_number, ()):
            if block not in {self.allocation.block[t] for t in layer.moves}:
                moved[block] = set()
        for target in layer.biases:
            moved[self.allocation.block[target]] = everywhere
        for applied in layer.applied:
            for target in applied.outputs:
                moved[self.allocation.block[target]] = everywhere
        self.layer_number += 1
        return moved

    def _loop(self, loop: ScheduledLoop, reach: Reach) -> Reach:
        first = self.layer_number
        while True:  # grows until the pass adds nothing
            self.layer_number = first
            after = self.run(loop.body, reach)
            joined = {block: reach[block] | after[block] for block in reach}
            if joined == reach:
                break
            reach = joined
        self.loops[loop.index] = self._witness(loop, reach)
        return reach

    def _witness(self, loop: ScheduledLoop, reach: Reach) -> Json:
        program = self.candidate.representation.program
        held = self.candidate.representation.held
        carried = {
            self.allocation.block[value]: held[value.name]
            for value in loop.carried
            if value in self.allocation.block
        }
        invariant: dict[str, object] = {}
        for block in sorted(self._written(loop.body) | carried.keys()):
            known: dict[str, object] = {}
            for group in self.template.groups:
                if block in carried and group in carried[block]:
                    known[group] = polynomial_json(program.field, carried[block][group])
                elif group not in reach[block]:
                    known[group] = []
            if known:
                invariant[self.names[block]] = known
        own = next(one for one in self.normal.all_loops() if one.index == loop.index)
        symmetric = [c.letter for c in own.carried if c.letter in self.normal.alphabet.symmetric]
        return {"symmetric": sorted(symmetric), "invariant": invariant}

    def _written(self, items: list[ScheduledItem]) -> set[int]:
        """Blocks that some layer of the body changes (clears included: they follow a write)."""
        found: set[int] = set()
        for item in items:
            if isinstance(item, ScheduledLayer):
                targets = [value for head in item.heads for value, _, _ in head.outputs]
                targets += [value for applied in item.applied for value in applied.outputs]
                targets += [*item.moves, *item.biases]
                found |= {self.allocation.block[value] for value in targets}
            else:
                found |= self._written(item.body)
        return found


def polynomial_json(field: CoefficientField, polynomial: Polynomial) -> list[object]:
    """Write a polynomial as ``[[coefficient, [letters]], …]`` in the order of its words."""
    rows = [
        ([letter.text() for letter in word], str(coefficient))
        for word, coefficient in polynomial.terms.items()
    ]
    return [[coefficient, letters] for letters, coefficient in sorted(rows)]
