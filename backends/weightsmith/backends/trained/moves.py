"""How far trained weights are from those of the script, coefficient by coefficient."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from weightsmith.backends.data.arrays import Array
from weightsmith.backends.template.architecture import Matrix, axis_sizes
from weightsmith.backends.template.instantiate import (
    ExactArray,
    Named,
    Weights,
    dense_weights,
    named_tensors,
    structured_weights,
)
from weightsmith.backends.template.unroll import network_shape
from weightsmith.compiler.ir.template import Template

MOST = 20  # that are printed
NO_COEFFICIENT = "0"
HEADINGS = ("coefficient", "from", "to", "moved by", "place")
Key = tuple[str, str, float, float, float]  # place in the layer, coefficient, from, to, distance


@dataclass(frozen=True, slots=True)
class Move:
    """A number of the script, or an entry of the weights, that has another value.

    ``coefficient`` is its text in the template (``-eta``; ``0`` where there is none), ``place`` the
    tensors and the entry, ``layers.0-2.attention.0.o.weight[1, 0]``, or empty for a parameter of
    the script.  Of a block of a full matrix, ``after`` is the multiple of the block before that is
    nearest, and ``distance`` how far any entry of it moved.
    """

    coefficient: str
    place: str
    before: float
    after: float
    distance: float

    @property
    def cells(self) -> tuple[str, ...]:
        numbers = (f"{number:.6g}" for number in (self.before, self.after, self.distance))
        return self.coefficient, *numbers, self.place


def moved_parameters(
    before: Mapping[str, Fraction], after: Mapping[str, Fraction]
) -> tuple[Move, ...]:
    """The parameters of a script that have another value."""
    return tuple(
        Move(name, "", float(before[name]), float(value), float(abs(value - before[name])))
        for name, value in sorted(after.items())
        if value != before[name]
    )


def moved_weights(template: Template, weights: Weights) -> tuple[Move, ...]:
    """The coefficients that are not the template's in the dtype of the weights, farthest first.

    Passes of a loop in which the same has moved alike are one.
    """
    found: dict[Key, list[int]] = defaultdict(list)
    for name, moves in _moves(template, weights):
        layer, rest = _in_layer(name)
        for move in moves:
            key = (f"{rest}{move.place}", move.coefficient, move.before, move.after, move.distance)
            found[key].append(layer)
    moved = [
        Move(text, f"{_layers(layers)}{place}", before, after, distance)
        for (place, text, before, after, distance), layers in found.items()
    ]
    return tuple(sorted(moved, key=lambda move: -move.distance))


def table(moves: Sequence[Move]) -> list[str]:
    """The lines of a table; of many moves the farthest."""
    if not moves:
        return []
    rows = [HEADINGS, *(move.cells for move in moves[:MOST])]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
        for cells in rows
    ]
    return [*lines, *[f"… and {len(moves) - MOST} more"] * (len(moves) > MOST)]


def _moves(template: Template, weights: Weights) -> Iterator[tuple[str, list[Move]]]:
    """The moves in each tensor; their place is that within the tensor."""
    texts = named_tensors(template)
    if not weights.dense:
        before = structured_weights(template, dtype=weights.dtype).tensors
        for name, tensor in before.items():
            yield name, list(_entries(tensor, weights.tensors[name], texts[name]))
        return
    full = dense_weights(template, weights.dims, dtype=weights.dtype).tensors
    for matrix in network_shape(template).folded.matrices():
        name = matrix.name
        pair = full[name], weights.tensors[name]
        yield name, list(_blocks(*pair, texts[name], matrix, weights.dims))


def _entries(before: Array, after: Array, texts: ExactArray) -> Iterator[Move]:
    for place in np.argwhere(before != after).tolist():
        entry = tuple(place)
        one, other = float(before[entry]), float(after[entry])
        text = ", ".join(map(str, entry))
        yield Move(_text(texts[entry]), f"[{text}]", one, other, abs(other - one))


def _blocks(
    before: Array, after: Array, texts: ExactArray, matrix: Matrix, dims: Mapping[str, int]
) -> Iterator[Move]:
    """Block by block of a full matrix, or of a bias."""
    sides = [matrix.writes] if matrix.reads is None else [matrix.writes, matrix.reads]
    cuts = [np.cumsum([0, *axis_sizes(side, dims)]).tolist() for side in sides]
    if np.array_equal(before, after):
        return
    named: list[Named] = texts.ravel().tolist()
    for entry, one_named in zip(np.ndindex(texts.shape), named, strict=True):
        slices = tuple(slice(cut[i], cut[i + 1]) for cut, i in zip(cuts, entry, strict=True))
        one, other = before[slices].astype(np.float64), after[slices].astype(np.float64)
        distance = float(np.abs(other - one).max(initial=0.0))
        if distance:
            was = float(np.abs(one).max()) * (1.0 if one.max() > 0 else -1.0)
            shape = one / was if was else np.zeros_like(one)
            now = float((shape * other).sum() / max((shape * shape).sum(), 1.0))
            text = ", ".join(f"{part.start}:{part.stop}" for part in slices)
            yield Move(_text(one_named), f"[{text}]", was, now, distance)


def _text(named: Named) -> str:
    return " + ".join(named.texts) or NO_COEFFICIENT


def _in_layer(name: str) -> tuple[int, str]:
    """The number of the layer, or -1, and the rest of the name."""
    if not name.startswith("layers."):
        return -1, name
    _, number, rest = name.split(".", 2)
    return int(number), rest


def _layers(numbers: Sequence[int]) -> str:
    """``layers.0-2,5.``, or nothing for what is in no layer."""
    if numbers[0] < 0:
        return ""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    parts = [str(first) if first == last else f"{first}-{last}" for first, last in runs]
    return f"layers.{','.join(parts)}."
