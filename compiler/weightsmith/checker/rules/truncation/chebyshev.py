"""The rule ``chebyshev``: sup |1 − p/f*| or sup |p − f*| of any polynomial p(λ), from its values.

For whatever the other rules do not cover.  Every symbol needs a value.  Where f* has a power, g is
1/f* and the error is h = p·g − 1 (relative); for exponentials and formulas g = f* and h = p − g.

Hypotheses: f* has no zero and no pole on the spectrum (root 1), or a positive power (root ≥ 2); a
formula is also defined at λ = 0 if T may have the eigenvalue 0 besides.

Witness: ``points``, the number n of places at which h is computed; and unless g is a polynomial,
``ellipse`` with ``rho``, ``terms`` K and ``size`` M: |g| ≤ M inside the ellipse of rho around the
interval, which is proven in complex balls.

Follows: let d be the degree of p·g − 1 or p − g in the variable of comparison, with K as the degree
of g where there is an ellipse, and n > d.  With E = max |h| and P = max |p| (absolute: P = 1) at
the n zeros of T_n, moved to the interval, and τ = 2·M·ρ^(−K)/(ρ − 1) (τ = 0 without ellipse),
    |h| ≤ (E + 2·P·τ)/cos(πd/2n);
of two intervals the larger counts.  The degree of p is bounded by following the passes.

Proof: the Chebyshev series of g up to degree K misses at most τ (Trefethen, Approximation Theory
and Approximation Practice, Theorem 8.2).  With it in place of g, h is a polynomial D of degree d,
and max |D| ≤ max |D| at the zeros / cos(πd/2n) (Ehlich and Zeller, Math. Z. 86, 1964): D(cos θ) is
a trigonometric polynomial of degree d; where it has its maximum 1, at θ₀, it is ≥ cos(d(θ − θ₀))
for |θ − θ₀| ≤ π/d (M. Riesz), and some zero is within π/2n.  |D| ≤ E + P·τ at the zeros, |h| ≤ |D|
+ |p|·τ, and |p| ≤ P/cos(πd/2n).

Numbers: the limits of points, terms, boxes and passes are for speed; balls decide everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import flint

from weightsmith.checker.algebra.rational_text import rational_text
from weightsmith.checker.balls.analytic import check_bounded
from weightsmith.checker.balls.enclosures import to_arb
from weightsmith.checker.balls.ranges import Real, largest
from weightsmith.checker.facts.fact import Bound
from weightsmith.checker.reading.refusal import Budget, require
from weightsmith.checker.reading.strict_json import as_integer, as_number, as_object
from weightsmith.checker.reading.work import of_balls
from weightsmith.checker.spectra.chebyshev_points import resampled, smooth, zero
from weightsmith.checker.spectra.problem import Result
from weightsmith.checker.spectra.references import (
    Reference,
    is_relative,
    polynomial_at,
    real_at,
    reference,
)
from weightsmith.checker.spectra.scalar_program import MAX_DEGREE, ScalarProgram, read_program
from weightsmith.checker.spectra.spectral_rule import ValueRule

NAME = "chebyshev"
ELLIPSE = ("rho", "terms", "size")
MAX_POINTS = 200_000
MAX_RHO = 1 << 40


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


@dataclass(frozen=True)
class Comparison:
    """p as loops of numbers, and what it is compared with on each interval of the spectrum."""

    program: ScalarProgram
    references: tuple[Reference, ...]
    relative: bool
    budget: Budget

    @cached_property
    def degree(self) -> int:
        return self.program.degree()

    @property
    def needs_ellipse(self) -> bool:
        """Is g no polynomial?"""
        return any(one.known_degree is None for one in self.references)

    def total(self, against: Reference, ellipse: Ellipse | None) -> int:
        """The degree in s of p·g − 1, or of p − g, with a polynomial in place of g."""
        own = against.known_degree or 0 if ellipse is None else ellipse.terms
        in_s = self.degree_in_s(against)
        return in_s + own if against.relative else max(in_s, own)

    def degree_in_s(self, against: Reference) -> int:
        """The degree of p(λ(s))."""
        return self.degree * against.lambda_of.degree()

    def largest(self, against: Reference, points: int) -> tuple[flint.arb, flint.arb]:
        """The largest |error| at the zeros of T_points, and the largest |p| there."""
        enough = self.degree_in_s(against) + 1
        values = _values(self.program, against, enough, points, self.budget)
        return _largest_error(values, against, self.budget)


def comparison(result: Result) -> Comparison:
    """What a result is compared with.  Raises RefusedError where f* is not defined, or 0."""
    field, numbers = result.field, result.numbers
    program = read_program(field, result.recurrences, result.value, numbers.bindings)
    references = tuple(
        reference(result.target, result.operator, field, numbers, interval)
        for interval in numbers.intervals
    )
    return Comparison(program, references, is_relative(result.target), field.budget)


def derive_chebyshev(result: Result, witness: Mapping[str, object]) -> Bound:
    """The bound for so many ``points``, and an ``ellipse`` where f* is no polynomial."""
    compared = comparison(result)
    points = as_integer(witness["points"], "points")
    require(0 < points <= MAX_POINTS, f"The points must be from 1 to {MAX_POINTS}.")
    ellipse = _read_ellipse(witness, compared)
    errors, total = [], 0
    for one in compared.references:
        total = compared.total(one, ellipse)
        require(total < points, f"There must be more than {total} points.")
        if ellipse is not None:
            check_bounded(one.function, one.ends, ellipse.rho, ellipse.size, compared.budget)
        errors.append(_error(compared, one, ellipse, total, points))
    return Bound(_formula(result, compared, ellipse, total, points), largest(errors))


def _read_ellipse(witness: Mapping[str, object], compared: Comparison) -> Ellipse | None:
    """The witness of a function that is not a polynomial; absent for a polynomial."""
    needed = compared.needs_ellipse
    require(
        needed == ("ellipse" in witness), f"The ellipse is {'missing' if needed else 'in vain'}."
    )
    if not needed:
        return None
    parts = as_object(witness["ellipse"], "The ellipse", ELLIPSE)
    rho, size = as_number(parts["rho"], "rho"), as_number(parts["size"], "size")
    terms = as_integer(parts["terms"], "terms")
    require(1 < rho <= MAX_RHO, "rho must be above 1.")
    require(size > 0, "The size must be positive.")
    require(0 <= terms <= MAX_DEGREE, f"The terms must be from 0 to {MAX_DEGREE}.")
    return Ellipse(rho, terms, size)


def _error(
    compared: Comparison, against: Reference, ellipse: Ellipse | None, total: int, points: int
) -> Real:
    """The bound on one interval, computed once for each precision."""
    known: dict[int, flint.arb] = {}

    def ball() -> flint.arb:
        bits = flint.ctx.prec
        if bits not in known:
            error, size = compared.largest(against, points)
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
    polynomial, work = program.evaluator(), 4 + of_balls(program.work)
    few_points = min(smooth(enough), points)

    def at(count: int) -> list[flint.arb]:
        return [middle + half * zero(place, count) for place in range(count)]

    def values(places: list[flint.arb]) -> Iterator[flint.arb]:
        for s in places:
            budget.spend(work)
            yield polynomial(polynomial_at(against.lambda_of, s))

    if against.single:
        return [(middle, value) for value in values([middle])]
    places = at(points)
    if few_points == points:
        return list(zip(places, values(places), strict=True))
    return list(zip(places, resampled(list(values(at(few_points))), points), strict=True))


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


def _formula(
    result: Result, compared: Comparison, ellipse: Ellipse | None, total: int, points: int
) -> str:
    """``chebyshev(1 - (w)/target, degree 40, points 2560)``; the ellipse's numbers follow."""
    text = rational_text(result.value)
    error = f"1 - ({text})/target" if compared.relative else f"({text}) - target"
    formula = f"{NAME}({error}, degree {total}, points {points}"
    if ellipse is not None:
        formula += f", rho {ellipse.rho}, terms {ellipse.terms}, size {ellipse.size}"
    return formula + ")"


RULE = ValueRule(NAME, derive_chebyshev, keys=("points",), optional=("ellipse",))
