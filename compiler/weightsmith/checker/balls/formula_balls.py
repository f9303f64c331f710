"""A formula on balls: enclosures of f, f′ and f″ over an interval, by python-flint's arb.

What cannot be enclosed (a pole, the slope of sqrt at 0, f″ at a breakpoint of abs) comes out not
finite. The argument of sqrt may touch 0: where it is a function without negative values, or a
quotient of polynomials that is shown to be ≥ 0 on the whole interval, negative parts of its balls
are rounding, and are cut off.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

import flint

from weightsmith.checker.balls.ball_powers import whole_power
from weightsmith.checker.balls.ranges import (
    Interval,
    Real,
    at_most,
    extremes,
    has_no_root,
    rational,
)
from weightsmith.checker.reading.refusal import RefusedError, quoted, require, spend
from weightsmith.checker.reading.scalar_text import value_at
from weightsmith.checker.reading.work import of_balls
from weightsmith.dsl.elementary import NAMES, elementary
from weightsmith.dsl.elementary.record import Ball, Derivatives, Jet, Numbers
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
Quotient = tuple[flint.fmpq_poly, flint.fmpq_poly]


def constant_jet(value: Ball) -> Jet:
    return Jet(value, flint.arb(0), flint.arb(0), True)


Node = Callable[[Ball], Jet]


def _variable(ball: Ball) -> Jet:
    return Jet(ball, flint.arb(1), flint.arb(0))


class BallFunction:
    """A formula at bindings, ready to be evaluated on balls within an interval."""

    def __init__(
        self, formula: Formula, bindings: Mapping[str, Fraction], interval: Interval
    ) -> None:
        self._bindings = bindings
        self._interval = interval
        self._nodes = 0
        self._root = self._node(formula)

    def __call__(self, ball: Ball) -> Jet:
        spend(of_balls(3 * self._nodes))
        return self._root(ball)

    def _node(self, formula: Formula) -> Node:
        self._nodes += 1
        match formula:
            case Variable():
                return _variable
            case Constant(value=scalar):
                number = constant_jet(flint.arb(rational(value_at(scalar, self._bindings))))
                return lambda _: number
            case Sum(terms=terms):
                return _folded([self._node(term) for term in terms], _sum, constant_jet(Ball(0)))
            case Times(factors=factors):
                nodes = [self._node(factor) for factor in factors]
                return _folded(nodes, _product, constant_jet(Ball(1)))
            case IntegerPower(base=base, exponent=exponent):
                small = abs(exponent) <= MAX_EXPONENT
                require(small, f"The exponent {quoted(exponent)} of a formula is too large.")
                return _chained(self._node(base), lambda v: _power(v, exponent))
            case Apply(function=name, of=of):
                return self._function(name, of)

    def _function(self, name: str, of: Formula) -> Node:
        inner = self._node(of)
        require(name in NAMES, f"There is no rule for the function {quoted(name)}.")
        function = elementary(name)
        if (along := function.along) is not None:
            return lambda ball: along(inner(ball))
        if function.domain is Numbers.NONNEGATIVE and self._never_negative(of):
            return _chained(inner, lambda v: function.derivatives(v.nonnegative_part()))
        return _chained(inner, function.derivatives)

    def _never_negative(self, formula: Formula) -> bool:
        """True only if the formula is shown to be ≥ 0 on the interval, whatever its balls say.

        That is a function with no negative value, or a quotient of polynomials.
        """
        if isinstance(formula, Apply):
            return elementary(formula.function).image is not Numbers.ALL
        quotient = self._quotient(formula)
        if quotient is None:
            return False
        top, bottom = quotient
        try:
            if not has_no_root(bottom, self._interval):
                return False
            values = extremes(top * bottom, self._interval)
            return all(at_most(Real.of(Fraction(0)), value) for value in values)
        except RefusedError:
            return False

    def _quotient(self, formula: Formula) -> Quotient | None:
        one = flint.fmpq_poly([1])
        match formula:
            case Variable():
                return flint.fmpq_poly([0, 1]), one
            case Constant(value=scalar):
                return flint.fmpq_poly([rational(value_at(scalar, self._bindings))]), one
            case Sum(terms=terms):
                total: Quotient = (flint.fmpq_poly([0]), one)
                for term in terms:
                    part = self._quotient(term)
                    if part is None:
                        return None
                    total = total[0] * part[1] + part[0] * total[1], total[1] * part[1]
                return _limited(total)
            case Times(factors=factors):
                whole: Quotient = (one, one)
                for factor in factors:
                    part = self._quotient(factor)
                    if part is None:
                        return None
                    whole = whole[0] * part[0], whole[1] * part[1]
                return _limited(whole)
            case IntegerPower(base=base, exponent=exponent):
                part = self._quotient(base)
                if part is None or abs(exponent) > 8 or (exponent < 0 and part[0].is_zero()):
                    return None
                top, bottom = part if exponent >= 0 else (part[1], part[0])
                return _limited((top ** abs(exponent), bottom ** abs(exponent)))
            case Apply():
                return None


def _limited(quotient: Quotient) -> Quotient | None:
    return quotient if max(part.degree() for part in quotient) <= 64 else None


def _folded(nodes: list[Node], join: Callable[[Jet, Jet], Jet], start: Jet) -> Node:
    def run(ball: Ball) -> Jet:
        total = start
        for node in nodes:
            total = join(total, node(ball))
        return total

    return run


def _sum(one: Jet, two: Jet) -> Jet:
    return Jet(
        one.value + two.value,
        one.first + two.first,
        one.second + two.second,
        one.constant and two.constant,
    )


def _product(one: Jet, two: Jet) -> Jet:
    if one.constant or two.constant:
        c, other = (one.value, two) if one.constant else (two.value, one)
        both = one.constant and two.constant
        return Jet(c * other.value, c * other.first, c * other.second, both)
    return Jet(
        one.value * two.value,
        one.first * two.value + one.value * two.first,
        one.second * two.value + 2 * one.first * two.first + one.value * two.second,
    )


def _chained(inner: Node, outer: Callable[[Ball], Derivatives]) -> Node:
    """g(u(t)): g′(u)·u′ and g″(u)·u′² + g′(u)·u″; g′(t) and g″(t) of the variable itself."""
    if inner is _variable:
        return lambda ball: Jet(*outer(ball))

    def run(ball: Ball) -> Jet:
        argument = inner(ball)
        value, first, second = outer(argument.value)
        if argument.constant:
            return constant_jet(value)
        slope = argument.first
        return Jet(value, first * slope, second * slope * slope + first * argument.second)

    return run


def _power(v: Ball, n: int) -> Derivatives:
    if n < 0:
        inverse = 1 / v  # not finite if v may be 0
        value = whole_power(inverse, -n)
        first = n * value * inverse
        return value, first, (n - 1) * first * inverse
    first = n * whole_power(v, n - 1) if n else flint.arb(0)
    second = n * (n - 1) * whole_power(v, n - 2) if n * (n - 1) else flint.arb(0)
    return whole_power(v, n), first, second
