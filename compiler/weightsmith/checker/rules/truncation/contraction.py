"""The rule ``contraction``: e ← multiplier·e, with a multiplier in λ or in an auxiliary scalar.

Hypotheses: f is one iterate of one loop without numbers of its own for each pass; f* is a rational
function of λ (root 1), positive on [low, high]; e₀ = 1 − f₀/f* is a polynomial in λ.

Witness: none.

Follows: put f = f*·(1 − e) into a pass; 1 − f/f* afterwards is multiplier·e.  If the multiplier is
a polynomial in λ, then |e| ≤ (max |multiplier|)^count · max |e₀| over the spectrum.  If the pass
uses one other scalar, u = that scalar divided by √(1/λ), and if u ← map(u) and the multiplier are
polynomials in u, free of λ, then u is enclosed by intervals I_k, I₀ the square roots of u₀²·λ, and
|e| ≤ Π_{k < count} max_{u ∈ I_k} |multiplier(u)| · max |e₀|.

Proof: at each λ the factors multiply.  Of the square root either sign will do, at every λ the one
with which u₀ ≥ 0: the recurrences hold for both, since they are reduced by (√(1/λ))² = 1/λ alone.

Numbers: maxima of polynomials are taken at isolated critical points, exactly or in balls; the
intervals are rounded outward.  No number touches soundness.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from weightsmith.checker.algebra.rational import Rational
from weightsmith.checker.algebra.rational_text import rational_text
from weightsmith.checker.balls.enclosures import iterated
from weightsmith.checker.balls.ranges import Real, extremes, largest
from weightsmith.checker.facts.fact import Bound
from weightsmith.checker.reading.refusal import require
from weightsmith.checker.spectra.problem import Numbers, Problem, product_of_powers
from weightsmith.checker.spectra.recurrence import ERROR, only_in, reduce_root, relative
from weightsmith.checker.spectra.spectral import LAMBDA
from weightsmith.checker.spectra.spectral_rule import IterateRule
from weightsmith.checker.spectra.targets import FUNCTION

ROOT = 2  # of the auxiliary's power 1/λ


def derive_contraction(problem: Problem, witness: Mapping[str, object]) -> Bound:
    """The linear error recurrence and its start.  There is no witness."""
    field, name = problem.field, problem.error
    require(problem.target.root == 1, "A contraction needs a target without a root.")
    start = field.one - problem.recurrence.initial[name] / problem.power
    only_in(start, LAMBDA, "The start", field)
    used = field.names_in(problem.recurrence.following[name]) & problem.names - {name}
    if not used:
        return _in_lambda(problem, start)
    require(len(used) == 1, "The multiplier depends on several carried scalars.")
    return _in_auxiliary(problem, start, *used)


def _multiplier(problem: Problem, new: Rational) -> Rational:
    """m with 1 − new/f* = m·e."""
    field = problem.field
    multiplier = (field.one - new / problem.power) / field.variable(ERROR)
    linear = ERROR not in field.names_in(multiplier)
    require(linear, "A pass does not take the error to a multiple of itself.")
    return multiplier


def _error_substitution(problem: Problem) -> Rational:
    """f = f*·(1 − e) with f* rational."""
    return problem.power * (problem.field.one - problem.field.variable(ERROR))


def _in_lambda(problem: Problem, start: Rational) -> Bound:
    field, name = problem.field, problem.error
    put = {name: _error_substitution(problem)}
    multiplier = _multiplier(problem, field.substitute(problem.recurrence.following[name], put))
    only_in(multiplier, LAMBDA, "The multiplier", field)
    formula = _formula(problem, multiplier, start)
    begin, factor = rational_text(start), rational_text(multiplier)
    way = (f"e = 1 - f/f* begins as {begin}, and a pass multiplies it by {factor}.",)
    if problem.numbers is None:
        return Bound(formula, None, way)
    numbers = problem.numbers
    problem.check_positive(problem.power, numbers)
    factors = [
        (problem.largest_size(multiplier, numbers), problem.count(numbers)),
        (problem.largest_size(start, numbers), 1),
    ]
    return Bound(formula, product_of_powers(factors), way)


def _formula(problem: Problem, multiplier: Rational, start: Rational) -> str:
    """By the ends of the spectrum where both are linear in λ; by sup otherwise."""
    linear = problem.degree(multiplier) <= 1 and problem.degree(start) <= 1

    def largest_size(value: Rational) -> str:
        if not linear:
            return f"sup(abs({rational_text(value)}))"
        low, high = problem.at_ends(value)
        return f"max(abs({low}), abs({high}))"

    formula = f"{largest_size(multiplier)}^({problem.count_text})"
    return formula if start.is_one else f"{formula}*{largest_size(start)}"


@dataclass(frozen=True, slots=True)
class _Auxiliary:
    """u = scalar·√λ, from u₀² = ``start``, by u ← ``map``; e ← ``multiplier``(u)·e."""

    name: str
    start: Rational
    map: Rational
    multiplier: Rational


def _in_auxiliary(problem: Problem, start: Rational, name: str) -> Bound:
    auxiliary = _auxiliary(problem, name)
    multiplier, change = (rational_text(one) for one in (auxiliary.multiplier, auxiliary.map))
    formula = f"product(sup(abs({multiplier})), {name} -> {change}, {problem.count_text})"
    formula += "" if start.is_one else f"*sup(abs({rational_text(start)}))"
    if problem.numbers is None:
        return Bound(formula, None)
    numbers = problem.numbers
    problem.check_positive(problem.power, numbers)
    problem.check_positive(problem.field.variable(LAMBDA).inverse(), numbers)
    factors = _factors(problem, auxiliary, numbers)
    factors.append((problem.largest_size(start, numbers), 1))
    return Bound(formula, product_of_powers(factors))


def _auxiliary(problem: Problem, name: str) -> _Auxiliary:
    field, recurrence = problem.field, problem.recurrence
    power = field.variable(LAMBDA).inverse()
    start = recurrence.initial[name] ** ROOT / power
    only_in(start, LAMBDA, "The auxiliary's start", field)
    scaled = field.variable(name) * field.variable(FUNCTION)
    change = relative(
        field.substitute(recurrence.following[name], {name: scaled}), ROOT, power, field
    )
    only_in(change, name, "The auxiliary's map", field)
    put = {problem.error: _error_substitution(problem), name: scaled}
    reduced = reduce_root(
        field.substitute(recurrence.following[problem.error], put), ROOT, power, field
    )
    require(set(reduced) <= {0}, "The recurrence mixes powers of the auxiliary's root.")
    multiplier = _multiplier(problem, reduced.get(0, field.zero))
    only_in(multiplier, name, "The multiplier", field)
    return _Auxiliary(name, start, change, multiplier)


def _factors(problem: Problem, auxiliary: _Auxiliary, numbers: Numbers) -> list[tuple[Real, int]]:
    """max |multiplier| over each interval, the last one as often as passes are left."""
    step, multiplier = (
        problem.polynomial(value, auxiliary.name, numbers)
        for value in (auxiliary.map, auxiliary.multiplier)
    )
    count = problem.count(numbers)
    if not count:
        return []
    used = iterated(step, problem.roots(auxiliary.start, ROOT, numbers), count - 1)
    factors = [
        (largest([abs(value) for value in extremes(multiplier, interval)]), 1) for interval in used
    ]
    factors[-1] = (factors[-1][0], 1 + count - len(used))
    return factors


RULE = IterateRule("contraction", derive_contraction)
