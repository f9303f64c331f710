"""The rule ``autonomous``: e ← map(e), free of λ, from e₀ = 1 − start^(1/root) over the spectrum.

f = t·f*, and each ``equal`` scalar g = t·g* with g* = f*·g₀/f₀.  If the recurrence takes t = 1 − e
to 1 − map(e) in all of them, then by induction e after k passes lies in intervals[k].  A scalar
that the loop carries beside them may be a polynomial in e (E = I − A·X is e itself): it begins as
that, and a pass takes it to the same polynomial in map(e).
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import flint

from weightsmith.checker.enclosures import check_chain, check_steps, read_intervals
from weightsmith.checker.problem import Bound, Numbers, Problem
from weightsmith.checker.ranges import Real
from weightsmith.checker.rational import Rational
from weightsmith.checker.recurrence import (
    ERROR,
    only_in,
    polynomial_text,
    reduce_root,
    relative,
)
from weightsmith.checker.refusal import RefusedError, require
from weightsmith.checker.spectral import LAMBDA
from weightsmith.checker.strict_json import as_texts
from weightsmith.checker.targets import FUNCTION

KEYS = ("step", "rule", "error", "equal", "map", "start", "count", "intervals")
OPTIONAL = ("ends", "polynomials")
MAX_DEGREE = 64


def check_autonomous(problem: Problem, step: Mapping[str, object]) -> Bound:
    """Prove the error map and the intervals; the value is the largest |e| of the last one."""
    problem = problem.without_root()
    field, root = problem.field, problem.target.root
    name = problem.read_error(step)
    count = problem.read_count(step)
    start_text, start = polynomial_text(step, "start", field)
    first = problem.recurrence.initial[name]
    only_in(start, LAMBDA, "The start", field)
    require(first**root / problem.power == start, "The start is not (f/f*)^root before the loop.")
    map_text, error_map = polynomial_text(step, "map", field)
    only_in(error_map, ERROR, "The map", field)
    shapes = _check_map(problem, step, name, error_map)
    formulas = _formulas(problem, step, error_map, start, (map_text, start_text, count))
    if problem.numbers is None:
        require(step["intervals"] in (None, []), "There are intervals, but a symbol has no value.")
        return Bound(formulas, None)
    numbers = problem.numbers
    problem.check_positive(problem.power, numbers)
    problem.check_sign(numbers)
    problem.check_not_negative(first, numbers)
    for shape in shapes:
        problem.check_no_pole(shape, numbers)
    return Bound(formulas, _last_error(problem, step, error_map, start, numbers))


def _check_map(
    problem: Problem, step: Mapping[str, object], name: str, error_map: Rational
) -> list[Rational]:
    """Substitute f = (1 − e)·f* (g likewise) in the recurrence; return the ratios g*/f*."""
    field, recurrence = problem.field, problem.recurrence
    equal = as_texts(step["equal"], "equal")
    known = problem.names - {name}
    require(set(equal) <= known, "'equal' names something that is not another carried scalar.")
    require(len(set(equal)) == len(equal), "'equal' names a scalar twice.")
    first = recurrence.initial[name]
    ratios = {name: field.one}
    for other in equal:
        require(not first.is_zero, "The start is zero, so that no scalar can be equal to it.")
        require(not recurrence.initial[other].is_zero, f"'{other}' starts at zero.")
        ratios[other] = recurrence.initial[other] / first
    ratio_of_target = (field.one - field.variable(ERROR)) * field.variable(FUNCTION)
    replaced = {other: ratio_of_target * ratio for other, ratio in ratios.items()}
    polynomials = _read_polynomials(problem, step, frozenset(ratios))
    replaced |= polynomials
    for other, polynomial in polynomials.items():
        problem.check_names(other, frozenset(replaced))
        _check_polynomial(problem, other, polynomial, replaced, error_map)
    for other, ratio in ratios.items():
        problem.check_names(other, frozenset(replaced))
        value = field.substitute(recurrence.following[other], replaced) / ratio
        new = relative(value, problem.target.root, problem.power, field)
        agrees = new == field.one - error_map
        require(agrees, f"A pass takes t of '{other}' to {new!r}, not to 1 - map.")
    return list(ratios.values())


def _read_polynomials(
    problem: Problem, step: Mapping[str, object], others: frozenset[str]
) -> dict[str, Rational]:
    """The carried scalars that are polynomials in e, by name."""
    given = step.get("polynomials", {})
    if not isinstance(given, dict):
        raise RefusedError("'polynomials' is not an object.")
    known = given.keys() <= problem.names - others
    require(known, "'polynomials' names something that is not another carried scalar.")
    found = {}
    for name in given:
        _, value = polynomial_text(given, name, problem.field)
        only_in(value, ERROR, f"The polynomial of '{name}'", problem.field)
        free = problem.field.names_in(value).isdisjoint(problem.recurrence.loop.schedule)
        require(free, f"The polynomial of '{name}' changes from pass to pass.")
        found[name] = value
    return found


def _check_polynomial(
    problem: Problem,
    name: str,
    polynomial: Rational,
    replaced: Mapping[str, Rational],
    error_map: Rational,
) -> None:
    """It begins as the polynomial at e₀ = 1 − start^(1/root); a pass takes it to that of map(e)."""
    field, root = problem.field, problem.target.root
    first = problem.recurrence.initial[problem.error] ** root / problem.power
    at_ratio = field.substitute(polynomial, {ERROR: field.one - field.variable(FUNCTION)})
    begins = reduce_root(at_ratio, root, first, field)
    rational = set(begins) <= {0} and begins.get(0, field.zero) == problem.recurrence.initial[name]
    require(rational, f"'{name}' does not begin as its polynomial.")
    after = field.substitute(problem.recurrence.following[name], replaced)
    reduced = reduce_root(after, root, problem.power, field)
    wanted = field.substitute(polynomial, {ERROR: error_map})
    same = set(reduced) <= {0} and reduced.get(0, field.zero) == wanted
    require(same, f"A pass does not take '{name}' to its polynomial.")


def _last_error(
    problem: Problem,
    step: Mapping[str, object],
    error_map: Rational,
    start: Rational,
    numbers: Numbers,
) -> Real:
    intervals = read_intervals(step["intervals"])
    errors = [
        value.map(lambda exact: 1 - exact, lambda ball: 1 - ball)
        for value in problem.roots(start, problem.target.root, numbers)
    ]
    if problem.recurrence.loop.schedule:
        passes = problem.numbers_of_passes(numbers)
        check_steps(intervals, errors, [_polynomial(problem, error_map, one) for one in passes])
    else:
        polynomial = _polynomial(problem, error_map, numbers)
        check_chain(intervals, errors, polynomial, problem.count(numbers))
    return Real.of(max(abs(Fraction(end)) for end in intervals[-1]))


def _polynomial(problem: Problem, error_map: Rational, numbers: Numbers) -> flint.fmpq_poly:
    polynomial = problem.polynomial(error_map, ERROR, numbers)
    require(polynomial.degree() <= MAX_DEGREE, "The map has too high a degree.")
    return polynomial


def _formulas(
    problem: Problem,
    step: Mapping[str, object],
    error_map: Rational,
    start: Rational,
    texts: tuple[str, str, str],
) -> tuple[str, ...]:
    """By the ends of the spectrum where map = e^n and e₀ is linear in λ; else the iteration."""
    map_text, start_text, count = texts
    root = problem.target.root
    schedule = problem.recurrence.loop.schedule
    if schedule:
        require("ends" not in step, "'ends' are given, but the map changes from pass to pass.")
        names = ", ".join(sorted(schedule))
        return (f"iterate(e -> {map_text}, for {names}, 1 - ({start_text})^(1/{root}))",)
    if step.get("ends") is None:
        return (f"iterate(e -> {map_text}, {count}, 1 - ({start_text})^(1/{root}))",)
    powers = problem.field.coefficients(error_map, ERROR)
    single = len(powers) == 1 and all(factor.is_one for factor in powers.values())
    require(single and root == 1, "'ends' are given, but the map is not a power of e.")
    low, high = problem.check_ends(step, "ends", problem.field.one - start)
    (exponent,) = powers
    return (f"max(abs({low}), abs({high}))^({exponent}^({count}))",)
