"""Values of a polynomial at Chebyshev points, many from few, by discrete Fourier transforms.

From m values at cos((2j + 1)π/2m) follow the coefficients of Σ_{k<m} a_k T_k, a cosine transform,
and from these, by another one, the values at n such points.
"""

from __future__ import annotations

import flint

Ball = flint.arb


def chebyshev_points(count: int) -> list[Ball]:
    return [(Ball(2 * place + 1) / (2 * count)).cos_pi() for place in range(count)]


def smooth(count: int) -> int:
    """The next 2^k, 5·2^k or 6·2^k … 7·2^k: Fourier transforms of these are fast."""
    unit = 1 << max(count.bit_length() - 3, 0)
    return -(-count // unit) * unit


def more_values(values: list[Ball], count: int) -> list[Ball]:
    """The values at ``count`` points of the polynomial of degree < len(values).

    They are the real part of a transform that has both a_k and a_(count−k) in its place k.
    """
    padded = _coefficients(values) + [Ball(0)] * (count - len(values))
    mixed = [flint.acb(padded[0])]
    for degree in range(1, count):
        pair = flint.acb(padded[degree], padded[count - degree])
        mixed.append(pair * _rotation(degree, count) / 2)
    transformed = flint.acb.dft(mixed)
    half = (count + 1) // 2
    found = [Ball(0)] * count
    found[::2] = [number.real for number in transformed[:half]]
    found[1::2] = [number.real for number in reversed(transformed[half:])]
    return found


def _coefficients(values: list[Ball]) -> list[Ball]:
    """a_k = (2/m)·Σ_j values_j·cos(k(2j + 1)π/2m), a_0 half of that."""
    count = len(values)
    ordered = [flint.acb(value) for value in (*values[::2], *reversed(values[1::2]))]
    found = []
    for degree, number in enumerate(flint.acb.dft(ordered)):
        found.append((number * _rotation(degree, count)).real * 2 / count)
    return [found[0] / 2, *found[1:]]


def _rotation(degree: int, count: int) -> flint.acb:
    """The angle −π·degree/2·count on the unit circle."""
    return (flint.acb(-degree) / (2 * count)).exp_pi_i()
