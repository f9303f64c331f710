"""The polygon of fewest links inside a tube, by one pass over the grid.

The tube lies between f − E and f + E.  Each link is the line that leaves the tube last among those
that start in the window of the link before it (Imai and Iri 1986): the part of that line between
its last contact a with one side and its exit b through the other.  Say the exit is through the
upper side.  A next line leaves the window downwards; left of where it does so it lies above the
window's line, hence above the lower side.  So it is any line above the lower side from a on and
below the upper side from b on, and the last of those to leave is found by O'Rourke's on-line
stabbing (1981): the steepest and the flattest feasible lines touch two convex hulls, whose
contacts only move forward.
"""

from __future__ import annotations

from weightsmith.compiler.approximate.fitting.grid import Grid
from weightsmith.compiler.approximate.fitting.lines import Exit, Line, Link, Path, Point
from weightsmith.compiler.approximate.fitting.march import March

TINY = 1e-9


class _Steepest:
    """The steepest line above all floor points and below all roof points, given from the left.

    It touches the floor early and the roof late.  ``floor[early:]`` is the part of the floor's
    upper convex hull on which the early contact can still move.
    """

    __slots__ = ("early", "floor", "height", "is_set", "next_k", "place", "slope")

    def __init__(self) -> None:
        self.floor: list[Point] = []
        self.early = 0
        self.is_set = False
        self.place = self.height = self.slope = 0.0
        self.next_k = 0

    def is_blocked(self, place: float, floor: float) -> bool:
        return self.is_set and floor > self.height + self.slope * (place - self.place)

    def lower_roof(self, place: float, roof: float, next_k: int) -> None:
        """Turn the line under one more roof point; ``next_k`` is the grid point after it."""
        if self.is_set and roof >= self.height + self.slope * (place - self.place):
            return
        floor, early = self.floor, self.early
        if early == len(floor):
            return
        slope = (roof - floor[early][1]) / (place - floor[early][0])
        for k in range(early + 1, len(floor)):
            flatter = (roof - floor[k][1]) / (place - floor[k][0])
            if flatter > slope:
                break
            slope, self.early = flatter, k
        self.is_set, self.place, self.height, self.slope = True, place, roof, slope
        self.next_k = next_k

    def raise_floor(self, place: float, height: float) -> None:
        floor = self.floor
        while len(floor) > self.early + 1:
            (a, low), (b, high) = floor[-2], floor[-1]
            if (high - low) * (place - b) > (height - high) * (b - a):
                break
            floor.pop()
        floor.append((place, height))


def shortest_path(grid: Grid, error: float, most: int) -> Path:
    """Return the path of fewest links in the tube, or as far as ``most`` links come.

    Where f'' keeps its sign the links are found by ``march``, else point by point.
    """
    links: list[Link] = []
    start: Exit | None = None
    jet = grid.sampler.jet
    march = None if jet is None else March(grid, jet, error)
    while True:
        before = 0 if start is None else start.k
        marched = None if march is None else march.following(start)
        link, following = marched or _farthest(grid, error, start)
        links.append(link)
        if following is None:
            return Path(tuple(links), len(grid.places), before)
        if len(links) >= most or (marched is None and following.k <= before):
            return Path(tuple(links), following.k, before)
        start = following


def _farthest(grid: Grid, error: float, start: Exit | None) -> tuple[Link, Exit | None]:
    """Return the line that stays longest in the tube, and where the next one may start.

    The flattest line is the steepest one upside down.
    """
    steep, flat = _Steepest(), _Steepest()
    first = 0 if start is None else start.k
    for place, height, is_floor in _constraints(grid, error, start):
        if is_floor:
            flat.lower_roof(place, -height, first)
            steep.raise_floor(place, height)
        else:
            steep.lower_roof(place, height, first)
            flat.raise_floor(place, -height)
    places = grid.places
    for k in range(first, len(places)):
        place, middle = places[k], grid.height(k)
        low, high = middle - error, middle + error
        if steep.is_blocked(place, low):
            return _leave(grid, error, steep, k, -1.0)
        if flat.is_blocked(place, -high):
            return _leave(grid, error, flat, k, 1.0)
        steep.lower_roof(place, high, k + 1)
        flat.lower_roof(place, -low, k + 1)
        steep.raise_floor(place, low)
        flat.raise_floor(place, -high)
    return Link(_between(steep, flat), 1.0, 1.0), None


def _constraints(grid: Grid, error: float, start: Exit | None) -> list[tuple[float, float, bool]]:
    """Points left of the start that the next line is above (True) or below, from the left."""
    if start is None:
        return []
    side, last = start.side, start.leaving[0]
    inner = [i for i in range(start.next_k, start.k) if grid.places[i] < last]
    passed = [start.contact, *((grid.places[i], grid.height(i) - side * error) for i in inner)]
    events = [(*start.leaving, side < 0), *((*point, side > 0) for point in passed)]
    return sorted(events)


def _leave(grid: Grid, error: float, extreme: _Steepest, k: int, side: float) -> tuple[Link, Exit]:
    """The extreme line leaves through one side (1: upper) before grid point k."""
    places, heights = grid.places[k - 1 : k + 1], [grid.height(i) for i in (k - 1, k)]
    line = Line(extreme.place, -side * extreme.height, -side * extreme.slope)
    before, after = (
        side * (line.at(place) - height) - error
        for place, height in zip(places, heights, strict=True)
    )
    share = min(max(before / (before - after), TINY), 1 - TINY)
    exit_place = places[0] + share * (places[1] - places[0])
    exit_height = heights[0] + share * (heights[1] - heights[0]) + side * error
    contact = (extreme.place, -side * extreme.height)
    link = Link(line, min(extreme.place, exit_place), exit_place)
    return link, Exit(contact, (exit_place, exit_height), side, extreme.next_k, k)


def _between(steep: _Steepest, flat: _Steepest) -> Line:
    """The mean of the two extreme lines, which stays in the tube as they do."""
    first = Line(steep.place, steep.height, steep.slope)
    second = Line(flat.place, -flat.height, -flat.slope)
    height = (first.at(1.0) + second.at(1.0)) / 2
    return Line(1.0, height, (first.slope + second.slope) / 2)
