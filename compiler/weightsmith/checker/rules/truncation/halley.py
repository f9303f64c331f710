"""The rule ``halley``: rational iterations whose inverse is an inexact Newton–Schulz solve.

Halley's iteration for a polar factor or a sign is X ← X·(3I + X'X)·(I + 3X'X)⁻¹, which is
t ← h(t) = t·(3 + t²)/(1 + 3t²) at every singular value.  A network has no inverse: in its place
stands G, what some passes of G ← 2G − G·(I + 3X'X)·G leave.

Hypotheses: f is one iterate of a loop with one loop in it, whose scalar is g, or g·f*.  In terms of
e, f = (1 − e)·f*, all free of λ: the inner loop begins with a polynomial g₀; with a polynomial m
and a whole number p ≥ 2 its pass is g ← (1 − (1 − m·g)^p)/m (p = 2: g ← 2g − m·g²); the outer pass
is f ← (a + b·g)·f* with polynomials a and b.  Every other scalar of the outer loop is (1 − e)·f*
times its own start over that of f.  The inner loop may carry 1 − m·g beside g, which begins as that
and is that after a pass.  m has no zero on any I_k below.  What is said of f* and of ratio in
the rule ``autonomous`` holds here too.

Witness: none; m is −2·c₂/(p² − p), with c₂ the coefficient of g² in the inner pass.

Follows: let r = 1 − m·g, r₀ = 1 − m·g₀, E = (m·(1 − a) − b)/m and K = b/m.  I₀ encloses
e₀ = 1 − ratio^(1/root) over the spectrum.  R_k encloses the values of r₀ on I_k, and what as many
maps r ← r^p as the inner loop has passes make of them.  I_{k+1} encloses E(e) + K(e)·r for e in I_k
and r in R_k.  The bound is the largest |e| in I_count.  In a ``for`` loop the numbers of the k-th
pass stand in a, b, m, g₀ and in the count of the inner loop.

Proof: at each λ of the spectrum, by induction over the passes.  An inner pass takes r to
1 − m·(1 − r^p)/m = r^p, and m does not change in the inner loop: so r = r₀^(p^passes) at its end,
also after no pass.  Since m is not 0, g = (1 − r)/m, so the new e is 1 − a − b·(1 − r)/m, which is
E + K·r.  At each e this is linear in r: it lies between its values at the ends of R_k, of which the
extremes over I_k are taken.  For Halley's iteration E = e³/m and K = h(t): an exact solve leaves
the order three, an inexact one adds h(t)·r.  No sign of t is needed, and r₀ may be anything: where
it is not below 1 in size, the intervals grow.  (Y. Nakatsukasa, Z. Bai, F. Gygi, Optimizing
Halley's iteration for computing the matrix polar decomposition, SIAM J. Matrix Anal. Appl. 31,
2010; N. Higham, Functions of Matrices, 2008, chapter 5 for the sign and its Padé iterations,
chapter 8 for polar factors.)

Numbers: extremes are taken at isolated critical points; intervals are rounded outward.  That r and
e belong to one λ is not used: the bound is the largest error itself where both grow with e, as with
t ≤ 1, m·g₀ ≤ 1, and it was at most twice that elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import flint

from weightsmith.checker.algebra.rational import Rational
from weightsmith.checker.algebra.rational_text import rational_text
from weightsmith.checker.balls.enclosures import iterated, iterated_map, outward, size
from weightsmith.checker.balls.ranges import (
    Interval,
    Real,
    extremes,
    extremes_of_quotient,
    rational,
)
from weightsmith.checker.facts.fact import Bound
from weightsmith.checker.reading.refusal import RefusedError, require, spend
from weightsmith.checker.reading.scalar_text import count_at
from weightsmith.checker.semantics.meaning import Loop
from weightsmith.checker.spectra.problem import Numbers, Problem
from weightsmith.checker.spectra.recurrence import ERROR, Recurrence, only_in, reduce_root
from weightsmith.checker.spectra.spectral import LAMBDA
from weightsmith.checker.spectra.spectral_rule import IterateRule
from weightsmith.checker.spectra.targets import FUNCTION
from weightsmith.dsl.numbers.scalars import to_text

MAX_POWER = 9
Scalars = Mapping[str, Rational]


@dataclass(frozen=True, slots=True)
class _Solve:
    """The inner loop in terms of e: g begins as g₀, and passes of order p solve m·g = 1.

    ``of_target``: the script's scalar is g·f*.
    """

    loop: Loop
    name: str
    of_target: bool
    start: Rational
    following: Rational
    matrix: Rational
    order: int


@dataclass(frozen=True, slots=True)
class _Pass:
    """A pass of the outer loop: f ← (constant + factor·g)·f*."""

    constant: Rational
    factor: Rational


def derive_halley(problem: Problem, witness: Mapping[str, object]) -> Bound:
    """What the passes of both loops make of e.  There is no witness."""
    problem = problem.without_root()
    initial, name = problem.recurrence.initial, problem.error
    require(not initial[name].is_zero, "The start is zero.")
    start = initial[name] ** problem.target.root / problem.power
    only_in(start, LAMBDA, "The start", problem.field)
    ratios = {other: value / initial[name] for other, value in initial.items()}
    put = _in_terms_of_e(problem, ratios)
    solve = _read_solve(problem, put)
    change = _read_pass(problem, ratios, put, solve)
    formula = _formula(problem, solve, change, start)
    if problem.numbers is None:
        return Bound(formula, None)
    numbers = problem.numbers
    problem.check_positive(problem.power, numbers)
    problem.check_sign(numbers)
    problem.check_not_negative(initial[name], numbers)
    for ratio in ratios.values():
        problem.check_no_pole(ratio, numbers)
    return Bound(formula, Real.of(size(_last_errors(problem, solve, change, start, numbers))))


def _in_terms_of_e(problem: Problem, ratios: Scalars) -> dict[str, Rational]:
    """(1 − e)·f* in place of f, and its multiples in place of the other scalars."""
    for other, ratio in ratios.items():
        require(not ratio.is_zero, f"'{other}' starts at zero.")
    field = problem.field
    iterate = (field.one - field.variable(ERROR)) * field.variable(FUNCTION)
    return {other: iterate * ratio for other, ratio in ratios.items()}


def _read_solve(problem: Problem, put: Scalars) -> _Solve:
    """The inner loop; ``put`` is what stands for the scalars of the outer one."""
    field, inner = problem.field, _inner_loop(problem)
    name, residual = _scalars(problem, inner)
    start, of_target = _begin(problem, field.substitute(inner.initial[name], put))
    put = {**put, name: _scaled(problem, name, of_target)}
    if residual:
        put[residual] = _residual(problem, inner.initial[residual], put, name, start)
    passes = {other: field.substitute(value, put) for other, value in inner.following.items()}
    after = _free(problem, passes[name], of_target, "The inner pass")
    matrix, order = _solved(problem, after, name)
    only_in(matrix, ERROR, "The matrix of the inner loop", field)
    if residual:
        left = _free(problem, passes[residual], False, "The inner pass")
        pairs = ((field.variable(name), put[residual]), (after, left))
        kept = all(field.one - matrix * one == other for one, other in pairs)
        require(kept, f"'{residual}' is not the residual of '{name}'.")
    return _Solve(inner.loop, name, of_target, start, after, matrix, order)


def _inner_loop(problem: Problem) -> Recurrence:
    inner = problem.recurrence.inner
    single = len(inner) == 1 and not inner[0].inner
    require(single, "The rule is for one loop within the loop, which has none in it.")
    require(not inner[0].loop.schedule, "The inner loop's numbers change from pass to pass.")
    return inner[0]


def _scalars(problem: Problem, inner: Recurrence) -> tuple[str, str]:
    """g, which a pass of the outer loop uses, and the other scalar of the inner loop, if any."""
    field, passes = problem.field, problem.recurrence.following.values()
    used = {name for value in passes for name in field.names_in(value)}
    mine = [name for name in inner.initial if name in used]
    others = [name for name in inner.initial if name not in used]
    single = len(mine) == 1 and len(others) <= 1
    require(single, "A pass must use one scalar of the inner loop, which may carry its residual.")
    anew = field.variable(mine[0]) not in passes
    require(anew, "The inner loop begins with what it left in the pass before: begin it anew.")
    return mine[0], "".join(others)


def _residual(
    problem: Problem, start: Rational, put: Scalars, name: str, begin: Rational
) -> Rational:
    """What a second inner scalar must be: 1 − m·g, as it is at the start."""
    field = problem.field
    first = _free(problem, field.substitute(start, put), False, "The inner start")
    return field.one - (field.one - first) / begin * field.variable(name)


def _scaled(problem: Problem, name: str, of_target: bool) -> Rational:
    g = problem.field.variable(name)
    return g * problem.field.variable(FUNCTION) if of_target else g


def _begin(problem: Problem, start: Rational) -> tuple[Rational, bool]:
    """g₀, and whether the scalar of the script is g·f*."""
    what = "The inner start"
    try:
        found, of_target = _free(problem, start, False, what), False
    except RefusedError:
        found, of_target = _free(problem, start, True, what), True
    only_in(found, ERROR, what, problem.field)
    return found, of_target


def _free(problem: Problem, value: Rational, of_target: bool, what: str) -> Rational:
    """The value, or its ratio to f*, in terms of e and of g, free of λ."""
    field, root = problem.field, problem.target.root
    rest = 1 % root if of_target else 0
    reduced = reduce_root(value, root, problem.power, field)
    found = reduced.get(rest, field.zero)
    found = found / problem.power if of_target and root == 1 else found
    free = field.names_in(found).isdisjoint({LAMBDA, *problem.names})
    require(free and set(reduced) <= {rest}, f"{what} is not free of lambda in terms of the error.")
    return found


def _solved(problem: Problem, after: Rational, name: str) -> tuple[Rational, int]:
    """m and p of the pass g ← (1 − (1 − m·g)^p)/m = p·g − (p² − p)/2·m·g² + …"""
    field, g = problem.field, problem.field.variable(name)
    coefficients = field.coefficients(after, name)
    for order in range(2, MAX_POWER + 1):
        if coefficients.get(1) != field.number(order) or 2 not in coefficients:
            continue
        matrix = -coefficients[2] / field.number(order * (order - 1) // 2)
        residual = field.one - matrix * field.substitute(after, {name: (field.one - g) / matrix})
        if residual == g**order:
            return matrix, order
    raise RefusedError(
        f"The inner loop is no Newton-Schulz iteration for an inverse, {name} <- 2*{name} - "
        f"{name}*M*{name} with M of the outer loop."
    )


def _read_pass(problem: Problem, ratios: Scalars, put: Scalars, solve: _Solve) -> _Pass:
    """What a pass makes of f, the same by every scalar of the loop; linear in g."""
    field, name, error = problem.field, solve.name, problem.error
    put = {**put, name: _scaled(problem, name, solve.of_target)}
    parts = {other: _new_ratio(problem, other, ratio, put) for other, ratio in ratios.items()}
    for other, part in parts.items():
        require(part == parts[error], f"A pass does not take '{other}' as it does '{error}'.")
    powers = field.coefficients(parts[error], name)
    linear = set(powers) <= {0, 1} and 1 in powers
    require(linear, f"A pass is not linear in '{name}', what the inner loop leaves.")
    constant, factor = (powers.get(power, field.zero) for power in (0, 1))
    for part in (constant, factor):
        only_in(part, ERROR, "A pass", field)
    return _Pass(constant, factor)


def _new_ratio(problem: Problem, scalar: str, ratio: Rational, put: Scalars) -> Rational:
    """The new 1 − e, by one scalar of the outer loop."""
    after = problem.field.substitute(problem.recurrence.following[scalar], put)
    return _free(problem, after / ratio, True, f"A pass of '{scalar}'")


def _last_errors(
    problem: Problem, solve: _Solve, change: _Pass, start: Rational, numbers: Numbers
) -> Interval:
    """I_count."""
    errors = [
        value.map(lambda exact: 1 - exact, lambda ball: 1 - ball)
        for value in problem.roots(start, problem.target.root, numbers)
    ]
    if not problem.recurrence.loop.schedule:
        image = _image(problem, solve, change, numbers)
        return iterated_map(image, errors, problem.count(numbers))[-1]
    interval = outward(errors)
    for one in problem.numbers_of_passes(numbers):
        interval = outward(_image(problem, solve, change, one)(interval))
    return interval


def _image(
    problem: Problem, solve: _Solve, change: _Pass, numbers: Numbers
) -> Callable[[Interval], list[Real]]:
    """Of I_k: the values of E + K·r at the ends of R_k among which are those of I_{k+1}."""
    parts = (solve.matrix, solve.start, change.constant, change.factor)
    m, first, a, b = (problem.polynomial(part, ERROR, numbers) for part in parts)
    passes = count_at(solve.loop.count, numbers.bindings)
    power = flint.fmpq_poly([0] * solve.order + [1])

    def image(errors: Interval) -> list[Real]:
        spend(10)
        residuals = iterated(power, extremes(1 - m * first, errors), passes)[-1]
        tops = [m * (1 - a) - b + rational(end) * b for end in dict.fromkeys(residuals)]
        return [value for top in tops for value in extremes_of_quotient(top, m, errors)]

    return image


def _formula(problem: Problem, solve: _Solve, change: _Pass, start: Rational) -> str:
    """Both loops in terms of e and g."""
    field, loop, name = problem.field, problem.recurrence.loop, solve.name
    after = field.one - change.constant - change.factor * field.variable(name)
    passes = f"for {', '.join(sorted(loop.schedule))}" if loop.schedule else problem.count_text
    begin = f"1 - ({rational_text(start)})^(1/{problem.target.root})"
    inner = f"{name} -> {rational_text(solve.following)}, {to_text(solve.loop.count)}"
    outer = f"iterate(e -> {rational_text(after)}, {passes}, {begin})"
    return f"{outer} with {name} = iterate({inner}, {rational_text(solve.start)})"


RULE = IterateRule(
    "halley", derive_halley, for_schedules=True, for_signs=True, for_inner_loops=True
)
