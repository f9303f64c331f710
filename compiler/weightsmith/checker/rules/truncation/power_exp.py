"""The rule ``power_exp``: f ← f^power from 1 − rate·λ/n, n = power^count, against exp(−rate·λ).

Hypotheses: low ≥ 0, rate ≥ 0 and rate·high ≤ n; the power is a whole number from 2 to 9.

Witness: none.  Where what is returned is 1 more than what the loop carries, f = 1 + g is meant: g ←
(1 + g)^power − 1, whose digits floats keep.

Follows: with z = rate·λ, 0 ≤ e^(−z) − f ≤ m² e^(−m)/n at m = min(rate·high, 2).

Proof: f at the exit is (1 − z/n)^n, and for 0 ≤ z ≤ n
    0 ≤ e^(−z) − (1 − z/n)^n ≤ z² e^(−z)/n,
since 1 − z/n ≥ e^(−z/n)·(1 − z²/n²) and, by Bernoulli, (1 − z²/n²)^n ≥ 1 − z²/n (Mitrinović,
Analytic Inequalities, 3.6.2).  z² e^(−z) grows up to z = 2.

Numbers: 9 limits what is tried; the value is computed in balls.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import flint

from weightsmith.checker.algebra.rational import Rational
from weightsmith.checker.algebra.rational_text import rational_text
from weightsmith.checker.balls.enclosures import to_arb
from weightsmith.checker.balls.ranges import Real, at_most
from weightsmith.checker.facts.fact import Bound
from weightsmith.checker.reading.refusal import RefusedError, require
from weightsmith.checker.spectra.problem import Numbers, Problem
from weightsmith.checker.spectra.spectral import LAMBDA
from weightsmith.checker.spectra.spectral_rule import IterateRule
from weightsmith.dsl.numbers.scalars import Number, Power

MAX_POWER = 9


def derive_power_exp(problem: Problem, witness: Mapping[str, object]) -> Bound:
    """The recurrence and its start, and a bound of f − f* on the spectrum.  No witness."""
    field, name = problem.field, problem.error
    target = problem.target.rate
    if target is None:
        raise RefusedError("This rule is for an exponential.")
    rate = -target
    following = problem.recurrence.following[name] + problem.offset
    power = _power(following, field.variable(name) + problem.offset)
    count = problem.recurrence.loop.count
    pieces = field.read(Power(Number(Fraction(power)), count))
    start = field.one - rate / pieces * field.variable(LAMBDA)
    first = problem.recurrence.initial[name] + problem.offset
    require(first == start, "The start is not 1 - rate/power^count·λ.")
    top = f"min(({rational_text(rate)})*({rational_text(problem.operator.high)}), 2)"
    formula = f"{top}^2*exp(-{top})/{power}^({problem.count_text})"
    if problem.numbers is None:
        return Bound(formula, None)
    return Bound(formula, _value(problem, rate, power, problem.numbers))


def _power(following: Rational, f: Rational) -> int:
    for power in range(2, MAX_POWER + 1):
        if following == f**power:
            return power
    raise RefusedError("A pass does not take f to a power of f.")


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


RULE = IterateRule("power_exp", derive_power_exp, for_offsets=True)
