"""Remez's exchange in floats: where the best polynomial's error alternates, on two intervals too.

The p of degree n with the least max w·|f − p| takes ±δ/w in turn at n + 2 places.  At given places
the levelled δ and p follow from barycentric weights; the places then move to the extremes of the
error.  They begin where the equilibrium measure of the intervals has its quantiles,

    |x − m|/√|(x − a)(x − b)(x − c)(x − d)|,   m in the gap with zero integral over [b, c]

(Chebyshev's points if there is one interval).  As places decide what is written, no float here
depends on the machine (``portable_arrays``).  Nothing is proven: the places serve to level an
error exactly, and any places whatsoever give a lower bound (``lower_bound``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from weightsmith.compiler.synthesize.families.portable_arrays import (
    Floats,
    arccosines,
    cosines,
    cosines_of_pi,
    interpolated,
    product_of,
    sum_of,
    total,
)

Function = Callable[[Floats], Floats]
Ends = tuple[float, float]
EXCHANGES = 80
LEAST = 0.999  # of the levelled error, below which a place is no extreme
FINE = 12  # places of the grid between two extremes
SETTLED = 1e-4
NOISE = 1e-13
MEASURE = 4096


@dataclass(frozen=True)
class Alternation:
    """n + 2 places, and the largest w·|f − p| of a p that is nearly the best."""

    places: tuple[float, ...]
    largest: float


def alternation(
    intervals: Sequence[Ends], degree: int, function: Function, weight: Function
) -> Alternation:
    """Exchange until the largest error is the levelled one, or floats carry it no further."""
    x = _quantiles(intervals, degree + 2)
    signs = np.where(np.arange(degree + 2) % 2, -1.0, 1.0)
    best = Alternation(tuple(x), np.inf)
    for _ in range(EXCHANGES):
        weights = _weights(x, intervals[-1][1] - intervals[0][0])
        values, sizes = function(x), weight(x)
        level = total(weights * values) / total(weights * (signs / sizes))
        grid = np.unique(np.concatenate([_between(x, ends) for ends in intervals]))
        p = _barycentric(grid, x, weights, values - level * signs / sizes)
        error = weight(grid) * (function(grid) - p)
        largest = float(np.max(np.abs(error)))
        if largest < best.largest:
            best = Alternation(tuple(x), largest)
        settled = largest - abs(level) <= SETTLED * min(abs(level), abs(1 - abs(level)))
        if largest < NOISE or settled:
            break
        extremes = _alternating(error, degree + 2)
        large = bool(np.min(np.abs(error[extremes])) >= abs(level) * LEAST)
        if large and len(extremes) == degree + 2:
            x = _vertices(grid, error, extremes, {end for ends in intervals for end in ends})
        else:
            at = int(np.argmax(np.abs(error)))
            x = _one_exchanged(x, np.asarray(level * signs), float(grid[at]), float(error[at]))
    return best


def _one_exchanged(x: Floats, errors: Floats, place: float, error: float) -> Floats:
    """Take one place in for the neighbour whose error has the same sign, or for the other end."""
    k = int(np.searchsorted(x, place))
    for neighbour in (k, k - 1):
        if 0 <= neighbour < len(x) and (errors[neighbour] > 0) == (error > 0):
            found = x.copy()
            found[neighbour] = place
            return found
    return np.concatenate([[place], x[:-1]] if k == 0 else [x[1:], [place]])


def _quantiles(intervals: Sequence[Ends], count: int) -> Floats:
    (a, b), (c, d) = intervals[0], intervals[-1]
    if len(intervals) == 1:
        return np.asarray((a + b) / 2 - (b - a) / 2 * cosines_of_pi(range(count), count - 1))
    nodes = cosines_of_pi(range(1, 2 * MEASURE, 2), 2 * MEASURE)
    gap = (b + c) / 2 + (c - b) / 2 * nodes
    shares = 1 / np.sqrt((gap - a) * (d - gap))
    m = total(gap * shares) / total(shares)
    parts = []
    for (low, high), (p, q) in (((a, b), (c, d)), ((c, d), (a, b))):
        places = np.sort((low + high) / 2 - (high - low) / 2 * nodes)
        density = np.abs(places - m) / np.sqrt(np.abs((places - p) * (places - q)))
        parts.append((places, density))
    masses = [total(density) for _, density in parts]
    first = min(max(round(count * masses[0] / sum(masses)), 1), count - 1)
    found = []
    for (places, density), number, (low, high) in zip(
        parts, (first, count - first), intervals, strict=True
    ):
        below = np.cumsum(density) - density / 2
        shares = np.arange(number) / max(number - 1, 1)
        own = interpolated(total(density) * shares, below, places)
        own[0], own[-1] = (low, high) if number > 1 else (own[0], own[-1])
        found.append(own)
    # where an interval has one place, that is its end at the gap
    if first == 1:
        found[0][0] = b
    if count - first == 1:
        found[1][0] = c
    return np.concatenate(found)


def _weights(x: Floats, width: float) -> Floats:
    gaps = (x[:, None] - x[None, :]) * (4 / width)
    np.fill_diagonal(gaps, 1.0)
    mantissas, exponents = product_of(list(gaps.T))
    return np.asarray(np.ldexp(1 / mantissas, exponents.min() - exponents))


def _between(x: Floats, ends: Ends) -> Floats:
    """A grid between all neighbours of the places within an interval, by angles."""
    low, high = ends
    edges = np.concatenate([[low], x[(x > low) & (x < high)], [high]])
    angles = arccosines(np.clip((low + high - 2 * edges) / (high - low), -1, 1))
    steps = np.arange(FINE) / FINE
    grid = (angles[:-1, None] + np.diff(angles)[:, None] * steps).ravel()
    places = (low + high) / 2 - (high - low) / 2 * cosines(grid)
    return np.concatenate([[low], np.clip(places[1:], low, high), [high]])


def _barycentric(x: Floats, places: Floats, weights: Floats, values: Floats) -> Floats:
    gaps = x[:, None] - places[None, :]
    rows, columns = np.nonzero(gaps == 0)
    gaps[rows, columns] = 1.0
    parts = list(np.ascontiguousarray(gaps.T))
    above = sum_of([w * v / gap for w, v, gap in zip(weights, values, parts, strict=True)])
    found = above / sum_of([w / gap for w, gap in zip(weights, parts, strict=True)])
    found[rows] = values[columns]
    return np.asarray(found)


def _alternating(errors: Floats, count: int) -> list[int]:
    """Places of extremes that alternate in sign.

    Beyond ``count`` the smallest is dropped with its smaller neighbour, or the smaller end.
    """
    found: list[int] = []
    for k, error in enumerate(errors):
        if found and (error > 0) == (errors[found[-1]] > 0):
            if abs(error) > abs(errors[found[-1]]):
                found[-1] = k
        else:
            found.append(k)
    while len(found) > count:
        sizes = [abs(float(errors[k])) for k in found]
        least = sizes.index(min(sizes))
        if len(found) > count + 1 and 0 < least < len(found) - 1:
            other = least - 1 if sizes[least - 1] < sizes[least + 1] else least + 1
            del found[max(least, other)], found[min(least, other)]
        else:
            found.pop(0 if sizes[0] < sizes[-1] else -1)
    return found


def _vertices(x: Floats, error: Floats, extremes: Sequence[int], ends: set[float]) -> Floats:
    """The vertices of parabolas through an extreme of the grid and its neighbours; ends stay."""
    found = x[list(extremes)]
    for number, k in enumerate(extremes):
        if x[k] in ends or abs(error[k]) < max(abs(error[k - 1]), abs(error[k + 1])):
            continue
        left, right = x[k - 1] - x[k], x[k + 1] - x[k]
        down, up = error[k - 1] - error[k], error[k + 1] - error[k]
        bend = left * up - right * down
        if bend != 0:
            move = (left * left * up - right * right * down) / (2 * bend)
            found[number] += min(max(move, left / 2), right / 2)
    return np.asarray(found)
