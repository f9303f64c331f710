"""Matrices as small pictures: an attention pattern, a variable after a layer.

Orange is positive, blue negative, and the more of it the larger; a matrix with more than ``MOST``
rows or columns is shown by the largest entry of each cell, with its sign.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from weightsmith.backends.data.arrays import Array
from weightsmith.backends.pictures import svg

MOST = 32  # cells along a side
SIDE = 132  # pixels of the longer side
GAP, CAPTION = 16, 34  # between pictures; the height of what stands above each
ACROSS = 5  # pictures in a row
FLATTEST = 18  # pixels
POSITIVE, NEGATIVE = "#e08a1e", "#2f7fd6"
SHADES = 6


@dataclass(frozen=True)
class Panel:
    """A matrix with what stands above it, and what it is on hover."""

    caption: str
    under: str
    title: str
    matrix: Array


def heat_maps_svg(panels: Sequence[Panel], title: str) -> str:
    """One ``svg`` element with a panel for every matrix."""
    lines: list[str] = []
    y: float = 8
    for first in range(0, len(panels), ACROSS):
        row = panels[first : first + ACROSS]
        for number, panel in enumerate(row):
            lines += svg.titled(panel.title, _panel(panel, 10 + (SIDE + GAP) * number, y))
        y += CAPTION + max(_size(aggregated(panel.matrix))[1] for panel in row) + GAP
    width = 20 + (SIDE + GAP) * min(max(len(panels), 1), ACROSS)
    return svg.document(width, y, title, lines)


def _size(cells: Array) -> tuple[float, float]:
    """Width and height in pixels: cells are square, but a few rows are not too flat."""
    if cells.size == 0:
        return SIDE, FLATTEST
    rows, columns = cells.shape
    size = SIDE / max(rows, columns, 4)
    return max(size * columns, FLATTEST), max(size * rows, FLATTEST)


def _panel(panel: Panel, x: float, y: float) -> list[str]:
    found = [
        svg.text(x, y + 12, svg.cut(panel.caption, 21), 'font-size="11"'),
        svg.text(x, y + 26, svg.cut(panel.under, 23), 'font-size="10" fill-opacity=".75"'),
    ]
    cells = aggregated(panel.matrix)
    if cells.size == 0:
        return [*found, svg.text(x, y + CAPTION + 16, "no entries")]
    rows, columns = cells.shape
    wide, tall = _size(cells)
    scale = f"scale({wide / columns:.5g} {tall / rows:.5g})"
    place = f"translate({svg.number(x)} {svg.number(y + CAPTION)}) {scale}"
    found.append(f'<g transform="{place}" stroke="none">')
    shades = _shades(cells)
    for shade in range(-SHADES, SHADES + 1):
        if shade and (steps := _cells(shades, shade)):
            colour = POSITIVE if shade > 0 else NEGATIVE
            opacity = f"{abs(shade) / SHADES:.3g}"
            found.append(svg.path(steps, f'fill="{colour}" fill-opacity="{opacity}"'))
    frame = svg.rectangle(x, y + CAPTION, wide, tall, 'stroke-opacity=".5"')
    return [*found, "</g>", frame]


def aggregated(matrix: Array) -> Array:
    """At most ``MOST`` × ``MOST`` cells, each the entry of its part that is largest in size."""
    return _fewer_rows(_fewer_rows(np.asarray(matrix, dtype=np.float64)).T).T


def _fewer_rows(matrix: Array) -> Array:
    if len(matrix) <= MOST:
        return matrix
    parts = np.array_split(matrix, MOST)
    chosen = [np.abs(part).argmax(axis=0) for part in parts]
    across = np.arange(matrix.shape[1])
    return np.stack([part[rows, across] for part, rows in zip(parts, chosen, strict=True)])


def _shades(cells: Array) -> Array:
    """From -SHADES to SHADES, in proportion to the entry that is largest in size."""
    largest = float(np.abs(cells).max(initial=0))
    if largest == 0 or not np.isfinite(largest):
        return np.zeros(cells.shape, dtype=int)
    return np.rint(cells / largest * SHADES).astype(int)


def _cells(shades: Array, shade: int) -> str:
    """The cells of one shade as one path, runs in a row joined."""
    steps = []
    for row, line in enumerate(shades == shade):
        edges = np.flatnonzero(np.diff(line, prepend=False, append=False))
        for left, right in zip(edges[::2], edges[1::2], strict=True):
            steps.append(f"M{left} {row}h{right - left}v1h-{right - left}z")
    return "".join(steps)
