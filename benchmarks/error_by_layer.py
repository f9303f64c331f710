"""A picture: certified and observed error of Newton's inverse after each layer, on real data.

    python benchmarks/error_by_layer.py

Writes error_by_layer.svg beside this file; the same bytes on the same machine.
"""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import numpy as np
from picture import Curve, Points, picture
from settings import EXAMPLES

from weightsmith import api
from weightsmith.cli.demonstration.demo_data import correlation

STEPS = range(1, 17)
LOWEST = 1e-18  # of the axis; a bound below it leaves the picture
CERTIFIED = Curve("certified", "#c0392b", dashed=True)
OBSERVED = {
    "float64": Curve("observed, float64", "#1f5fa8"),
    "float32": Curve("observed, float32", "#e08e2b"),
}


def main() -> None:
    target = Path(__file__).with_suffix(".svg")
    target.write_text(picture(measure(), LOWEST, 3), encoding="utf-8")
    print(f"wrote {target.name}")


def measure() -> dict[Curve, Points]:
    """Return the curves (layers, error) relative to the norm of the inverse."""
    problem = correlation()
    matrix = np.asarray(problem.inputs["A"])
    inverse = np.linalg.inv(matrix)
    found: dict[Curve, list[tuple[int, float]]]
    found = {curve: [] for curve in (CERTIFIED, *OBSERVED.values())}
    for steps in STEPS:
        settings: dict[str, int | Fraction] = {**problem.settings, "steps": steps}
        network = api.compile(EXAMPLES / "newton_inverse.alg", settings=settings)
        value = network.bounds[0].value
        found[CERTIFIED].append((steps, math.inf if value is None else float(value)))
        for dtype in OBSERVED:
            answer = np.asarray(network.run({"A": matrix}, dtype)["X"], dtype=np.float64)
            error = np.linalg.norm(answer - inverse, 2) / np.linalg.norm(inverse, 2)
            found[OBSERVED[dtype]].append((steps, float(error)))
    return dict(found)


if __name__ == "__main__":
    main()
