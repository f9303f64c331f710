"""What a target needs at least, within the error that is certified: the lower bound in layers.

The target is synthesised within that error; of the result only the lower bound and the number of
layers are of interest here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from weightsmith.compiler.numbers.rounded_text import below, text_below
from weightsmith.compiler.reports.bound import Bound
from weightsmith.compiler.synthesize.expand import Synthesized, expand
from weightsmith.dsl.numbers.scalars import Number
from weightsmith.dsl.printing.printer import node_text
from weightsmith.dsl.program import core
from weightsmith.dsl.text.diagnostics import DiagnosticError

COARSER = (Fraction(1, 10**12), Fraction(1, 10**9))  # where float64 does not carry the error


def target_text(
    program: core.Program,
    bindings: Mapping[str, Fraction],
    bounds: Sequence[Bound],
    layers: int | None,
) -> str:
    """One line for each target that a network approximates with a proven error below 1."""
    by_output = {one.output: one.value for one in bounds if one.against == "target"}
    lines = []
    for returned in program.returns:
        error = by_output.get(returned.name)
        if returned.target is None or error is None or not 0 < error < 1:
            continue
        error = Fraction(below(error, 3))  # what is said is of the number that is printed
        errors = [error, *(one for one in COARSER if one > error)]
        tried = ((one, _synthesized(program, bindings, returned, one)) for one in errors)
        error, found = next(((one, made) for one, made in tried if made), (error, None))
        if found is None:
            continue
        least = found.lower_bound_layers
        text = (
            f"target: {node_text(returned.target)} within {text_below(error)} takes at least "
            f"{least} layer{'s' * (least != 1)} by its best polynomial"
        )
        if layers is not None and found.layers < layers:
            text += f"; synthesize does it in {found.layers}"
        lines.append(text)
    return "".join(f"{line}\n" for line in lines)


def _synthesized(
    program: core.Program,
    bindings: Mapping[str, Fraction],
    returned: core.Return,
    error: Fraction,
) -> Synthesized | None:
    """None where no family knows the target, or none meets the error."""
    target = returned.target
    if target is None or isinstance(target, core.Root):
        return None
    wanted = replace(returned, value=target, synthesize=core.Synthesis(Number(error)))
    alone = replace(program, body=(), returns=(wanted,), untils=(), ensure=None)
    try:
        return expand(alone, bindings)
    except DiagnosticError:
        return None
