"""Rule ``autonomous``: e ← map(e), free of λ (Newton–Schulz and its kin).

With t = f/f* the recurrence of a matrix iteration that commutes with its operator often loses λ:
for the inverse t ← t(2 − t), e ← e².  Then the iterates of one interval bound every eigenvalue.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from weightsmith.compiler.certify.intervals import (
    Interval,
    largest,
    outward,
    polynomial_range,
    root_range,
    round_up,
)
from weightsmith.compiler.certify.recurrence import (
    Bounded,
    Json,
    Recurrence,
    error_map,
    in_ratio,
    interval_texts,
    iterated,
)
from weightsmith.compiler.certify.spectral import (
    ERROR,
    LAMBDA,
    RATIO,
    NoProofError,
    RootScalar,
)
from weightsmith.compiler.ir.coefficients import Coefficient


def autonomous(r: Recurrence) -> Bounded | None:
    if r.target.root == 0 or not r.initial[r.error]:
        return None
    polynomials = _polynomials(r)
    others = [name for name in r.next if name != r.error and r.initial[name]]
    for equal, used in product(((), *((other,) for other in others)), ({}, polynomials)):
        used = {name: value for name, value in used.items() if name not in equal}
        ratio = in_ratio(r, r.error, equal, r.target, used)
        if ratio is None or ratio.names & {LAMBDA, *r.next}:
            continue
        if all(_follows(r, other, ratio, used) for other in equal) and all(
            _stays(r, name, equal, ratio, used) for name in used
        ):
            return _bounded(r, equal, error_map(r, ratio), used)
    return None


def _start(r: Recurrence) -> Coefficient:
    """(f₀/f*)^root."""
    return r.initial[r.error] ** r.target.root / r.target.power


def _polynomials(r: Recurrence) -> dict[str, Coefficient]:
    """The scalars that begin as 1 − t^root (a residual) or as t^root, as polynomials in t."""
    start, whole = _start(r), r.symbol(RATIO) ** r.target.root
    found = {}
    for name, first in r.initial.items():
        if name != r.error and first in (start, r.one - start):
            found[name] = whole if first == start else r.one - whole
    return found


def _follows(
    r: Recurrence, other: str, ratio: Coefficient, polynomials: Mapping[str, Coefficient]
) -> bool:
    """Does g/g*, with g* = f*·g₀/f₀, follow the same recurrence?"""
    scale = r.initial[other] / r.initial[r.error]
    own = RootScalar(r.target.power * scale**r.target.root, r.target.root)
    return in_ratio(r, other, (r.error,), own, polynomials) == ratio


def _stays(
    r: Recurrence,
    name: str,
    equal: tuple[str, ...],
    ratio: Coefficient,
    polynomials: Mapping[str, Coefficient],
) -> bool:
    """Is the scalar after a pass the same polynomial in the new t?"""
    after = r.put_all(r.next[name], polynomials)
    return not after.names & {r.error, *equal, LAMBDA} and after == r.put(
        polynomials[name], RATIO, ratio
    )


def _bounded(
    r: Recurrence,
    equal: tuple[str, ...],
    change: Coefficient,
    polynomials: Mapping[str, Coefficient],
) -> Bounded:
    root = r.target.root
    start = _start(r)
    step: Json = {
        "rule": "autonomous",
        "error": r.error,
        "equal": list(equal),
        "map": str(change),
        "start": str(start),
        "count": r.count_text,
    }
    if polynomials:
        in_error = r.one - r.symbol(ERROR)
        step["polynomials"] = {n: str(r.put(p, RATIO, in_error)) for n, p in polynomials.items()}
    times = f"for {', '.join(sorted(s.name for s in r.schedule))}" if r.schedule else r.count_text
    formula = f"iterate(e -> {change}, {times}, 1 - ({start})^(1/{root}))"
    power = _pure_power(r, change)
    if power and root == 1 and not r.schedule and start.degree(LAMBDA) == 1:
        ends = r.at_ends(r.one - start)
        step["ends"] = ends
        formula = f"max(abs({ends[0]}), abs({ends[1]}))^({power}^({r.count_text}))"
    intervals = [] if r.bindings is None else _intervals(r, start, change)
    step["intervals"] = interval_texts(intervals)
    return Bounded(step, formula, round_up(largest(intervals[-1])) if intervals else None)


def _intervals(r: Recurrence, start: Coefficient, change: Coefficient) -> list[Interval]:
    r = r.without_root()
    r.require_positive_target()
    r.require_sign()
    powers = r.over_regions(start)
    first = r.initial[r.error] * (r.one if r.target.sign is None else r.target.sign)
    if not r.by_intervals and (powers[0] < 0 or r.over_regions(first)[0] < 0):
        raise NoProofError("the iteration does not start on the target's side of zero")
    low, high = root_range(powers, r.target.root)
    if not r.schedule:
        return iterated(r.univariate(change, ERROR), (1 - high, 1 - low), r.passes())
    intervals = [outward((1 - high, 1 - low))]
    for number in range(r.passes()):
        coefficients = r.in_pass(number).univariate(change, ERROR)
        intervals.append(outward(polynomial_range(coefficients, intervals[-1])))
    return intervals


def _pure_power(r: Recurrence, change: Coefficient) -> int:
    """Return n if the map is e^n, else 0."""
    return next((n for n in range(2, 10) if change == r.symbol(ERROR) ** n), 0)
