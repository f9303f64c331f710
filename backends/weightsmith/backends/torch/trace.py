"""What the stream of a network holds after every layer, by block and group, on a user's data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from weightsmith.backends.data.arrays import Array
from weightsmith.backends.errors import DamagedError, listed
from weightsmith.backends.template.architecture import axis_size
from weightsmith.backends.template.layout import Inputs, Stream, layout, read_back
from weightsmith.backends.template.unroll import LayerPlace, LoopPass, layer_places
from weightsmith.backends.torch.held import DAMAGED, Held, Variables, between_passes
from weightsmith.backends.torch.module import Readings, Transformer
from weightsmith.backends.torch.pieces import Pieces
from weightsmith.backends.torch.run import (
    NUMPY,
    array_of,
    check_precision,
    planes_of,
    sizes_of,
)
from weightsmith.compiler.ir.template import Template

START = -1  # the layer before the first
MOST_ROWS = 400  # that a table prints
HEADINGS = ("layer", "passes", "what", "name", "group", "shape", "largest")
Key = tuple[int, str, str]  # layer, block or returned value, group of tokens


@dataclass(frozen=True)
class Trace:
    """The blocks of the stream after every layer, and what they say of the script's variables.

    All arrays are (batch ×) rows × tokens of the group; layer -1 is the stream before the first.

    ``blocks[layer, block, group]``: a block is named after what it holds: a variable of the script
    (``X``) or, where that is not held itself, a combination (``w*x-y``); ``|`` stands between
    values that it holds one after the other, and in the midst of a pass it may hold part of a sum.
    ``variables[layer, name, group]``: the script's variables between the passes of each loop, as
    the certificate says what the blocks hold then (``verify`` proves that): ``X``, or of a w that
    is held as w·x − y the image ``w*x``.  A variable whose rows are tokens is transposed.
    ``values[layer, name, group]``: what the network would return if it ended there, as the script
    has it.  Where loops were restructured (``--fewest layers``) the variables are those of
    network.alg, and the values mean something at the end only.
    """

    places: tuple[LayerPlace, ...]
    blocks: Mapping[Key, Array]
    variables: Mapping[Key, Array]
    values: Mapping[Key, Array]

    def __getitem__(self, key: Key) -> Array:
        """The block at a layer and group.  Raises KeyError with the names that there are."""
        if key not in self.blocks:
            raise KeyError(f"nothing is held at {key!r}; {self._names}")
        return self.blocks[key]

    def after(self, loop: int, number: int) -> int:
        """The last layer of a pass of a loop; both count from 1.  Raises KeyError.

        Of a loop in a loop the last time that it comes to this pass; ``places`` has them all.
        """
        wanted = LoopPass(loop, number)
        found = [place.number for place in self.places if wanted in place.passes]
        if not found:
            raise KeyError(f"no layer stands in pass {number} of loop {loop}")
        return found[-1]

    @property
    def _names(self) -> str:
        blocks = dict.fromkeys(block for _, block, _ in self.blocks)
        groups = dict.fromkeys(group for _, _, group in self.blocks)
        return (
            f"layers are {START} to {len(self.places) - 1}, blocks {listed(blocks)}, "
            f"groups {listed(groups)}"
        )

    def __str__(self) -> str:
        rows = [HEADINGS, *self._rows()]
        more = [f"… and {len(rows) - MOST_ROWS} more"] * (len(rows) > MOST_ROWS)
        widths = [max(map(len, column)) for column in zip(*rows[:MOST_ROWS], strict=True)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows[:MOST_ROWS]
        ]
        return "\n".join([*lines, *more])

    def _rows(self) -> Iterator[tuple[str, ...]]:
        """A row for every block that is not zero, and every variable, with its largest entry."""
        arrays = [("block", *one) for one in self.blocks.items() if one[1].any()]
        arrays += [("variable", *one) for one in self.variables.items()]
        for kind, (layer, name, group), array in sorted(arrays, key=lambda one: one[1][0]):
            where = "start" if layer == START else str(layer)
            shape = "×".join(map(str, array.shape))
            largest = f"{np.abs(array).max(initial=0):.4g}"
            yield where, self._passes(layer), kind, name, group, shape, largest

    def _passes(self, layer: int) -> str:
        passes = () if layer == START else self.places[layer].passes
        return ", ".join(f"{one.loop}:{one.number}" for one in passes)


def trace(
    module: Transformer, template: Template, inputs: Inputs, held: Sequence[Held] = ()
) -> Trace:
    """Run the module and keep the stream after every layer.  Raises as ``run``, DirectoryError.

    That takes the memory of as many streams as there are layers.  ``held``: what the blocks hold
    between passes, see ``held_blocks``.
    """
    check_precision(module)
    stream = layout(template, inputs, NUMPY[module.dtype])
    blocks: dict[Key, Array] = {}
    values: dict[Key, Array] = {}
    with torch.inference_mode():
        states = module.states(planes_of(stream, template, module.device), sizes_of(stream))
        for layer, (pieces, readings) in enumerate(states, start=START):
            blocks |= _blocks(layer, pieces, template, stream)
            values |= _values(layer, readings, template, stream)
    places = layer_places(template)
    return Trace(
        places, blocks, _variables(places, blocks, held, Variables(template, stream)), values
    )


def _variables(
    places: tuple[LayerPlace, ...],
    blocks: Mapping[Key, Array],
    held: Sequence[Held],
    variables: Variables,
) -> dict[Key, Array]:
    """The script's variables between passes; where two loops meet, what the outer one says."""
    found: dict[Key, Array] = {}
    for one in sorted(held, key=lambda one: -one.loop):
        for layer in between_passes(places, one.loop):
            key = layer, one.block, one.group
            if key not in blocks:
                raise DamagedError(DAMAGED)
            solved = variables.of(one, blocks[key])
            if solved is not None:
                name, value = solved
                found[layer, name, one.group] = value
    return dict(sorted(found.items(), key=lambda pair: pair[0][0]))


def _blocks(layer: int, pieces: Pieces, template: Template, stream: Stream) -> dict[Key, Array]:
    """Every block at every group; one that the network does not hold is zero."""
    found: dict[Key, Array] = {}
    for b, block in enumerate(template.blocks):
        for g, (group, size) in enumerate(stream.groups):
            lead = () if stream.batch is None else (stream.batch,)
            shape = (*lead, axis_size(block.rows, stream.dims), size)
            held = pieces.get((b, g))
            empty = np.zeros(shape, stream.dtype)
            found[layer, block.name, group] = empty if held is None else array_of(held, stream)
    return found


def _values(layer: int, readings: Readings, template: Template, stream: Stream) -> dict[Key, Array]:
    """Every returned value at its groups, as the script has it."""
    arrays = {
        name: {group: array_of(piece, stream) for group, piece in pieces.items()}
        for name, pieces in readings.items()
    }
    found: dict[Key, Array] = {}
    for name, value in read_back(template, arrays).items():
        by_group = value if isinstance(value, dict) else {next(iter(arrays[name])): value}
        found |= {(layer, name, group): array for group, array in by_group.items()}
    return found
