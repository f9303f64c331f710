"""The cheapest counts whose error is small enough: branch and bound over boxes of count vectors.

The cost (layers first) rises with every count, the error falls: so a box [lo, hi] holds nothing if
the cost of lo is not below the best known, or if the error of hi is too large.  Any other box is
cut to what costs less than the best known, and halved along its longest side.  What is left when no
box is left costs the least of all vectors whose counts are at most twice those first found (larger
ones may have errors too small to write down).  That the error falls is checked for the vectors that
were looked at (``is_falling``), and is not used for one whose error is not proven.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import permutations

MAX_COUNT = 20_000
MAX_LOOKS = 400  # at errors; then the best so far is returned (``is_complete``)
PATIENCE = 8  # a count up to which the error may be without proof before the search ends
Vector = tuple[int, ...]
Cost = tuple[int, ...]


class TooLargeError(Exception):
    """No vector that was tried meets the bound; or errors are not proven from some count on."""

    def __init__(self, is_unproven: bool = False) -> None:
        super().__init__()
        self.is_unproven = is_unproven


class CountSearch:
    """``error`` gives None where it is not proven; ``wanted`` is the bound that it must meet."""

    def __init__(
        self,
        size: int,
        error: Callable[[Vector], Fraction | None],
        cost: Callable[[Vector], Cost],
        wanted: Fraction,
    ) -> None:
        self.size, self.cost, self.wanted = size, cost, wanted
        self._error = error
        self.errors: dict[Vector, Fraction | None] = {}
        self.is_complete = True
        self.most: Vector = ()  # the largest counts that are looked at

    def cheapest(self, below: Cost | None = None) -> Vector | None:
        """The vector of least cost, less than ``below``; None if there is none.

        Without ``below`` counts are doubled until the bound is met, and lowered in every order.
        Raises TooLargeError.
        """
        best: Vector | None = None
        if below is None:
            start = self._doubled()
            orders = permutations(range(self.size))
            found = [self._lowered(start, order) for order in orders]
            best = min(found, key=self.cost)
            below = self.cost(best)
            self.most = tuple(2 * max(column) + 1 for column in zip(*found, strict=True))
        else:
            self.most = (min(below[0], MAX_COUNT),) * self.size  # a pass has a layer at least
        boxes = [((0,) * self.size, self.most)]
        while boxes:
            low, high = boxes.pop()
            if self.cost(low) >= below:
                continue
            high = self._cut(low, high, below)
            if self._is_missed(high) or (low == high and not self.meets(low)):
                continue
            if low == high:
                best, below = low, self.cost(low)
                continue
            if len(self.errors) >= PATIENCE and set(self.errors.values()) == {None}:
                raise TooLargeError(is_unproven=True)
            if len(self.errors) > MAX_LOOKS:
                self.is_complete = False
                break
            boxes += _halves(low, high)
        return best

    @property
    def is_falling(self) -> bool:
        """Does no vector miss the bound that is met by one with smaller counts?"""
        return not any(_below(met, missed) for met in self._met() for missed in self._missed())

    def _met(self) -> list[Vector]:
        return [v for v, e in self.errors.items() if e is not None and e <= self.wanted]

    def _missed(self) -> list[Vector]:
        return [v for v, e in self.errors.items() if e is not None and e > self.wanted]

    def _is_missed(self, vector: Vector) -> bool:
        """Is the error too large here or for larger counts?  Looks only where neither is known."""
        if any(_below(vector, one) for one in self._missed()):
            return True
        if any(_below(one, vector) for one in self._met()):
            return False
        error = self.error(vector)
        return error is not None and error > self.wanted

    def meets(self, vector: Vector) -> bool:
        error = self.error(vector)
        return error is not None and error <= self.wanted

    def error(self, vector: Vector) -> Fraction | None:
        if vector not in self.errors:
            self.errors[vector] = self._error(vector)
        return self.errors[vector]

    def _doubled(self) -> Vector:
        """All counts alike, the first of 0, 1, 2, 4, … that meets the bound."""
        count, before = 0, None
        while not self.meets(vector := (count,) * self.size):
            now = self.errors[vector]
            if now is None and count >= PATIENCE:
                raise TooLargeError(is_unproven=True)
            stays = now is not None and before is not None and now >= before > 0
            if not self.size or count >= MAX_COUNT or (stays and count > 64):
                raise TooLargeError(now is None)
            count, before = min(max(1, 2 * count), MAX_COUNT), now
        return vector

    def _lowered(self, vector: Vector, order: tuple[int, ...]) -> Vector:
        """Lower one count after the other, in this order, as far as the bound allows."""
        for place in order:
            low, high = -1, vector[place]
            while high - low > 1:
                middle = (low + high) // 2
                lower = _with(vector, place, middle)
                meets = not self._is_missed(lower) and self.meets(lower)
                low, high = (low, middle) if meets else (middle, high)
            vector = _with(vector, place, high)
        return vector

    def _cut(self, low: Vector, high: Vector, below: Cost) -> Vector:
        """The largest counts that cost less, the others being those of ``low``."""
        found = []
        for place, most in enumerate(high):
            least = low[place]
            while most > least:
                middle = (least + most + 1) // 2
                cheap = self.cost(_with(low, place, middle)) < below
                least, most = (middle, most) if cheap else (least, middle - 1)
            found.append(least)
        return tuple(found)


def _below(one: Vector, other: Vector) -> bool:
    return all(map(int.__le__, one, other))


def _with(vector: Vector, place: int, count: int) -> Vector:
    return (*vector[:place], count, *vector[place + 1 :])


def _halves(low: Vector, high: Vector) -> list[tuple[Vector, Vector]]:
    """The half with the smaller counts last: it is taken first."""
    place = max(range(len(low)), key=lambda k: high[k] - low[k])
    middle = (low[place] + high[place]) // 2
    return [(_with(low, place, middle + 1), high), (low, _with(high, place, middle))]
