"""Rule ``stages``: several loops through which one ratio t = f/f* goes, by polynomials free of λ.

With g = t_g·f* for every carried scalar g the loops of a composition (cubics, polynomials of degree
9 and 27, …) lose λ.  Where all scalars that are used again are one t, the composition is *cut*: the
range of t is enclosed there, and what follows is a polynomial in the new e = 1 − t.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

import flint

from weightsmith.compiler.certify.chebyshev import DIVERGES, Result
from weightsmith.compiler.certify.intervals import (
    HUGE,
    Interval,
    largest,
    outward,
    polynomial_range,
    root_range,
    round_up,
)
from weightsmith.compiler.certify.recurrence import Bounded, Json, Recurrence, interval_texts
from weightsmith.compiler.certify.scalar_values import Monomial, ScalarValues, exact_sum
from weightsmith.compiler.certify.spectral import LAMBDA, NoProofError
from weightsmith.compiler.ir.coefficients import Coefficient

MAX_DEGREE = 200
MAX_PASSES = 5000
WHOLE = flint.fmpq_poly([1, -1])  # t = 1 − e
UNKNOWN = "the loops are not a composition for one ratio to the target"


def stages(result: Result) -> Bounded:
    """Return the step with its witnesses.  Raises NoProofError if the rule does not apply."""
    if not result.loops or result.target.root == 0 or result.target.formula is not None:
        raise NoProofError(UNKNOWN)
    for name, first in result.loops[0].initial.items():
        reduced = _reduced(result, name) if first else None
        if reduced is not None:
            return _bounded(result, name, reduced)
    raise NoProofError(UNKNOWN)


def _reduced(result: Result, first: str) -> Result | None:
    """The loops for the t of every scalar; in the starts of the first loop λ stands for t₀."""
    names = frozenset(name for loop in result.loops for name in loop.initial)
    start = result.loops[0].initial[first]
    loops = []
    for number, loop in enumerate(result.loops):
        initial: dict[str, Coefficient | None] = {
            name: _in_ratio(result, value, names) for name, value in loop.initial.items()
        }
        if number == 0:
            for name, value in loop.initial.items():
                share = value / start
                free = not share.names & {LAMBDA, *names}
                initial[name] = share * result.scalars.symbol(LAMBDA) if free else None
        after = {name: _in_ratio(result, value, names) for name, value in loop.next.items()}
        known = _all_known(initial), _all_known(after)
        if known[0] is None or known[1] is None:
            return None
        loops.append(replace(loop, initial=known[0], next=known[1]))
    last = _in_ratio(result, result.value, names)
    return None if last is None else replace(result, loops=tuple(loops), value=last)


def _all_known(values: Mapping[str, Coefficient | None]) -> dict[str, Coefficient] | None:
    found = {name: value for name, value in values.items() if value is not None}
    return found if len(found) == len(values) else None


def _in_ratio(result: Result, value: Coefficient, names: frozenset[str]) -> Coefficient | None:
    """Put t_g·f* for every scalar g and divide by f*; None if λ or a root of f* is left."""
    if value.denominator_names & names:
        return None
    field, target = result.scalars.field, result.target
    terms = []
    for powers, number in value.monomials():
        term, degree = field.number(number), 0
        for name, exponent in powers.items():
            term = term * result.scalars.symbol(name) ** exponent
            degree += exponent if name in names else 0
        if (degree - 1) % target.root:
            return None
        terms.append(term * target.power ** ((degree - 1) // target.root))
    found = field.sum(terms) / value.denominator
    return None if LAMBDA in found.names or found.denominator_names & names else found


def _bounded(result: Result, first: str, reduced: Result) -> Bounded:
    loop, ends = result.loops[0], result.ends
    r = Recurrence(
        result.scalars,
        dict(loop.initial),
        dict(loop.next),
        first,
        result.target,
        loop.count,
        ends[0],
        ends[-1],
        dict(result.bindings),
        loop.schedule,
        (ends[1], ends[2]) if len(ends) == 4 else None,
    ).without_root()
    start = r.initial[first] ** r.target.root / r.target.power
    low, high = root_range(_start(r, first, start), r.target.root)
    walk = _walked(ScalarValues(reduced.loops, reduced.value, result.bindings), (1 - high, 1 - low))
    step: Json = {
        "rule": "stages",
        "scalar": first,
        "start": str(start),
        "cuts": [[passes, list(names)] for passes, names in walk.cuts],
        "intervals": interval_texts(walk.intervals),
    }
    degrees = ", ".join(map(str, walk.degrees))
    begin = f"1 - ({start})^(1/{r.target.root})"
    formula = f"stages(1 - ({result.value})/target, degrees {degrees}, {begin})"
    return Bounded(step, formula, round_up(largest(walk.intervals[-1])))


def _start(r: Recurrence, first: str, start: Coefficient) -> Interval:
    """The range of (f₀/f*)^root, where f₀ is on the target's side of zero."""
    r.require_positive_target()
    r.require_sign()
    sign = r.one if r.target.sign is None else r.target.sign
    found = r.over_regions(start)
    if not r.by_intervals and (found[0] < 0 or r.over_regions(r.initial[first] * sign)[0] < 0):
        raise NoProofError("the iteration does not start on the target's side of zero")
    return found


@dataclass
class _Walk:
    """What enclosed e before the first pass and at the cuts, and at the end."""

    intervals: list[Interval]
    cuts: list[tuple[int, tuple[str, ...]]]
    degrees: list[int]

    def enclose(self, value: flint.fmpq_poly) -> None:
        after = [-c for c in _fractions(value)]
        after[0] += 1
        self.degrees.append(max(value.degree(), 0))
        self.intervals.append(outward(polynomial_range(after, self.intervals[-1])))
        if largest(self.intervals[-1]) > HUGE:
            raise NoProofError(DIVERGES)


def _walked(values: ScalarValues, start: Interval) -> _Walk:
    """Follow the t as polynomials in e; cut wherever only one of them is used again."""
    walk = _Walk([outward(start)], [], [])
    lives = _used_again(values)
    known: dict[str, flint.fmpq_poly] = {LAMBDA: WHOLE}
    passes = 0
    for loop in values.loops:
        known |= _sums(loop.initial, known)
        for number in range(loop.count):
            own = loop.map(number)
            after = _sums(own, known)
            known = {name: one for name, one in known.items() if name not in own} | after
            passes += 1
            names = sorted(lives[passes - 1])
            found = [known.get(name) for name in names]
            last = passes == len(lives)
            if last or None in found or any(one != found[0] for one in found):
                continue
            if found and found[0] is not None and found[0].degree() > 1:
                walk.enclose(found[0])
                walk.cuts.append((passes, tuple(names)))
                known = dict.fromkeys(names, WHOLE)
    result = _sums({"": values.value}, known).get("")
    if result is None:
        raise NoProofError(UNKNOWN)
    walk.enclose(result)
    return walk


def _sums(
    sums: Mapping[str, list[Monomial]], known: Mapping[str, flint.fmpq_poly]
) -> dict[str, flint.fmpq_poly]:
    """The sums whose scalars are all known."""
    found = {}
    for name, monomials in sums.items():
        if _names(monomials) <= known.keys():
            found[name] = exact_sum(monomials, known)
            if found[name].degree() > MAX_DEGREE:
                raise NoProofError("between two cuts the composition has too high a degree")
    return found


def _used_again(values: ScalarValues) -> list[set[str]]:
    """The scalars on which the result depends after each pass, all loops' passes in order."""
    if sum(loop.count for loop in values.loops) > MAX_PASSES:
        raise NoProofError(f"the loops have more than {MAX_PASSES} passes")
    live, found = _names(values.value), []
    for loop in reversed(values.loops):
        for number in reversed(range(loop.count)):
            found.append(live)
            live = _before(loop.map(number), live)
        live = _before(loop.initial, live)
    return found[::-1]


def _before(sums: Mapping[str, list[Monomial]], live: set[str]) -> set[str]:
    read = (_names(sums[name]) for name in live if name in sums)
    return {name for name in live if name not in sums}.union(*read)


def _names(monomials: list[Monomial]) -> set[str]:
    return {name for _, powers in monomials for name in powers}


def _fractions(polynomial: flint.fmpq_poly) -> list[Fraction]:
    found = [Fraction(int(c.p), int(c.q)) for c in polynomial.coeffs()]
    return found or [Fraction(0)]
