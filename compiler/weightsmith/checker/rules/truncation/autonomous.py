"""The rule ``autonomous``: e ← map(e), free of λ, from e₀ = 1 − ratio^(1/root) over the spectrum.

Here ratio is (f₀/f*)^root = f₀^root/power, and f₀ is the ``start`` of the fact ``recurrence``.

Hypotheses: f is one iterate of one loop, and ratio is a polynomial in λ.  With root 1 the power has
no zero and no pole on the spectrum, of two intervals on neither.  With a root above 1 the power is
positive on all of [low, high], and f₀/f* ≥ 0 on the spectrum.

Witness: ``equal``, other scalars g of the loop that keep a fixed ratio to f; ``polynomials``, those
that are a polynomial q(e) (E = I − A·X is e itself), as texts, absent if there are none.

Follows: write s for f*, f = (1 − e)·s and g = (1 − e)·s·g₀/f₀.  If a pass, reduced by s^root =
power, takes f to (1 − map(e))·s with a map free of λ, and each g of ``equal`` to (1 −
map(e))·s·g₀/f₀, and if each scalar of ``polynomials`` begins as q(e₀) and goes to q(map(e)), then e
after k passes is the k-th iterate of map at e₀.  Intervals that enclose the iterates are derived,
rounded outward; the bound is the largest |e| of the last one.  If map = e^n and e₀ is linear in λ
the formula is max(abs(e₀ at low), abs(e₀ at high))^(n^(count)).

Example: in newton_inverse f* is 1/λ, with root 1 and power 1/λ, and f₀ = 2/(mu + L); ratio is
2λ/(mu + L).  A pass takes f to 2f − λf², so (1 − e)·s to 2(1 − e)·s − λ(1 − e)²·s².  With s = 1/λ
that is (1 − e²)·s: the map is e².  e₀ = 1 − 2λ/(mu + L) is linear, its largest size is at an end.
So |e| ≤ ((L − mu)/(L + mu))^(2^steps) after the last pass.  1/λ has no pole: at the
bindings mu > 0.

Proof: at each λ, by induction over the passes.  The reduction uses f*^root = power alone, which is
true of f* at every λ of the spectrum, and f* ≠ 0 there.  At first t = f₀/f* has t^root = ratio and
t ≥ 0, so t = ratio^(1/root); for root 1 it is ratio, whatever the sign of f*.  The first interval
holds e₀ at all λ, each further one what map makes of the one before, so it holds e after as many
passes; one that contains its own image contains all later iterates.  A loop whose numbers change
from pass to pass has the map of each pass, with its numbers.

Numbers: the degree of the map and the number of intervals are limited for speed.  The 64 bits and
2^-1000 of the intervals cost tightness alone: every end is rounded outward.
"""

from __future__ import annotations

from collections.abc import Mapping

import flint

from weightsmith.checker.algebra.rational import Rational
from weightsmith.checker.algebra.rational_text import rational_text
from weightsmith.checker.balls.enclosures import followed, iterated, size
from weightsmith.checker.balls.ranges import Real
from weightsmith.checker.facts.fact import Bound
from weightsmith.checker.reading.refusal import RefusedError, require
from weightsmith.checker.reading.scalar_text import read_scalar
from weightsmith.checker.reading.strict_json import as_texts
from weightsmith.checker.spectra.problem import Numbers, Problem
from weightsmith.checker.spectra.recurrence import ERROR, only_in, reduce_root, relative
from weightsmith.checker.spectra.spectral import LAMBDA
from weightsmith.checker.spectra.spectral_rule import IterateRule
from weightsmith.checker.spectra.targets import FUNCTION

MAX_DEGREE = 64
Ratios = Mapping[str, Rational]


def derive_autonomous(problem: Problem, witness: Mapping[str, object]) -> Bound:
    """The error map, and how large an error it leaves.

    The witness names the ``equal`` scalars and, as texts, those that are ``polynomials`` in e.
    """
    problem = problem.without_root()
    field, root, name = problem.field, problem.target.root, problem.error
    first = problem.recurrence.initial[name]
    start = first**root / problem.power
    require(not first.is_zero, "The start is zero.")
    only_in(start, LAMBDA, "The start", field)
    ratios = _ratios(problem, as_texts(witness["equal"], "equal"))
    polynomials = _read_polynomials(problem, witness, frozenset(ratios))
    error_map = _error_map(problem, ratios, polynomials)
    formula, way = _formula(problem, error_map, start), (_way(problem, error_map, start),)
    if problem.numbers is None:
        return Bound(formula, None, way)
    numbers = problem.numbers
    problem.check_positive(problem.power, numbers)
    problem.check_sign(numbers)
    problem.check_not_negative(first, numbers)
    for ratio in ratios.values():
        problem.check_no_pole(ratio, numbers)
    return Bound(formula, _last_error(problem, error_map, start, numbers), way)


def _ratios(problem: Problem, equal: tuple[str, ...]) -> Ratios:
    """g*/f* of f and of every equal scalar."""
    initial = problem.recurrence.initial
    known = problem.names - {problem.error}
    require(set(equal) <= known, "'equal' names something that is not another carried scalar.")
    require(len(set(equal)) == len(equal), "'equal' names a scalar twice.")
    for other in equal:
        require(not initial[other].is_zero, f"'{other}' starts at zero.")
    first = initial[problem.error]
    return {problem.error: problem.field.one, **{other: initial[other] / first for other in equal}}


def _read_polynomials(
    problem: Problem, witness: Mapping[str, object], others: frozenset[str]
) -> dict[str, Rational]:
    """The carried scalars that are polynomials in e, by name."""
    given = witness.get("polynomials", {})
    if not isinstance(given, dict):
        raise RefusedError("'polynomials' is not an object.")
    known = given.keys() <= problem.names - others
    require(known, "'polynomials' names something that is not another carried scalar.")
    found = {}
    for name, text in given.items():
        value = problem.field.read(read_scalar(text, name))
        only_in(value, ERROR, f"The polynomial of '{name}'", problem.field)
        free = problem.field.names_in(value).isdisjoint(problem.recurrence.loop.schedule)
        require(free, f"The polynomial of '{name}' changes from pass to pass.")
        found[name] = value
    return found


def _error_map(problem: Problem, ratios: Ratios, polynomials: Ratios) -> Rational:
    """What a pass makes of e, the same by f and every equal scalar: (1 − e)·f* in place of f."""
    field, recurrence = problem.field, problem.recurrence
    ratio_of_target = (field.one - field.variable(ERROR)) * field.variable(FUNCTION)
    replaced = {other: ratio_of_target * ratio for other, ratio in ratios.items()}
    replaced |= polynomials
    found: Rational | None = None
    for other, ratio in ratios.items():
        problem.check_names(other, frozenset(replaced))
        value = field.substitute(recurrence.following[other], replaced) / ratio
        new = field.one - relative(value, problem.target.root, problem.power, field)
        require(found is None or new == found, f"A pass does not take '{other}' as the others.")
        found = new
    if found is None:
        raise RefusedError("There is no scalar.")
    free = field.names_in(found).isdisjoint({LAMBDA, *problem.names})
    require(free, "What a pass makes of the error depends on more than the error.")
    only_in(found, ERROR, "The map", field)
    for other, polynomial in polynomials.items():
        problem.check_names(other, frozenset(replaced))
        _check_polynomial(problem, other, polynomial, replaced, found)
    return found


def _check_polynomial(
    problem: Problem,
    name: str,
    polynomial: Rational,
    replaced: Ratios,
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


def _last_error(problem: Problem, error_map: Rational, start: Rational, numbers: Numbers) -> Real:
    errors = [
        value.map(lambda exact: 1 - exact, lambda ball: 1 - ball)
        for value in problem.roots(start, problem.target.root, numbers)
    ]
    if problem.recurrence.loop.schedule:
        passes = problem.numbers_of_passes(numbers)
        intervals = followed([_polynomial(problem, error_map, one) for one in passes], errors)
    else:
        polynomial = _polynomial(problem, error_map, numbers)
        intervals = iterated(polynomial, errors, problem.count(numbers))
    return Real.of(size(intervals[-1]))


def _polynomial(problem: Problem, error_map: Rational, numbers: Numbers) -> flint.fmpq_poly:
    polynomial = problem.polynomial(error_map, ERROR, numbers)
    require(polynomial.degree() <= MAX_DEGREE, "The map has too high a degree.")
    return polynomial


def _way(problem: Problem, error_map: Rational, start: Rational) -> str:
    """The recurrence of the error, in words."""
    root, begin = problem.target.root, rational_text(problem.field.one - start)
    begin = begin if root == 1 else f"1 - ({rational_text(start)})^(1/{root})"
    return f"e = 1 - f/f* begins as {begin}, and a pass makes it {rational_text(error_map)}."


def _formula(problem: Problem, error_map: Rational, start: Rational) -> str:
    """By the ends of the spectrum where map = e^n and e₀ is linear in λ; else the iteration."""
    field, root, count = problem.field, problem.target.root, problem.count_text
    schedule = problem.recurrence.loop.schedule
    powers = field.coefficients(error_map, ERROR)
    single = len(powers) == 1 and all(factor.is_one for factor in powers.values())
    if single and root == 1 and not schedule and problem.degree(start) == 1:
        (exponent,) = powers
        low, high = problem.at_ends(field.one - start)
        return f"max(abs({low}), abs({high}))^({exponent}^({count}))"
    passes = f"for {', '.join(sorted(schedule))}" if schedule else count
    begin = f"1 - ({rational_text(start)})^(1/{root})"
    return f"iterate(e -> {rational_text(error_map)}, {passes}, {begin})"


RULE = IterateRule(
    "autonomous",
    derive_autonomous,
    keys=("equal",),
    optional=("polynomials",),
    for_schedules=True,
    for_signs=True,
)
