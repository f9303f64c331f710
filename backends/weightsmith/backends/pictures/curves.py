"""Curves over layers on a logarithmic axis: errors, and the bounds that are proven for them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from weightsmith.backends.pictures import svg

WIDTH, HEIGHT = 560, 240
LEFT, TOP, BELOW = 66, 12, 50
LOWEST, HIGHEST = 1e-18, 1e18  # of the axis: beyond it nothing is drawn
COLOURS = ("#2f7fd6", "#c4701a", "#25956a", "#8069e0", "#d23f77")
MOST_MARKS = 40  # points that have a mark of their own


@dataclass(frozen=True)
class Curve:
    """Points (x, y > 0); a bound is dashed and has the colour ``place`` of what it bounds."""

    name: str
    points: Sequence[tuple[float, float]]
    is_bound: bool = False
    place: int = 0


def curves_svg(curves: Sequence[Curve], title: str, axis: str) -> str:
    """One ``svg`` element; the values stand in the title of each curve."""
    shown = [(one, _inside(one.points)) for one in curves]
    values = [y for _, points in shown for _, y in points]
    if not values:
        said = "there is nothing above zero to draw"
        return svg.document(len(said) * 8, 34, title, [svg.text(10, 22, said)])
    lowest = math.floor(math.log10(min(values)))
    highest = max(math.ceil(math.log10(max(values))), lowest + 1)
    first = min(x for _, points in shown for x, _ in points)
    last = max(max(x for _, points in shown for x, _ in points), first + 1)

    def place(x: float, y: float) -> tuple[str, str]:
        across = LEFT + WIDTH * (x - first) / (last - first)
        down = TOP + HEIGHT * (highest - math.log10(y)) / (highest - lowest)
        return svg.number(across), svg.number(down)

    lines = _axes(lowest, highest, first, last, axis)
    for number, (curve, points) in enumerate(shown):
        colour = COLOURS[curve.place % len(COLOURS)]
        joined = " ".join(",".join(place(*point)) for point in points)
        dash = ' stroke-dasharray="6 4"' if curve.is_bound else ""
        listed = ", ".join(f"{x:g}: {y:.3g}" for x, y in points)
        parts = [f'<polyline points="{joined}" stroke="{colour}" stroke-width="2"{dash}/>']
        if len(points) <= MOST_MARKS:
            marks = (place(*point) for point in points)
            parts += [f'<circle cx="{x}" cy="{y}" r="2.5" fill="{colour}"/>' for x, y in marks]
        lines += svg.titled(svg.cut(f"{curve.name}. {listed}", 1500), parts)
        y = TOP + HEIGHT + BELOW + 18 * number
        lines.append(svg.path(f"M{LEFT} {y}h26", f'stroke="{colour}" stroke-width="2"{dash}'))
        lines.append(svg.text(LEFT + 34, y + 4, svg.cut(curve.name, 70)))
    height = TOP + HEIGHT + BELOW + 18 * len(shown)
    return svg.document(LEFT + WIDTH + 24, height, title, lines)


def _inside(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(x, y) for x, y in points if LOWEST <= y <= HIGHEST]


def _axes(lowest: int, highest: int, first: float, last: float, axis: str) -> list[str]:
    lines = [svg.rectangle(LEFT, TOP, WIDTH, HEIGHT, 'stroke-opacity=".4"')]
    every = max(1, math.ceil((highest - lowest) / 8))
    for exponent in range(highest, lowest - 1, -every):
        y = TOP + HEIGHT * (highest - exponent) / (highest - lowest)
        lines.append(svg.path(f"M{LEFT} {svg.number(y)}h{WIDTH}", 'stroke-opacity=".15"'))
        lines.append(svg.text(LEFT - 8, y + 4, f"1e{exponent}", 'text-anchor="end"'))
    step = max(1, math.ceil((last - first) / 10))
    x = first
    while x <= last:
        across = LEFT + WIDTH * (x - first) / (last - first)
        said = svg.text(across, TOP + HEIGHT + 16, f"{x:g}", 'text-anchor="middle"')
        lines.append(said)
        x += step
    more = 'text-anchor="end" font-family="sans-serif"'
    lines.append(svg.text(LEFT + WIDTH, TOP + HEIGHT + 32, axis, more))
    return lines
