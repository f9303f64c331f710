"""Rule ``autonomous``: e ← map(e), free of λ (Newton–Schulz and its kin).

With t = f/f* the recurrence of a matrix iteration that commutes with its operator often loses λ:
for the inverse t ← t(2 − t), e ← e².  Then the iterates of one interval bound every eigenvalue.
"""

from __future__ import annotations

from weightsmith.compiler.certify.intervals import Interval, largest, root_range, round_up
from weightsmith.compiler.certify.recurrence import (
    Bounded,
    Json,
    Recurrence,
    error_map,
    in_ratio,
    interval_texts,
    iterated,
)
from weightsmith.compiler.certify.spectral import ERROR, LAMBDA, NoProofError, RootScalar
from weightsmith.compiler.ir.coefficients import Coefficient


def autonomous(r: Recurrence) -> Bounded | None:
    if r.target.root == 0 or not r.initial[r.error]:
        return None
    others = [name for name in r.next if name != r.error and r.initial[name]]
    for equal in ((), *((other,) for other in others)):
        ratio = in_ratio(r, r.error, equal, r.target)
        if ratio is None or ratio.names & {LAMBDA, *r.next}:
            continue
        if all(_follows(r, other, ratio) for other in equal):
            return _bounded(r, equal, error_map(r, ratio))
    return None


def _follows(r: Recurrence, other: str, ratio: Coefficient) -> bool:
    """Does g/g*, with g* = f*·g₀/f₀, follow the same recurrence?"""
    scale = r.initial[other] / r.initial[r.error]
    own = RootScalar(r.target.power * scale**r.target.root, r.target.root)
    return in_ratio(r, other, (r.error,), own) == ratio


def _bounded(r: Recurrence, equal: tuple[str, ...], change: Coefficient) -> Bounded:
    root = r.target.root
    start = r.initial[r.error] ** root / r.target.power
    step: Json = {
        "rule": "autonomous",
        "error": r.error,
        "equal": list(equal),
        "map": str(change),
        "start": str(start),
        "count": r.count_text,
    }
    formula = f"iterate(e -> {change}, {r.count_text}, 1 - ({start})^(1/{root}))"
    power = _pure_power(r, change)
    if power and root == 1 and start.degree(LAMBDA) == 1:
        ends = r.at_ends(r.one - start)
        step["ends"] = ends
        formula = f"max(abs({ends[0]}), abs({ends[1]}))^({power}^({r.count_text}))"
    intervals = [] if r.bindings is None else _intervals(r, start, change)
    step["intervals"] = interval_texts(intervals)
    return Bounded(step, formula, round_up(largest(intervals[-1])) if intervals else None)


def _intervals(r: Recurrence, start: Coefficient, change: Coefficient) -> list[Interval]:
    r.require_positive_target()
    powers = r.over_spectrum(start)
    if powers[0] < 0 or r.over_spectrum(r.initial[r.error])[0] < 0:
        raise NoProofError("the iteration does not start on the target's side of zero")
    low, high = root_range(powers, r.target.root)
    return iterated(r.univariate(change, ERROR), (1 - high, 1 - low), r.passes())


def _pure_power(r: Recurrence, change: Coefficient) -> int:
    """Return n if the map is e^n, else 0."""
    return next((n for n in range(2, 10) if change == r.symbol(ERROR) ** n), 0)
