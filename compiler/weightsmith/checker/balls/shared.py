"""Upper bounds that remember of what they are made: of the tables' errors, and of a constant.

A bound of a difference network − script is made of the tables' errors by sums and by products with
numbers, and the least of several bounds is one of them.  So it is a sum of *shares*,

    bound = c₀ + c₁·e₁ + … + c_m·e_m,

with e₁, …, e_m the tables' errors, and c₀ of what is bounded without them (two values clipped to
[−1, 1] differ by 2 at most).  A number without shares is all constant.
"""

from __future__ import annotations

import flint

CONSTANT = 0  # the place of c₀


class Shared(flint.arb):
    """A number, rounded outward as all are, and its c₀, …, c_m as balls, a matrix of one row.

    It compares as the number.
    """

    __slots__ = ("shares",)

    def __init__(self, total: flint.arb, shares: flint.arb_mat) -> None:
        super().__init__(total)
        self.shares = shares

    def __neg__(self) -> Shared:
        return Shared(super().__neg__(), -self.shares)

    def __abs__(self) -> Shared:
        return Shared(super().__abs__(), -self.shares if self < 0 else self.shares)

    def upper(self) -> Shared:
        return Shared(super().upper(), self.shares)

    def lower(self) -> Shared:
        return Shared(super().lower(), self.shares)

    def __add__(self, other: flint.arb) -> Shared:  # type: ignore[override]
        total = super().__add__(other)
        if isinstance(other, Shared):
            return Shared(total, self.shares + other.shares)
        if other.is_zero():
            return Shared(total, self.shares)
        return Shared(total, self.shares + _row(CONSTANT, other, self.shares.ncols()))

    __radd__ = __add__  # type: ignore[assignment]

    def __mul__(self, other: flint.arb) -> Shared:  # type: ignore[override]
        """Scale by a number; of two that have shares the second is taken as a number."""
        return Shared(super().__mul__(other), self.shares * plain(other))

    __rmul__ = __mul__  # type: ignore[assignment]


def plain(value: flint.arb) -> flint.arb:
    """The number without its shares."""
    return flint.arb(value) if isinstance(value, Shared) else value


def sharing(error: flint.arb, place: int, tables: int) -> Shared:
    """The error of one of so many tables, the places counted from 1."""
    return Shared(error, _row(place, flint.arb(1), tables + 1))


def shares_of(value: flint.arb, tables: int) -> tuple[flint.arb, ...]:
    """c₀, …, c_m."""
    row = value.shares if isinstance(value, Shared) else _row(CONSTANT, value, tables + 1)
    return tuple(row[0, place] for place in range(tables + 1))


def _row(place: int, value: flint.arb, length: int) -> flint.arb_mat:
    return flint.arb_mat(1, length, [value if at == place else 0 for at in range(length)])
