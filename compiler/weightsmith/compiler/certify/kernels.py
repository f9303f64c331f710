"""Values that vanish on the kernel of the operator, where its spectrum is not assumed.

f(T) is 0 on the kernel if f(0) = 0.  A carried scalar is 0 at λ = 0 in every pass if it begins so
and a pass makes it so, given that others are: the largest set that keeps itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from weightsmith.compiler.certify.spectral import LAMBDA, ScalarField
from weightsmith.compiler.ir.coefficients import Coefficient

Scalars = Mapping[str, Coefficient]


def vanishes_at_zero(
    field: ScalarField, loops: Iterable[tuple[Scalars, Scalars]], value: Coefficient
) -> bool:
    """Is the value, of starts and passes of loops, 0 at λ = 0 after all of them?"""
    found = {name: (first[name], after[name]) for first, after in loops for name in first}
    zeros = set(found)

    def is_zero(scalar: Coefficient) -> bool:
        zero = field.field.zero
        return field.field.put(scalar, lambda n: zero if n in {LAMBDA, *zeros} else None) == 0

    while True:
        kept = {name for name in zeros if all(map(is_zero, found[name]))}
        if kept == zeros:
            return is_zero(value)
        zeros = kept
