"""How large a matrix can be: an interval of its entries, and norms of columns, rows, the whole.

    entries in [low, high],  every column ‖·‖₂ ≤ column,  every row ≤ row,  the matrix ≤ norm

All numbers are exact balls, each rounded outward when it is made; what is not known is infinite.
With at most r rows and c columns they bound each other: |entry| ≤ min(column, row), column ≤
min(norm, √r·|entry|), row ≤ min(norm, √c·|entry|), norm ≤ min(√c·column, √r·row).  Sums add.  For a
product over at most n indices, |A| the largest absolute entry:

    norm ≤ min(‖A‖‖B‖, n·col(A)·row(B))        column ≤ min(‖A‖·col(B), n·col(A)·|B|)
    row ≤ min(row(A)·‖B‖, n·|A|·row(B))        |entry| ≤ min(row(A)·col(B), n·|A||B|)

and an entry lies between n times the least and n times the largest product of two entries (between
once and n times those that are not 0, where the sum has a term).  For A .* B: the products of the
ends, column ≤ min(col(A)·|B|, |A|·col(B)), rows likewise; A .* A is not negative.

Those of a difference may have shares (see ``shared``), which the arithmetic here carries along.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import flint

from weightsmith.checker.balls.ranges import fraction, rational
from weightsmith.checker.balls.shared import plain
from weightsmith.checker.reading.refusal import require

BITS = 128
CONTRADICTION = "The assumptions contradict each other: no value meets all of them."
Ball = flint.arb
INFINITE: Ball = flint.arb.pos_inf()
ZERO: Ball = flint.arb(0)
ONE: Ball = flint.arb(1)


def above(value: Ball) -> Ball:
    """An exact number that is not below the ball; infinite if there is none."""
    return INFINITE if value.is_nan() else value.upper()


def below(value: Ball) -> Ball:
    return -INFINITE if value.is_nan() else value.lower()


def ball_above(value: Fraction) -> Ball:
    return above(flint.arb(rational(value)))


def ball_below(value: Fraction) -> Ball:
    return below(flint.arb(rational(value)))


def exact(value: Ball) -> Fraction:
    """The fraction that a finite exact ball is."""
    return fraction(value.fmpq())


def least(*values: Ball) -> Ball:
    """The smallest of some upper bounds, rounded up; 0·∞ is no bound."""
    best = INFINITE
    for value in values:
        top = value.upper()
        if top < best:
            best = top
    return best


def larger(one: Ball, two: Ball) -> Ball:
    return two if one < two else one


def smaller(one: Ball, two: Ball) -> Ball:
    return two if two < one else one


def times(one: Ball, two: Ball) -> Ball:
    """A product of numbers of which those that are infinite are only not known: 0·∞ = 0."""
    return ZERO if one.is_zero() or two.is_zero() else one * two


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is known of a matrix."""

    low: Ball = -INFINITE
    high: Ball = INFINITE
    column: Ball = INFINITE
    row: Ball = INFINITE
    norm: Ball = INFINITE

    @property
    def size(self) -> Ball:
        """The largest absolute value of an entry."""
        return larger(abs(self.low), abs(self.high))

    @property
    def finite(self) -> bool:
        return bool(self.low.is_finite() and self.high.is_finite())

    @property
    def is_zero(self) -> bool:
        return bool(self.low.is_zero() and self.high.is_zero())

    @property
    def has_sign(self) -> bool:
        """True if all entries are positive, or all are negative."""
        return bool(self.low > 0 or self.high < 0)

    def plain(self) -> Bounds:
        """The numbers without their shares."""
        ends = plain(self.low), plain(self.high)
        return Bounds(*ends, plain(self.column), plain(self.row), plain(self.norm))

    def scaled(self, factor: Fraction) -> Bounds:
        if factor == 0:
            return NOTHING
        ball = flint.arb(rational(factor))
        size = abs(ball)
        ends = (self.low, self.high) if factor > 0 else (self.high, self.low)
        sizes = (above(one * size) for one in (self.column, self.row, self.norm))
        return Bounds(below(ends[0] * ball), above(ends[1] * ball), *sizes)

    def __add__(self, other: Bounds) -> Bounds:
        return Bounds(
            below(self.low + other.low),
            above(self.high + other.high),
            above(self.column + other.column),
            above(self.row + other.row),
            above(self.norm + other.norm),
        )

    def __sub__(self, other: Bounds) -> Bounds:
        return self + other.scaled(Fraction(-1))

    def transposed(self) -> Bounds:
        return Bounds(self.low, self.high, self.row, self.column, self.norm)

    def hull(self, other: Bounds) -> Bounds:
        return Bounds(
            smaller(self.low, other.low),
            larger(self.high, other.high),
            larger(self.column, other.column),
            larger(self.row, other.row),
            larger(self.norm, other.norm),
        )

    def meet(self, other: Bounds) -> Bounds:
        """What holds if both hold."""
        low, high = larger(self.low, other.low), smaller(self.high, other.high)
        require(bool(low <= high), CONTRADICTION)
        return Bounds(
            low,
            high,
            smaller(self.column, other.column),
            smaller(self.row, other.row),
            smaller(self.norm, other.norm),
        )

    def within(self, other: Bounds) -> bool:
        """True if nothing is known less well than in ``other``."""
        return bool(
            self.low >= other.low
            and self.high <= other.high
            and self.column <= other.column
            and self.row <= other.row
            and self.norm <= other.norm
        )

    def tightened(self, rows: Ball, columns: Ball) -> Bounds:
        """Let the bounds bound each other, for a matrix of at most so many rows and columns.

        A column is at most the norm, and at most √rows times an entry; the norm is at most
        √columns times a column; so with rows; an entry is at most its column and its row.
        """
        tall, wide = rows.sqrt(), columns.sqrt()
        column = least(self.column, self.norm, tall * self.size)
        row = least(self.row, self.norm, wide * self.size)
        norm = least(self.norm, wide * column, tall * row)
        column, row = least(column, norm), least(row, norm)
        entry = least(column, row)
        return self.meet(Bounds(-entry, entry, column, row, norm))


NOTHING = Bounds(ZERO, ZERO, ZERO, ZERO, ZERO)
IDENTITY = Bounds(ZERO, ONE, ONE, ONE, ONE)
UNIT = Bounds(ONE, ONE, ONE, ONE, ONE)  # the identity of one entry
NOT_NEGATIVE = Bounds(low=ZERO)


def spread(size: Ball) -> Bounds:
    """Entries of at most this absolute value."""
    return Bounds(-size, size)


def product(left: Bounds, right: Bounds, inner: Ball, *, nonempty: bool = False) -> Bounds:
    """left · right, sums over at most ``inner`` indices, over one at least if ``nonempty``."""
    if left.is_zero or right.is_zero:
        return NOTHING
    entry = least(left.row * right.column, inner * left.size * right.size)
    low, high = corners(left, right)
    many = inner if high > 0 else ONE if nonempty else ZERO
    top = above(times(many, high))
    many = inner if low < 0 else ONE if nonempty else ZERO
    bottom = below(times(many, low))
    return Bounds(
        larger(-entry, bottom),
        smaller(entry, top),
        least(left.norm * right.column, inner * left.column * right.size),
        least(left.row * right.norm, inner * left.size * right.row),
        least(left.norm * right.norm, inner * left.column * right.row),
    )


def corners(left: Bounds, right: Bounds) -> tuple[Ball, Ball]:
    """The least and the largest product of an entry of one and an entry of the other."""
    products = [times(a, b) for a in (left.low, left.high) for b in (right.low, right.high)]
    low, high = below(products[0]), above(products[0])
    for one in products[1:]:
        low, high = smaller(low, below(one)), larger(high, above(one))
    return low, high


def entrywise(left: Bounds, right: Bounds, *, equal: bool = False) -> Bounds:
    """left .* right; squares if the two are one value."""
    low, high = corners(left, right)
    return Bounds(
        larger(low, ZERO) if equal else low,
        high,
        least(times(left.column, right.size), times(left.size, right.column)),
        least(times(left.row, right.size), times(left.size, right.row)),
    )
