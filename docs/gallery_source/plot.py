"""Errors over layers as a picture: a few kilobytes, the same on every machine, light and dark.

Places are whole pixels, so that the last digits of a measured error, in which machines differ, are
not seen; and nothing is drawn below LOWEST, where floats add their round-off.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP = 560, 260, 70, 24, 12
ROW, FOOT = 22, 50
LOWEST = 1e-10
STYLE = """<style>
  .paper { fill: #ffffff } .grid { stroke: #d8dee4 } .ink { fill: #24292f }
  .proven { stroke: #c0392b } .seen { stroke: #1f5fa8 }
  .fewer { stroke: #c77d0a } .known { stroke: #6e7781 }
  polyline, path, circle { fill: none; stroke-width: 2 } .grid { stroke-width: 1 }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117 } .grid { stroke: #30363d } .ink { fill: #e6edf3 }
    .proven { stroke: #ff7b72 } .seen { stroke: #79c0ff }
    .fewer { stroke: #e3b341 } .known { stroke: #8b949e }
  }
</style>"""


@dataclass(frozen=True, slots=True)
class Curve:
    """Its name, its class in the style, its points (place, error), and how it is drawn."""

    name: str
    style: str
    points: Sequence[tuple[float, float]]
    dash: str = ""
    dots: bool = False


@dataclass(frozen=True, slots=True)
class Scale:
    """Places and errors to pixels."""

    first: float
    last: float
    highest: int
    lowest: int
    top: int

    def x(self, place: float) -> int:
        width = self.last - self.first
        share = (place - self.first) / width if width else 0.5
        return round(LEFT + WIDTH * share)

    def y(self, error: float) -> int:
        share = (self.highest - math.log10(error)) / (self.highest - self.lowest)
        return round(self.top + HEIGHT * share)


def plot(title: str, curves: Sequence[Curve], axis: str, names: Sequence[str] = ()) -> str:
    """Draw the curves over a logarithmic axis of errors; ``names`` stand below the places."""
    shown = [error for curve in curves for _, error in curve.points if error >= LOWEST]
    if not shown:
        raise ValueError(f"{title}: every error is below {LOWEST:g}")
    highest = min(6, math.ceil(math.log10(max(shown)) - 1e-9))
    lowest = min(highest - 1, math.floor(math.log10(min(shown)) + 1e-9))
    drawn = {place for curve in curves for place, error in curve.points if error >= LOWEST}
    places = [float(one) for one in range(len(names))] if names else sorted(drawn)
    rows = math.ceil(len(curves) / 2)
    scale = Scale(places[0], places[-1], highest, lowest, TOP + ROW * rows)
    bottom, right = scale.top + HEIGHT, LEFT + WIDTH
    size = f"{right + RIGHT} {bottom + FOOT}"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" font-family="sans-serif" '
        f'font-size="13"><title>{escape(title)}</title>',
        STYLE,
        f'<rect class="paper" width="{right + RIGHT}" height="{bottom + FOOT}"/>',
    ]
    for exponent in ticks(lowest, highest):
        y = scale.y(10.0**exponent)
        lines.append(f'<path class="grid" d="M{LEFT} {y}H{right}"/>')
        lines.append(text(LEFT - 8, y + 4, f"1e{exponent}" if exponent else "1", "end"))
    labels = dict(zip(places, names, strict=True)) if names else _spread(places)
    for place, label in labels.items():
        lines.append(text(scale.x(place), bottom + 20, label, "middle"))
    lines.append(text(LEFT + WIDTH // 2, bottom + 42, axis, "middle"))
    for number, curve in enumerate(curves):
        lines += _drawn(curve, scale)
        left, y = LEFT + WIDTH // 2 * (number % 2), TOP + 4 + ROW * (number // 2)
        lines.append(f'<path class="{curve.style}"{curve.dash} d="M{left} {y}h24"/>')
        lines.append(text(left + 30, y + 4, curve.name, "start"))
    return "\n".join([*lines, "</svg>"]) + "\n"


def ticks(lowest: int, highest: int) -> range:
    """Powers of ten with a line: at most seven."""
    return range(highest, lowest - 1, -max(1, math.ceil((highest - lowest) / 6)))


def text(x: int, y: int, words: str, anchor: str) -> str:
    return f'<text class="ink" x="{x}" y="{y}" text-anchor="{anchor}">{escape(words)}</text>'


def _spread(places: Sequence[float]) -> dict[float, str]:
    """Labels of places that are not too near to each other."""
    apart = (places[-1] - places[0]) / 16
    found: dict[float, str] = {}
    for place in places:
        if not found or place - list(found)[-1] >= apart:
            found[place] = f"{place:g}"
    return found


def _drawn(curve: Curve, scale: Scale) -> list[str]:
    high, low = 10.0**scale.highest, 10.0**scale.lowest
    inside = [(x, y) for x, y in curve.points if low * (1 - 1e-9) <= y <= high * (1 + 1e-9)]
    pixels = [(scale.x(x), scale.y(y)) for x, y in inside]
    line = " ".join(f"{x},{y}" for x, y in pixels)
    found = [f'<polyline class="{curve.style}"{curve.dash} points="{line}"/>'] if pixels else []
    if curve.dots or len(pixels) == 1:
        found += [f'<circle class="{curve.style}" cx="{x}" cy="{y}" r="3"/>' for x, y in pixels]
    return found
