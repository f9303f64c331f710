"""What a certificate says of a returned value, as numbers and as lines for a reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.checker.reading.open_claims import REASONS
from weightsmith.compiler.numbers.rounded_text import above
from weightsmith.dsl.printing.hypotheses import premise_text
from weightsmith.dsl.program import core

AGAINST = {"truncation": "target", "propagation": "script"}  # by the kind of the claim


@dataclass(frozen=True)
class Bound:
    """What the certificate says of one returned value: ‖value − target‖₂ ≤ value · scale.

    ``against`` is ``target``, or ``script``: how far each entry is from what the script says, its
    functions exact.  In the formula e[SITE] is the error of a table.  ``value`` is None where a
    symbol has no value; ``unproven`` says why there is no proof.
    """

    output: str
    against: str
    value: Fraction | None
    formula: str
    scale: str
    hypotheses: tuple[str, ...]
    unproven: str | None


def bound_of(
    claim: dict[str, object], program: core.Program, details: Mapping[tuple[str, str], str]
) -> Bound:
    output, against = str(claim["output"]), AGAINST[str(claim["kind"])]
    if "unproven" in claim:
        reason = str(claim["unproven"])
        detail = details.get(
            (str(claim["kind"]), output), REASONS.get(reason, "for no reason of the list")
        )
        return Bound(output, against, None, "", "", (), detail)
    bound = _object(claim["bound"])
    value = bound["value"]
    hypotheses: Sequence[tuple[str, int | str]] = claim["hypotheses"]  # type: ignore[assignment]
    return Bound(
        output,
        against,
        None if value is None else Fraction(str(value)),
        str(bound["formula"]),
        str(claim.get("scale", "1")),
        tuple(premise_text(program, (kind, of)) for kind, of in hypotheses),
        None,
    )


def bound_line(bound: Bound) -> str:
    if bound.unproven is not None:
        return f"bound   {bound.output}: not proven: {bound.unproven}"
    scale = "" if bound.scale == "1" else f" * {bound.scale}"
    lines = [f"bound   {_distance(bound)} <= {bound.formula}{scale}"]
    if "e[" in bound.formula:
        lines.append("        with e[N] the error of the table of site N")
    if bound.value is not None:
        what = "factor" if bound.against == "target" else "sum"
        lines.append(f"        the {what} is at most {upward(bound.value)}")
    lines += [f"        if {hypothesis}" for hypothesis in bound.hypotheses]
    return "\n".join(lines)


def _distance(bound: Bound) -> str:
    if bound.against == "script":
        return f"every entry of |{bound.output} - script|"
    return f"||{bound.output} - target||"


def upward(value: Fraction) -> str:
    """Print a bound with four digits, rounded up."""
    return f"{above(value):.3e}" if value else "0"


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}
