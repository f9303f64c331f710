"""Verdicts as whole sentences: what is near what, in which norm, for which inputs.

Every word is made of the script and of what the checker derived, none of the certificate.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from weightsmith.checker.facts.wording import size_text
from weightsmith.dsl.printing.hypotheses import premise_text
from weightsmith.dsl.printing.printer import input_text, node_text
from weightsmith.dsl.program import core
from weightsmith.dsl.text.number_text import is_short

if TYPE_CHECKING:
    from weightsmith.checker.semantics.premises import Premises

LONGEST_BINDING = 40  # characters of a number that is shown as it is; a longer one is in the files
EXACT = "in exact arithmetic"


def for_every(program: core.Program, hypotheses: Premises, bindings: Mapping[str, Fraction]) -> str:
    """``in exact arithmetic, for every A: symmetric[d, d], if spectrum(A) in [mu, L], mu = 1``."""
    inputs = ", ".join(map(input_text, program.inputs))
    every = f"{EXACT}, for every {inputs}" if inputs else EXACT
    numbers = tuple(f"{name} = {_number(value)}" for name, value in bindings.items())
    assumed = "; ".join(premise_text(program, one) for one in hypotheses)
    every += f", if {assumed}" if assumed else ""
    return every + (f", at {', '.join(numbers)}" if numbers else "")


def _number(value: Fraction) -> str:
    return str(value) if is_short(value, LONGEST_BINDING) else "the number in template.json"


def propagation_sentence(
    output: str,
    value: Fraction,
    formula: str,
    hypotheses: Premises,
    program: core.Program,
    bindings: Mapping[str, Fraction],
) -> str:
    """``every entry of output is within 1e-3 of what the script says, …``."""
    size = size_text(value)
    rounded = f"; {size} is {formula}, rounded up" if value else ""
    said = f"Every entry of {output} is within {size} of what the script says, its functions exact"
    return f"{said}, {for_every(program, hypotheses, bindings)}{rounded}."


def root_sentence(
    output: str,
    value: Fraction,
    formula: str,
    hypotheses: Premises,
    program: core.Program,
    bindings: Mapping[str, Fraction],
) -> str:
    """``‖w − root(w: …)‖₂ ≤ 1e-3, tables included, …``."""
    (target,) = [one.target for one in program.returns if one.name == output]
    name = "target" if target is None else node_text(target)
    size = size_text(value)
    every = for_every(program, hypotheses, bindings)
    return (
        f"‖{output} − {name}‖₂ ≤ {size}, tables included, {every}; {size} is {formula}, rounded up."
    )


def domain_sentence(
    hypotheses: Premises, program: core.Program, bindings: Mapping[str, Fraction]
) -> str:
    every = for_every(program, hypotheses, bindings)
    return f"Every entry that a table is applied to lies in its interval, {every}."
