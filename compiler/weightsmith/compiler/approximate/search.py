"""The least error that so many links reach, by a search for the width of the tube.

Each pass of the greedy path also says how far off the error was: a link's share of ∫ √|f''| grows
with √E, and the grid's steps have equal shares; so a few passes are enough.  Where that misleads
(f is no smooth curve to so few links) the bracket is halved instead.
"""

from __future__ import annotations

from math import inf, sqrt

from weightsmith.compiler.approximate.grid import Grid
from weightsmith.compiler.approximate.links import Line, Link, Path, shortest_path
from weightsmith.compiler.portable_floats import log

ALMOST_ZERO = 2.0**-42  # of the function's size: what floats can no longer resolve
CLOSE = 1 + 3e-4
FIRST_STEP = 1.001  # squared with each step that finds no other side of the bracket
WIDEST_STEP = 16.0
MOST_PASSES = 80


def least_error(grid: Grid, pieces: int) -> tuple[float, Path]:
    """Return the smallest E (within a share of 3e-4) whose tube ``pieces`` links cross."""
    size, points = grid.size, len(grid.places)
    if size == 0:
        return 0.0, Path((Link(Line(0.0, 0.0, 0.0), 1.0, 1.0),), points, 0)
    floor = size * ALMOST_ZERO
    bracket = _Bracket(size * CLOSE)
    best = shortest_path(grid, size * CLOSE, pieces)
    guess = min(max(grid.weight**2 / (16 * pieces**2), floor), size)
    for _ in range(MOST_PASSES):
        path = shortest_path(grid, guess, pieces)
        covers = path.reach == points
        if covers:
            best = path
        bracket.narrow(guess, covers)
        if bracket.high <= max(bracket.low * CLOSE, floor):
            break
        guess = max(bracket.next(_corrected(guess, path, pieces, points)), floor)
    return bracket.high, best


class _Bracket:
    """What is known of the least error: above low (0: nothing), at most high."""

    def __init__(self, high: float) -> None:
        self.low, self.high, self.top = 0.0, high, high
        self.width = inf
        self.step = FIRST_STEP

    def narrow(self, error: float, covers: bool) -> None:
        self.width = log(self.high / self.low) if self.low and self.high < self.top else inf
        if covers:
            self.high = error
        else:
            self.low = error

    def next(self, estimate: float) -> float:
        """The estimate, if it is inside and estimates have been good so far."""
        if self.low and self.high < self.top:
            is_slow = log(self.high / self.low) > self.width / 2
            if is_slow or not self.low < estimate < self.high:
                return sqrt(self.low) * sqrt(self.high)
            return estimate
        self.step **= 2
        if self.low:
            guess = min(max(estimate, self.low * self.step), self.top / sqrt(CLOSE))
            return guess if guess > self.low else sqrt(self.low) * sqrt(self.high)
        return max(min(estimate, self.high / self.step), self.high / WIDEST_STEP)


def _corrected(guess: float, path: Path, pieces: int, points: int) -> float:
    """The error at which links of this path's mean length would just cover the grid."""
    if path.reach < points:
        return guess * (points / path.reach) ** 2 * sqrt(CLOSE)
    before = len(path.links) - 1
    if before == 0:
        return 0.0
    return guess * (points * before / (pieces * path.last_start)) ** 2 / sqrt(CLOSE)
