"""Scalar maps read as linear recurrences: s ← C(λ)s + b(λ), and the kinds that reduce to one."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import comb

from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.compiler.certify.spectra.spectral import LAMBDA, FittingError, NoProofError
from weightsmith.compiler.ir.coefficients import Coefficient, denominator_names
from weightsmith.compiler.restructure.recurrences.operators import ScalarLoop

MOST_COUPLED = 4  # values of one recurrence; more go as block matrices
LARGEST = 20_000  # the largest power of the operator's step that is followed
Series = dict[int, Coefficient]  # a polynomial in λ: power -> coefficient, no zeros
Linear = dict[str, Series]  # Σ name · series; the name "" is the constant part


@dataclass(frozen=True)
class System:
    """s_count, where s ← C(λ)s + b(λ) from s₀: one row a name."""

    names: tuple[str, ...]
    matrix: tuple[tuple[Series, ...], ...]
    constant: tuple[Series, ...]
    initial: tuple[Series, ...]
    count: int


def linear_parts(value: Coefficient, loop: ScalarLoop) -> Linear:
    """Write a scalar as Σ name · (polynomial in λ).  Raises NoProofError if it is not linear."""
    field, names = loop.scalars.field, tuple(loop.names)
    if denominator_names(value) & {*names, LAMBDA}:
        raise NoProofError("a value has the operator in a denominator")
    found: Linear = {}
    for (power, *used), term in field.parts(value, (LAMBDA, *names)).items():
        if sum(used) > 1:
            raise FittingError("the step is not affine in the values that the loop carries")
        name = names[used.index(1)] if any(used) else ""
        found.setdefault(name, {})[power] = term
    return found


def read_system(loop: ScalarLoop, wanted: set[str], count: int) -> System:
    """The recurrence on which the wanted scalars depend.  Raises NoProofError if there is none."""
    powered = _powered(loop, wanted, count)
    if powered is not None:
        return powered
    names = _closure(loop, wanted)
    if len(names) > MOST_COUPLED:
        raise NoProofError(f"{len(names)} values are coupled, more than {MOST_COUPLED}")
    rows = [linear_parts(loop.next[name], loop) for name in names]
    starts = [linear_parts(loop.initial[name], loop) for name in names]
    return System(
        names,
        tuple(tuple(row.get(name, {}) for name in names) for row in rows),
        tuple(row.get("", {}) for row in rows),
        tuple(start.get("", {}) for start in starts),
        count,
    )


def _closure(loop: ScalarLoop, wanted: set[str]) -> tuple[str, ...]:
    found = set(wanted)
    while True:
        used = {n for name in found for n in loop.next[name].names}
        larger = found | (used & set(loop.names))
        if larger == found:
            return tuple(name for name in loop.names if name in found)
        found = larger


def _powered(loop: ScalarLoop, wanted: set[str], count: int) -> System | None:
    """Newton–Schulz and repeated powers: x·Σ_{j<m^k} e^j, or e^(m^k), with e ← e^m.

    x ← x·Σ_{j<m} e^j where e is carried too, or e = 1 − θx:  1 − θ·next(x) = (1 − θx)^m.
    """
    if len(wanted) != 1:
        return None
    (name,) = wanted
    after = loop.next[name]
    names, field = tuple(loop.names), loop.scalars.field
    if denominator_names(after) & set(names):
        return None
    degree = max(map(sum, field.parts(after, names)), default=0)
    if degree < 2:
        return None
    one, x = loop.scalars.field.one, loop.scalars.symbol(name)
    if after == x**degree:
        return _power_system(loop, name, loop.initial[name], None, degree, count)
    theta = _newton_factor(loop, name, degree)
    if theta is not None:
        error = one - theta * loop.initial[name]
        return _power_system(loop, name, error, loop.initial[name], degree, count)
    for other in loop.names:
        e = loop.scalars.symbol(other)
        if other != name and loop.next[other] == e**degree:
            total = loop.scalars.field.sum(e**j for j in range(degree))
            if after == x * total:
                start = loop.initial[name]
                return _power_system(loop, name, loop.initial[other], start, degree, count)
    return None


def _newton_factor(loop: ScalarLoop, name: str, degree: int) -> Coefficient | None:
    """θ with 1 − θ·next = (1 − θx)^m, if there is one."""
    after, x, field = loop.next[name], loop.scalars.symbol(name), loop.scalars.field
    if after.names & (set(loop.names) - {name}):
        return None
    square = field.coefficients(after, name).get(2, field.zero)
    theta = -square / field.number(comb(degree, 2))
    one = field.one
    return theta if one - theta * after == (one - theta * x) ** degree else None


def _power_system(
    loop: ScalarLoop,
    name: str,
    step: Coefficient,
    start: Coefficient | None,
    degree: int,
    count: int,
) -> System:
    """Σ_{j < m^count} step^j · start, or step^(m^count) if there is no start."""
    if count > LARGEST.bit_length() or degree**count > LARGEST:
        raise FittingError(f"it raises to the power {degree}^{count}, which is too large")
    total = degree**count
    base = linear_parts(step, loop).get("", {})
    if start is None:
        one: Series = {0: loop.scalars.field.one}
        return System((name,), ((base,),), ({},), (one,), total)
    first = linear_parts(start, loop).get("", {})
    return System((name,), ((base,),), (first,), ({},), total)


def number_of(value: Coefficient, bindings: dict[str, Fraction]) -> Fraction | None:
    """The value at the bindings, None if a symbol has no value or the denominator vanishes."""
    try:
        return value.field.evaluate(value, bindings)
    except RefusedError:
        return None
