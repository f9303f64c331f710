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

from dataclasses import dataclass

from weightsmith.compiler.approximate.grid import Grid

Point = tuple[float, float]
TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Line:
    """The line of this slope through (place, height)."""

    place: float
    height: float
    slope: float

    def at(self, place: float) -> float:
        return self.height + self.slope * (place - self.place)


@dataclass(frozen=True, slots=True)
class Link:
    """A line, and the window [first, last] in which the next line crosses it."""

    line: Line
    first: float
    last: float


@dataclass(frozen=True, slots=True)
class Path:
    """Links from the left; together they cover ``reach`` points of the grid.

    ``last_start`` counts the points that all links but the last cover.
    """

    links: tuple[Link, ...]
    reach: int
    last_start: int


@dataclass(frozen=True, slots=True)
class _Start:
    """The next line is above ``floor``, below ``roof``, and in the tube from grid point k on."""

    floor: list[Point]
    roof: list[Point]
    k: int


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
    """Return the path of fewest links in the tube, or as far as ``most`` links come."""
    links: list[Link] = []
    start = _Start([], [], 0)
    while True:
        link, following = _farthest(grid, error, start)
        links.append(link)
        if following is None:
            return Path(tuple(links), len(grid.places), start.k)
        if len(links) >= most or following.k <= start.k:
            return Path(tuple(links), following.k, start.k)
        start = following


def _farthest(grid: Grid, error: float, start: _Start) -> tuple[Link, _Start | None]:
    """Return the line that stays longest in the tube, and where the next one may start.

    The flattest line is the steepest one upside down.
    """
    steep, flat = _Steepest(), _Steepest()
    events = [(*point, True) for point in start.floor] + [(*point, False) for point in start.roof]
    for place, height, is_floor in sorted(events):
        if is_floor:
            flat.lower_roof(place, -height, start.k)
            steep.raise_floor(place, height)
        else:
            steep.lower_roof(place, height, start.k)
            flat.raise_floor(place, -height)
    places, heights = grid.places, grid.heights
    for k in range(start.k, len(places)):
        place, low, high = places[k], heights[k] - error, heights[k] + error
        if steep.is_blocked(place, low):
            return _leave(grid, error, steep, k, -1.0)
        if flat.is_blocked(place, -high):
            return _leave(grid, error, flat, k, 1.0)
        steep.lower_roof(place, high, k + 1)
        flat.lower_roof(place, -low, k + 1)
        steep.raise_floor(place, low)
        flat.raise_floor(place, -high)
    return Link(_between(steep, flat), 1.0, 1.0), None


def _leave(
    grid: Grid, error: float, extreme: _Steepest, k: int, side: float
) -> tuple[Link, _Start]:
    """The extreme line leaves through one side (1: upper) before grid point k."""
    places, heights = grid.places, grid.heights
    line = Line(extreme.place, -side * extreme.height, -side * extreme.slope)
    before, after = (side * (line.at(places[i]) - heights[i]) - error for i in (k - 1, k))
    share = min(max(before / (before - after), TINY), 1 - TINY)
    exit_place = places[k - 1] + share * (places[k] - places[k - 1])
    exit_height = heights[k - 1] + share * (heights[k] - heights[k - 1]) + side * error
    contact = (extreme.place, -side * extreme.height)
    inner = range(extreme.next_k, k)
    passed = [contact, *((places[i], heights[i] - side * error) for i in inner)]
    leaving = [(exit_place, exit_height)]
    link = Link(line, min(extreme.place, exit_place), exit_place)
    if side > 0:
        return link, _Start(passed, leaving, k)
    return link, _Start(leaving, passed, k)


def _between(steep: _Steepest, flat: _Steepest) -> Line:
    """The mean of the two extreme lines, which stays in the tube as they do."""
    first = Line(steep.place, steep.height, steep.slope)
    second = Line(flat.place, -flat.height, -flat.slope)
    height = (first.at(1.0) + second.at(1.0)) / 2
    return Line(1.0, height, (first.slope + second.slope) / 2)


def knot_places(path: Path) -> list[float]:
    """Return 0, the crossings of consecutive links within their windows, and 1."""
    places = [0.0]
    for i in range(len(path.links) - 1):
        link, following = path.links[i], path.links[i + 1].line
        bend = link.line.slope - following.slope
        crossing = (
            link.first + (following.at(link.first) - link.line.at(link.first)) / bend
            if bend
            else link.last
        )
        places.append(min(max(crossing, link.first), link.last))
    return [*places, 1.0]
