"""The rule ``chebyshev``: sup |1 − p/f*| or sup |p − f*| of any polynomial p(λ), from its values.

A real polynomial D of degree d is at most max |D| over the n > d zeros of T_n, divided by
cos(πd/2n) (Ehlich and Zeller, 1964).  Inside the ellipse of ρ, where |g| ≤ M, the Chebyshev series
of g up to degree K misses at most τ = 2·M·ρ^(−K)/(ρ − 1) (Trefethen, Approximation Theory and
Approximation Practice, Theorem 8.2).  So with E the largest error at the zeros and P the largest
|p| there (absolute: P = 1), the error is at most (E + 2·P·τ)/cos(πd/2n).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import flint

from weightsmith.checker.analytic import check_bounded
from weightsmith.checker.chebyshev_points import resampled, zero
from weightsmith.checker.enclosures import to_arb
from weightsmith.checker.problem import Bound, Numbers
from weightsmith.checker.ranges import Real, largest
from weightsmith.checker.rational import Field, Rational
from weightsmith.checker.recurrence import Recurrence
from weightsmith.checker.references import (
    Reference,
    is_relative,
    polynomial_at,
    real_at,
    reference,
)
from weightsmith.checker.refusal import Budget, RefusedError, quoted, require
from weightsmith.checker.scalar_program import MAX_DEGREE, ScalarProgram, read_program
from weightsmith.checker.spectral import Operator
from weightsmith.checker.strict_json import as_integer, as_number, as_object, as_text
from weightsmith.checker.targets import Target
from weightsmith.checker.work import of_balls

RULE = "chebyshev"
KEYS = ("step", "rule", "measure", "degree", "points")
OPTIONAL = ("ellipse",)
ELLIPSE = ("rho", "terms", "size")
MAX_POINTS = 200_000
MAX_RHO = 1 << 40


@dataclass(frozen=True, slots=True)
class Result:
    """left·value·right with value a polynomial in λ and the scalars of several loops."""

    field: Field
    operator: Operator
    recurrences: Sequence[Recurrence]
    value: Rational
    text: str
    target: Target
    numbers: Numbers


@dataclass(frozen=True, slots=True)
class Ellipse:
    """A Chebyshev series of g up to degree ``terms``, and |g| ≤ ``size`` inside E_rho."""

    rho: Fraction
    terms: int
    size: Fraction

    def tail(self) -> flint.arb:
        """2·M·ρ^(−K)/(ρ − 1)."""
        rho = to_arb(self.rho)
        return 2 * to_arb(self.size) * rho ** (-self.terms) / (rho - 1)


def check_chebyshev(result: Result, step: Mapping[str, object]) -> Bound:
    """Check the witnesses and return the bound, a number of any precision."""
    field, numbers = result.field, result.numbers
    measure = "relative" if is_relative(result.target) else "absolute"
    given = as_text(step["measure"], "measure")
    require(given == measure, f"The measure is {quoted(given)}, it must be '{measure}'.")
    program = read_program(field, result.recurrences, result.value, numbers.bindings)
    degree = program.degree()
    claimed = as_integer(step["degree"], "degree")
    require(claimed == degree, f"The degree is {degree}, not {claimed}.")
    points = as_integer(step["points"], "points")
    require(0 < points <= MAX_POINTS, f"The points must be from 1 to {MAX_POINTS}.")
    against = [
        reference(result.target, result.operator, field, numbers, interval)
        for interval in numbers.intervals
    ]
    ellipse = _read_ellipse(step, against)
    errors, total = [], 0
    for one in against:
        total = _total_degree(one, degree, ellipse)
        require(total < points, f"There must be more than {total} points.")
        if ellipse is not None:
            check_bounded(one.function, one.ends, ellipse.rho, ellipse.size, field.budget)
        enough = degree * one.lambda_of.degree() + 1
        errors.append(_error(program, one, ellipse, (total, enough, points), field.budget))
    return Bound((_formula(result, step, total),), largest(errors))


def _read_ellipse(step: Mapping[str, object], against: Sequence[Reference]) -> Ellipse | None:
    """The witness of a function that is not a polynomial; absent for a polynomial."""
    needed = any(one.known_degree is None for one in against)
    require(needed == ("ellipse" in step), f"The ellipse is {'missing' if needed else 'in vain'}.")
    if not needed:
        return None
    parts = as_object(step["ellipse"], "The ellipse", ELLIPSE)
    rho, size = as_number(parts["rho"], "rho"), as_number(parts["size"], "size")
    terms = as_integer(parts["terms"], "terms")
    require(1 < rho <= MAX_RHO, "rho must be above 1.")
    require(size > 0, "The size must be positive.")
    require(0 <= terms <= MAX_DEGREE, f"The terms must be from 0 to {MAX_DEGREE}.")
    return Ellipse(rho, terms, size)


def _total_degree(against: Reference, degree: int, ellipse: Ellipse | None) -> int:
    """The degree in s of p·g − 1, or of p − g, with a polynomial in place of g."""
    if ellipse is not None:
        own = ellipse.terms
    elif against.known_degree is not None:
        own = against.known_degree
    else:
        raise RefusedError("The ellipse is missing.")
    in_s = degree * against.lambda_of.degree()
    return in_s + own if against.relative else max(in_s, own)


def _error(
    program: ScalarProgram,
    against: Reference,
    ellipse: Ellipse | None,
    counts: tuple[int, int, int],
    budget: Budget,
) -> Real:
    """The bound on one interval, computed once for each precision.

    ``counts``: the degree of the error, the values that determine p, the points.
    """
    total, enough, points = counts
    known: dict[int, flint.arb] = {}

    def ball() -> flint.arb:
        bits = flint.ctx.prec
        if bits not in known:
            values = _values(program, against, enough, points, budget)
            error, size = _largest_error(values, against, budget)
            if ellipse is not None:
                error += 2 * (size if against.relative else 1) * ellipse.tail()
            known[bits] = error / (flint.arb(total) / (2 * points)).cos_pi()
        return known[bits]

    return Real(None, ball)


def _values(
    program: ScalarProgram, against: Reference, enough: int, points: int, budget: Budget
) -> list[tuple[flint.arb, flint.arb]]:
    """s and p(λ(s)) at the zeros of T_points; ``enough`` is above the degree of p(λ(s))."""
    low, high = against.ends()
    middle, half = (low + high) / 2, (high - low) / 2
    polynomial, work = program.evaluator(), program.work

    def at(count: int) -> list[flint.arb]:
        return [middle + half * zero(place, count) for place in range(count)]

    def values(places: list[flint.arb]) -> Iterator[flint.arb]:
        for s in places:
            budget.spend(4 + of_balls(work))
            yield polynomial(polynomial_at(against.lambda_of, s))

    if against.single:
        return [(middle, value) for value in values([middle])]
    places = at(points)
    few = list(values(at(enough) if enough < points else places))
    return list(zip(places, resampled(few, points) if enough < points else few, strict=True))


def _largest_error(
    values: Sequence[tuple[flint.arb, flint.arb]], against: Reference, budget: Budget
) -> tuple[flint.arb, flint.arb]:
    """The largest |error| and the largest |p|."""
    error, size = _Largest(), _Largest()
    for s, p in values:
        budget.spend(4 + of_balls(4))
        g = real_at(against.function, s)
        error.add(1 - p * g if against.relative else p - g)
        size.add(p)
    return error.ball(), size.ball()


class _Largest:
    """The largest absolute value of balls, as a ball."""

    def __init__(self) -> None:
        self._low = self._high = flint.arb(0)

    def add(self, value: flint.arb) -> None:
        self._low = self._low.max(value.abs_lower())
        self._high = self._high.max(value.abs_upper())

    def ball(self) -> flint.arb:
        return self._low.union(self._high)


def _formula(result: Result, step: Mapping[str, object], total: int) -> str:
    """``chebyshev(1 - (w)/target, degree 40, points 2560)``; the ellipse's numbers follow."""
    relative = step["measure"] == "relative"
    error = f"1 - ({result.text})/target" if relative else f"({result.text}) - target"
    text = f"{RULE}({error}, degree {total}, points {step['points']}"
    ellipse = step.get("ellipse")
    if isinstance(ellipse, dict):
        text += "".join(f", {key} {ellipse[key]}" for key in ELLIPSE)
    return text + ")"
