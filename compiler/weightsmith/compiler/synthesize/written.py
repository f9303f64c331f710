"""The script of one target that is asked for without a script."""

from __future__ import annotations

from collections.abc import Sequence

from weightsmith.compiler.synthesize.preference import DEGREES

MOST_PASSES = 60
ANY = "0.999999999999"  # a tolerance: as near as so many passes come


def script_for(
    target: str,
    inputs: str,
    assumptions: Sequence[str],
    within: object,
    passes: int | None,
    degree: int,
    name: str,
) -> str:
    """``return synthesize TARGET within TOLERANCE``, in an algorithm.  Raises ValueError."""
    if (within is None) == (passes is None):
        raise ValueError("expected either how near it must come (within) or a number of passes")
    if passes is None and degree != 3:
        raise ValueError("the degree of a pass is chosen together with the number of passes")
    if passes is not None and not 1 <= passes <= MOST_PASSES:
        raise ValueError(f"expected 1 to {MOST_PASSES} passes, got {passes}")
    if degree not in DEGREES:
        raise ValueError(f"expected passes of degree 3 or 5, got {degree}")
    tolerance = ANY if within is None else str(within)
    parts = (target, inputs, tolerance, name, *assumptions)
    if any("\n" in part or not part.strip() for part in parts):
        raise ValueError(
            "expected one line of the language for each part, got an empty or long one"
        )
    lines = [f"algorithm {name}({inputs})", *(f"assume {one}" for one in assumptions)]
    return "\n".join([*lines, "", f"return synthesize {target} within {tolerance}", ""])
