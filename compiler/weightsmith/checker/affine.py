"""Targets C + b·left·f*(T)·right: the keys ``shift`` and ``factor`` of the output step.

Of a value C + b·left·f(T)·right the distance from the target is b·left·(f − f*)(T)·right.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from weightsmith.checker.problem import Bound
from weightsmith.checker.ranges import rational
from weightsmith.checker.rational import Field, Rational
from weightsmith.checker.refusal import quoted, require
from weightsmith.checker.scalar_text import read_scalar
from weightsmith.checker.strict_json import as_list, as_text, as_texts
from weightsmith.checker.targets import Target
from weightsmith.checker.words import Letter, Polynomial, Word, read_word

Step = Mapping[str, object]
ABSOLUTE = ("1", "norm(left)*norm(right)")  # scales that do not speak of the target


def check_affine(step: Step, target: Target, letters: Mapping[str, Letter], field: Field) -> None:
    """Compare b and C with those of the script's target; absent are 1 and 0."""
    factor = target.factor or field.one
    require(factor.is_one != ("factor" in step), f"The target's factor is {factor!r}.")
    if "factor" in step:
        given = field.read(read_scalar(step["factor"], "factor"))
        require(
            given == factor, f"The target's factor is {factor!r}, not {quoted(step['factor'])}."
        )
    fixed = {} if target.shift is None else dict(target.shift.terms)
    require(bool(fixed) == ("shift" in step), "'shift' is what of the target has no function.")
    if fixed:
        given_shift = _read_shift(step["shift"], letters, field)
        require(given_shift == fixed, f"The target's part without a function is {target.shift}.")


def _read_shift(value: object, letters: Mapping[str, Letter], field: Field) -> dict[Word, Rational]:
    """A list of [coefficient, word] in lexicographic order."""
    found: dict[Word, Rational] = {}
    previous: list[str] | None = None
    for item in as_list(value, "shift"):
        pair = as_list(item, "shift")
        require(len(pair) == 2, "shift: expected [coefficient, [letters]].")
        texts = as_texts(pair[1], "shift")
        require(previous is None or previous < [*texts], "shift: the words are not in order.")
        previous = [*texts]
        found[read_word(texts, letters, "shift")] = field.read(read_scalar(pair[0], "shift"))
    return found


def without_shift(value: Polynomial, target: Target) -> Polynomial:
    return value if target.shift is None else value - target.shift


def scaled_bound(
    bound: Bound,
    step: Step,
    target: Target,
    scale: str,
    field: Field,
    bindings: Mapping[str, Fraction] | None,
) -> Bound:
    """|b| times the bound of f − f*, where the scale does not speak of the target."""
    if target.factor is None or target.factor.is_one or scale not in ABSOLUTE:
        return bound
    text = as_text(step["factor"], "factor")
    formulas = tuple(f"abs({text})*({formula})" for formula in bound.formulas)
    if bound.value is None or bindings is None:
        return Bound(formulas, None)
    number = abs(field.evaluate(target.factor, bindings))
    exact = rational(number)
    value = bound.value.map(lambda one: one * number, lambda ball: ball * exact)
    return Bound(formulas, value)
