"""Near-minimax tables: the fewest pieces for an error, the least error for so many pieces.

    fit_table(f, low, high, tolerance)    fewest pieces, then (nearly) the least error for those
    fit_pieces(f, low, high, pieces)
    square_table(pieces)                  t² on [−1, 1], uniform knots, error exactly 1/pieces²

A best continuous polygon with N free knots at distance E from f is a path of N links in the tube
between f − E and f + E (``links``), on a grid where that loses less than 1 in 1000 (``grid``); E is
searched (``search``).  What is returned is rounded (``round_table``), and its error is proven by
ball arithmetic afterwards (``certify_table``), whatever the floats before did.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import flint

from weightsmith.compiler.approximate.certify_table import proven_error
from weightsmith.compiler.approximate.enclosure import UndefinedError
from weightsmith.compiler.approximate.formula_balls import Place, working_bits
from weightsmith.compiler.approximate.grid import Grid, Sampler, TooFineError
from weightsmith.compiler.approximate.links import Path, shortest_path
from weightsmith.compiler.approximate.round_table import rounded_knots
from weightsmith.compiler.approximate.search import least_error
from weightsmith.compiler.approximate.table import Table
from weightsmith.compiler.certify.intervals import round_down, to_fraction
from weightsmith.dsl.formulas import Formula

__all__ = [
    "MOST_PIECES",
    "Table",
    "TooManyPiecesError",
    "fit_pieces",
    "fit_table",
    "square_table",
]

SAG = 2.0 / 64**2  # of the error: 64 steps a piece
ROOM = 1 - 2.0**-10  # of the tolerance: what the grid and the rounding may lose
MOST_PIECES = 5000
ATTEMPTS = 6
SMALLEST_SHRINKAGE = 0.25  # of the target, between attempts
ENOUGH = 2.0**-12  # of the tolerance: whether an error is smaller than that is not asked
COARSER = 64  # the factor by which a first grid may be too coarse before it is refined


class TooManyPiecesError(ValueError):
    """No table reaches the tolerance: it would need too many pieces, or longer numbers."""


def fit_table(
    formula: Formula,
    bindings: Mapping[str, Fraction],
    low: Fraction,
    high: Fraction,
    tolerance: Fraction,
) -> Table:
    """Return the table of fewest pieces within the tolerance, with nearly the least error.

    The function must be finite on [low, high]: ask ``find_singularity`` first, or UndefinedError is
    raised.  Raises TooManyPiecesError if MOST_PIECES or the precision of float64 are not enough.
    """
    if tolerance <= 0:
        raise ValueError(f"expected a tolerance above 0, got {tolerance}: give a larger one")
    whole = Place(low, high)
    with flint.ctx.workprec(working_bits(low, high)):
        sampler = Sampler.of(formula, bindings, whole)
        if low == high:
            return _constant(sampler)
        target = float(tolerance) * ROOM
        for _ in range(ATTEMPTS):
            table = _fewest(sampler, target)
            if table is None:
                break
            if table.error <= tolerance:
                return table
            target *= max(float(tolerance / table.error), SMALLEST_SHRINKAGE) * ROOM
    raise TooManyPiecesError(
        f"expected a tolerance that {MOST_PIECES} pieces with float64 knots reach, got "
        f"{float(tolerance):.3g}: give a larger one, or a smaller interval"
    )


def fit_pieces(
    formula: Formula,
    bindings: Mapping[str, Fraction],
    low: Fraction,
    high: Fraction,
    pieces: int,
) -> Table:
    """Return a table of at most so many pieces with nearly the least error.

    The function must be finite on [low, high], as for ``fit_table``.
    """
    if not 1 <= pieces <= MOST_PIECES:
        raise ValueError(f"expected 1 to {MOST_PIECES} pieces, got {pieces}: give another number")
    whole = Place(low, high)
    with flint.ctx.workprec(working_bits(low, high)):
        sampler = Sampler.of(formula, bindings, whole)
        if low == high:
            return _constant(sampler)
        return _fit(sampler, pieces, _first_guess(sampler, pieces))


def square_table(pieces: int) -> Table:
    """Return the chords of t² on [−1, 1] between uniform knots; 0 is one of them.

    On each piece of length h = 2/pieces the chord lies above t² by at most (h/2)², in its middle.
    """
    if pieces < 2 or pieces % 2:
        raise ValueError(f"expected an even number of pieces, 2 or more, got {pieces}")
    places = [Fraction(2 * j, pieces) - 1 for j in range(pieces + 1)]
    return Table(tuple((place, place**2) for place in places), Fraction(1, pieces**2))


def _fewest(sampler: Sampler, target: float) -> Table | None:
    try:
        grid = sampler.grid(SAG * target)
    except TooFineError:
        return None
    path = shortest_path(grid, target, MOST_PIECES)
    if path.reach < len(grid.places):
        return None
    return _fit(sampler, len(path.links), target, grid, target * ENOUGH)


def _fit(
    sampler: Sampler, pieces: int, guess: float, grid: Grid | None = None, enough: float = 0.0
) -> Table:
    """Search the least error, on a grid that suits it; one below ``enough`` is not improved."""
    grid = grid or sampler.grid(SAG * guess)
    error, path = least_error(grid, pieces)
    while not 0.45 * guess <= error <= 2 * guess and guess > max(grid.resolution, enough):
        guess = max(error, guess / COARSER)
        try:
            grid = sampler.grid(SAG * guess)
        except TooFineError:
            break
        error, path = least_error(grid, pieces)
    return _finish(sampler, grid, path, error, enough)


def _first_guess(sampler: Sampler, pieces: int) -> float:
    """(∫ √|f''|)²/(16 N²) from a coarse grid; the size of f if that says nothing."""
    sag = sampler.spread()
    grid = sampler.grid(sag)
    while grid.size < sag and sag > grid.resolution:
        sag /= COARSER
        grid = sampler.grid(sag)
    return min(max(grid.weight**2 / (16 * pieces**2), grid.resolution), max(grid.size, sag))


def _finish(sampler: Sampler, grid: Grid, path: Path, error: float, enough: float) -> Table:
    knots = rounded_knots(grid, path, sampler.whole, error)
    try:
        reach = Place(min(knots[0][0], sampler.whole.low), max(knots[-1][0], sampler.whole.high))
        return Table(knots, proven_error(sampler.at, knots, reach, enough))
    except UndefinedError:  # an end knot was rounded out of the function's domain
        return Table(knots, proven_error(sampler.at, knots, sampler.whole, enough))


def _constant(sampler: Sampler) -> Table:
    """The table of a function on a single point: two equal values around it."""
    place = sampler.whole.low
    value = sampler.at(sampler.whole).value
    middle = round_down(to_fraction(((value.low + value.high) / 2).mid()), 53)
    room = max(abs(place), Fraction(1)) / 2**20
    knots = ((round_down(place - room, 30), middle), (-round_down(-place - room, 30), middle))
    return Table(knots, proven_error(sampler.at, knots, sampler.whole))
