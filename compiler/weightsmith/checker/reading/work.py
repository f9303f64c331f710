"""What operations on numbers cost, in units of a budget: rough, measured, the same everywhere.

A unit is about a microsecond.  The figures decide how much is tried, never whether it is right.
"""

from __future__ import annotations

import flint

SMALL_ODD = (3, 5, 7)


def of_fractions(bits: int) -> int:
    """A sum, a product or a comparison of fractions of so many bits."""
    return 2 + bits // 100 + (bits // 500) ** 2


def of_balls(count: int) -> int:
    """So many sums and products of balls, at the present precision."""
    return 1 + count * (1 + flint.ctx.prec // 1024)


def of_factors(degree: int, bits: int) -> int:
    """The factors of a polynomial with integer coefficients of so many bits."""
    return 50 + degree * degree * (bits + 50) // 50


def of_roots(degree: int) -> int:
    """All roots of a polynomial to the present precision."""
    return 300 + degree * degree * int(flint.ctx.prec) // 25


def of_products(terms: int, bits: int) -> int:
    """A product or quotient of polynomials, by its own terms, each of so many bits."""
    return 4 + terms // 8 + terms * bits // 400


def of_transform(length: int) -> int:
    """A Fourier transform of balls, and the turns before or after it; fast for 2^k and near it."""
    odd = length // (length & -length)
    each = 10 if odd == 1 else 20 if odd in SMALL_ODD else 75
    return length * each * (1 + int(flint.ctx.prec) // 512)
