"""The least error that so many links reach, by a search for the width of the tube.

Each pass of the greedy path also says how far off the error was: a link's share of ∫ √|f''| grows
with √E, and the grid's steps have equal shares; so a few passes are enough.  Where that misleads
(f is no smooth curve to so few links) the bracket is halved instead.
"""

from __future__ import annotations

from math import inf, sqrt

from weightsmith.compiler.approximate.fitting.grid import Grid
from weightsmith.compiler.approximate.fitting.lines import Line, Link, Path
from weightsmith.compiler.approximate.fitting.links import shortest_path
from weightsmith.compiler.numbers.portable_floats import log

ALMOST_ZERO = 2.0**-42  # of the function's size: what floats can no longer resolve
CLOSE = 1 + 3e-4
WORTH = 1 - 1e-3  # of an error: less is worth another pass of MANY links
MANY = 512
FIRST_STEP = 1.001  # squared with each step that finds no other side of the bracket
WIDEST_STEP = 16.0
MOST_PASSES = 80

Known = tuple[float, Path]


def least_error(grid: Grid, pieces: int, known: Known | None = None) -> tuple[float, Path]:
    """Return the smallest E (within a share of 3e-4) whose tube ``pieces`` links cross.

    ``known`` is a larger error with its path of so many links.  Of many links a path is taken as it
    is if no other can be better by more than 1 in 1000.
    """
    size, points = grid.size, len(grid.places)
    line = Path((Link(Line(0.0, 0.0, 0.0), 1.0, 1.0),), points, 0)
    if size == 0:
        return 0.0, line
    floor = size * ALMOST_ZERO
    bracket, best = _Bracket(size * CLOSE), line
    guess = min(max(grid.weight**2 / (16 * pieces**2), floor), size)
    if known is not None and known[0] < size:
        guess, path = known
    else:
        path = shortest_path(grid, guess, pieces)
    for _ in range(MOST_PASSES):
        covers = path.reach == points
        if covers:
            best = path
        bracket.narrow(guess, covers)
        estimate = _corrected(guess, path, pieces, points)
        is_close = covers and pieces >= MANY and guess * WORTH <= estimate
        if is_close or bracket.high <= max(bracket.low * CLOSE, floor):
            break
        guess = max(bracket.next(estimate), floor)
        path = shortest_path(grid, guess, pieces)
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
