"""The numbers that a plan is made of: one set for each layer of the template, loops as loops.

They are the tensors of the weights, also of weights that somebody trained or edited: passes of a
loop that differ there are layers of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from weightsmith.backends.data.arrays import Array
from weightsmith.backends.plan.operations.nodes import FIXED
from weightsmith.backends.template.architecture import Architecture, LayerShape, unembed_name
from weightsmith.backends.template.coefficients import Bindings, Values
from weightsmith.backends.template.instantiate import Weights
from weightsmith.backends.template.schedules import written_out
from weightsmith.backends.template.unroll import network_shape
from weightsmith.compiler.ir.template import Item, Layer, Template

Entry = tuple[float, int]  # a number, and the number of the scalar that it is times, or FIXED


@dataclass(frozen=True, eq=False, slots=True)
class LayerNumbers:
    """One layer: its shape, its tensors by their names within the layer, its ``number`` when all
    loops are unrolled (of passes that are the same, in the first).

    ``live``: of every entry the number of the scalar that it is times, or FIXED; empty if none is.
    """

    shape: LayerShape
    tensors: Mapping[str, Array]
    number: int
    live: Mapping[str, Array] = field(default_factory=dict)

    def rows(self, name: str) -> list[list[Entry]]:
        """The entries of a matrix."""
        return entries(self.tensors[name], self.live.get(name))

    def row(self, name: str) -> list[Entry]:
        """The entries of a bias."""
        live = self.live.get(name)
        return entries(self.tensors[name][None], None if live is None else live[None])[0]

    def same(self, other: LayerNumbers) -> bool:
        pairs = ((self.tensors, other.tensors), (self.live, other.live))
        return self.shape == other.shape and all(
            np.array_equal(tensor, twos[name])
            for ones, twos in pairs
            for name, tensor in ones.items()
        )


@dataclass(frozen=True, eq=False, slots=True)
class Passes:
    """The same layers ``count`` times; ``symbol``: that by which a run may choose another count."""

    count: int
    body: tuple[LayerNumbers | Passes, ...]
    symbol: str = ""

    def same(self, other: LayerNumbers | Passes) -> bool:
        return (
            isinstance(other, Passes)
            and (self.count, self.symbol) == (other.count, other.symbol)
            and all(one.same(two) for one, two in zip(self.body, other.body, strict=True))  # type: ignore[arg-type]
        )


Part = LayerNumbers | Passes


@dataclass(frozen=True, eq=False, slots=True)
class Numbers:
    """All of a network: ``embed`` blocks × sources, ``unembed`` one row of blocks an output.

    ``fixed``: the matrices among the weights, by name.
    """

    architecture: Architecture
    embed: list[list[Entry]]
    parts: tuple[Part, ...]
    unembed: Mapping[str, list[Entry]]
    fixed: Mapping[str, Array] = field(default_factory=dict)


def numbers_of(
    template: Template,
    weights: Weights,
    bindings: Bindings | None = None,
    live: Mapping[str, Array] | None = None,
    *,
    open_counts: frozenset[str] = frozenset(),
) -> Numbers:
    """Return the numbers of structured weights, with the loops of the template.

    ``bindings`` are those that the weights were made with, where they are not the template's own.
    ``live``: by tensor, of every entry the number of the scalar that it is times, or FIXED.  Of
    ``open_counts`` loops keep the symbol, if the passes of all loops with it are the same.
    """
    architecture = network_shape(template, bindings)
    scalars, tensors = live or {}, weights.tensors
    found = _Parts(architecture, tensors, scalars, Values(template, bindings), open_counts)
    parts = found.parts(written_out(template.body))
    if found.closed:
        rest = open_counts - found.closed
        return numbers_of(template, weights, bindings, live, open_counts=rest)
    outputs = {o.name: unembed_name(o.name) for o in architecture.outputs}
    unembed = {o: entries(tensors[name], scalars.get(name))[0] for o, name in outputs.items()}
    embed = entries(tensors["embed.weight"], scalars.get("embed.weight"))
    fixed = {one.name: tensors[f"matrices.{one.name}.weight"] for one in architecture.fixed}
    return Numbers(architecture, embed, tuple(parts), unembed, fixed)


def entries(tensor: Array, live: Array | None) -> list[list[Entry]]:
    """The rows of a matrix as numbers, each with the scalar that it is times."""
    numbers: list[list[float]] = tensor.tolist()
    if live is None:
        return [[(number, FIXED) for number in row] for row in numbers]
    scalars: list[list[int]] = live.tolist()
    rows = zip(numbers, scalars, strict=True)
    return [list(zip(row, by, strict=True)) for row, by in rows]


class _Parts:
    """Takes the tensors of one layer after the other."""

    def __init__(
        self,
        architecture: Architecture,
        tensors: Mapping[str, Array],
        live: Mapping[str, Array],
        values: Values,
        open_counts: frozenset[str],
    ) -> None:
        self.closed: set[str] = set()  # of the open counts those of loops whose passes differ
        self._open = open_counts
        self._shapes = architecture.layers
        self._values = values
        self._next = 0
        self._tensors = _by_layer(tensors, len(self._shapes))
        self._live = _by_layer(live, len(self._shapes))

    def parts(self, items: tuple[Item, ...]) -> list[Part]:
        found: list[Part] = []
        for item in items:
            if isinstance(item, Layer):
                number = self._next
                tensors, live = self._tensors[number], self._live[number]
                found.append(LayerNumbers(self._shapes[number], tensors, number, live))
                self._next += 1
                continue
            passes = [tuple(self.parts(item.body)) for _ in range(int(self._values[item.count]))]
            joined = _joined(passes)
            if item.count in self._open:
                joined = [self._opened(part, item.count) for part in joined]
                self.closed |= {item.count} if len(joined) != 1 else set()
            found += joined
        return found

    def _opened(self, part: Part, symbol: str) -> Part:
        if isinstance(part, Passes):
            return replace(part, symbol=symbol)
        self.closed.add(symbol)
        return part


def _by_layer(tensors: Mapping[str, Array], layers: int) -> list[dict[str, Array]]:
    """The tensors of each layer by their names within it."""
    found: list[dict[str, Array]] = [{} for _ in range(layers)]
    for name, tensor in tensors.items():
        if name.startswith("layers."):
            _, number, rest = name.split(".", 2)
            found[int(number)][rest] = tensor
    return found


def _joined(passes: list[tuple[Part, ...]]) -> list[Part]:
    """One loop of all passes where they are the same, else one after the other."""
    if not passes or not passes[0]:
        return []
    first = Passes(1, passes[0])
    if all(first.same(Passes(1, other)) for other in passes[1:]):
        return [Passes(len(passes), passes[0])]
    return [part for one in passes for part in one]
