"""Verdicts as whole sentences: what is near what, in which norm, for which inputs.

Every word is made of the script and of what the checker derived, none of the certificate.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from weightsmith.checker.algebra.words import Word, word_text
from weightsmith.checker.claims.wording import decimal_above, size_text
from weightsmith.dsl.printing.hypotheses import premise_text
from weightsmith.dsl.printing.printer import input_text, node_text
from weightsmith.dsl.program import core
from weightsmith.dsl.text.number_text import is_short

if TYPE_CHECKING:
    from weightsmith.checker.claims.following import Truncation
    from weightsmith.checker.semantics.premises import Premises
    from weightsmith.checker.spectra.spectral import Operator
    from weightsmith.checker.spectra.targets import Target

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


def truncation_sentence(
    claim: Truncation, program: core.Program, bindings: Mapping[str, Fraction]
) -> str:
    """``‖X − inv(A)‖₂ ≤ 1.2e-6 · ‖inv(A)‖₂ in exact arithmetic, for every …; 1.2e-6 is …``."""
    target = node_text(claim.returned_target)
    scale, meaning = _scale(claim.scale, target, claim.operator, claim.target)
    factor = f"({claim.formula})" if claim.value is None and scale else claim.formula
    size = factor if claim.value is None else decimal_above(claim.value)
    bound = f"{size} · {scale}" if scale else size
    every = for_every(program, claim.hypotheses, bindings)
    rounded = "" if claim.value is None else f"; {size} is {claim.formula}, rounded up"
    return f"‖{claim.output} − {target}‖₂ ≤ {bound} {every}{rounded}{meaning}."


def _scale(scale: str, target: str, operator: Operator, of: Target) -> tuple[str, str]:
    """The scale in norms of what the script names, and what it means where it names more."""
    left, right = _framed(of.left), _framed(of.right)
    if scale == "1":
        return "", ""
    if scale == "norm(target)":
        return f"‖{target}‖₂", ""
    if scale == "norm(target - shift)":
        whole = f"({target})" if " over " in target else target
        return f"‖{whole} − ({of.shift})‖₂", ""
    if scale == "norm(left)*norm(right)":
        return f"‖{left}‖₂·‖{right}‖₂", ""
    solution = "f(T)" if not of.left else f"{left}·f(T)"
    if of.factor is not None and not of.factor.is_one:
        solution = f"({of.factor})·{solution}"
    root = "" if of.root == 1 else f"^(1/{of.root})"
    power = str(of.power).replace("(1)/(lambda)", "1/lambda")
    function = f"({power}){root}" if root else power
    meaning = f"; T is {word_text(operator.word)}, f(lambda) is {function}"
    if operator.symmetric == "weighted":
        weight = operator.weight
        return f"‖{solution}·{weight}^(-1/2)‖₂·‖{weight}^(1/2)·{right}‖₂", meaning
    return f"‖{solution}‖₂·‖{right}‖₂", meaning


def _framed(word: Word) -> str:
    return word_text(word) if word else "I"


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
