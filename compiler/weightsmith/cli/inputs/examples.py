"""Where the example scripts are: beside an installed wheel, or in the checkout."""

from __future__ import annotations

from pathlib import Path

from weightsmith.cli.inputs.mistakes import Mistake

PLACES = (
    Path(__file__).resolve().parents[2] / "examples",
    Path(__file__).resolve().parents[4] / "examples",
)


def example(name: str) -> Path:
    """Return the script of an example: ``example("ridge")``."""
    for place in PLACES:
        script = place / f"{name}.alg"
        if script.is_file():
            return script
    raise Mistake(f"the example '{name}.alg' is missing; install weightsmith again.")
