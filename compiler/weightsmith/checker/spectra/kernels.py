"""Values that vanish on the kernel of T: f(T) is 0 there if f(0) = 0.

A carried scalar is 0 at λ = 0 in every pass if it begins so and a pass makes it so, given that the
scalars of which that is known are 0.  The largest such set of scalars is found by taking all, and
leaving out those of which it is false until nothing changes; then it holds for the set by induction
over the passes and the loops, in their order.  So it does for the scalars of loops within a loop.
"""

from __future__ import annotations

from collections.abc import Sequence

from weightsmith.checker.algebra.rational import Field, Rational
from weightsmith.checker.spectra.recurrence import Recurrence
from weightsmith.checker.spectra.spectral import LAMBDA


def vanishes_at_zero(value: Rational, recurrences: Sequence[Recurrence], field: Field) -> bool:
    """True only if a polynomial in λ and the carried scalars is 0 at λ = 0 after all loops."""
    every = [one for outer in recurrences for one in outer.whole()]
    zeros = {name for one in every for name in one.initial}

    def is_zero(scalar: Rational) -> bool:
        return field.substitute(scalar, dict.fromkeys({LAMBDA, *zeros}, field.zero)).is_zero

    while True:
        kept = {
            name
            for one in every
            for name in zeros & one.initial.keys()
            if is_zero(one.initial[name]) and is_zero(one.following[name])
        }
        if kept == zeros:
            return is_zero(value)
        zeros = kept
