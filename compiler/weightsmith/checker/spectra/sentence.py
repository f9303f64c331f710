"""The verdict on a truncation as a whole sentence, in the words of the script."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from weightsmith.checker.algebra.words import Word, word_text
from weightsmith.checker.facts.sentences import for_every
from weightsmith.checker.facts.wording import decimal_above
from weightsmith.dsl.printing.printer import node_text
from weightsmith.dsl.program import core

if TYPE_CHECKING:
    from weightsmith.checker.spectra.following import Truncation
    from weightsmith.checker.spectra.spectral import Operator
    from weightsmith.checker.spectra.targets import Target


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
