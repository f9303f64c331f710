"""Sums, multiples and scaled columns of matrices that are known up to a radius.

*TwoSum* (Knuth): s = fl(a + b) and e with a + b = s + e exactly.  *TwoProduct* (Dekker): p = fl(ab)
and e with ab = p + e exactly, but for what underflows.  Both are entrywise, in float64 alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

import numpy as np

from weightsmith.backends.enclose.matrices.near import (
    FLOOR,
    UNIT,
    Array,
    Digits,
    Near,
    NoBoundError,
    digits_of,
    finite,
    gamma,
    near,
    with_radius,
)

Term = tuple[Fraction, Near]
KEPT = 256  # coefficients: only speed
TINY = 2.0**-1022
HALVES = 2.0**27 + 1
ROUNDED = 1 + 4 * UNIT  # |c| is less than this times |fl(c)|


def two_sum(left: Array, right: Array) -> tuple[Array, Array]:
    """s and (left − (s − t)) + (right − t) with t = s − left."""
    total = left + right
    added = total - left
    rest = total - added
    np.subtract(left, rest, out=rest)
    np.subtract(right, added, out=added)
    rest += added
    return total, rest


def fast_two_sum(left: Array, right: Array) -> tuple[Array, Array]:
    """s and right − (s − left): off by at most 2u|right|, and exact where |left| ≥ |right|.

    Dekker proves the latter.  Else s = left + right + d with |d| ≤ 2u|right|, s − left is rounded
    by at most u|right + d|, and what is then left of right by less than 4u²|right|.
    """
    total = left + right
    rest = total - left
    return total, np.subtract(right, rest, out=rest)


def two_difference(left: Array, right: Array) -> tuple[Array, Array]:
    """TwoSum of left and −right."""
    total = left - right
    added = total - left
    rest = total - added
    np.subtract(left, rest, out=rest)
    added += right
    rest -= added
    return total, rest


def two_product(left: Array, right: Array) -> tuple[Array, Array]:
    """p and ((ac − p) + ad + bc) + bd for left = a + b and right = c + d, of 26 bits each.

    The left one has the shape of the product.
    """
    product: Array = left * right
    a, b = halves(left)
    c, d = halves(right)
    rest = a * c
    rest -= product
    a *= d
    rest += a
    np.multiply(b, c, out=a)
    rest += a
    b *= d
    rest += b
    return product, rest


def combination(terms: Sequence[Term]) -> Near:
    """Σ c·P over k terms, at least one; |c| ≤ (1 + 2u)|fl(c)|.

    c·hi = p + e exactly by TwoProduct, the p are added by TwoSum, and only small parts are rounded:
    e and c·lo, what rounding c left out times hi, and what TwoSum left out, (k − 1) times at most
    u·Σ|c|‖hi‖.  There are fewer than 4k of them.  What the terms are off by is multiplied by |c|.
    Of short values every c is rounded, multiplied and added: at most k + 1 roundings a term.
    """
    if len(terms) == 1 and _is_one(terms[0][0]):
        return terms[0][1]
    digits = digits_of(term for _, term in terms)
    if digits is Digits.SHORT:
        return _rounded_combination(terms)
    hi, lo = _multiple(*terms[0])
    for scale, term in terms[1:]:
        part, small = _multiple(scale, term)
        hi, rest = two_sum(hi, part)
        lo = _added(_added(lo, small), rest)
    off = smalls = 0.0
    for scale, term in terms:
        size = abs(_two_floats(scale)[0]) * ROUNDED
        off += size * (term.radius + 8 * UNIT * UNIT * term.size)
        smalls += size * (term.low_size + (len(terms) + 2) * UNIT * term.size)
    return near(hi, lo, off + gamma(4 * len(terms)) * smalls + FLOOR, digits=digits)


def _rounded_combination(terms: Sequence[Term]) -> Near:
    numbers = [_two_floats(scale)[0] for scale, _ in terms]
    pairs = [
        (abs(number) * ROUNDED, term) for number, (_, term) in zip(numbers, terms, strict=True)
    ]
    off = sum(size * (term.radius + term.low_size) for size, term in pairs)
    off += gamma(len(terms)) * sum(size * term.size for size, term in pairs)
    hi = numbers[0] * terms[0][1].hi
    for number, (_, term) in zip(numbers[1:], terms[1:], strict=True):
        hi = hi + number * term.hi
    return near(hi, None, off + FLOOR, digits=Digits.SHORT)


def remainder(left: Near, right: Near) -> Near:
    """left − right where little is left of them: as one matrix.

    s = fl(hi − hi′), t = fl(s + lo) and r = fl(t − lo′) are each off by at most u times itself, and
    |t| ≤ (1 + u)|r| + |lo′|, |s| ≤ (1 + u)|t| + |lo|: at most 4u(‖r‖ + ‖lo‖ + ‖lo′‖) in all.
    """
    if left.short or right.short:
        found = near(left.hi - right.hi, digits=Digits.SHORT)
        off = left.radius + left.low_size + right.radius + right.low_size
        return with_radius(found, off + UNIT * found.size + FLOOR)
    rest = left.hi - right.hi
    if left.lo is not None:
        rest += left.lo
    if right.lo is not None:
        rest -= right.lo
    result = near(rest)
    off = left.radius + right.radius + 4 * UNIT * (result.size + left.low_size + right.low_size)
    return with_radius(result, off + FLOOR)


def collapsed(value: Near) -> Near:
    """The same with hi + lo rounded to one matrix."""
    if value.lo is None:
        return value
    radius = value.radius + UNIT * (value.size + value.low_size)
    return near(value.hi + value.lo, None, radius, digits=value.digits)


def scaled_columns(matrix: Near, numbers: Near) -> Near:
    """matrix·diag(numbers), the matrix exact, the numbers a row.

    The product with hi is exact by TwoProduct; what is small, at most u·max|hi| and max|lo| a
    column times the matrix, is rounded three times.  An error of the numbers is multiplied by the
    largest column, at most ‖matrix‖.  Of a short matrix it is the rounded product with hi.
    """
    largest = float(np.abs(numbers.hi).max(initial=0))
    off = matrix.size * numbers.radius
    if matrix.short:
        off += matrix.size * (numbers.low_size + 2 * UNIT * largest)
        return near(matrix.hi * numbers.hi, None, off + FLOOR, digits=Digits.SHORT)
    hi, lo = two_product(matrix.hi, numbers.hi)
    smalls = UNIT * largest + numbers.low_size
    if numbers.lo is not None:
        lo += matrix.hi * numbers.lo
    off += 8 * UNIT * smalls * matrix.size + FLOOR
    return near(hi, lo, off, digits=matrix.digits)


def _multiple(exact: Fraction, term: Near) -> tuple[Array, Array | None]:
    """c·(hi + lo) as two matrices; what c is off by after two roundings is below 8u²|c|."""
    number, rest = _two_floats(exact)
    if number == 1 and not rest:
        return term.hi, term.lo
    if rest == 0 and math.frexp(number)[0] in (0.5, -0.5, 0.0):
        return number * term.hi, None if term.lo is None else number * term.lo
    hi, lo = two_product(term.hi, np.asarray(number))
    if rest:
        lo = lo + rest * term.hi
    return hi, lo if term.lo is None else lo + number * term.lo


def _added(left: Array | None, right: Array | None) -> Array | None:
    if left is None or right is None:
        return right if left is None else left
    return left + right


def _is_one(exact: Fraction) -> bool:
    return exact.numerator == exact.denominator  # in half the time of ==


def _two_floats(exact: Fraction) -> tuple[float, float]:
    """The coefficient, and what is left of it: 0 only if nothing is."""
    return _floats_of(exact.numerator, exact.denominator)


@lru_cache(KEPT)
def _floats_of(numerator: int, denominator: int) -> tuple[float, float]:
    exact = Fraction(numerator, denominator)
    number = rounded(exact)
    rest = exact - Fraction(number)
    return number, float(rest) or (TINY if rest else 0.0)


def rounded(exact: Fraction) -> float:
    """The nearest float of a coefficient; raises NoBoundError if it is too large."""
    try:
        return finite(float(exact)) if exact >= 0 else -finite(float(-exact))
    except OverflowError:
        raise NoBoundError("a coefficient of the script is too large for a float") from None


def halves(matrix: Array) -> tuple[Array, Array]:
    """Two parts of 26 bits (Veltkamp)."""
    shifted = HALVES * matrix
    shifted -= shifted - matrix
    return shifted, matrix - shifted
