"""A polynomial's values at many zeros of a Chebyshev polynomial, from its values at few.

A polynomial of degree < m is Σ a_k T_k, k < m.  With its values f_j at x_j = cos((2j + 1)π/2m),
a_k = (2/m)·Σ_j f_j·cos(k(2j + 1)π/2m), half of that for k = 0; and at the n zeros of T_n it is
Σ_k a_k·cos(k(2j + 1)π/2n).  With ω = e^(−πi/2n) and the order 0, 2, 4, …, 5, 3, 1 of the places j,
the first sum is the real part of ω^k·DFT(f)_k, and the second that of DFT(b), b_0 = a_0 and
b_k = ω^k·(a_k + i·a_(n−k))/2: transforms of balls, as long as the values are many.
"""

from __future__ import annotations

from collections.abc import Sequence

import flint

from weightsmith.checker.reading.refusal import spend
from weightsmith.checker.reading.work import of_transform


def zero(place: int, count: int) -> flint.arb:
    """cos((2·place + 1)π/2·count), a zero of T_count."""
    return (flint.arb(2 * place + 1) / (2 * count)).cos_pi()


def smooth(count: int) -> int:
    """The next 2^k, 5·2^k, 6·2^k or 7·2^k: transforms of these lengths are fast."""
    unit = 1 << max(count.bit_length() - 3, 0)
    return -(-count // unit) * unit


def resampled(values: Sequence[flint.arb], count: int) -> list[flint.arb]:
    """The values at the zeros of T_count of the polynomial with these at those of T_m."""
    own = len(values)
    spend(of_transform(own) + of_transform(count))
    series = [*_series(values), *[flint.arb(0)] * (count - own)]
    return _at_zeros(series)


def _series(values: Sequence[flint.arb]) -> list[flint.arb]:
    """The coefficients a_k of the polynomial with these values."""
    own = len(values)
    ordered = [flint.acb(values[place]) for place in _order(own)]
    sums = [
        (total * _turn(k, own)).real * 2 / own for k, total in enumerate(flint.acb.dft(ordered))
    ]
    return [sums[0] / 2, *sums[1:]]


def _at_zeros(series: Sequence[flint.arb]) -> list[flint.arb]:
    """The values of Σ a_k T_k at as many zeros as there are coefficients."""
    count = len(series)
    rotated = [
        flint.acb(series[k], series[count - k]) / 2 * _turn(k, count) for k in range(1, count)
    ]
    found = [flint.arb(0)] * count
    sums = flint.acb.dft([flint.acb(series[0]), *rotated])
    for place, total in zip(_order(count), sums, strict=True):
        found[place] = total.real
    return found


def _order(count: int) -> list[int]:
    """0, 2, 4, …, 5, 3, 1."""
    return [*range(0, count, 2), *reversed(range(1, count, 2))]


def _turn(k: int, count: int) -> flint.acb:
    """e^(−πik/2·count)."""
    return (flint.acb(-k) / (2 * count)).exp_pi_i()
