"""Parameters under which every polynomial example has numbers: what the benchmarks share."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from weightsmith import api
from weightsmith.cli.demonstration.demo_cases import CASES

EXAMPLES = Path(__file__).parents[1] / "examples"


def _has_steps(script: str) -> bool:
    """False for a script that leaves its steps to the compiler."""
    return not api.check(EXAMPLES / f"{script}.alg").synthesized


NAMES = tuple(sorted({case.script for case in CASES if _has_steps(case.script)}))
CHOSEN = {
    "mu": Fraction(1, 10),
    "L": Fraction(2),
    "smin": Fraction(1, 5),
    "smax": Fraction(2),
    "eta": Fraction(1),
    "beta": Fraction(2, 5),
}
STEPS = ("steps", "k")


def settings(script: Path | str, steps: int) -> dict[str, Fraction]:
    """Values for every parameter of a script that has no default, and its number of steps."""
    chosen = {**CHOSEN, **dict.fromkeys(STEPS, Fraction(steps))}
    found = {}
    for parameter in api.check(script).parameters:
        if parameter.default is None or parameter.name in STEPS:
            found[parameter.name] = chosen[parameter.name]
    return found
