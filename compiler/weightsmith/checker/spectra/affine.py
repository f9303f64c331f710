"""Targets C + b·left·f*(T)·right, scaled by b and shifted by C.

Of a value C + b·left·f(T)·right the distance from the target is b·left·(f − f*)(T)·right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.algebra.rational_text import rational_text
from weightsmith.checker.algebra.words import Polynomial
from weightsmith.checker.balls.ranges import rational
from weightsmith.checker.facts.fact import Bound
from weightsmith.checker.spectra.targets import Target

ABSOLUTE = ("1", "norm(left)*norm(right)")  # scales without the target


def without_shift(value: Polynomial, target: Target) -> Polynomial:
    return value if target.shift is None else value - target.shift


def scaled_bound(
    bound: Bound,
    target: Target,
    scale: str,
    field: Field,
    bindings: Mapping[str, Fraction] | None,
) -> Bound:
    """|b| times the bound of f − f*, where the scale is without the target."""
    if target.factor is None or target.factor.is_one or scale not in ABSOLUTE:
        return bound
    formula = f"abs({rational_text(target.factor)})*({bound.formula})"
    if bound.value is None or bindings is None:
        return replace(bound, formula=formula, value=None)
    number = abs(field.evaluate(target.factor, bindings))
    exact = rational(number)
    value = bound.value.map(lambda one: one * number, lambda ball: ball * exact)
    return replace(bound, formula=formula, value=value)
