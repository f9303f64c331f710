"""The rule ``contraction``: e ← multiplier·e, with a multiplier in λ or in an auxiliary scalar.

Without auxiliary |e| ≤ (max |multiplier|)^count · max |e₀| over the spectrum.  With one, u is the
carried scalar divided by power^(1/root), u ← map(u) is free of λ and enclosed by intervals, and
|e| ≤ Π_k max_{u ∈ intervals[k]} |multiplier(u)| · max |e₀|.  Of a square root either sign will do,
at every λ the one with which u₀ ≥ 0: the recurrences hold for both.
"""

from __future__ import annotations

from collections.abc import Mapping

from weightsmith.checker.enclosures import check_chain, read_intervals
from weightsmith.checker.problem import Bound, Numbers, Problem, product_of_powers
from weightsmith.checker.ranges import Real, extremes, largest
from weightsmith.checker.rational import Rational
from weightsmith.checker.recurrence import ERROR, only_in, polynomial_text, reduce_root, relative
from weightsmith.checker.refusal import quoted, require
from weightsmith.checker.spectral import LAMBDA
from weightsmith.checker.strict_json import as_integer, as_object, as_text
from weightsmith.checker.targets import FUNCTION

KEYS = ("step", "rule", "error", "multiplier", "start", "count", "auxiliary")
OPTIONAL = ("ends", "start_ends")
AUXILIARY_KEYS = ("name", "root", "power", "start", "map", "intervals")


def check_contraction(problem: Problem, step: Mapping[str, object]) -> Bound:
    """Prove the linear error recurrence and its start."""
    field = problem.field
    name = problem.read_error(step)
    problem.read_count(step)
    require(problem.target.root == 1, "A contraction needs a target without a root.")
    start = polynomial_text(step, "start", field)[1]
    only_in(start, LAMBDA, "The start", field)
    first = problem.recurrence.initial[name]
    require(field.one - first / problem.power == start, "The start is not 1 - f/f*.")
    if step["auxiliary"] is None:
        return _in_lambda(problem, step, name, start)
    return _in_auxiliary(problem, step, name, start)


def _error_substitution(problem: Problem) -> Rational:
    """f = f*·(1 − e) with f* rational."""
    return problem.power * (problem.field.one - problem.field.variable(ERROR))


def _in_lambda(problem: Problem, step: Mapping[str, object], name: str, start: Rational) -> Bound:
    field = problem.field
    text, multiplier = polynomial_text(step, "multiplier", field)
    only_in(multiplier, LAMBDA, "The multiplier", field)
    value = field.substitute(
        problem.recurrence.following[name], {name: _error_substitution(problem)}
    )
    error = field.one - value / problem.power
    good = error == multiplier * field.variable(ERROR)
    require(good, f"A pass takes the error to {error!r}, not to multiplier·e.")
    formulas = _formulas(problem, step, (text, multiplier), start)
    if problem.numbers is None:
        return Bound(formulas, None)
    numbers = problem.numbers
    problem.check_positive(problem.power, numbers)
    factors = [
        (problem.largest_size(multiplier, numbers), problem.count(numbers)),
        (problem.largest_size(start, numbers), 1),
    ]
    return Bound(formulas, product_of_powers(factors))


def _formulas(
    problem: Problem,
    step: Mapping[str, object],
    multiplier: tuple[str, Rational],
    start: Rational,
) -> tuple[str, ...]:
    """By the ends of the spectrum where both are linear in λ; by sup otherwise."""
    count, start_text = as_text(step["count"], "count"), as_text(step["start"], "start")
    if step.get("ends") is None:
        require(step.get("start_ends") is None, "'start_ends' are given without 'ends'.")
        base = f"sup(abs({multiplier[0]}))^({count})"
        full = f"{base}*sup(abs({start_text}))"
        return (full, base) if start.is_one else (full,)
    low, high = problem.check_ends(step, "ends", multiplier[1])
    formula = f"max(abs({low}), abs({high}))^({count})"
    if step.get("start_ends") is None:
        require(start.is_one, "The start is not 1, so that 'start_ends' are needed.")
        return (formula,)
    require(not start.is_one, "The start is 1, so that 'start_ends' are not needed.")
    first, last = problem.check_ends(step, "start_ends", start)
    return (f"{formula}*max(abs({first}), abs({last}))",)


def _in_auxiliary(
    problem: Problem, step: Mapping[str, object], name: str, start: Rational
) -> Bound:
    field = problem.field
    require(not any(step.get(key) for key in OPTIONAL), "Ends are given beside an auxiliary.")
    parts = as_object(step["auxiliary"], "auxiliary", AUXILIARY_KEYS)
    other = as_text(parts["name"], "the auxiliary's name")
    known = other in problem.names and other != name
    require(known, f"The auxiliary {quoted(other)} is not another carried scalar.")
    text, multiplier = polynomial_text(step, "multiplier", field)
    only_in(multiplier, other, "The multiplier", field)
    root, power = _check_auxiliary(problem, parts, other)
    _check_error(problem, name, other, multiplier, (root, power))
    map_text, auxiliary_map = polynomial_text(parts, "map", field)
    count, start_text = as_text(step["count"], "count"), as_text(step["start"], "start")
    formula = f"product(sup(abs({text})), {other} -> {map_text}, {count})"
    formula += "" if start.is_one else f"*sup(abs({start_text}))"
    if problem.numbers is None:
        require(parts["intervals"] in (None, []), "There are intervals, but a symbol has no value.")
        return Bound((formula,), None)
    numbers = problem.numbers
    problem.check_positive(problem.power, numbers)
    problem.check_positive(power, numbers)
    factors = _factors(problem, parts, (other, root), (auxiliary_map, multiplier), numbers)
    factors.append((problem.largest_size(start, numbers), 1))
    return Bound((formula,), product_of_powers(factors))


def _check_auxiliary(
    problem: Problem, parts: Mapping[str, object], other: str
) -> tuple[int, Rational]:
    """u₀^root = start, and u ← map(u) where u·power^(1/root) is the carried scalar."""
    field = problem.field
    root = as_integer(parts["root"], "the auxiliary's root")
    require(root in (1, 2), "The auxiliary's root must be 1 or 2.")
    power = polynomial_text(parts, "power", field)[1]
    used = field.names_in(power) & set(field.variables)
    require(used <= {LAMBDA} and not power.is_zero, "The auxiliary's power is not of lambda.")
    start = polynomial_text(parts, "start", field)[1]
    only_in(start, LAMBDA, "The auxiliary's start", field)
    first = problem.recurrence.initial[other]
    require(first**root / power == start, "The auxiliary's start is not its scalar^root / power.")
    new_map = polynomial_text(parts, "map", field)[1]
    only_in(new_map, other, "The auxiliary's map", field)
    scaled = field.variable(other) * field.variable(FUNCTION)
    value = field.substitute(problem.recurrence.following[other], {other: scaled})
    agrees = relative(value, root, power, field) == new_map
    require(agrees, f"The recurrence of '{other}' is not the auxiliary's map.")
    return root, power


def _check_error(
    problem: Problem, name: str, other: str, multiplier: Rational, scale: tuple[int, Rational]
) -> None:
    field = problem.field
    scaled = field.variable(other) * field.variable(FUNCTION)
    value = field.substitute(
        problem.recurrence.following[name],
        {name: _error_substitution(problem), other: scaled},
    )
    reduced = reduce_root(value, *scale, field)
    require(set(reduced) <= {0}, "The recurrence mixes powers of the auxiliary's root.")
    error = field.one - reduced.get(0, field.zero) / problem.power
    good = error == multiplier * field.variable(ERROR)
    require(good, f"A pass takes the error to {error!r}, not to multiplier·e.")


def _factors(
    problem: Problem,
    parts: Mapping[str, object],
    auxiliary: tuple[str, int],
    polynomials: tuple[Rational, Rational],
    numbers: Numbers,
) -> list[tuple[Real, int]]:
    """max |multiplier| over each interval, the last one as often as passes are left."""
    name, root = auxiliary
    step, multiplier = (problem.polynomial(value, name, numbers) for value in polynomials)
    start = polynomial_text(parts, "start", problem.field)[1]
    intervals = read_intervals(parts["intervals"])
    count = problem.count(numbers)
    passes = count if len(intervals) > count else count - 1
    check_chain(intervals, problem.roots(start, root, numbers), step, passes)
    used = intervals[:count]
    factors = [
        (largest([abs(value) for value in extremes(multiplier, interval)]), 1) for interval in used
    ]
    if count > len(used):
        factors[-1] = (factors[-1][0], 1 + count - len(used))
    return factors
