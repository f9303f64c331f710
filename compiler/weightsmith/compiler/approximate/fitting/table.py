"""A table: a continuous piecewise-linear function by its knots, and its proven error."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

from weightsmith.checker.facts.table_proof import TableProof

Knot = tuple[Fraction, Fraction]  # place, value


@dataclass(frozen=True, slots=True)
class Table:
    """Linear between the knots, constant outside; at most ``error`` from its function.

    All places and values are dyadic; the end knots may lie a little outside of the interval that
    the table was made for.  ``proof`` is the checker's, if the table is of a formula.
    """

    knots: tuple[Knot, ...]
    error: Fraction
    proof: TableProof | None = field(default=None, compare=False, repr=False)

    @property
    def pieces(self) -> int:
        return len(self.knots) - 1

    def slopes(self) -> tuple[Fraction, ...]:
        return tuple((w - v) / (b - a) for (a, v), (b, w) in pairwise(self.knots))

    def at(self, place: Fraction) -> Fraction:
        """The table's value, exactly."""
        after = bisect_right(self.knots, place, key=lambda knot: knot[0])
        if after in (0, len(self.knots)):
            return self.knots[0 if after == 0 else -1][1]
        (a, v), (b, w) = self.knots[after - 1 : after + 1]
        return v + (w - v) / (b - a) * (place - a)
