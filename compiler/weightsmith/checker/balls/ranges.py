"""Exact and certified numbers: enclosures of a polynomial's values over an interval.

The extreme values of p on [a, b] are among p(a), p(b) and p at the real roots of p′ inside.  The
ends and rational roots give exact values; the other roots are isolated by FLINT and give balls of
any precision.  Comparisons are repeated with more precision until they are decided, or refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import flint

from weightsmith.checker.reading.refusal import RefusedError, require, spend
from weightsmith.checker.reading.work import of_balls, of_factors, of_roots

if TYPE_CHECKING:
    from collections.abc import Iterator

PRECISIONS = (320, 640, 1280, 2560, 5120)
MAX_DEGREE = 200
Interval = tuple[Fraction, Fraction]


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Work with this many bits, and restore what was set before."""
    before = flint.ctx.prec
    flint.ctx.prec = bits
    try:
        yield
    finally:
        flint.ctx.prec = before


def rational(value: Fraction) -> flint.fmpq:
    return flint.fmpq(value.numerator, value.denominator)


def fraction(value: flint.fmpq) -> Fraction:
    return Fraction(int(value.p), int(value.q))


@dataclass(frozen=True, slots=True)
class Real:
    """A real number: exact, or a ball at any precision (the present one of FLINT's context)."""

    exact: Fraction | None
    ball: Callable[[], flint.arb]

    @staticmethod
    def of(value: Fraction) -> Real:
        return Real(value, lambda: flint.arb(rational(value)))

    def map(
        self, exact: Callable[[Fraction], Fraction | None], ball: Callable[[flint.arb], flint.arb]
    ) -> Real:
        """Apply a function: its exact form where it has an exact value, its ball form otherwise."""
        value = exact(self.exact) if self.exact is not None else None
        return Real.of(value) if value is not None else Real(None, lambda: ball(self.ball()))

    def __abs__(self) -> Real:
        return self.map(abs, abs)


def at_most(left: Real, right: Real) -> bool:
    """Decide left ≤ right; refuse if no precision decides it."""
    if left.exact is not None and right.exact is not None:
        return left.exact <= right.exact
    for bits in PRECISIONS:
        with precision(bits):
            first, second = left.ball(), right.ball()
            if first <= second:
                return True
            if first > second:
                return False
    raise RefusedError("Two numbers are too close to be told apart.")


def largest(values: Iterable[Real]) -> Real:
    """The maximum; exact if all values are."""
    items = tuple(values)
    exact = [item.exact for item in items if item.exact is not None]
    if len(exact) == len(items):
        return Real.of(max(exact))
    return Real(None, lambda: _fold(items, flint.arb.max))


def _fold(items: Sequence[Real], join: Callable[[flint.arb, flint.arb], flint.arb]) -> flint.arb:
    total = items[0].ball()
    for item in items[1:]:
        total = join(total, item.ball())
    return total


def real_roots(polynomial: flint.fmpq_poly) -> list[Real]:
    """All real roots, each once, the rational ones exact."""
    require(polynomial.degree() <= MAX_DEGREE, "A polynomial has too high a degree.")
    roots: list[Real] = []
    whole = polynomial.numer()
    spend(of_factors(int(whole.degree()), int(whole.height_bits())))
    for factor, _ in whole.factor()[1]:
        if factor.degree() == 1:
            roots.append(Real.of(fraction(flint.fmpq(-factor[0], factor[1]))))
        elif factor.degree() > 1:
            isolated = _isolated(factor)
            roots.extend(Real(None, _root(isolated, place)) for place in range(len(isolated())))
    return roots


def _balls(factor: flint.fmpz_poly) -> list[flint.arb]:
    """The real roots of a squarefree polynomial, in order, as disjoint certified balls."""
    spend(of_roots(int(factor.degree())))
    roots: list[tuple[flint.acb, int]] = factor.complex_roots()  # type: ignore[assignment]
    balls = [root.real for root, _ in roots if root.imag.is_zero()]
    return sorted(balls, key=lambda ball: ball.mid().fmpq())


def _isolated(factor: flint.fmpz_poly) -> Callable[[], list[flint.arb]]:
    """The same at the present precision, computed once for each."""
    known: dict[int, list[flint.arb]] = {}

    def balls() -> list[flint.arb]:
        bits = flint.ctx.prec
        if bits not in known:
            known[bits] = _balls(factor)
        return known[bits]

    return balls


def _root(isolated: Callable[[], list[flint.arb]], place: int) -> Callable[[], flint.arb]:
    return lambda: isolated()[place]


def extremes(polynomial: flint.fmpq_poly, interval: Interval) -> tuple[Real, ...]:
    """Values among which are the least and the largest of the polynomial on the interval."""
    points = _critical(polynomial.derivative(), interval)
    return tuple(_value(polynomial, point) for point in points)


def extremes_of_quotient(
    top: flint.fmpq_poly, bottom: flint.fmpq_poly, interval: Interval
) -> tuple[Real, ...]:
    """The same of top/bottom; refused where the bottom may have a zero."""
    require(has_no_root(bottom, interval), "A denominator may be zero on an interval.")
    slope = top.derivative() * bottom - top * bottom.derivative()
    points = _critical(slope, interval)
    return tuple(_quotient(_value(top, one), _value(bottom, one)) for one in points)


def _quotient(above: Real, below: Real) -> Real:
    if above.exact is not None and below.exact is not None:
        return Real.of(above.exact / below.exact)
    return Real(None, lambda: above.ball() / below.ball())


def _critical(slope: flint.fmpq_poly, interval: Interval) -> list[Real]:
    """The ends of an interval, and the zeros in it of what has the sign of a derivative."""
    low, high = interval
    points = [Real.of(low), Real.of(high)]
    if slope.degree() > 0:
        points += (root for root in real_roots(slope) if not _outside(root, low, high))
    return points


def _outside(point: Real, low: Fraction, high: Fraction) -> bool:
    """True only if the point is certainly not in the interval."""
    if point.exact is not None:
        return not low <= point.exact <= high
    for bits in PRECISIONS:
        with precision(bits):
            ball = point.ball()
            if ball < rational(low) or ball > rational(high):
                return True
            if ball > rational(low) and ball < rational(high):
                return False
    raise RefusedError("A critical point is too close to the end of an interval.")


def _value(polynomial: flint.fmpq_poly, point: Real) -> Real:
    return point.map(
        lambda exact: fraction(polynomial(rational(exact))),
        lambda ball: _horner(polynomial, ball),
    )


def _horner(polynomial: flint.fmpq_poly, point: flint.arb) -> flint.arb:
    spend(of_balls(len(polynomial)))
    total = flint.arb(0)
    for coefficient in reversed(polynomial.coeffs()):
        total = total * point + coefficient
    return total


def has_no_root(polynomial: flint.fmpq_poly, interval: Interval) -> bool:
    """True if the polynomial certainly has no zero in the closed interval."""
    if polynomial.degree() < 1:
        return not polynomial.is_zero()
    return all(_outside(root, *interval) for root in real_roots(polynomial))


def sign_on(polynomial: flint.fmpq_poly, interval: Interval) -> int:
    """1 or −1, the sign that the polynomial has on the whole closed interval."""
    good = has_no_root(polynomial, interval)
    require(good, "The spectrum touches the place where the target's sign changes.")
    return 1 if polynomial(rational(interval[0])) > 0 else -1


def is_positive(top: flint.fmpq_poly, bottom: flint.fmpq_poly, interval: Interval) -> bool:
    """True if top/bottom is defined and positive on the whole closed interval."""
    if not (has_no_root(top, interval) and has_no_root(bottom, interval)):
        return False
    at = rational(interval[0])
    return bool(top(at) * bottom(at) > 0)
