"""The leading bits of matrices, on one grid, so that sums of products of them are exact.

Let |a| < 2^e for every entry of a matrix A, |b| < 2^e′ for B, and n terms in every entry of AB.
With A₁ and B₁ rounded to whole multiples of 2^(e − k) and 2^(e′ − k) and 2n ≤ 2^(53 − 2k), all
partial sums of A₁B₁ are whole multiples of g = 2^(e + e′ − 2k) of at most n·2^(e + e′) ≤ 2^52·g.
So A₁B₁ is computed without error in whatever order, and so is its difference from another whole
multiple of g that is no larger.  ``products`` has the lemma on the rounding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from weightsmith.backends.enclose.matrices.near import Array, Near
from weightsmith.backends.enclose.matrices.products import bits_of, most_of

FEW = 64  # rows of matrices whose entries are bounded by their norm: speed and tightness only


@dataclass(slots=True, eq=False)
class Leading:
    """hi = first + rest; ``left`` is more than ‖rest‖, with lo added to it if there is one."""

    first: Array
    rest: Array
    left: float
    exponent: int


def leading(value: Near, inner: int) -> Leading:
    """The bits that serve products over so many terms, lo added to the rest."""
    exponent, bits = exponent_of(value), bits_of(2 * inner)
    first, rest = rounded_to(value.hi, exponent - bits)
    left = half(value.hi.size, exponent - bits)
    if value.lo is not None:
        rest += value.lo
    return Leading(first, rest, left + value.low_size, exponent)


def grid(left: int, right: int, inner: int) -> int:
    """The exponent of g of two matrices, from theirs."""
    return left + right - 2 * bits_of(2 * inner)


def rounded_to(matrix: Array, exponent: int) -> tuple[Array, Array]:
    """Whole multiples of 2^exponent, and the rest; no entry may exceed 2^51 of them."""
    shift = shift_of(exponent)
    first = matrix + shift
    first -= shift
    return first, matrix - first


def shift_of(exponent: int) -> float:
    return 3 * math.ldexp(1.0, 51 + exponent)


def half(count: int, exponent: int) -> float:
    """At least the norm of what is left of so many entries."""
    return math.sqrt(count) * math.ldexp(1.0, exponent - 1) * (1 + 2.0**-50)


def exponent_of(value: Near) -> int:
    """All entries of hi are below two to the power of it."""
    if len(value.hi) <= FEW:
        return math.frexp(value.size)[1]
    return math.frexp(most_of(value.hi))[1]
