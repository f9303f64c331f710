"""Curves of errors over layers, as an SVG of a few kilobytes that is the same on every machine."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

Points = Sequence[tuple[int, float]]  # layers, error
WIDTH, HEIGHT, LEFT = 560, 320, 64


@dataclass(frozen=True)
class Curve:
    """How a curve looks: its name, its colour, and whether it is dashed."""

    name: str
    colour: str
    dashed: bool = False


def picture(curves: Mapping[Curve, Points], lowest: float, columns: int) -> str:
    """Draw the curves over a logarithmic axis down to ``lowest``; ``columns`` names a line."""
    top = 18 + 22 * math.ceil(len(curves) / columns)
    right, bottom = LEFT + WIDTH, top + HEIGHT
    layers = sorted({layer for points in curves.values() for layer, _ in points})
    scale = _Scale(layers[0], layers[-1], lowest, top)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {right + 20} {bottom + 50}" '
        'font-family="sans-serif" font-size="13">',
        f'<rect width="{right + 20}" height="{bottom + 50}" fill="white"/>',
    ]
    for exponent in range(0, round(math.log10(lowest)) - 1, -3):
        y = scale.y(10.0**exponent)
        lines.append(f'<path d="M{LEFT} {y}H{right}" stroke="#ddd"/>')
        lines.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">1e{exponent}</text>')
    for layer in layers:
        x = scale.x(layer)
        lines.append(f'<text x="{x}" y="{bottom + 20}" text-anchor="middle">{layer}</text>')
    lines.append(
        f'<text x="{LEFT + WIDTH / 2}" y="{bottom + 42}" text-anchor="middle">layers</text>'
    )
    for number, curve, points in reversed(list(zip(count(), curves, curves.values()))):
        place = LEFT + WIDTH // columns * (number % columns), 22 + 22 * (number // columns)
        lines += _curve(curve, points, scale, place)
    return "\n".join([*lines, "</svg>"]) + "\n"


@dataclass(frozen=True)
class _Scale:
    first: int
    last: int
    lowest: float
    top: int

    def x(self, layer: int) -> float:
        return round(LEFT + WIDTH * (layer - self.first) / (self.last - self.first), 1)

    def y(self, error: float) -> float:
        return round(self.top + HEIGHT * math.log10(error) / math.log10(self.lowest), 1)


def _curve(curve: Curve, points: Points, scale: _Scale, place: tuple[int, int]) -> list[str]:
    """The line, and its name at ``place``."""
    shown = " ".join(f"{scale.x(n)},{scale.y(e)}" for n, e in points if scale.lowest <= e <= 1)
    dash = ' stroke-dasharray="6 4"' if curve.dashed else ""
    stroke = f'stroke="{curve.colour}" stroke-width="2"{dash}'
    left, y = place
    return [
        f'<polyline points="{shown}" fill="none" {stroke}/>',
        f'<path d="M{left} {y}h24" {stroke}/>',
        f'<text x="{left + 30}" y="{y + 4}">{curve.name}</text>',
    ]
