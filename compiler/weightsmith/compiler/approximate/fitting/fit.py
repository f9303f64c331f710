"""Near-minimax tables: the fewest pieces for an error, the least error for so many pieces.

    fit_table(f, low, high, tolerance)    fewest pieces, then (nearly) the least error for those
    fit_pieces(f, low, high, pieces)
    square_table(pieces)                  t² on [−1, 1], uniform knots, error exactly 1/pieces²

A best continuous polygon with N free knots at distance E from f is a path of N links in the tube
between f − E and f + E (``links``), on a grid where that loses less than 1 in 1000 (``grid``); E is
searched (``search``).  What is returned is rounded (``round_table``), and its error is the bound
that the checker will prove (``checker/table_error``), whatever the floats before did.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import flint

from weightsmith.checker.balls.enclosures import round_down, round_up
from weightsmith.checker.reading.refusal import Budget, OverBudgetError, RefusedError
from weightsmith.checker.rules.tables.table import prove_table
from weightsmith.compiler.approximate.enclosures.formula_balls import Place, working_bits
from weightsmith.compiler.approximate.fitting.grid import Grid, Sampler, TooFineError
from weightsmith.compiler.approximate.fitting.limits import MOST_PIECES, TooManyPiecesError
from weightsmith.compiler.approximate.fitting.lines import Path
from weightsmith.compiler.approximate.fitting.links import shortest_path
from weightsmith.compiler.approximate.fitting.round_table import rounded_knots
from weightsmith.compiler.approximate.fitting.search import least_error
from weightsmith.compiler.approximate.fitting.table import Knot, Table
from weightsmith.compiler.numbers.intervals import to_fraction
from weightsmith.compiler.numbers.nearest_float import as_float, short_text
from weightsmith.dsl.elementary.enclosure import UndefinedError
from weightsmith.dsl.numbers.formulas import Formula

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
LARGEST = 2.0**1000  # error that is searched for
ABOVE = 1 + Fraction(1, 2**40)  # claimed is a little more than proven: another proof may find that
ATTEMPTS = 6
SMALLEST_SHRINKAGE = 0.25  # of the target, between attempts
ROOM_OF_POINT = Fraction(
    1, 2**120
)  # the width of a table on a single point, which has no breakpoints
ENOUGH = 2.0**-12  # of the tolerance: whether an error is smaller than that is not asked
FEW_HALVINGS = 500  # by which an error may be improved nevertheless
COARSER = 64  # the factor by which a first grid may be too coarse before it is refined


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
        try:
            table = _within(sampler, tolerance)
        except OverflowError:  # numbers beyond float64, in which knots are found
            table = None
    if table is None:
        raise TooManyPiecesError(
            f"expected a tolerance that {MOST_PIECES} pieces with float64 knots reach, got "
            f"{short_text(tolerance, 3)}: give a larger one, or a smaller interval"
        )
    return table


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


def _within(sampler: Sampler, tolerance: Fraction) -> Table | None:
    target = min(as_float(tolerance), LARGEST) * ROOM
    for _ in range(ATTEMPTS):
        table = _fewest(sampler, target) if target > 0 else None
        if table is None or table.error <= tolerance:
            return table
        target *= max(as_float(tolerance / table.error), SMALLEST_SHRINKAGE) * ROOM
    return None


def _fewest(sampler: Sampler, target: float) -> Table | None:
    try:
        grid = sampler.grid(SAG * target)
    except TooFineError:
        return None
    path = shortest_path(grid, target, MOST_PIECES)
    if path.reach < len(grid.places):
        return None
    return _fit(sampler, len(path.links), target, (grid, path), target * ENOUGH)


def _fit(
    sampler: Sampler,
    pieces: int,
    guess: float,
    known: tuple[Grid, Path] | None = None,
    enough: float = 0.0,
) -> Table:
    """Search the least error, on a grid that suits it; one below ``enough`` is not improved.

    ``known`` is a grid that suits the guess, and the path of so many pieces on it.
    """
    if known is None:
        grid = sampler.grid(SAG * guess)
        error, path = least_error(grid, pieces)
    else:
        grid = known[0]
        error, path = least_error(grid, pieces, (guess, known[1]))
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
    try:
        return _proven(sampler, rounded_knots(grid, path, sampler.whole, error), enough)
    except UndefinedError:  # an end knot was rounded out of the function's domain
        knots = rounded_knots(grid, path, sampler.whole, error, exact_ends=True)
        return _proven(sampler, knots, enough)


def _proven(sampler: Sampler, knots: tuple[Knot, ...], enough: float = 0.0) -> Table:
    """The table with the error that the checker proves.  Raises UndefinedError without a proof."""
    least, formula, numbers, budget = Fraction(enough), sampler.formula, sampler.bindings, Budget()
    try:
        proof = prove_table(formula, numbers, knots, budget, least, patience=FEW_HALVINGS)
    except RefusedError:
        raise UndefinedError("not proven finite", certain=False) from None
    except OverBudgetError as over:
        if budget.spent <= budget.units:
            raise  # what the caller may spend is spent
        raise TooManyPiecesError(f"expected a table whose error is soon proven. {over}") from None
    return Table(knots, round_up(proof.bound * ABOVE), proof)


def _constant(sampler: Sampler) -> Table:
    """The table of a function on a single point: two equal values, the point between or at one.

    Near the point the function need not be defined on both sides.
    """
    place = sampler.whole.low
    value = sampler.at(sampler.whole).value
    middle = round_down(to_fraction(((value.low + value.high) / 2).mid()), 53)
    room = max(abs(place), Fraction(1)) * ROOM_OF_POINT
    for low, high in ((place - room, place + room), (place, place + room), (place - room, place)):
        try:
            return _proven(sampler, ((low, middle), (high, middle)))
        except UndefinedError:
            continue
    raise UndefinedError("not proven finite", certain=False)
