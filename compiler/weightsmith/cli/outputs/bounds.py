"""What the certificate says of a returned value, in one line for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weightsmith.api import Bound


def inequality(bound: Bound) -> str:
    """``||X - target|| <= 1.2e-6 * norm(target)``; the formula where a symbol has no value."""
    from weightsmith.api import upward

    factor = bound.formula if bound.value is None else upward(bound.value)
    scale = "" if bound.scale == "1" else f" * {bound.scale}"
    return f"{distance(bound)} <= {factor}{scale}"


def bound_json(bound: Bound) -> dict[str, object]:
    """The bound for ``--json``: exact numbers as texts, None where there is none."""
    from weightsmith.api import upward

    return {
        "output": bound.output,
        "against": bound.against,
        "factor": None if bound.value is None else upward(bound.value),
        "formula": bound.formula or None,
        "scale": bound.scale,
        "hypotheses": list(bound.hypotheses),
        "unproven": bound.unproven,
    }


def distance(bound: Bound) -> str:
    """What is bounded: the distance from the target, or each entry of that from the script."""
    if bound.against == "script":
        return f"each entry of |{bound.output} - script|"
    return f"||{bound.output} - {bound.against}||"
