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
of the sum); the last is left out.  ‖A₁‖ ≤ ‖hi‖ + ‖lo‖ + ‖A₂ + lo‖.  A₁B₁ and the sum of the small
products are added by FastTwoSum.  With ‖E‖ ≤ r and ‖E′‖ ≤ r′ for what the factors
M and M′ are off by,

    MM′ − (hi + lo)(hi′ + lo′) = (hi + lo)·E′ + E·M′,   ‖hi·E′‖ ≤ ‖hi‖₂‖E′‖

What is rounded is multiplied by chunks of m terms, each rounded in whatever order, which are added
one after the other: then γ of m + n/m takes the place of γ_n.

*Of short values* it is fl(hi·hi′), off by γ_n‖hi‖‖hi′‖ besides.  *Of long ones* hi = A₁ + A₂ + A₃
and hi′ = B₁ + B₂ + B₃ are split twice, A₁B₁, A₁B₂ and A₂B₁ are exact and added by TwoSum, and in

    A₁(B₃ + lo′) + A₂(B₂ + B₃ + lo′) + (A₃ + lo)hi′ + (A₃ + lo)lo′

all but the last, which is left out, are some 2^-46 of hi·hi′; |A₁| ≤ 2|hi| entry by entry.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from weightsmith.backends.enclose.matrices.near import (
    FLOOR,
    UNIT,
    WIDER,
    Array,
    Digits,
    Near,
    Parts,
    digits_of,
    finite,
    gamma,
    near,
    norm,
)
from weightsmith.backends.enclose.matrices.sums import fast_two_sum, remainder, two_sum

KEPT = 64  # sizes: only speed
FEW = 4  # rows or columns of matrices that are split by their norm: speed and tightness only
ROWS = 4  # of a left factor whose chunks are multiplied at once: speed only
CHUNK = 128  # terms: fewer are slow, and more cost digits
FINE = 32  # the same of a left factor with few rows, of more than a chunk


def product(left: Near, right: Near) -> Near:
    off = 0.0
    if right.radius:
        off += (left.two_norm + left.low_size) * right.radius
    if left.radius:
        off += left.radius * (right.two_norm + right.low_size + right.radius)
    match left.digits if left.digits is right.digits else digits_of((left, right)):
        case Digits.SHORT:
            return _rounded(left, right, off)
        case Digits.DOUBLE if are_transposes(left, right):
            return _gram(left, off)
        case Digits.DOUBLE:
            return _split(left, right, off)
        case Digits.LONG:
            return _split_twice(left, right, off)


def _rounded(left: Near, right: Near, off: float) -> Near:
    off += left.size * right.low_size + left.low_size * (right.size + right.low_size)
    off += gamma(depth(left.hi.shape[-1])) * left.size * right.size + FLOOR
    found = near(by_chunks(left.hi, right.hi, math.inf), None, off, digits=Digits.SHORT)
    if are_transposes(left, right):
        left.kept.two_norm = right.kept.two_norm = math.sqrt(found.whole) * WIDER
    return found


def _split(left: Near, right: Near, off: float) -> Near:
    inner = left.hi.shape[-1]
    first, rest, rest_size = parts_of(left, inner)
    second, other, other_size = parts_of(right, inner)
    tail, tail_size = _with(other, other_size, right)
    head, head_size = _with(rest, rest_size, left)
    small = by_chunks(first, tail, tail_size)
    small += by_chunks(head, right.hi, head_size)
    hi, lo = fast_two_sum(first.dot(second), small)
    first_size = left.size + left.low_size + head_size
    smalls = first_size * tail_size + head_size * right.size
    off += (1 + 2.0**-10) * gamma(depth(inner) + 6) * smalls + 2 * head_size * right.low_size
    size = norm(hi)
    low_size = (size + 2 * smalls) * UNIT * WIDER + FLOOR
    return Near(hi, lo, finite((off + FLOOR) * WIDER), size, low_size)


def _split_twice(left: Near, right: Near, off: float) -> Near:
    inner = left.hi.shape[-1]
    first, _, first_rest = parts_of(left, inner)
    third, rest, rest_size = parts_of(left, inner, 1)
    second, _, second_rest = parts_of(right, inner)
    fourth, other, other_size = parts_of(right, inner, 1)
    tail, tail_size = _with(other, other_size, right)
    head, head_size = _with(rest, rest_size, left)
    hi, one = two_sum(first.dot(second), first.dot(fourth))
    hi, two = two_sum(hi, third.dot(second))
    third_size, fourth_size = first_rest + rest_size, second_rest + other_size
    small = by_chunks(first, tail, tail_size) + by_chunks(head, right.hi, head_size)
    small += by_chunks(third, fourth + tail, min(third_size, fourth_size + tail_size))
    hi, lo = two_sum(hi, (one + two) + small)
    smalls = left.size * tail_size + third_size * (fourth_size + tail_size)
    smalls += head_size * right.size
    off += 2 * gamma(depth(inner) + 6) * smalls + 2 * head_size * right.low_size
    off += 4 * UNIT * (norm(one) + norm(two))
    return near(hi, lo, off + FLOOR, digits=Digits.LONG)


def parts_of(matrix: Near, inner: int, level: int = 0) -> Parts:
    """A₁ and what is left of hi, or at the next level A₂ and what is then left; kept.

    Of as many bits as serve a product from either side.
    """
    inner = max(inner, *matrix.hi.shape)
    key = bits_of(inner), level
    found = matrix.kept.parts.get(key)
    if found is not None:
        return _turned(found) if matrix.turned else found
    if level:
        first, rest = top(parts_of(matrix, inner)[1], inner)
    else:
        first, rest = top(matrix.hi, inner, matrix.size)
    found = first, rest, norm(rest)
    matrix.kept.parts[key] = _turned(found) if matrix.turned else found
    return found


def _turned(parts: Parts) -> Parts:
    return parts[0].T, parts[1].T, parts[2]


def _with(rest: Array, size: float, matrix: Near) -> tuple[Array, float]:
    """What is left of hi, and lo; more than the norm of the sum."""
    return (rest, size) if matrix.lo is None else (rest + matrix.lo, size + matrix.low_size)


def by_chunks(left: Array, right: Array, size: float) -> Array:
    """The product in floats, by chunks; nothing is done for zeros, as whole numbers leave them.

    ``size`` is more than the norm of the factor that may be zero.
    """
    inner = left.shape[1]
    if size <= 2 * FLOOR and not (left.any() and right.any()):
        return np.zeros((len(left), right.shape[1]))
    return _by(_chunk(inner), left, right)


def _by(step: int, left: Array, right: Array) -> Array:
    inner = left.shape[1]
    if inner <= step:
        found: Array = left.dot(right)
        return found
    total: Array = left[:, :step].dot(right[:step])
    for start in range(step, inner, step):
        total += left[:, start : start + step].dot(right[start : start + step])
    return total


@lru_cache(KEPT)
def _chunk(inner: int) -> int:
    return max(CHUNK, math.isqrt(inner))


@lru_cache(KEPT)
def depth(inner: int) -> int:
    """The largest number of additions that a term of a product by chunks goes through."""
    return _depth(inner, _chunk(inner))


def _depth(inner: int, step: int) -> int:
    return min(inner, step) + inner // step + 1


def by_fine_chunks(left: Array, right: Array) -> Array:
    """The product in floats, by smaller chunks, all at once if the left one has few rows."""
    rows, inner = left.shape
    step = _fine_chunk(inner)
    if rows > ROWS or inner < 2 * step:
        return _by(step, left, right)
    return _at_once(left, right, step)


def _at_once(left: Array, right: Array, step: int) -> Array:
    """The sum of the products of all chunks of so many terms, and of what is left of them."""
    rows, inner = left.shape
    count = inner // step
    whole = count * step
    chunks = left[:, :whole].reshape(rows, count, step).transpose(1, 0, 2)
    total: Array = (chunks @ right[:whole].reshape(count, step, -1)).sum(axis=0)
    if whole < inner:
        total += left[:, whole:] @ right[whole:]
    return total


@lru_cache(KEPT)
def _fine_chunk(inner: int) -> int:
    return max(FINE, math.isqrt(inner)) if inner > CHUNK else max(inner, 1)


@lru_cache(KEPT)
def fine_depth(inner: int) -> int:
    return _depth(inner, _fine_chunk(inner))


def gram_defect(matrix: Near) -> Near:
    """V′V − I of an exact V."""
    count = matrix.hi.shape[1]
    return remainder(product(matrix.transposed, matrix), near(np.eye(count)))


def are_transposes(left: Near, right: Near) -> bool:
    """Are hi and hi′ one matrix, and lo and lo′ zero?"""
    same = left.kept is right.kept and left.turned is not right.turned
    return same and left.lo is None and right.lo is None


def _gram(matrix: Near, off: float) -> Near:
    """hi·hi′ transposed: A₁A₁′ + X + X′ with X = (A₁ + ½A₂)A₂′, where A₁ + ½A₂ = hi − ½A₂."""
    inner = matrix.hi.shape[1]
    first, rest, size = parts_of(matrix, inner)
    cross = by_chunks(first + rest / 2, rest.T, size)
    hi, lo = fast_two_sum(first.dot(first.T), cross + cross.T)
    off += 2 * gamma(depth(inner) + 6) * (matrix.size + size) * size
    found = near(hi, lo, off + FLOOR)
    matrix.kept.two_norm = math.sqrt(found.whole) * WIDER
    return found


@lru_cache(KEPT)
def bits_of(inner: int) -> int:
    return (53 - max(inner - 1, 1).bit_length()) // 2


def top(matrix: Array, inner: int, size: float = math.inf) -> tuple[Array, Array]:
    """The leading bits of every entry, few enough for exact products over ``inner``; the rest.

    ``size`` is at least that of every entry, and serves for few rows or columns.
    """
    bits, largest = bits_of(inner), size
    if size == math.inf or min(matrix.shape) > FEW:
        largest = most_of(matrix)
    shift = 3 * math.ldexp(1.0, 51 + math.frexp(largest)[1] - bits)
    first: Array = matrix + shift
    first -= shift
    return first, matrix - first


def most_of(matrix: Array) -> float:
    """The largest size of an entry: nan if one is."""
    entries = matrix.ravel("K")
    if not entries.size:
        return 0.0
    return max(float(entries[entries.argmax()]), -float(entries[entries.argmin()]))
