"""Lines, links and paths of links: a polygon through a tube, built by ``links`` and ``march``."""

from __future__ import annotations

from dataclasses import dataclass

Point = tuple[float, float]


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
class Exit:
    """A link leaves the tube through one side (1: upper), after a last contact with the other.

    The next grid points after the two are ``next_k`` and ``k``.
    """

    contact: Point
    leaving: Point
    side: float
    next_k: int
    k: int


@dataclass(frozen=True, slots=True)
class Path:
    """Links from the left; together they cover ``reach`` points of the grid.

    ``last_start`` counts the points that all links but the last cover.
    """

    links: tuple[Link, ...]
    reach: int
    last_start: int


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
