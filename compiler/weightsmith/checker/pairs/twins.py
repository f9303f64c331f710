"""Two values of one place: the centred network's, and how far the network of pairs is from it.

Both are bounded as ``balls/bounds.py`` says.  With v and w the values of the two networks, sums and
products of twins are those of v, and differences follow from a·b − c·d = (a − c)·b + c·(b − d).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import flint

from weightsmith.checker.balls.bounds import (
    NOTHING,
    ONE,
    ZERO,
    Ball,
    Bounds,
    above,
    entrywise,
    least,
    product,
)

Number = (
    Fraction | Ball
)  # a coefficient; as a ball only the largest absolute value that it can have


@dataclass(frozen=True, slots=True)
class Twin:
    """``value``: of the centred network; ``apart``: the network of pairs minus that."""

    value: Bounds
    apart: Bounds = NOTHING

    @property
    def pairs(self) -> Bounds:
        """The value of the network of pairs."""
        return self.value + self.apart

    def __add__(self, other: Twin) -> Twin:
        return Twin(self.value + other.value, self.apart + other.apart)

    def scaled(self, number: Number) -> Twin:
        return Twin(scaled(self.value, number), scaled(self.apart, number))

    def tightened(self, rows: Ball, columns: Ball) -> Twin:
        return Twin(self.value.tightened(rows, columns), self.apart.tightened(rows, columns))


EMPTY = Twin(NOTHING)


def scaled(bounds: Bounds, number: Number) -> Bounds:
    if isinstance(number, Fraction):
        return bounds.scaled(number)
    if bounds.is_zero:
        return NOTHING
    entry, *sizes = (above(one * number) for one in (bounds.size, *_norms(bounds)))
    return Bounds(-entry, entry, *sizes)


def size_of(number: Number) -> Ball:
    if isinstance(number, Fraction):
        return above(abs(flint.arb(flint.fmpq(number.numerator, number.denominator))))
    return number


def _norms(bounds: Bounds) -> tuple[Ball, Ball, Ball]:
    return bounds.column, bounds.row, bounds.norm


def unsigned(bounds: Bounds) -> Bounds:
    """The same without what is known of signs: what also holds of what is centred."""
    return Bounds(-bounds.size, bounds.size, *_norms(bounds))


def beside(parts: list[Bounds]) -> Bounds:
    """Of matrices that stand side by side: tokens of several groups."""
    total = parts[0]
    for one in parts[1:]:
        row = above((total.row**2 + one.row**2).sqrt())
        norm = above((total.norm**2 + one.norm**2).sqrt())
        both = total.hull(one)
        total = Bounds(both.low, both.high, both.column, row, norm)
    return total


def multiplied(matrix: Bounds, twin: Twin, inner: Ball) -> Twin:
    """A matrix that both networks have, times a twin."""
    return Twin(product(matrix, twin.value, inner), product(matrix, twin.apart, inner))


def times_entries(left: Twin, right: Twin) -> Twin:
    """left .* right."""
    apart = entrywise(left.apart, right.pairs) + entrywise(left.value, right.apart)
    return Twin(entrywise(left.value, right.value), apart)


def trilinear(values: Twin, keys: Twin, queries: Twin, tokens: Ball, inner: Ball) -> Twin:
    """Σ_j p_j (s_j·q) over at most so many tokens j, and, whatever N is, 1/N of that with 1 token.

    It holds as well of the centred values p_j − p̄, for whose squares Σ‖p_j − p̄‖² ≤ Σ‖p_j‖² ≤
    N·max‖p_j‖²: by Cauchy and Schwarz |Σ (p_j − p̄)·k_j| ≤ N·max|p_j|·max|k_j|, entry by entry and
    column by column, and ‖P(I − 1·1ᵀ/N)Kᵀ‖ ≤ ‖P‖‖K‖.  The difference is

        δp·s̃·q̃ + p·δs·q̃ + p·s·δq,   s̃ and q̃ those of the network of pairs.
    """

    def head(value: Bounds, key: Bounds, query: Bounds) -> Bounds:
        if NOTHING in (value, key, query):
            return NOTHING
        moment = product(unsigned(value), unsigned(key).transposed(), tokens)
        return product(moment, query, inner)

    p, s, q = values.value, keys.value, queries.value
    apart = head(values.apart, keys.pairs, queries.pairs)
    apart = apart + head(p, keys.apart, queries.pairs) + head(p, s, queries.apart)
    return Twin(head(p, s, q), apart)


def scores_of(keys: Twin, queries: Twin, inner: Ball) -> Twin:
    """keys'·queries: every score."""
    value = product(keys.value.transposed(), queries.value, inner)
    apart = product(keys.apart.transposed(), queries.pairs, inner)
    apart = apart + product(keys.value.transposed(), queries.apart, inner)
    return Twin(value, apart)


def summed(values: Twin, scores: Twin, tokens: Ball) -> Twin:
    """Σ_j p_j·f(z_j) over the tokens that a query sees, at most so many, where |f(t)| ≤ |t| and f
    has slopes of at most 1."""
    z, dz = scores.pairs.size, scores.apart.size
    p, dp = values.value, values.apart
    value = _column(p, above(tokens * scores.value.size))
    return Twin(value, _column(dp, above(tokens * z)) + _column(p, above(tokens * dz)))


def attended(values: Twin, scores: Twin) -> Twin:
    """Σ_j p_j·a_j with a the softmax of the scores that a query sees; 0 if it sees none.

    On the way from scores z to z + δ the weights change by a_j·(δ_j − E δ), whose absolute values
    add up to the mean distance of δ from its mean, at most max|δ|; so Σ|ã_j − a_j| ≤ min(2,
    max|δ|).
    """
    p, dp = values.value, values.apart
    moved = least(scores.apart.size, flint.arb(2))
    value = Bounds(p.low, p.high, p.column).hull(Bounds(ZERO, ZERO, ZERO))
    return Twin(value, _column(dp, ONE) + _column(p, moved))


def _column(bounds: Bounds, number: Ball) -> Bounds:
    """Σ_j p_j·b_j with Σ|b_j| ≤ number: what is left of the bounds of the p_j."""
    if bounds.is_zero or number.is_zero():
        return NOTHING
    entry = above(bounds.size * number)
    return Bounds(-entry, entry, above(bounds.column * number))


def half_range(bounds: Bounds) -> Ball:
    """The radius of the interval of the entries."""
    return above((bounds.high - bounds.low) / 2)


def whole_range(bounds: Bounds) -> Ball:
    """max − min of the entries, at most."""
    return above(bounds.high - bounds.low)
