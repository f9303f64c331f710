"""A picture: certified and observed error of Newton's inverse after each layer, on real data.

    python benchmarks/error_by_layer.py

Writes error_by_layer.svg beside this file; the same bytes on the same machine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from settings import EXAMPLES

from weightsmith import api
from weightsmith.cli.demo_data import correlation

STEPS = range(1, 17)
LOWEST = 1e-18  # of the axis; a bound below it leaves the picture
WIDTH, HEIGHT, LEFT, TOP = 560, 320, 64, 44
CURVES = {"certified": "#c0392b", "observed, float64": "#1f5fa8", "observed, float32": "#e08e2b"}
Curve = Sequence[tuple[int, float]]


def main() -> None:
    target = Path(__file__).with_suffix(".svg")
    target.write_text(picture(measure()), encoding="utf-8")
    print(f"wrote {target.name}")


def measure() -> dict[str, Curve]:
    """Return the curves (layers, error) relative to the norm of the inverse."""
    problem = correlation()
    matrix = np.asarray(problem.inputs["A"])
    inverse = np.linalg.inv(matrix)
    found: dict[str, list[tuple[int, float]]] = {name: [] for name in CURVES}
    for steps in STEPS:
        settings: dict[str, int | Fraction] = {**problem.settings, "steps": steps}
        network = api.compile(EXAMPLES / "newton_inverse.alg", settings=settings)
        value = network.bounds[0].value
        found["certified"].append((steps, math.inf if value is None else float(value)))
        for dtype in ("float64", "float32"):
            answer = np.asarray(network.run({"A": matrix}, dtype)["X"], dtype=np.float64)
            error = np.linalg.norm(answer - inverse, 2) / np.linalg.norm(inverse, 2)
            found[f"observed, {dtype}"].append((steps, float(error)))
    return dict(found)


def picture(curves: dict[str, Curve]) -> str:
    """Draw the curves over a logarithmic axis."""
    right, bottom = LEFT + WIDTH, TOP + HEIGHT
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {right + 20} {bottom + 50}" '
        'font-family="sans-serif" font-size="13">',
        f'<rect width="{right + 20}" height="{bottom + 50}" fill="white"/>',
    ]
    for exponent in range(0, round(math.log10(LOWEST)) - 1, -3):
        y = _y(10.0**exponent)
        lines.append(f'<path d="M{LEFT} {y}H{right}" stroke="#ddd"/>')
        lines.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">1e{exponent}</text>')
    for steps in STEPS:
        lines.append(f'<text x="{_x(steps)}" y="{bottom + 20}" text-anchor="middle">{steps}</text>')
    lines.append(
        f'<text x="{LEFT + WIDTH / 2}" y="{bottom + 42}" text-anchor="middle">layers</text>'
    )
    for number, (name, curve) in reversed(list(enumerate(curves.items()))):
        lines += _curve(name, curve, LEFT + 180 * number)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _curve(name: str, curve: Curve, left: float) -> list[str]:
    colour = CURVES[name]
    points = " ".join(f"{_x(steps)},{_y(error)}" for steps, error in curve if error >= LOWEST)
    dash = ' stroke-dasharray="6 4"' if name == "certified" else ""
    return [
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>',
        f'<path d="M{left} {TOP - 22}h24" stroke="{colour}" stroke-width="2"{dash}/>',
        f'<text x="{left + 30}" y="{TOP - 18}">{name}</text>',
    ]


def _x(steps: int) -> float:
    return round(LEFT + WIDTH * (steps - STEPS[0]) / (STEPS[-1] - STEPS[0]), 1)


def _y(error: float) -> float:
    return round(TOP + HEIGHT * math.log10(error) / math.log10(LOWEST), 1)


if __name__ == "__main__":
    main()
