"""The rule ``power_exp``: f ← f^power from 1 − rate·λ/n, n = power^count, against exp(−rate·λ).

With z = rate·λ in [0, n]:  0 ≤ e^(−z) − (1 − z/n)^n ≤ z² e^(−z)/n, since
1 − z/n ≥ e^(−z/n)·(1 − z²/n²) and, by Bernoulli, (1 − z²/n²)^n ≥ 1 − z²/n
(Mitrinović, Analytic Inequalities, 3.6.2).  z² e^(−z) grows up to z = 2.

With the offset 1 the loop carries g, and f = 1 + g is what is meant: g ← (1 + g)^power − 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import flint

from weightsmith.checker.enclosures import to_arb
from weightsmith.checker.problem import Bound, Numbers, Problem
from weightsmith.checker.ranges import Real, at_most
from weightsmith.checker.rational import Field, Rational
from weightsmith.checker.recurrence import polynomial_text
from weightsmith.checker.refusal import require
from weightsmith.checker.scalar_text import read_scalar
from weightsmith.checker.spectral import LAMBDA
from weightsmith.checker.strict_json import as_integer
from weightsmith.dsl.scalars import Number, Power

KEYS = ("step", "rule", "error", "power", "rate", "count")
OPTIONAL = ("offset",)
MAX_POWER = 64


def check_power_exp(problem: Problem, step: Mapping[str, object]) -> Bound:
    """Prove the recurrence and its start, and bound f − f* on the spectrum."""
    field = problem.field
    name = problem.read_error(step)
    count = problem.read_count(step)
    power = as_integer(step["power"], "power")
    require(2 <= power <= MAX_POWER, f"The power must be from 2 to {MAX_POWER}.")
    rate_text, rate = polynomial_text(step, "rate", field)
    require(field.names_in(rate).isdisjoint(field.variables), "The rate depends on lambda.")
    require(problem.target.rate == -rate, "The target is not exp(-rate·lambda).")
    whole = read_offset(step, field)
    following = problem.recurrence.following[name] + whole
    power_of_f = (field.variable(name) + whole) ** power
    require(following == power_of_f, f"A pass does not take f to f^{power}.")
    pieces = field.read(Power(Number(Fraction(power)), read_scalar(count, "count")))
    start = field.one - rate / pieces * field.variable(LAMBDA)
    first = problem.recurrence.initial[name] + whole
    require(first == start, "The start is not 1 - rate/power^count·λ.")
    top = f"min(({rate_text})*({problem.operator.high_text}), 2)"
    formula = f"{top}^2*exp(-{top})/{power}^({count})"
    if problem.numbers is None:
        return Bound((formula,), None)
    return Bound((formula,), _value(problem, rate, power, problem.numbers))


def read_offset(step: Mapping[str, object], field: Field) -> Rational:
    """f less the carried scalar: 0, or 1 where the step says so."""
    if "offset" not in step:
        return field.zero
    require(step["offset"] == "1", "The offset is 1, or not there.")
    return field.one


def _value(problem: Problem, rate: Rational, power: int, numbers: Numbers) -> Real:
    """m² e^(−m)/n at m = min(rate·high, 2)."""
    low, high = numbers.spectrum
    speed = problem.field.evaluate(rate, numbers.bindings)
    require(low >= 0, "The spectrum's low end is negative.")
    require(speed >= 0, "The rate is negative.")
    exponent = flint.fmpz(problem.count(numbers))
    pieces = Real(None, lambda: flint.arb(power) ** exponent)
    enough = at_most(Real.of(speed * high), pieces)
    require(enough, "rate·high is larger than power^count, where the bound does not hold.")
    top = min(speed * high, Fraction(2))
    if top == 0:
        return Real.of(Fraction(0))
    return Real(None, lambda: to_arb(top * top) * (-to_arb(top)).exp() / pieces.ball())
