"""``spectrum(A) in [a, b] or [c, d]``: the spectrum of A·A where 0 lies between.

λ² ≥ b² for λ ≤ b < 0 and λ² ≥ c² for λ ≥ c > 0; λ² ≤ a² for a ≤ λ < 0 and λ² ≤ d² for 0 < λ ≤ d.
So the spectrum of A·A, of a symmetric A, lies in [min(b², c²), max(a², d²)].
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from weightsmith.checker.algebra.rational import Field, Rational
from weightsmith.checker.reading.refusal import require
from weightsmith.checker.reading.scalar_text import value_at
from weightsmith.dsl.numbers.scalars import free_symbols
from weightsmith.dsl.program import core


def squared_ends(
    assumption: core.SpectrumAssumption, field: Field, bindings: Mapping[str, Fraction]
) -> tuple[Rational, Rational]:
    """The least and greatest λ², by the numbers; without numbers of mirror images alone."""
    require(
        assumption.kind is core.SpectrumKind.SPECTRUM and len(assumption.ends) == 4,
        "Only two intervals of a spectrum tell that of its square.",
    )
    a, b, c, d = (field.read(end) for end in assumption.ends)
    if frozenset().union(*map(free_symbols, assumption.ends)) <= bindings.keys():
        first, below, above, last = (value_at(end, bindings) for end in assumption.ends)
        require(below < 0 < above, "The value 0 does not lie between the two intervals.")
        return (c if above <= -below else b) ** 2, (d if last >= -first else a) ** 2
    mirrored = (b + c).is_zero and (a + d).is_zero
    require(mirrored, "Without numbers the two intervals must be mirror images.")
    return c**2, d**2
