"""Comments in a Python file: the formulas of each layer, where its values are computed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from weightsmith.backends.export.base.subject import Subject
from weightsmith.backends.template.coefficients import Values
from weightsmith.backends.template.unroll import unroll
from weightsmith.compiler.ir.template import Item, Layer
from weightsmith.compiler.nets.write_layers import LayerWriter
from weightsmith.compiler.nets.write_net import layer_writer
from weightsmith.dsl.text.shown import printable

LONGEST = 94
MOST = 12  # lines about one layer


class LayerNotes:
    """Says which layer comes next, whenever that changes."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._last: list[Layer | None] = [None]  # of each loop around
        self._known: dict[int, list[str]] = {}

    def before(self, nodes: Iterable[int]) -> Iterator[str]:
        """The comment before a value is computed, by these nodes, if a layer begins there."""
        layers = self._subject.plan.origins.layers
        number = next((layers[node] for node in nodes if node in layers), None)
        layer = None if number is None else self._layers[number]
        if layer is not None and layer is not self._last[-1]:
            self._last[-1] = layer
            yield from self._comment(layer)

    def enter(self) -> None:
        self._last.append(None)

    def leave(self) -> None:
        self._last.pop()

    @cached_property
    def _layers(self) -> list[Layer]:
        """The layers as run, in the words of the template: a schedule's names stay names."""
        found = list(_as_written(self._subject.template.body, Values(self._subject.template)))
        run = unroll(self._subject.template)
        return found if len(found) == len(run) else run

    @cached_property
    def _writer(self) -> LayerWriter:
        return layer_writer(self._subject.template)

    def _comment(self, layer: Layer) -> list[str]:
        if id(layer) not in self._known:
            written = self._writer.layer(layer)
            lines = [comment(line.removeprefix("layer")) for line in written]
            more = [f"# … and {len(lines) - MOST} lines more"] * (len(lines) > MOST)
            self._known[id(layer)] = [*lines[:MOST], *more]
        return self._known[id(layer)]


def _as_written(items: tuple[Item, ...], values: Values) -> Iterator[Layer]:
    for item in items:
        if isinstance(item, Layer):
            yield item
            continue
        body = list(_as_written(item.body, values))
        if item.schedule:
            yield from body * len(item.schedule[0][1])
        elif not values.missing(item.count):
            yield from body * int(values[item.count])


def comment(line: str) -> str:
    """One line, with nothing in it that could end a comment."""
    text = printable(" ".join(line.split()))
    return f"# {text if len(text) <= LONGEST else text[: LONGEST - 1] + '…'}"
