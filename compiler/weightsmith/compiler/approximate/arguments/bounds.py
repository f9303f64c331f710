"""How large a matrix can be: an interval of its entries, and norms of columns, rows, the whole.

    entries in [low, high],  every column ‖·‖₂ ≤ column,  every row ≤ row,  the matrix ≤ norm

Plain floats: the compiler *finds* intervals with them and widens what it finds; the checker
proves the claim with outward rounding (``checker/claims/domain.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, sqrt


@dataclass(frozen=True, slots=True)
class Bounds:
    low: float = -inf
    high: float = inf
    column: float = inf
    row: float = inf
    norm: float = inf

    @property
    def size(self) -> float:
        """The largest absolute value of an entry."""
        return max(abs(self.low), abs(self.high))

    @property
    def finite(self) -> bool:
        return isfinite(self.low) and isfinite(self.high)

    def scaled(self, factor: float) -> Bounds:
        if factor == 0:
            return NOTHING
        low, high = sorted((self.low * factor, self.high * factor))
        size = abs(factor)
        return Bounds(low, high, self.column * size, self.row * size, self.norm * size)

    def __add__(self, other: Bounds) -> Bounds:
        return Bounds(
            self.low + other.low,
            self.high + other.high,
            self.column + other.column,
            self.row + other.row,
            self.norm + other.norm,
        )

    def transposed(self) -> Bounds:
        return Bounds(self.low, self.high, self.row, self.column, self.norm)

    def hull(self, other: Bounds) -> Bounds:
        return Bounds(
            min(self.low, other.low),
            max(self.high, other.high),
            max(self.column, other.column),
            max(self.row, other.row),
            max(self.norm, other.norm),
        )

    def meet(self, other: Bounds) -> Bounds:
        """Return what holds if both hold."""
        return Bounds(
            max(self.low, other.low),
            min(self.high, other.high),
            min(self.column, other.column),
            min(self.row, other.row),
            min(self.norm, other.norm),
        )

    def tightened(self, rows: float, columns: float) -> Bounds:
        """Let the bounds bound each other, for a matrix of so many rows and columns."""
        column = _least(self.column, self.norm, sqrt(rows) * self.size)
        row = _least(self.row, self.norm, sqrt(columns) * self.size)
        norm = _least(self.norm, sqrt(columns) * column, sqrt(rows) * row)
        column, row = min(column, norm), min(row, norm)
        entry = min(column, row)
        return Bounds(max(self.low, -entry), min(self.high, entry), column, row, norm)


NOTHING = Bounds(0.0, 0.0, 0.0, 0.0, 0.0)
IDENTITY = Bounds(0.0, 1.0, 1.0, 1.0, 1.0)


def product(left: Bounds, right: Bounds, inner: float, *, empty: bool = False) -> Bounds:
    """Bound left · right, a sum over at most ``inner`` indices (inf if that is not known).

    ``empty``: there may be no index at all (a group without tokens).
    """
    size = _least(left.row * right.column, inner * left.size * right.size)
    low, high = interval_product(left, right)
    low, high = min(low, inner * low), max(high, inner * high)
    if empty:
        low, high = min(low, 0.0), max(high, 0.0)
    return Bounds(
        max(-size, low if low == low else -inf),
        min(size, high if high == high else inf),
        _least(left.norm * right.column, inner * left.column * right.size),
        _least(left.row * right.norm, inner * left.size * right.row),
        _least(left.norm * right.norm, inner * left.column * right.row),
    )


def interval_product(left: Bounds, right: Bounds) -> tuple[float, float]:
    """The interval of one number of the left times one of the right."""
    corners = [
        a * b if a and b else 0.0 for a in (left.low, left.high) for b in (right.low, right.high)
    ]
    return min(corners), max(corners)


def _least(*values: float) -> float:
    """The smallest, where 0·inf is no bound."""
    return min((value for value in values if value == value), default=inf)
