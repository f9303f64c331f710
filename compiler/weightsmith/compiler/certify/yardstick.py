"""What a polynomial is measured against: p·g − 1 with g = 1/f*, or p − g with g = f*.

Where f*^root is linear in λ, or one over that, the variable is s = f* or 1/f*, λ a polynomial in
s: then the root is gone.  In all other cases s = λ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import flint

from weightsmith.checker.formula_complex import analytic_formula
from weightsmith.checker.refusal import RefusedError
from weightsmith.compiler.certify.intervals import polynomial_range
from weightsmith.compiler.certify.recurrence import sign_of
from weightsmith.compiler.certify.spectral import LAMBDA, NoProofError, RootScalar
from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.dsl import parse_scalar
from weightsmith.dsl.formulas import Formula
from weightsmith.dsl.scalars import ScalarError, evaluate

Interval = tuple[Fraction, Fraction]
Complex = Callable[[flint.acb], flint.acb]
Coefficients = list[Fraction]


@dataclass(frozen=True)
class Yardstick:
    """g in s on [ends]; ``known_degree`` if it is a polynomial; λ = inner(s)."""

    relative: bool
    function: Complex
    known_degree: int | None
    interval: Interval
    root: int = 1  # of the ends, where s is a root
    constant: Fraction = Fraction(0)
    slope: Fraction = Fraction(1)

    @property
    def inner_degree(self) -> int:
        return self.root

    @property
    def single(self) -> bool:
        return self.interval[0] == self.interval[1]

    def ends(self) -> tuple[flint.arb, flint.arb]:
        low, high = (
            _ball(self.constant + self.slope * end).root(self.root) for end in self.interval
        )
        return low, high

    def inner(self, s: flint.arb) -> flint.arb:
        """λ = (s^root − constant)/slope."""
        if self.root == 1:
            return s
        return (s**self.root - _ball(self.constant)) / _ball(self.slope)


def yardstick(
    target: RootScalar, bindings: Mapping[str, Fraction], interval: Interval
) -> Yardstick:
    """Raises NoProofError where the target has a pole or, measured relatively, a zero."""
    if target.formula is not None:
        theta = list(map(_exact, _coefficients(target.power, bindings)))
        outer = _of_formula(target.formula, bindings)
        return Yardstick(False, lambda z: outer(_polynomial(theta, z)), None, interval)
    if target.root == 0:
        (rate,) = _coefficients(target.power, bindings)
        # a ball of the rate would have the precision of this moment
        return Yardstick(False, lambda z: (z * _ball(rate)).exp(), None, interval)
    if target.sign is not None:
        sign = sign_of(_coefficients(target.sign, bindings), interval)
        return Yardstick(True, lambda _: flint.acb(sign), 0, interval)
    for power in target.must_be_positive():
        _check(power, target.root, bindings, interval)
    top = _coefficients(target.power.numerator, bindings)
    bottom = _coefficients(target.power.denominator, bindings)
    if target.root > 1 and len(top) == 1 and len(bottom) == 2:
        linear = [one / top[0] for one in bottom]
        return Yardstick(True, lambda s: s, 1, interval, target.root, *linear)
    if target.root > 1 and len(bottom) == 1 and len(top) == 2:
        linear = [one / bottom[0] for one in top]
        return Yardstick(True, lambda s: 1 / s, None, interval, target.root, *linear)
    known = len(bottom) - 1 if len(top) == 1 and (target.root == 1 or len(bottom) == 1) else None
    return Yardstick(True, _inverse_root(top, bottom, target.root, interval[0]), known, interval)


def _of_formula(formula: Formula, bindings: Mapping[str, Fraction]) -> Complex:
    try:
        return analytic_formula(formula, bindings)
    except RefusedError as problem:
        raise NoProofError(str(problem)) from None


def _coefficients(value: Coefficient, bindings: Mapping[str, Fraction]) -> Coefficients:
    """In λ, lowest first, without zeros at the end."""

    def number(name: str) -> Fraction:
        try:
            return evaluate(parse_scalar(name), bindings)
        except ScalarError as problem:
            raise NoProofError(f"a scalar has no value: {problem}") from None

    try:
        found = value.coefficients(LAMBDA, number)
    except ZeroDivisionError:
        raise NoProofError("a coefficient divides by zero") from None
    while len(found) > 1 and not found[-1]:
        found.pop()
    return found


def _check(
    power: Coefficient, root: int, bindings: Mapping[str, Fraction], interval: Interval
) -> None:
    """No zero and no pole on the interval and, for a root, positive."""
    ranges = [
        polynomial_range(_coefficients(part, bindings), interval)
        for part in (power.numerator, power.denominator)
    ]
    signs = [1 if low > 0 else -1 if high < 0 else 0 for low, high in ranges]
    if not all(signs) or (root > 1 and signs[0] != signs[1]):
        raise NoProofError("the target has a pole, a zero or a negative value on the spectrum")


def _inverse_root(top: Coefficients, bottom: Coefficients, root: int, place: Fraction) -> Complex:
    """(bottom/top)^(1/root), positive at the place; no number where a branch cut is touched.

    Every factor has its own root: λ^(2/3) is analytic wherever λ^(1/3) is, the third root of λ²
    is not.
    """
    above, below = (flint.fmpq_poly(list(map(_exact, part))) for part in (bottom, top))
    if root == 1:
        over, under = list(map(_exact, bottom)), list(map(_exact, top))
        return lambda z: _polynomial(over, z) / _polynomial(under, z)
    at = _exact(place)
    powers = []
    for polynomial, sign in ((above, 1), (below, -1)):
        for part, exponent in polynomial.numer().factor()[1]:
            factor = flint.fmpq_poly(part) / part(at)  # 1 at the place
            powers.append((factor.coeffs(), sign * int(exponent)))
    constant = above(at) / below(at)

    def run(z: flint.acb) -> flint.acb:
        total = flint.acb(flint.arb(constant).root(root))
        for factor, exponent in powers:
            value = _polynomial(factor, z)
            if root == 2:
                total *= value.sqrt(analytic=True) ** exponent
            else:
                total *= (value.log(analytic=True) * exponent / root).exp()
        return total

    return run


def _exact(value: Fraction) -> flint.fmpq:
    return flint.fmpq(value.numerator, value.denominator)


def _polynomial(coefficients: Sequence[flint.fmpq], z: flint.acb) -> flint.acb:
    total = flint.acb(0)
    for coefficient in reversed(coefficients):
        total = total * z + coefficient
    return total


def _ball(value: Fraction) -> flint.arb:
    return flint.arb(_exact(value))
