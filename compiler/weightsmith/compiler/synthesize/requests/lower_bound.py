"""What no network of L layers of linear attention can pass, of any width: proven lower bounds.

A layer multiplies the degree in the inputs by at most three, so after L layers a result of the form
left·p(T)·right has degree of p ≤ (3^L − letters of left and right)/(letters of T).

*Inverse.*  r(λ) = 1 − λp(λ) has degree n + 1 and r(0) = 1.  Of these Chebyshev's polynomial is the
smallest on [μ, L]: max |r| ≥ 1/T_{n+1}((κ + 1)/(κ − 1)).

*Any function.*  Let x_j = cos(jπ/(n + 1)), moved to [low, high], j = 0 … n + 1, and d_j = (−1)^j,
halved at the two ends.  Then Σ d_j p(x_j) = 0 for every p of degree ≤ n (a divided difference), so

    max |f − p| ≥ |Σ d_j f(x_j)|/(n + 1),        max |1 − p/f| ≥ |Σ d_j f(x_j)|/Σ |d_j f(x_j)|,

which is duality with one functional; no search and no sampling is part of the proof.  It is nearly
sharp where the error of the best polynomial alternates near these points (de la Vallée-Poussin).
Everything is evaluated with balls.

Any n + 2 places of the spectrum will do, with d_j = 1/Π_{k≠j}(x_j − x_k).  Those where the error of
the best polynomial alternates (``exchange`` finds them nearly) give nearly its error, on two
intervals too; for f = 1/λ that is max |r| ≥ 1/Σ |ℓ_j(0)|, by Lagrange's interpolation of r.

*Sign.*  If |1 − t·q(t²)| ≤ ε on [l, u], then 1 − λq(λ)² = (1 − tq)(1 + tq) with λ = t² is at most
ε(2 + ε) on [l², u²]; it is 1 at 0 and has degree 2·deg q + 1, so ε(2 + ε) ≥ 1/T_{2·deg q + 1}.
This takes no evaluation, and serves where the degree is high.

These bound the error as a function on the spectrum: for the inverse the residual I − A·X.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import flint
import numpy as np

from weightsmith.checker.balls.enclosures import round_down
from weightsmith.compiler.numbers.intervals import to_fraction
from weightsmith.compiler.synthesize.families.exchange import alternation
from weightsmith.compiler.synthesize.families.numbers import PRECISION, Ball, ball
from weightsmith.compiler.synthesize.families.portable_arrays import Floats

MAX_LAYERS = 40
MOST_POINTS = 10_000
MOST_PLACES = 250
BITS = 192
Scalar = Callable[[Ball], Ball]
Interval = tuple[Fraction, Fraction]


@dataclass(frozen=True)
class Degrees:
    """How the degree in the operator follows from depth: its letters, and those around it."""

    operator: int = 1
    around: int = 0

    def of(self, layers: int) -> int:
        """The largest degree that so many layers reach; negative if there is none."""
        return (int(3**layers) - self.around) // self.operator


MATRIX = Degrees()
SINGULAR = Degrees(operator=2, around=1)  # A·q(A'A)


def inverse_error(degree: int, interval: Interval) -> Fraction:
    """No p of this degree has |1 − λp(λ)| smaller on the interval, 0 < low."""
    low, high = interval
    if degree < 0:
        return Fraction(1)
    if low == high:
        return Fraction(0)
    with flint.ctx.workprec(PRECISION):
        place = ball((high + low) / (high - low))
        return _below(1 / ((degree + 1) * place.acosh()).cosh())


def sign_error(degree: int, interval: Interval) -> Fraction:
    """No t·q(t²), q of this degree, has |1 − t·q(t²)| smaller on the interval of t, 0 < low."""
    if degree < 0:
        return Fraction(1)
    square = inverse_error(2 * degree, (interval[0] ** 2, interval[1] ** 2))
    with flint.ctx.workprec(PRECISION):
        return _below((1 + ball(square)).sqrt() - 1)


def function_error(
    function: Scalar, degree: int, interval: Interval, *, relative: bool
) -> Fraction:
    """No p of this degree has |f − p|, or |1 − p/f|, smaller on the interval; 0 if that is long.

    What no p of degree n + 1 can, none of degree n can; the functional of n is zero where f − f(0)
    is odd or even, n odd or even too.
    """
    if degree < 0:
        return Fraction(1) if relative else Fraction(0)
    found = (_functional(function, n, interval, relative) for n in (degree, degree + 1))
    return max(found)


def _functional(function: Scalar, degree: int, interval: Interval, relative: bool) -> Fraction:
    """|Σ d_j f(x_j)|/(n + 1), or /Σ |d_j f(x_j)|: see above."""
    if degree > MOST_POINTS:
        return Fraction(0)
    with flint.ctx.workprec(BITS):
        half, centre = (ball(interval[1] - interval[0]) / 2, ball(sum(interval)) / 2)
        total, size = flint.arb(0), flint.arb(0)
        for j in range(degree + 2):
            place = flint.arb.cos_pi_fmpq(flint.fmpq(j, degree + 1))
            value = function(centre + half * place)
            if j in (0, degree + 1):
                value = value / 2
            total = total + value if j % 2 == 0 else total - value
            size += abs(value)
        return _below(abs(total) / (size if relative else degree + 1))


def relative_error(function: Scalar, degree: int, intervals: Sequence[Interval]) -> Fraction:
    """No p of this degree has |1 − p/f| smaller on the intervals; 0 if that is long.

    By the functional of the places where the best p alternates.
    """
    if degree < 0:
        return Fraction(1)
    if degree > MOST_PLACES or any(low == high for low, high in intervals):
        return Fraction(0)
    ends = [(float(low), float(high)) for low, high in intervals]

    def floats(x: Floats) -> Floats:
        return np.array([float(function(flint.arb(one)).mid()) for one in x])

    found = alternation(ends, degree, floats, lambda x: 1 / np.abs(floats(x)))
    places = [_within(Fraction(x), intervals) for x in found.places]
    if len(set(places)) < len(places):
        return Fraction(0)
    width = intervals[-1][1] - intervals[0][0]
    with flint.ctx.workprec(BITS):
        points = [ball(4 * x / width) for x in places]
        total, size = flint.arb(0), flint.arb(0)
        for j, (place, x) in enumerate(zip(places, points, strict=True)):
            value = function(ball(place))
            for k, other in enumerate(points):
                if k != j:
                    value = value / (x - other)
            total, size = total + value, size + abs(value)
        return _below(abs(total) / size)


def _within(place: Fraction, intervals: Sequence[Interval]) -> Fraction:
    """The nearest place of the intervals: floats may lie beyond an end."""
    moved = [min(max(place, low), high) for low, high in intervals]
    return min(moved, key=lambda one: abs(one - place))


def _below(value: Ball) -> Fraction:
    low = to_fraction(value.lower())
    return max(Fraction(0), round_down(low))


@dataclass(frozen=True)
class LowerBound:
    """No network of fewer ``layers`` meets the tolerance; ``errors`` bound what others reach."""

    layers: int = 0
    errors: tuple[Callable[[int], Fraction], ...] = ()

    def error(self, layers: int) -> Fraction:
        """No network of so many layers has a smaller error."""
        return max((one(layers) for one in self.errors), default=Fraction(0))

    def both(self, other: LowerBound) -> LowerBound:
        return LowerBound(max(self.layers, other.layers), self.errors + other.errors)


NOTHING = LowerBound()


def least_layers(
    error: Callable[[int], Fraction], degrees: Degrees, tolerance: Fraction
) -> LowerBound:
    """The fewest layers that the bound leaves possible: one less cannot reach the tolerance."""
    layers = 0
    while layers < MAX_LAYERS and error(degrees.of(layers)) > tolerance:
        layers += 1
    return LowerBound(layers, (lambda count: error(degrees.of(count)),))


def sharper(
    least: LowerBound,
    layers: int,
    tolerance: Fraction,
    degrees: Degrees,
    error: Callable[[int], Fraction],
) -> LowerBound:
    """Raise a bound towards the layers of a plan while so few cannot do."""
    found = least.layers
    while found < layers and error(degrees.of(found)) > tolerance:
        found += 1
    return replace(least, layers=found)


def inverse_layers(
    interval: Interval, tolerance: Fraction, degrees: Degrees = MATRIX
) -> LowerBound:
    return least_layers(lambda n: inverse_error(n, interval), degrees, tolerance)


def function_layers(
    function: Scalar,
    interval: Interval,
    tolerance: Fraction,
    *,
    relative: bool,
    degrees: Degrees = MATRIX,
) -> LowerBound:
    """Fewest layers for f(T); at degree 0 and above the functional above decides."""
    return least_layers(
        lambda n: function_error(function, n, interval, relative=relative), degrees, tolerance
    )


def least_degree(error: Callable[[int], Fraction], tolerance: Fraction) -> int:
    """A degree below which no polynomial meets the tolerance."""
    high = 1
    while error(high) > tolerance:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if error(middle) > tolerance else (low, middle)
    return high
