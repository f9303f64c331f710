"""Products of matrices that are known up to a radius.

*Splitting* (Rump, Ogita, Oishi, Accurate floating-point summation I, 2008, Lemma 3.3).  With
|a| ≤ 2^e for every entry and σ = 3·2^(51 + e − b), fl(fl(a + σ) − σ) is a rounded to a multiple of
2^(e − b), and what is left, a − that, is a float.  If b is at most (53 − log2 n)/2, all partial
sums of a product A₁B₁ of such parts over n terms are whole numbers of at most 53 bits times a power
of two: A₁B₁ is computed without error, in whatever order.

*The product*, with hi = A₁ + A₂ and hi′ = B₁ + B₂ split in this way:

    (hi + lo)(hi′ + lo′) = A₁B₁ + A₁(B₂ + lo′) + (A₂ + lo)hi′ + (A₂ + lo)lo′

The first is exact; in the next two one factor is some 2^-23 of hi or hi′, so that γ_n of them is
that part of what rounding a plain product costs (and γ_{n+4} covers the rounding of that factor and
of the sum); the last is left out.  As |A₁| ≤ 2|hi| entry by entry, 2γ of ‖hi‖ covers A₁.  A₁B₁ and
the sum of the small products are added by TwoSum.  With ‖E‖ ≤ r and ‖E′‖ ≤ r′ for what the factors
M and M′ are off by,

    MM′ − (hi + lo)(hi′ + lo′) = (hi + lo)·E′ + E·M′
"""

from __future__ import annotations

import math

import numpy as np

from weightsmith.backends.enclose.near import FLOOR, UNIT, Array, Near, gamma, near, norm
from weightsmith.backends.enclose.sums import two_sum


def product(left: Near, right: Near) -> Near:
    inner = left.hi.shape[-1]
    off = (left.size + left.low_size) * right.radius + left.radius * right.whole
    first, rest = top(left.hi, inner)
    second, other = top(right.hi, inner)
    tail = other if right.lo is None else other + right.lo
    head = rest if left.lo is None else rest + left.lo
    hi, lo = two_sum(first @ second, _times(first, tail) + _times(head, right.hi))
    head_size = norm(head)
    smalls = left.size * norm(tail) + head_size * right.size
    off += 2 * head_size * right.low_size
    return near(hi, lo, off + 2 * gamma(inner + 4) * smalls + FLOOR)


def _times(left: Array, right: Array) -> Array:
    """The product in floats; a factor of zeros, as whole numbers leave it, is not multiplied."""
    if left.any() and right.any():
        product: Array = left @ right
        return product
    return np.zeros((len(left), right.shape[-1]))


def gram_defect(matrix: Near) -> Near:
    """V′V − I of an exact V: V₁′V₁ − I + X + X′ with X = (V₁ + ½V₂)′V₂.

    The first product is exact.  X and the sums are rounded: V₁′V₁ − I once, the sums with it twice.
    """
    rows, count = matrix.hi.shape
    first, rest = top(matrix.hi, rows)
    small = near(rest)
    cross = (first + rest / 2).T @ rest
    main = first.T @ first
    main[np.diag_indices(count)] -= 1
    found = near(main + (cross + cross.T))
    lost = 4 * gamma(rows + 4) * matrix.size * small.size + 4 * UNIT * (norm(main) + found.size)
    return near(found.hi, None, lost + FLOOR)


def top(matrix: Array, inner: int) -> tuple[Array, Array]:
    """The leading bits of every entry, few enough for exact products over ``inner``; the rest."""
    bits = (53 - max(inner - 1, 1).bit_length()) // 2
    largest = max(float(matrix.max(initial=0)), -float(matrix.min(initial=0)))
    shift = 3 * math.ldexp(1.0, 51 + math.frexp(largest)[1] - bits)
    first = (matrix + shift) - shift
    return first, matrix - first
