"""A polynomial's values at many zeros of a Chebyshev polynomial, from its values at few.

A polynomial of degree < m is Σ a_k T_k, k < m.  With its values f_j at x_j = cos((2j + 1)π/2m),
a_k = (2/m)·Σ_j f_j·cos(k(2j + 1)π/2m), half of that for k = 0; and at the n zeros of T_n it is
Σ_k a_k·cos(k(2j + 1)π/2n).  Both sums are Fourier transforms of symmetric sequences of balls.
"""

from __future__ import annotations

from collections.abc import Sequence

import flint

from weightsmith.checker.refusal import spend
from weightsmith.checker.work import of_balls


def zero(place: int, count: int) -> flint.arb:
    """cos((2·place + 1)π/2·count), a zero of T_count."""
    return (flint.arb(2 * place + 1) / (2 * count)).cos_pi()


def resampled(values: Sequence[flint.arb], count: int) -> list[flint.arb]:
    """The values at the zeros of T_count of the polynomial with these at those of T_m."""
    own = len(values)
    spend(of_balls(8 * (own + count)))
    odd = [flint.acb(0)] * (4 * own)
    for place, value in enumerate(values):
        odd[2 * place + 1] = odd[-2 * place - 1] = flint.acb(value)
    sums = flint.acb.dft(odd)
    series = [flint.acb(0)] * (4 * count)
    series[0] = sums[0] / (2 * own)
    for k in range(1, own):
        series[k] = series[-k] = sums[k] / (2 * own)
    return [value.real for value in flint.acb.dft(series)[1 : 2 * count : 2]]
