"""What a polynomial p(λ) is compared with: |1 − p·g| with g = 1/f*, or |p − g| with g = f*.

The comparison runs in a variable s with λ = λ(s) a polynomial.  Where f*^root is linear in λ or one
over that, s = f* or 1/f*, and the root is gone; else s = λ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import flint

from weightsmith.checker.algebra.rational import Field, Rational
from weightsmith.checker.balls.analytic import Analytic, exponential, horner, root_of
from weightsmith.checker.balls.enclosures import to_arb
from weightsmith.checker.balls.formula_complex import analytic_formula
from weightsmith.checker.balls.ranges import Interval, has_no_root, is_positive, sign_on
from weightsmith.checker.reading.refusal import RefusedError, require
from weightsmith.checker.spectra.problem import NOT_POSITIVE, Numbers
from weightsmith.checker.spectra.spectral import LAMBDA, Operator
from weightsmith.checker.spectra.targets import Target

Ends = Callable[[], tuple[flint.arb, flint.arb]]
Quotient = tuple[flint.fmpq_poly, flint.fmpq_poly]
IDENTITY = flint.fmpq_poly([0, 1])


@dataclass(frozen=True, slots=True)
class Reference:
    """g on [ends] in s, real there; ``known_degree`` if g is a polynomial in s."""

    relative: bool
    function: Analytic
    known_degree: int | None
    lambda_of: flint.fmpq_poly
    ends: Ends
    single: bool  # the interval is one place


def is_relative(target: Target) -> bool:
    """A root of a rational function without zeros is a measure of its own; else errors count."""
    return target.power is not None


def reference(
    target: Target, operator: Operator, field: Field, numbers: Numbers, interval: Interval
) -> Reference:
    """The reference of a target on one interval, where f* must be defined and, if relative, ≠ 0."""
    if target.power is None:
        function = _entire_or_formula(target, operator, field, numbers)
        single = interval[0] == interval[1]
        return Reference(False, function, None, IDENTITY, _ends(interval), single)
    if target.sign is not None:
        return _sign(target.sign, field, numbers, interval)
    power = field.polynomials(target.power, LAMBDA, numbers.bindings)
    for one in (target.power, *target.must_be_positive()):
        quotient = field.polynomials(one, LAMBDA, numbers.bindings)
        _check_defined(quotient, target.root, interval)
    return _relative((power[1], power[0]), target.root, interval)


def _entire_or_formula(
    target: Target, operator: Operator, field: Field, numbers: Numbers
) -> Analytic:
    """exp(rate·λ), or a formula of θ(λ); it must be defined at 0 too if T may have a kernel."""
    if target.rate is not None:
        return exponential(field.evaluate(target.rate, numbers.bindings))
    if target.formula is None or target.theta is None:
        raise RefusedError("The target is no function that this rule knows.")
    outer = analytic_formula(target.formula, numbers.bindings)
    top, bottom = map(horner, field.polynomials(target.theta, LAMBDA, numbers.bindings))

    def function(z: flint.acb) -> flint.acb:
        return outer(top(z) / bottom(z))

    defined = not operator.may_have_kernel or function(flint.acb(0)).is_finite()
    require(defined, "The target is not defined: the operator may have the eigenvalue 0.")
    return function


def _sign(theta: Rational, field: Field, numbers: Numbers, interval: Interval) -> Reference:
    """±1 on the whole interval, a polynomial of degree 0."""
    top, bottom = field.polynomials(theta, LAMBDA, numbers.bindings)
    require(bottom.degree() == 0, "The target's sign is not that of a polynomial.")
    value = sign_on(top / bottom[0], interval)
    single = interval[0] == interval[1]
    return Reference(True, lambda _: flint.acb(value), 0, IDENTITY, _ends(interval), single)


def _check_defined(power: Quotient, root: int, interval: Interval) -> None:
    if root == 1:
        good = all(has_no_root(part, interval) for part in power)
        require(good, "The target has a zero or a pole on the spectrum.")
    else:
        good = is_positive(*power, interval)
        require(good, NOT_POSITIVE)


def _relative(inverse: Quotient, root: int, interval: Interval) -> Reference:
    """1/f* = (top/bottom)^(1/root)."""
    top, bottom = inverse
    flat, single = bottom.degree() == 0, interval[0] == interval[1]
    if root == 1:
        known = top.degree() if flat else None
        return Reference(
            True, root_of(inverse, 1, interval[0]), known, IDENTITY, _ends(interval), single
        )
    if flat and top.degree() == 1:
        change, ends = _substitution(top / bottom[0], root, interval)
        return Reference(True, lambda s: s, 1, change, ends, single)
    if top.degree() == 0 and bottom.degree() == 1:
        change, ends = _substitution(bottom / top[0], root, interval)
        return Reference(True, lambda s: 1 / s, None, change, ends, single)
    known = 0 if flat and top.degree() == 0 else None
    return Reference(
        True, root_of(inverse, root, interval[0]), known, IDENTITY, _ends(interval), single
    )


def _substitution(
    linear: flint.fmpq_poly, root: int, interval: Interval
) -> tuple[flint.fmpq_poly, Ends]:
    """λ = (s^root − β)/α for s^root = α·λ + β, and the ends of s."""
    constant, slope = linear[0], linear[1]
    change = (IDENTITY**root - constant) / slope
    values = [linear(flint.fmpq(end.numerator, end.denominator)) for end in interval]

    def ends() -> tuple[flint.arb, flint.arb]:
        low, high = (flint.arb(value).root(root) for value in values)
        return low, high

    return change, ends


def _ends(interval: Interval) -> Ends:
    return lambda: (to_arb(interval[0]), to_arb(interval[1]))


def real_at(function: Analytic, at: flint.arb) -> flint.arb:
    """The value at a real place."""
    return function(flint.acb(at)).real


def polynomial_at(polynomial: flint.fmpq_poly, at: flint.arb) -> flint.arb:
    if polynomial == IDENTITY:
        return at
    return real_at(horner(polynomial), at)
