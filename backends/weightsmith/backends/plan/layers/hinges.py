"""Hidden units that share their argument up to a factor, as one piecewise-linear function of it.

    Σ_i down_i · relu(s_i (u − k_i)) = level + slope · u  on each piece, s_i = ±1

All numbers are Fractions of the weights, so what cancels is gone: relu(s) − relu(−s) is linear.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction

NO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Hinge:
    """down · relu(sign · (u − knot)), down for one target."""

    sign: int
    knot: Fraction
    down: Fraction


@dataclass(frozen=True, slots=True)
class Pieces:
    """A function by its knots (rising), its slopes (one more), and its value at each knot.

    Without a knot it is ``level`` + slope · u.
    """

    knots: tuple[Fraction, ...]
    slopes: tuple[Fraction, ...]
    values: tuple[Fraction, ...]
    level: Fraction


def pieces_of(hinges: list[Hinge], level: Fraction = NO) -> Pieces:
    """The function of these units, plus ``level``."""
    change: dict[Fraction, Fraction] = defaultdict(Fraction)  # of the slope, from left to right
    slope, at_zero = NO, level  # of the leftmost piece, where its line meets u = 0
    for hinge in hinges:
        change[hinge.knot] += hinge.down
        if hinge.sign < 0:
            slope -= hinge.down
            at_zero += hinge.down * hinge.knot
    knots = tuple(sorted(knot for knot, by in change.items() if by))
    slopes, values = [slope], []
    place, value = NO, at_zero
    for knot in knots:
        value += slopes[-1] * (knot - place)
        place = knot
        values.append(value)
        slopes.append(slopes[-1] + change[knot])
    return Pieces(knots, tuple(slopes), tuple(values), at_zero)
