"""Where the values of a plan come from, for whoever writes it out for people to read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from weightsmith.backends.plan.operations.nodes import Combination


@dataclass(frozen=True, slots=True)
class Origins:
    """``layers``: of each node the layer that made it first, by its number when all are unrolled.

    ``blocks``: of a combination the block and the group that held it after some layer;
    ``carried``: the same of each value that a loop carries, by loop and place.
    """

    layers: dict[int, int] = field(default_factory=dict)
    blocks: dict[Combination, tuple[str, str]] = field(default_factory=dict)
    carried: dict[tuple[int, int], tuple[str, str]] = field(default_factory=dict)

    def after(
        self, layer: int, nodes: Iterable[int], held: Mapping[tuple[str, str], Combination]
    ) -> None:
        """Note what a layer made, and what the stream holds after it."""
        self.layers.update(dict.fromkeys(nodes, layer))
        for place, part in held.items():
            self.blocks.setdefault(part, place)
