"""The pseudo-inverse of a matrix whose rank is proven: full, or short by a kernel that is known.

Rounding decides a rank, so no float computation proves that one is deficient: a kernel must be
exact.  Of a graph's Laplacian it is spanned by the indicators z of the components.

*Square, with a kernel*: let Z have orthonormal columns, MZ = 0 and Z′M = 0 exactly, and t > 0.  In
an orthonormal basis that begins with Z, M = diag(0, M₁) and M + tZZ′ = diag(tI, M₁).  If that is
invertible, M₁ is, and

    M⁺ = diag(0, M₁⁻¹) = (M + tZZ′)⁻¹ − ZZ′/t

*Full column rank*: M⁺ = (M′M)⁻¹M′, of full row rank M′(MM′)⁻¹; the inverse proves the rank.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial

import numpy as np

from weightsmith.backends.enclose.matrices.inverse import inverse
from weightsmith.backends.enclose.matrices.near import Array, Near, NoBoundError, near
from weightsmith.backends.enclose.matrices.products import product, top
from weightsmith.backends.enclose.matrices.solve import checked_inverse, solved
from weightsmith.backends.enclose.matrices.sums import combination

Vanishes = Callable[[Array, bool], bool]
UNKNOWN_RANK = (
    "the rank of {} cannot be told: it is not proven to be full, and no rows that sum exactly to "
    "zero show a kernel"
)
PASSES = 100  # of leading bits: nearly all that doubles may be apart
FEW = 4096  # entries that are added one by one: only speed
TINY = 2.0**-900  # below, what is left might underflow


def pseudo_inverse(matrix: Near, vanishes: Vanishes, what: str) -> Near:
    """``vanishes(z, turned)`` proves that M·z, or turned M′·z, is exactly zero."""
    rows, columns = matrix.hi.shape
    try:
        if rows > columns:
            turned = matrix.transposed
            return product(inverse(product(turned, matrix), what), turned)
        if rows < columns:
            turned = matrix.transposed
            return product(turned, inverse(product(matrix, turned), what))
        shift, scale = _shift(matrix, vanishes)
        if shift is None:
            return inverse(matrix, what)
        found = inverse(combination(((Fraction(1), matrix), (scale, shift))), what)
        return combination(((Fraction(1), found), (-1 / scale, shift)))
    except NoBoundError:
        raise NoBoundError(UNKNOWN_RANK.format(what)) from None


def _solved(matrix: Near, right: Near, what: str) -> Near:
    return solved(checked_inverse(matrix, what), right, partial(product, matrix))


def pseudo_solved(matrix: Near, right: Near, vanishes: Vanishes, what: str) -> Near:
    """M⁺B by the same formulas, without M⁺ where M is square."""
    if matrix.hi.shape[0] != matrix.hi.shape[1]:
        return product(pseudo_inverse(matrix, vanishes, what), right)
    try:
        shift, scale = _shift(matrix, vanishes)
        if shift is None:
            return _solved(matrix, right, what)
        shifted = combination(((Fraction(1), matrix), (scale, shift)))
        found = _solved(shifted, right, what)
        return combination(((Fraction(1), found), (-1 / scale, product(shift, right))))
    except NoBoundError:
        raise NoBoundError(UNKNOWN_RANK.format(what)) from None


def _shift(matrix: Near, vanishes: Vanishes) -> tuple[Near | None, Fraction]:
    """ZZ′ and t; indicators of disjoint sets are orthogonal, so ZZ′ = Σ zz′/|z|²."""
    kernel = [z for z in _components(matrix.hi) if vanishes(z, False) and vanishes(z, True)]
    if not kernel:
        return None, Fraction(0)
    largest = float(np.abs(matrix.hi).max(initial=0))
    shares = [(Fraction(1, int(z.sum())), near(z[:, None] * z)) for z in kernel]
    return combination(shares), Fraction(2) ** math.frexp(largest)[1]


def _components(matrix: Array) -> Iterator[Array]:
    """Indicators of the sets of indices that nonzero entries connect; the sets as bits."""
    count, width = len(matrix), (len(matrix) + 7) // 8
    linked = np.packbits((matrix != 0) | (matrix.T != 0), axis=1, bitorder="little").tobytes()
    starts = range(0, count * width, width)
    neighbours = [int.from_bytes(linked[start : start + width], "little") for start in starts]
    waiting = (1 << count) - 1
    while waiting:
        found, edge = 0, waiting & -waiting
        while edge:
            found |= edge
            reached = 0
            while edge:
                lowest = edge & -edge
                reached |= neighbours[lowest.bit_length() - 1]
                edge ^= lowest
            edge = reached & ~found
        waiting &= ~found
        members = np.frombuffer(found.to_bytes(width, "little"), dtype=np.uint8)
        yield np.unpackbits(members, count=count, bitorder="little").astype(np.float64)


def sums_vanish(matrix: Array) -> bool:
    """Is the sum of every row exactly zero?  True is proven.

    The leading bits of the entries are whole multiples of one number, few enough that every sum of
    them is exact; so are those of what is left, until nothing is.  ``fsum`` adds the sums of a row,
    or of a small matrix the row itself: it rounds an exact sum, a whole multiple of the last bit of
    some entry, so that it is zero only if that is.
    """
    sizes = np.abs(matrix[matrix != 0])
    if sizes.min(initial=1) < TINY:
        return False
    if matrix.size <= FEW:
        return not any(map(math.fsum, matrix.tolist()))
    sums, rest = [], matrix
    for _ in range(PASSES):
        if not rest.any():
            break
        first, rest = top(rest, max(matrix.shape[-1], 1))
        sums.append(first.sum(axis=1))
    if rest.any():
        return False
    return all(math.fsum(parts) == 0 for parts in zip(*sums, strict=True))
