"""Names of variables in a Python file: those of the blocks that hold the values, else t1, t2, …"""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Iterator
from functools import cached_property

from weightsmith.backends.export.base.steps import Steps, block_of
from weightsmith.backends.export.base.subject import Subject, identifier
from weightsmith.backends.plan.operations.nodes import Bucket, Carried, Input, Linear, Result

RESERVED = {*keyword.kwlist, *keyword.softkwlist, *dir(builtins), "torch", "np", "Tensor"}
RESERVED |= {"table", "repeated", "self", "nn", "forward"}
LONGEST = 40
SIGNS = {"*": "", "+": "_plus_", "-": "_minus_", "'": "_t", "[": "_", "]": ""}
SHARED = "|"  # in the name of a block that holds one value after another


class Names:
    """A name for each variable, no two alike."""

    def __init__(self, subject: Subject, steps: Steps) -> None:
        self._subject = subject
        self._plan = subject.plan
        self._steps = steps
        self._taken = set(RESERVED)
        self.inputs = [self._free(port.name) for port in subject.inputs]
        self.counts = {one.symbol: self._free(one.name) for one in subject.counts}
        self.function = self._free(identifier(subject.algorithm))
        given = {p.ref.node: name for p, name in zip(subject.inputs, self.inputs, strict=True)}
        self._names: dict[int, str] = {}
        for variable, members in steps.members.items():
            self._names[variable] = given.get(variable) or self._named(members)

    def __getitem__(self, node: int) -> str:
        return self._names[self._steps.variable(node)]

    def free(self, base: str) -> str:
        """A name that nothing else has; it is taken from now on."""
        return self._free(base)

    def _named(self, members: list[int]) -> str:
        written = [node for node in members if not self._is_silent(node)]
        if not written:
            return ""  # it stands within others, or is a bucket
        blocks = [place for node in members for place in self._blocks(node)]
        return self._free(blocks[0], numbered=True) if blocks else self._counted()

    def _is_silent(self, node: int) -> bool:
        return node in self._steps.inlined or isinstance(
            self._plan.graph.nodes[node], Bucket | Input
        )

    def _blocks(self, node: int) -> Iterator[str]:
        """What the value is called: by what a loop carries first."""
        of = self._plan.graph.nodes[node]
        if isinstance(of, Carried | Result):
            carried = self._plan.origins.carried.get((of.loop, of.place))
            if carried is not None and SHARED not in carried[0]:
                yield self._called(*carried, False)
            return
        found = block_of(self._plan, node)
        if (
            found is not None
            and SHARED not in found[0]
            and (isinstance(of, Linear) or not found[2])
        ):
            yield self._called(*found)

    def _called(self, block: str, group: str, flipped: bool) -> str:
        several = len({g for b, g in self._places if b == block}) > 1
        for sign, word in SIGNS.items():
            block = block.replace(sign, word)
        name = identifier(block)[:LONGEST]
        return f"{name}{f'_{group}' if several else ''}{'_t' if flipped else ''}"

    @cached_property
    def _places(self) -> set[tuple[str, str]]:
        """The blocks and groups that any value is in."""
        return set(self._plan.origins.blocks.values())

    def _counted(self) -> str:
        number = 1
        while f"t{number}" in self._taken:
            number += 1
        return self._free(f"t{number}")

    def _free(self, base: str, *, numbered: bool = False) -> str:
        name, number = base, 2
        while name in self._taken:
            name = f"{base}_{number}" if numbered else f"{name}_"
            number += 1
        self._taken.add(name)
        return name
