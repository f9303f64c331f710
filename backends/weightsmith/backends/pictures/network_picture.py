"""A network as a picture: blocks of the residual stream as lanes, heads and MLPs to their right.

Layers go from top to bottom, a loop is a frame around its layers, drawn once.  A head is a box with
a wire for its values, keys and queries, each tapping the lanes that it reads, and one that adds to
lanes; beside it stands its formula, whole and exact on hover.  The bytes are always the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from weightsmith.backends.pictures import svg
from weightsmith.backends.pictures.formulas import loop_lines, shown_lines, titled_text, writer_of
from weightsmith.backends.pictures.lanes import Lanes
from weightsmith.backends.pictures.units import Row, Unit, UnitMaker
from weightsmith.backends.pictures.wires import COLOURS, LETTERS, MEANINGS, WIRE, wire_lines
from weightsmith.compiler.ir.template import Item, Layer, Template, layers_of

MOST_LAYERS = 60  # that are drawn: the first and the last of them
MARGIN, INDENT = 10, 9  # around the picture; of a loop's frame on either side
LABEL = 66  # the column with the numbers of layers
BOX, GAP = 112, 20  # the width of a unit; between lanes and units
FORMULA = 58  # characters of a line of a formula
MOST_LINES = 5  # of formulas beside a row of wires
HEADING = 20  # the height of what a loop repeats


def network_svg(template: Template) -> str:
    """One ``svg`` element, for a page or a file of its own."""
    return _Picture(template).document()


class _Picture:
    """Places everything from top to bottom, once."""

    def __init__(self, template: Template) -> None:
        self.template = template
        writer = writer_of(template)
        self.units = UnitMaker(template, writer)
        self.depth = _depth(template.body)
        self.lanes = Lanes(template, writer.names, MARGIN + INDENT * self.depth + LABEL)
        self.box = self.lanes.right + GAP
        self.formula = self.box + BOX + 12
        right = self.formula + FORMULA * svg.LETTER + INDENT * self.depth
        self.width = max(right, self._legend_width()) + MARGIN
        self.number = 0
        self.count = sum(1 for _ in layers_of(template.body))
        self.behind: list[str] = []  # frames and bands
        self.front: list[str] = []

    def document(self) -> str:
        y = self._legend(MARGIN + 12) + 4
        self.front += self.lanes.heads(y)
        y = top = y + self.lanes.height
        y = self._items(self.template.body, y + 8, 0)
        for output in self.template.read_out:
            y = self._unit(self.units.output(output), y + 6)
        lines = [*self.behind, *self.lanes.lines(top, y + 4), *self.front]
        return svg.document(
            self.width, y + MARGIN + 6, f"The network {self.template.algorithm}", lines
        )

    def _legend_width(self) -> float:
        return MARGIN + sum(len(said) * 6.2 + 34 for said in MEANINGS.values())

    def _legend(self, y: float) -> float:
        """What the letters and colours of wires mean."""
        x: float = MARGIN
        for role, said in MEANINGS.items():
            self.front.append(
                svg.text(x, y, LETTERS[role], f'style="fill:{COLOURS[role]}" font-weight="bold"')
            )
            self.front.append(svg.text(x + 18, y, said, 'font-size="11" font-family="sans-serif"'))
            x += len(said) * 6.2 + 34
        return y

    # -- layers and loops ------------------------------------------------------------------------

    def _items(self, items: tuple[Item, ...], y: float, depth: int) -> float:
        """Draw items below y; where they end."""
        for item in items:
            if isinstance(item, Layer):
                y = self._layer(item, y)
                continue
            start, place = y + 4, len(self.behind)
            short, whole = loop_lines(item, self.template)
            x = MARGIN + INDENT * depth
            self.front.append(svg.text(x + 7, start + 16, "↻", 'font-size="15"'))
            said = svg.text(self.box, start + 15, short, 'font-weight="bold"')
            self.front += svg.titled(titled_text(whole), [said])
            y = self._items(item.body, start + HEADING, depth + 1) + 4
            width = self.width - 2 * x
            frame = svg.rectangle(
                x, start, width, y - start, 'rx="7" stroke-opacity=".55" stroke-dasharray="6 3"'
            )
            self.behind.insert(place, frame)
            y += 4
        return y

    def _layer(self, layer: Layer, y: float) -> float:
        self.number += 1
        shown = MOST_LAYERS // 2
        if self.count > MOST_LAYERS and shown < self.number <= self.count - shown:
            return self._left_out(y) if self.number == shown + 1 else y
        start = y + 3
        label = svg.text(MARGIN + INDENT * self.depth + 4, start + 18, f"layer {self.number}")
        self.front.append(label)
        y = start + 4
        units = self.units.layer(layer)
        for unit in units:
            y = self._unit(unit, y) + 4
        if not units:
            self.front.append(svg.text(self.formula, start + 18, "adds nothing"))
            y += 24
        left = MARGIN + INDENT * self.depth
        band = svg.rectangle(
            left,
            start,
            self.width - 2 * left,
            y - start,
            'rx="4" fill="currentColor" fill-opacity=".05" stroke="none"',
        )
        self.behind.append(band)
        return y

    def _left_out(self, y: float) -> float:
        said = f"… {self.count - MOST_LAYERS} more layers …"
        self.front.append(svg.text(self.formula, y + 18, said))
        return y + 28

    # -- units -------------------------------------------------------------------------------------

    def _unit(self, unit: Unit, y: float) -> float:
        """A box with its wires and formulas; where it ends."""
        rows = [(row, shown_lines(row.formulas, FORMULA, MOST_LINES)) for row in unit.rows]
        heights = [max(WIRE * len(r.wires), svg.LINE * len(lines)) + 6 for r, lines in rows]
        named = 15 if unit.kind == "mlp" else 0
        height = sum(heights) + named
        dash = ' stroke-dasharray="3 2"' if unit.kind == "return" else ""
        found = [
            svg.rectangle(
                self.box,
                y,
                BOX,
                height,
                f'rx="4" fill="currentColor" fill-opacity=".07"{dash}',
            )
        ]
        if named:
            found.append(
                svg.text(self.box + BOX - 7, y + 13, "MLP", 'text-anchor="end" font-size="11"')
            )
        top = y + named
        for (row, lines), tall in zip(rows, heights, strict=True):
            found += self._row(unit, row, lines, top, tall)
            top += tall
        self.front += svg.titled(titled_text(unit.title), found)
        return y + height

    def _row(
        self, unit: Unit, row: Row, lines: list[str], y: float, height: float
    ) -> Iterator[str]:
        middle = y + height / 2
        first = middle - WIRE * (len(row.wires) - 1) / 2
        for number, wire in enumerate(row.wires):
            yield from wire_lines(wire, first + WIRE * number, self.box, self.lanes.place)
        said = f"return {row.label}" if unit.kind == "return" else row.label
        yield svg.text(self.box + BOX - 7, middle + 4, svg.cut(said, 12), 'text-anchor="end"')
        top = middle - svg.LINE * len(lines) / 2 + 11
        for number, line in enumerate(lines):
            yield svg.text(self.formula, top + svg.LINE * number, line, 'xml:space="preserve"')


def _depth(items: tuple[Item, ...]) -> int:
    """How many loops stand in one another, at most."""
    return max((1 + _depth(one.body) for one in items if not isinstance(one, Layer)), default=0)
