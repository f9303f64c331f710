"""``spectrum(A) in [a, b] or [c, d]``: the spectrum of A·A if 0 lies between.

|λ| ≥ min(−b, c) and |λ| ≤ max(−a, d) for b < 0 < c, so that A·A of a symmetric A has its spectrum
in [min(b², c²), max(a², d²)].
"""

from __future__ import annotations

from fractions import Fraction

from weightsmith.compiler.ir.coefficients import CoefficientField
from weightsmith.dsl.numbers import scalars
from weightsmith.dsl.numbers.scalars import Scalar, free_symbols
from weightsmith.dsl.program.core import SpectrumAssumption, SpectrumKind


def square(end: Scalar) -> Scalar:
    return scalars.Power(end, scalars.Number(Fraction(2)))


def square_ends(
    assumption: SpectrumAssumption, field: CoefficientField, bindings: dict[str, Fraction]
) -> tuple[Scalar, Scalar] | None:
    """Return the ends of the spectrum of A·A; None if nothing tells which of four they are."""
    if assumption.kind is not SpectrumKind.SPECTRUM or assumption.gap is None:
        return None
    a, b, c, d = assumption.ends
    needed = frozenset().union(*map(free_symbols, (a, b, c, d)))
    if needed <= bindings.keys():
        below, above = (scalars.evaluate(end, bindings) for end in (b, c))
        if not below < 0 < above:
            return None
        least = c if above <= -below else b
        last, first = (scalars.evaluate(end, bindings) for end in (d, a))
        return square(least), square(d if last >= -first else a)
    mirrored = field.of(b) + field.of(c) == 0 and field.of(a) + field.of(d) == 0
    return (square(c), square(d)) if mirrored else None
