"""What a certificate says of a returned value, as numbers and as lines for a reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.checker.reading.open_claims import REASONS
from weightsmith.compiler.certify.stated import Stated
from weightsmith.compiler.numbers.rounded_text import above
from weightsmith.dsl.printing.hypotheses import premise_text
from weightsmith.dsl.program import core

AGAINST = {
    "truncation": "target",
    "propagation": "script",
    "centred": "centred network",
}  # by the kind of the fact


@dataclass(frozen=True)
class Bound:
    """What the certificate says of one returned value: ‖value − target‖₂ ≤ value · scale.

    ``against`` is ``target``; or ``script``: how far each entry is from what the script says, its
    functions exact; or ``centred network``: how far softmax pairs are from it, at every token.
    In the formula e[SITE] is the error of a table.  ``value`` is None where a symbol has no value;
    ``unproven`` says why there is no proof.
    """

    output: str
    against: str
    value: Fraction | None
    formula: str
    scale: str
    hypotheses: tuple[str, ...]
    unproven: str | None


def bound_of(one: Stated, program: core.Program, details: Mapping[tuple[str, str], str]) -> Bound:
    output, against = one.output, AGAINST[one.kind]
    if one.is_open:
        reason = REASONS.get(str(one.unproven), "for no reason of the list")
        detail = details.get((one.kind, output), reason)
        return Bound(output, against, None, "", "", (), detail)
    bound = one.fact["bound"]
    hypotheses: Sequence[tuple[str, int | str]] = one.fact["hypotheses"]  # type: ignore[assignment]
    return Bound(
        output,
        against,
        one.value,
        str(bound["formula"] if isinstance(bound, dict) else ""),
        str(one.fact.get("scale", "1")),
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
        what = {"target": "factor", "script": "sum"}.get(bound.against, "bound")
        lines.append(f"        the {what} is at most {upward(bound.value)}")
    lines += [f"        if {hypothesis}" for hypothesis in bound.hypotheses]
    return "\n".join(lines)


def _distance(bound: Bound) -> str:
    if bound.against == "script":
        return f"every entry of |{bound.output} - script|"
    return f"||{bound.output} - {bound.against}||"


def upward(value: Fraction) -> str:
    """Print a bound with four digits, rounded up."""
    return f"{above(value):.3e}" if value else "0"
