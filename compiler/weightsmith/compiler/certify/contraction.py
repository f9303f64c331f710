"""Rule ``contraction``: e ← multiplier(λ)·e (gradient descent, Richardson iteration).

The multiplier may depend on an auxiliary scalar u, normalised by √λ, with a recurrence of its own
that is free of λ: GD++ moves the data, and u²  is then an eigenvalue of the moved Gram matrix.
"""

from __future__ import annotations

from fractions import Fraction

import flint

from weightsmith.compiler.certify.intervals import (
    PRECISION,
    Interval,
    largest,
    polynomial_range,
    root_range,
    round_up,
    to_fraction,
)
from weightsmith.compiler.certify.recurrence import (
    Bounded,
    Json,
    Recurrence,
    error_map,
    in_ratio,
    interval_texts,
    iterated,
    sup,
)
from weightsmith.compiler.certify.spectral import (
    ERROR,
    LAMBDA,
    RATIO,
    NoProofError,
    RootScalar,
)
from weightsmith.compiler.ir.coefficients import Coefficient

EXACT_BITS = 4096  # longer powers are enclosed instead


def contraction(r: Recurrence) -> Bounded | None:
    if r.target.root != 1:
        return None
    ratio = in_ratio(r, r.error, (), r.target, {})
    if ratio is None:
        return None
    multiplier = error_map(r, ratio) / r.symbol(ERROR)
    start = r.one - r.initial[r.error] / r.target.power
    if ERROR in multiplier.names or start.degree(LAMBDA) < 0:
        return None
    used = multiplier.names & set(r.next)
    if not used:
        return None if multiplier.degree(LAMBDA) < 0 else _plain(r, multiplier, start)
    return _with_auxiliary(r, multiplier, start, *used) if len(used) == 1 else None


def _step(r: Recurrence, multiplier: Coefficient, start: Coefficient) -> Json:
    return {
        "rule": "contraction",
        "error": r.error,
        "multiplier": str(multiplier),
        "start": str(start),
        "count": r.count_text,
        "auxiliary": None,
    }


def _plain(r: Recurrence, multiplier: Coefficient, start: Coefficient) -> Bounded:
    step = _step(r, multiplier, start)
    formula = f"sup(abs({multiplier}))^({r.count_text})"
    linear = multiplier.degree(LAMBDA) <= 1 and start.degree(LAMBDA) <= 1
    if linear:
        ends = r.at_ends(multiplier)
        step["ends"] = ends
        formula = f"max(abs({ends[0]}), abs({ends[1]}))^({r.count_text})"
    if start != 1:
        if linear:
            first = r.at_ends(start)
            step["start_ends"] = first
            formula += f"*max(abs({first[0]}), abs({first[1]}))"
        else:
            formula += f"*sup(abs({start}))"
    if r.bindings is None:
        return Bounded(step, formula, None)
    r.require_positive_target()
    value = _power(sup(r, multiplier), r.passes()) * sup(r, start)
    return Bounded(step, formula, round_up(value))


def _power(base: Fraction, exponent: int) -> Fraction:
    """Return base^exponent, enclosed from above if it is long."""
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if bits * exponent < EXACT_BITS:
        return base**exponent
    with flint.ctx.workprec(PRECISION):
        ball = flint.arb(flint.fmpq(base.numerator, base.denominator)) ** exponent
        return to_fraction(ball.upper())


def _with_auxiliary(
    r: Recurrence, multiplier: Coefficient, start: Coefficient, name: str
) -> Bounded | None:
    power = RootScalar(r.one / r.symbol(LAMBDA), 2)
    own = in_ratio(r, name, (), power, {})
    by_u = _in_auxiliary(r, multiplier, name)
    if own is None or by_u is None or (own.names | by_u.names) & {LAMBDA, *r.next} - {name}:
        return None
    change = r.put(own, RATIO, r.symbol(name))
    first = r.initial[name] ** 2 / power.power
    auxiliary: Json = {
        "name": name,
        "root": 2,
        "power": str(power.power),
        "start": str(first),
        "map": str(change),
    }
    step = {**_step(r, by_u, start), "auxiliary": auxiliary}
    formula = f"product(sup(abs({by_u})), {name} -> {change}, {r.count_text})"
    formula += "" if start == 1 else f"*sup(abs({start}))"
    intervals = [] if r.bindings is None else _intervals(r, name, first, change)
    auxiliary["intervals"] = interval_texts(intervals)
    value = _product(r, r.univariate(by_u, name), intervals, start) if intervals else None
    return Bounded(step, formula, value)


def _in_auxiliary(r: Recurrence, multiplier: Coefficient, name: str) -> Coefficient | None:
    """Write the multiplier in u = scalar·√λ, where the scalar enters in even powers only."""
    if name in multiplier.denominator_names:
        return None
    terms = []
    for powers, number in multiplier.monomials():
        term, degree = r.scalars.field.number(number), powers.get(name, 0)
        if degree % 2:
            return None
        for other, exponent in powers.items():
            term = term * r.symbol(other) ** exponent
        terms.append(term / r.symbol(LAMBDA) ** (degree // 2))
    return r.scalars.field.sum(terms) / multiplier.denominator


def _intervals(r: Recurrence, name: str, first: Coefficient, change: Coefficient) -> list[Interval]:
    r.require_positive_target()
    squares = r.over_spectrum(first)
    if squares[0] < 0 or r.spectrum()[0] <= 0 or r.over_spectrum(r.initial[name])[0] < 0:
        raise NoProofError("the auxiliary scalar does not start nonnegative")
    return iterated(r.univariate(change, name), root_range(squares, 2), r.passes())


def _product(
    r: Recurrence, multiplier: list[Fraction], intervals: list[Interval], start: Coefficient
) -> Fraction:
    """Enclose the product of the factors of all passes, times the start."""
    value = sup(r, start)
    for k in range(r.passes()):
        held = intervals[min(k, len(intervals) - 1)]
        value = round_up(value * largest(polynomial_range(multiplier, held)), PRECISION)
    return round_up(value)
