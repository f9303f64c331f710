"""What a run of a network shows: what its heads see, and its variables after the layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

from weightsmith.backends.data.arrays import Array
from weightsmith.backends.pictures.formulas import shortened, titled_text, writer_of
from weightsmith.backends.pictures.heat_maps import Panel
from weightsmith.backends.reference import scored
from weightsmith.backends.template.coefficients import Values
from weightsmith.backends.template.unroll import LayerPlace, unrolled
from weightsmith.compiler.ir.template import Head, Layer, Template, Terms

MOST_PATTERNS, MOST_VARIABLES = 15, 15  # panels
Key = tuple[int, str, str]  # layer, block or variable, group of tokens
Thing = TypeVar("Thing")


def attention_panels(
    template: Template, blocks: Mapping[Key, Array], places: Sequence[LayerPlace]
) -> list[Panel]:
    """The scores of heads, key tokens by query tokens, of some layers from the first to the last.

    ``blocks[layer, block, group]`` is what a trace holds; of a batch the first is shown.
    """
    values = Values(template)
    scores = _Scores(template, blocks, values)
    writer = writer_of(template)
    found = [
        (number, index, head)
        for number, layer in enumerate(unrolled(template, values))
        for index, head in enumerate(layer.heads, start=1)
    ]
    panels = []
    for number, index, head in some(found, MOST_PATTERNS):
        line = writer.layer(Layer((head,), None))[0][len("layer   head  ") :]
        passes = ", ".join(f"{one.loop}:{one.number}" for one in places[number].passes)
        matrix = scores.of(number, head)
        panels.append(
            Panel(
                f"layer {number}, head {index}",
                f"pass {passes}" if passes else "outside of loops",
                titled_text(f"scores {_size(matrix)}, keys by queries, of {shortened(line)}"),
                matrix,
            )
        )
    return panels


def variable_panels(variables: Mapping[Key, Array]) -> list[Panel]:
    """Variables after some layers, those of one name one after the other."""
    names = list(dict.fromkeys((name, group) for _, name, group in variables))
    panels = []
    for name, group in names:
        layers = [key[0] for key in variables if key[1:] == (name, group)]
        for layer in some(layers, max(5, MOST_VARIABLES // len(names))):
            matrix = _first(variables[layer, name, group])
            largest = float(np.abs(matrix).max(initial=0))
            where = "at the start" if layer < 0 else f"after layer {layer}"
            short = "start" if layer < 0 else f"layer {layer}"
            panels.append(
                Panel(
                    f"{name} at {group}",
                    f"{short}, max {largest:.3g}",
                    f"{name} at {group} tokens {where}, {_size(matrix)}, "
                    f"largest entry {largest:.6g}",
                    matrix,
                )
            )
    return panels[: 2 * MOST_VARIABLES]


def some(things: Sequence[Thing], most: int) -> list[Thing]:
    """At most so many of them, evenly, with the first and the last."""
    if len(things) <= most:
        return list(things)
    return [things[round(i * (len(things) - 1) / (most - 1))] for i in range(most)]


class _Scores:
    """Computes the scores of heads as ``reference`` does, from what the stream holds."""

    def __init__(self, template: Template, blocks: Mapping[Key, Array], values: Values) -> None:
        self.template, self.blocks, self.values = template, blocks, values
        self.views = {view.name: view for view in template.views}
        self.matrices = {
            one.name: np.array([[float(values[text]) for text in row] for row in one.entries])
            for one in template.matrices
            if one.entries is not None
        }

    def of(self, number: int, head: Head) -> Array:
        """Before layer ``number``."""
        total: Array = np.zeros((0, 0))
        for position, (keys, queries) in enumerate(zip(head.keys, head.queries, strict=True)):
            left = self._combined(number - 1, keys, head.key_groups)
            right = self._combined(number - 1, queries, head.query_groups)
            product = np.swapaxes(left, -1, -2) @ right
            total = product if position == 0 else total + product
        if head.scores.is_linear:
            return total
        return scored(head.scores, total, np.ones(total.shape, dtype=bool))

    def _combined(self, layer: int, terms: Terms, groups: tuple[str, ...]) -> Array:
        return np.hstack([self._at(layer, terms, group) for group in groups])

    def _at(self, layer: int, terms: Terms, group: str) -> Array:
        parts = [float(self.values[c]) * self._block(layer, name, group) for name, c in terms]
        return sum(parts[1:], parts[0])

    def _block(self, layer: int, name: str, group: str) -> Array:
        view = self.views.get(name)
        if view is None:
            return _first(self.blocks[layer, name, group])
        matrix = self.matrices[view.matrix]
        return (matrix.T if view.transposed else matrix) @ self._block(layer, view.block, group)


def _first(array: Array) -> Array:
    """The first of a batch."""
    found = np.asarray(array, dtype=np.float64)
    return found.reshape(-1, *found.shape[-2:])[0] if found.ndim > 2 else found


def _size(matrix: Array) -> str:
    return "×".join(map(str, matrix.shape))
