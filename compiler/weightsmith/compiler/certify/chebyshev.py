"""Rule ``chebyshev``: the error of any polynomial p(λ) over the spectrum, from its values.

With n > d zeros of T_n, sup |D| ≤ max |D| at the zeros / cos(πd/2n) for a polynomial D of degree d
(Ehlich and Zeller, 1964).  D = p·g − 1 with g = 1/f*, or p − f*; where g or f* is no polynomial its
Chebyshev series stands for it, and what that misses is added (see ``ellipses``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import flint

from weightsmith.checker.refusal import SHARE, Budget, spend
from weightsmith.checker.work import of_balls, of_transform
from weightsmith.compiler.certify.ellipses import (
    Ellipse,
    choose_ellipse,
    with_tail,
)
from weightsmith.compiler.certify.intervals import (
    FLOOR,
    HUGE,
    Interval,
    round_up,
    to_fraction,
)
from weightsmith.compiler.certify.points import chebyshev_points, more_values, smooth
from weightsmith.compiler.certify.recurrence import Bounded, Json
from weightsmith.compiler.certify.scalar_values import (
    MAX_DEGREE,
    LoopScalars,
    ScalarValues,
    TooLargeError,
)
from weightsmith.compiler.certify.spectral import NoProofError, RootScalar, ScalarField
from weightsmith.compiler.certify.yardstick import Yardstick, yardstick
from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.compiler.portable_floats import log2
from weightsmith.dsl.scalars import Scalar, ScalarError, evaluate

PRECISIONS = (320, 640, 1280, 2560, 5120)
MAX_POINTS = 200_000
MANY = 10_000  # points, from where their number is rounded up
DIVERGES = "the bound diverges: the start is too far from the target"
TAIL_BITS = 13  # the tail is so many bits below the error itself


@dataclass(frozen=True)
class Result:
    """What is returned, as a polynomial in λ and the scalars of the loops, and its target."""

    scalars: ScalarField
    loops: tuple[LoopScalars, ...]
    value: Coefficient
    target: RootScalar
    ends: tuple[Scalar, ...]  # of the spectrum's interval, or of two
    bindings: Mapping[str, Fraction]
    has_kernel: bool  # the operator may have the eigenvalue 0 besides its spectrum

    def intervals(self) -> tuple[Interval, ...]:
        """Raises NoProofError where they are empty or out of order."""
        try:
            ends = [evaluate(end, self.bindings) for end in self.ends]
        except ScalarError as problem:
            raise NoProofError(f"the spectrum has no value: {problem}") from None
        found = tuple(zip(ends[::2], ends[1::2], strict=True))
        for low, high in found:
            if low > high:
                raise NoProofError(f"the spectrum's low end {low} is above its high end {high}")
        if any(one[1] >= other[0] for one, other in pairwise(found)):
            raise NoProofError("the two intervals of the spectrum are not in order")
        return found


def chebyshev(result: Result) -> Bounded:
    """Return the step with its witnesses.

    Raises NoProofError if the rule does not apply, OverBudgetError if its check would cost more
    than the claims of a network may.
    """
    with Budget(SHARE).active():
        return _chebyshev(result)


def _chebyshev(result: Result) -> Bounded:
    values = ScalarValues(result.loops, result.value, result.bindings)
    degree = values.degree()
    measures = [
        yardstick(result.target, result.bindings, interval) for interval in result.intervals()
    ]
    measure = measures[0]
    at_zero = result.has_kernel and not measure.relative
    if at_zero and not measure.function(flint.acb(0)).is_finite():
        raise NoProofError("the target is not defined at the eigenvalue 0 of the operator")
    ellipse = _common_ellipse(values, degree, measures)
    total = _total(degree, measure, ellipse)
    points = _points(total)
    bound = max(_bound(values, one, ellipse, total, points) for one in measures)
    step: Json = {
        "rule": "chebyshev",
        "measure": "relative" if measure.relative else "absolute",
        "degree": degree,
        "points": points,
    }
    error = f"1 - ({result.value})/target" if measure.relative else f"({result.value}) - target"
    formula = f"chebyshev({error}, degree {total}, points {points}"
    if ellipse is not None:
        witness = {"rho": str(ellipse.rho), "terms": ellipse.terms, "size": str(ellipse.size)}
        step["ellipse"] = witness
        formula += "".join(f", {key} {value}" for key, value in witness.items())
    return Bounded(step, formula + ")", round_up(bound))


def _common_ellipse(
    values: ScalarValues, degree: int, measures: Sequence[Yardstick]
) -> Ellipse | None:
    """One ellipse for all intervals, its tail far below the error, estimated at few points."""
    if measures[0].known_degree is not None:
        return None
    estimates = [_at_points(values, measure, 2 * degree + 33) for measure in measures]
    error, size = (max(parts) for parts in zip(*estimates, strict=True))
    log_tail = max(log2(error) if error else -FLOOR, -FLOOR) - TAIL_BITS
    if measures[0].relative and size > 1:
        log_tail -= log2(size)
    with flint.ctx.workprec(PRECISIONS[0]):
        found = [choose_ellipse(m.function, *m.ends(), log_tail) for m in measures]
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


def _total(degree: int, measure: Yardstick, ellipse: Ellipse | None) -> int:
    own = ellipse.terms if ellipse is not None else measure.known_degree or 0
    in_s = degree * measure.inner_degree
    return in_s + own if measure.relative else max(in_s, own)


def _points(total: int) -> int:
    """From 64 points for each degree to 8, where that is many."""
    each = max(8, min(64, 2048 // max(total, 1)))
    if total * each > MAX_POINTS:
        raise TooLargeError(f"the error is a polynomial of degree {total}, which is too much")
    points = max(total * each, 1)
    return smooth(points) if points > MANY else points


def _bound(
    values: ScalarValues, measure: Yardstick, ellipse: Ellipse | None, total: int, points: int
) -> Fraction:
    """(E + 2·P·τ)/cos(πd/2n) from above, the balls small beside it."""
    for bits in PRECISIONS:
        with flint.ctx.workprec(bits):
            low, high, size = _extremes(values, measure, points)
            cosine = (flint.arb(total) / (2 * points)).cos_pi()
            tail = flint.arb(0)
            if ellipse is not None:
                rho, most = (_ball(number) for number in (ellipse.rho, ellipse.size))
                factor = size if measure.relative else flint.arb(1)
                tail = factor * 4 * most / (rho ** (ellipse.terms) * (rho - 1))
            upper, lower = ((end + tail) / cosine for end in (high, low))
            if not upper.is_finite():
                continue
            _refuse_huge(upper)
            found, least = to_fraction(upper.upper()), to_fraction(lower.lower())
            if found - least <= found / 2**80 or found <= Fraction(1, 1 << FLOOR):
                return found
    raise NoProofError("the error is too small to be computed")


def _extremes(
    values: ScalarValues, measure: Yardstick, points: int
) -> tuple[flint.arb, flint.arb, flint.arb]:
    """Bounds from below and above of the largest error at the points, and of the largest |p|."""
    low, high = measure.ends()
    middle, half = (low + high) / 2, (high - low) / 2
    enough = values.degree() * measure.inner_degree + 1
    count = 1 if measure.single else points
    fewer = min(smooth(enough), count)
    spend(_work(values, fewer, count))
    few = [values.at(measure.inner(middle + half * place)) for place in chebyshev_points(fewer)]
    found = more_values(few, count) if len(few) < count else few
    least = most = size = flint.arb(0)
    for place, value in zip(chebyshev_points(count), found, strict=True):
        against = measure.function(flint.acb(middle + half * place)).real
        if not against.is_finite():
            raise NoProofError("the target has a singularity, a kink or no value on the spectrum")
        error = value * against - 1 if measure.relative else value - against
        least, most = least.max(error.abs_lower()), most.max(error.abs_upper())
        size = size.max(value.abs_upper())
    return least, most, size


def _work(values: ScalarValues, few: int, points: int) -> int:
    """What the checker counts for the same, so that nothing is sought that it cannot check."""
    found = few * of_balls(values.work) + 2 * points * of_balls(4)
    return found + (of_transform(few) + of_transform(points) if few < points else 0)


def _at_points(values: ScalarValues, measure: Yardstick, points: int) -> tuple[Fraction, Fraction]:
    for bits in PRECISIONS:
        with flint.ctx.workprec(bits):
            low, high, size = _extremes(values, measure, points)
            if not high.is_finite() or not size.is_finite():
                continue
            _refuse_huge(high, size)
            if high <= 2 * low or bits == PRECISIONS[2]:
                return to_fraction(high), to_fraction(size)
    raise NoProofError(DIVERGES)


def _refuse_huge(*sizes: flint.arb) -> None:
    """As a fraction e^(10¹²) would fill the memory."""
    if any(size > _ball(HUGE) for size in sizes):
        raise NoProofError(DIVERGES)


def _ball(value: Fraction) -> flint.arb:
    return flint.arb(flint.fmpq(value.numerator, value.denominator))
