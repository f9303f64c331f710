"""A formula on complex balls, as an analytic function: no number where it is not analytic.

Roots and logarithms are the principal ones, which are real where formulas use them; a ball that
touches their cuts, those of atan, or a place where abs has its breakpoint, has no value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

import flint

from weightsmith.checker.balls.analytic import Analytic
from weightsmith.checker.balls.ranges import rational
from weightsmith.checker.reading.refusal import RefusedError, quoted, require
from weightsmith.checker.reading.scalar_text import value_at
from weightsmith.dsl.elementary import NAMES, elementary
from weightsmith.dsl.numbers.formulas import (
    Apply,
    Constant,
    Formula,
    IntegerPower,
    Sum,
    Times,
    Variable,
)

MAX_EXPONENT = 1000
Complex = flint.acb


def analytic_formula(formula: Formula, bindings: Mapping[str, Fraction]) -> Analytic:
    """The function t ↦ formula, with the symbols at their bindings."""
    match formula:
        case Variable():
            return lambda z: z
        case Constant(value=scalar):
            number = rational(value_at(scalar, bindings))
            return lambda _: Complex(number)
        case Sum(terms=terms):
            return _folded([analytic_formula(term, bindings) for term in terms], Complex.__add__)
        case Times(factors=factors):
            parts = [analytic_formula(factor, bindings) for factor in factors]
            return _folded(parts, Complex.__mul__)
        case IntegerPower(base=base, exponent=exponent):
            small = abs(exponent) <= MAX_EXPONENT
            require(small, f"The exponent {quoted(exponent)} of a formula is too large.")
            below = analytic_formula(base, bindings)
            return lambda z: below(z) ** exponent
        case Apply(function=name, of=of):
            require(name in NAMES, f"There is no rule for the function {quoted(name)}.")
            inner, outer = analytic_formula(of, bindings), elementary(name).analytic
            return lambda z: outer(inner(z))
    raise RefusedError("The formula has a part that is not known.")


def _folded(parts: list[Analytic], join: Callable[[Complex, Complex], Complex]) -> Analytic:
    def run(z: Complex) -> Complex:
        total = parts[0](z)
        for part in parts[1:]:
            total = join(total, part(z))
        return total

    return run
