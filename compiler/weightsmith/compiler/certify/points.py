"""Values of a polynomial at Chebyshev points, many from few, by discrete Fourier transforms.

From m values at cos((2j + 1)π/2m) follow the coefficients of Σ_{k<m} a_k T_k, a cosine transform,
and from these, by another one, the values at n such points.
"""

from __future__ import annotations

import flint

Ball = flint.arb


def chebyshev_points(count: int) -> list[Ball]:
    return [(Ball(2 * place + 1) / (2 * count)).cos_pi() for place in range(count)]


def more_values(values: list[Ball], count: int) -> list[Ball]:
    """The values at ``count`` points of the polynomial of degree < len(values)."""
    coefficients = _coefficients(values)
    mirrored = [flint.acb(0) for _ in range(4 * count)]
    for degree, coefficient in enumerate(coefficients):
        mirrored[degree] += coefficient / 2
        mirrored[-degree] += coefficient / 2
    transformed = flint.acb.dft(mirrored)
    return [transformed[2 * place + 1].real for place in range(count)]


def _coefficients(values: list[Ball]) -> list[Ball]:
    """a_k = (2/m)·Σ_j values_j·cos(k(2j + 1)π/2m), a_0 half of that."""
    count = len(values)
    spread = [flint.acb(0) for _ in range(4 * count)]
    for place, value in enumerate(values):
        spread[2 * place + 1] = spread[4 * count - 2 * place - 1] = flint.acb(value / count)
    found = [sum_.real for sum_ in flint.acb.dft(spread)[:count]]
    return [found[0] / 2, *found[1:]]
