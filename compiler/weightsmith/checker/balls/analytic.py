"""Analytic functions on complex balls, and a proof that one is bounded on an ellipse.

The ellipse is (l + r)/2 + (r − l)/2·cosh(u + iv), 0 ≤ u ≤ log ρ, around [l, r].  The rectangle 0 ≤
u ≤ log ρ, 0 ≤ v ≤ π is halved until on each box the function comes out finite and at most the size
that is claimed; it is real on [l, r], so its values below are conjugates of those above. A box on
which a function comes out finite has no pole and no branch cut in it: roots and logarithms are
computed with ``analytic``, which gives no number where the cut is touched. A root of c·Π f^n, the
irreducible factors f taken positive on [l, r], is c^(1/root)·Π (f^(1/root))^n with principal roots:
λ^(2/3) is analytic where λ^(1/3) is.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import flint

from weightsmith.checker.balls.ranges import precision, rational
from weightsmith.checker.reading.refusal import Budget, RefusedError, spend
from weightsmith.checker.reading.work import of_balls

Analytic = Callable[[flint.acb], flint.acb]
BITS = 64  # boxes need no more
MAX_BOXES = 20_000


def horner(polynomial: flint.fmpq_poly) -> Analytic:
    """A polynomial, its coefficients exact."""
    coefficients = list(reversed(polynomial.coeffs()))

    def run(z: flint.acb) -> flint.acb:
        spend(of_balls(len(coefficients)))
        total = flint.acb(0)
        for coefficient in coefficients:
            total = total * z + coefficient
        return total

    return run


def root_of(
    quotient: tuple[flint.fmpq_poly, flint.fmpq_poly], root: int, place: Fraction
) -> Analytic:
    """(top/bottom)^(1/root), positive at a place, analytic around it.

    Factor by factor: for top/bottom = c·Π f^n with every f > 0 at the place, it is c^(1/root) times
    Π (f^(1/root))^n.  λ² turns round twice where λ turns once, so its own root would have a cut
    where λ^(2/3) has none.
    """
    top, bottom = quotient
    if root == 1:
        above, below = horner(top), horner(bottom)
        return lambda z: above(z) / below(z)
    parts = [*_factors(top, place, 1), *_factors(bottom, place, -1)]
    at = rational(place)
    rest = top(at) / bottom(at)
    for factor, exponent in parts:
        rest /= factor(at) ** exponent
    powers = [(horner(factor), exponent) for factor, exponent in parts]

    def run(z: flint.acb) -> flint.acb:
        total = flint.acb(flint.arb(rest).root(root))
        for factor, exponent in powers:
            total *= _power(factor(z), exponent, root)
        return total

    return run


def _factors(
    polynomial: flint.fmpq_poly, place: Fraction, sign: int
) -> list[tuple[flint.fmpq_poly, int]]:
    """The irreducible factors, positive at the place, with their exponents times the sign."""
    found = []
    for part, exponent in polynomial.numer().factor()[1]:
        factor = flint.fmpq_poly(part)
        at = factor(rational(place))
        found.append((factor if at > 0 else -factor, sign * int(exponent)))
    return found


def _power(z: flint.acb, exponent: int, root: int) -> flint.acb:
    """z^(exponent/root), the principal branch; no number where its cut is touched."""
    if root == 2:
        return z.sqrt(analytic=True) ** exponent
    return (z.log(analytic=True) * exponent / root).exp()


def exponential(rate: Fraction) -> Analytic:
    exact = rational(rate)
    return lambda z: (z * exact).exp()


def check_bounded(
    function: Analytic,
    ends: Callable[[], tuple[flint.arb, flint.arb]],
    rho: Fraction,
    size: Fraction,
    budget: Budget,
) -> None:
    """Prove that the function is analytic with |function| ≤ size inside the ellipse of ρ.

    The ellipse around [a, b] is (a + b)/2 + (b − a)/2 · cosh(u + iv), 0 ≤ u ≤ log ρ.  A function
    that is real on [a, b] has conjugate values at conjugate places, so 0 ≤ v ≤ π is enough.  The
    rectangle of (u, v) is halved until each box is within the size.
    """
    with precision(BITS):
        low, high = ends()
        middle, half = (low + high) / 2, (high - low) / 2
        widest, top = flint.arb(rational(rho)).log(), flint.arb.pi()
        limit = flint.arb(rational(size))
        boxes = [(0, 0, 0, 0)]  # u from i/2^a to (i+1)/2^a of log ρ, v from j/2^b of π
        count = 0
        while boxes:
            count += 1
            budget.spend(20)
            if count > MAX_BOXES:
                raise RefusedError("The target is not shown to be bounded on the ellipse.")
            a, i, b, j = boxes.pop()
            place = flint.acb(widest * _part(a, i), top * _part(b, j))
            value = function(flint.acb(middle) + flint.acb(half) * place.cosh())
            if value.is_finite() and value.abs_upper() <= limit:
                continue
            wide = widest / 2**a > top / 2**b
            if wide:
                boxes += [(a + 1, 2 * i, b, j), (a + 1, 2 * i + 1, b, j)]
            else:
                boxes += [(a, i, b + 1, 2 * j), (a, i, b + 1, 2 * j + 1)]


def _part(level: int, place: int) -> flint.arb:
    """[place/2^level, (place + 1)/2^level]."""
    size = flint.arb(1) / 2 ** (level + 1)
    return flint.arb((2 * place + 1) * size, size)
