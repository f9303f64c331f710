"""The inverse by Chebyshev polynomials, composed by T₃: one layer of two heads triples the degree.

With E = I − θA, θ = 2/(μ + L), and X = θI the spectrum of E lies in [−ρ, ρ], ρ = (κ − 1)/(κ + 1).

    X ← X + g·X·E·(I + E),   E ← E + g·E·(E·E − I),   g = 4/(4 − 3ρ²),   ρ ← 1/T₃(1/ρ)

keeps E = I − A·X (multiply the first by A = (I − E)·X⁻¹), and maps e to (1 − g)e + g·e³, which is
T₃(e/ρ)/T₃(1/ρ): of all cubics that are 1 at e = 1 the smallest on [−ρ, ρ].  T₃∘T₃ = T₉, so L
layers reach 1/T_{3^L}((κ + 1)/(κ − 1)), where no network of L layers of linear attention passes
1/T_{3^L+1}((κ + 1)/(κ − 1)); see ``lower_bound``.  g is rounded to a decimal, and the next ρ
encloses the image under the rounded map: its largest value at ρ or at e² = (g − 1)/(3g), where it
is (2/3)(g − 1)|e|.

The inverse of a general A is that of A'A times A': X = θA', E = I − θA'A, the same layers; singular
values in [σ, S] give κ = (S/σ)².
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import flint

from weightsmith.compiler.synthesize.families.numbers import PRECISION, ball, neat, rounded, upper

MAX_LAYERS = 40


@dataclass(frozen=True)
class ChebyshevInverse:
    """θ, the factor g of every layer, and max |E| before the first and after each."""

    theta: Fraction
    factors: tuple[Fraction, ...]
    errors: tuple[Fraction, ...]

    @property
    def error(self) -> Fraction:
        return self.errors[-1]


def chebyshev_inverse(low: Fraction, high: Fraction, tolerance: Fraction) -> ChebyshevInverse:
    """The fewest layers, one at least, with |1 − λp(λ)| ≤ tolerance on [low, high], 0 < low."""
    theta = neat(2 / (low + high))
    first = max(abs(1 - theta * low), abs(1 - theta * high))
    factors, errors = tripled(first, tolerance, least=1)
    return ChebyshevInverse(theta, factors, errors)


def tripled(
    first: Fraction, tolerance: Fraction, least: int = 0
) -> tuple[tuple[Fraction, ...], tuple[Fraction, ...]]:
    """The factors g that take |E| ≤ first below the tolerance, and what bounds |E| after each."""
    factors: list[Fraction] = []
    errors = [first]
    while len(factors) < least or (errors[-1] > tolerance and len(factors) < MAX_LAYERS):
        factors.append(rounded(4 / (4 - 3 * errors[-1] ** 2)))
        errors.append(image(factors[-1], errors[-1]))
    return tuple(factors), tuple(errors)


def image(factor: Fraction, error: Fraction) -> Fraction:
    """An upper bound of |(1 − g)e + g·e³| over |e| ≤ error, within 2⁻⁶³ of the least."""
    found = abs((1 - factor) * error + factor * error**3)
    square = (factor - 1) / (3 * factor)
    if 0 < square < error**2:
        with flint.ctx.workprec(PRECISION):
            inner = ball(Fraction(2, 3) * (factor - 1)) * ball(square).sqrt()
            found = max(found, upper(inner))
    with flint.ctx.workprec(PRECISION):
        return upper(ball(found))
