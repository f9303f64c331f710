"""Witnesses for the rule ``chebyshev``: points, and an ellipse for the target.

The error at the points and on the ellipse is estimated by the checker's own functions, at few
points; what they prove is derived there.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import flint

from weightsmith.checker.balls.enclosures import DIVERGES, HUGE, to_arb
from weightsmith.checker.balls.ranges import PRECISIONS, precision
from weightsmith.checker.reading.refusal import SHARE, spend
from weightsmith.checker.reading.work import of_balls, of_transform
from weightsmith.checker.rules.truncation.chebyshev import MAX_POINTS, RULE, Comparison, Ellipse
from weightsmith.checker.spectra.chebyshev_points import smooth
from weightsmith.checker.spectra.problem import Result
from weightsmith.checker.spectra.scalar_program import MAX_DEGREE
from weightsmith.compiler.certify.rules import Json, ValueSearch
from weightsmith.compiler.certify.rules.ellipses import choose_ellipse, with_tail
from weightsmith.compiler.certify.spectra.spectral import NoProofError
from weightsmith.compiler.numbers.intervals import FLOOR, to_fraction
from weightsmith.compiler.numbers.portable_floats import log2

MANY = 10_000  # points, from where their number is rounded up
SINGULAR = "the target has a singularity, a breakpoint or no value on the spectrum"
TAIL_BITS = 13  # the tail is so many bits below the error itself


def witnesses(_: Result, compared: Comparison) -> Iterator[Json]:
    """So many points, and an ellipse.  Raises NoProofError, RefusedError."""
    yield _chebyshev(compared)


def _chebyshev(compared: Comparison) -> Json:
    if compared.needs_ellipse:
        _refuse_costly(compared, _few(compared))
    ellipse = _ellipse(compared) if compared.needs_ellipse else None
    total = compared.total(compared.references[0], ellipse)
    witness: Json = {"points": _points(total)}
    _refuse_costly(compared, _points(total))
    if ellipse is not None:
        parts = {"rho": str(ellipse.rho), "terms": ellipse.terms, "size": str(ellipse.size)}
        witness["ellipse"] = parts
    return witness


def _ellipse(compared: Comparison) -> Ellipse:
    """One ellipse for all intervals, its tail far below the error, estimated at few points."""
    estimates = [_estimate(compared, place) for place in range(len(compared.references))]
    error, size = (max(parts) for parts in zip(*estimates, strict=True))
    log_tail = max(log2(error) if error else -FLOOR, -FLOOR) - TAIL_BITS
    if compared.relative and size > 1:
        log_tail -= log2(size)
    with precision(PRECISIONS[0]):
        found = [choose_ellipse(r.function, *r.ends(), log_tail) for r in compared.references]
    known = [one for one in found if one is not None]
    if len(known) == len(found):
        # the least ρ: there no function is larger than on its own ellipse
        rho, size = min(one.rho for one in known), max(one.size for one in known)
        common = with_tail(rho, size, log_tail)
        if common.terms <= MAX_DEGREE:
            return common
    raise NoProofError(
        "the target has a singularity so near to the spectrum that it takes a polynomial of "
        f"degree more than {MAX_DEGREE} to come near it"
    )


def _points(total: int) -> int:
    """From 64 points for each degree to 8, where that is many."""
    each = max(8, min(64, 2048 // max(total, 1)))
    if total * each > MAX_POINTS:
        raise NoProofError(f"the error is a polynomial of degree {total}, which is too much")
    points = max(total * each, 1)
    return smooth(points) if points > MANY else points


def _few(compared: Comparison) -> int:
    """The points at which the error is estimated."""
    return 2 * compared.degree + 33


def _refuse_costly(compared: Comparison, points: int) -> None:
    """Raise OverBudgetError before anything is computed that the checker has no budget for."""
    enough = max(map(compared.degree_in_s, compared.references)) + 1
    few = min(smooth(enough), points)
    work = few * of_balls(compared.program.work) + 2 * points * of_balls(4)
    work += of_transform(few) + of_transform(points) if few < points else 0
    if work > SHARE:
        spend(work)


def _estimate(compared: Comparison, place: int) -> tuple[Fraction, Fraction]:
    """The largest error and the largest value at few points of an interval, roughly."""
    reason = DIVERGES
    for bits in PRECISIONS:
        with precision(bits):
            error, size = compared.largest(compared.references[place], _few(compared))
            if not error.is_finite() or not size.is_finite():
                reason = SINGULAR if size.is_finite() else DIVERGES
                continue
            _refuse_huge(error, size)
            if error.upper() <= 2 * error.lower() or bits == PRECISIONS[2]:
                return to_fraction(error.upper()), to_fraction(size.upper())
    raise NoProofError(reason)


def _refuse_huge(*sizes: flint.arb) -> None:
    """As a fraction e^(10¹²) would fill the memory."""
    if any(size.upper() > to_arb(HUGE) for size in sizes):
        raise NoProofError(DIVERGES)


SEARCH = ValueSearch(RULE, witnesses, order=100)  # the last: for whatever others do not cover
