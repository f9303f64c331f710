"""The rule ``three_term``: e ← multiplier(λ)·e − beta·ē, ē ← e, from e₀ = ē₀ = 1, beta > 0.

With τ = multiplier/(2√β), e_k = β^(k/2)·(U_k(τ) − √β·U_{k−1}(τ)), U the Chebyshev polynomials of
the second kind (U_{−1} = 0): e₀ = 1, e₁ = multiplier − β, and both sides satisfy the recurrence.
|U_k(τ)| ≤ U_k(t) for |τ| ≤ t, t ≥ 1: all zeros of U_k lie in (−1, 1), so |U_k| grows outside, and
|U_k| ≤ k + 1 = U_k(1) inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import flint

from weightsmith.checker.problem import Bound, Problem, in_brackets
from weightsmith.checker.ranges import Real, precision
from weightsmith.checker.rational import Rational
from weightsmith.checker.recurrence import ERROR, PREVIOUS, only_in, polynomial_text
from weightsmith.checker.refusal import quoted, require
from weightsmith.checker.spectral import LAMBDA
from weightsmith.checker.strict_json import as_text

KEYS = ("step", "rule", "error", "previous", "multiplier", "beta", "count", "ends")
OPTIONAL = ()
EXTRA_BITS = 128


def check_three_term(problem: Problem, step: Mapping[str, object]) -> Bound:
    """Prove the recurrence of e and ē, and bound it by Chebyshev polynomials."""
    field = problem.field
    name = problem.read_error(step)
    previous = as_text(step["previous"], "previous")
    known = previous in problem.names and previous != name
    require(known, f"'previous' is {quoted(previous)}, not another carried scalar.")
    require(problem.target.root == 1, "This rule needs a target without a root.")
    count = problem.read_count(step)
    multiplier = polynomial_text(step, "multiplier", field)[1]
    only_in(multiplier, LAMBDA, "The multiplier", field)
    beta_text, beta = polynomial_text(step, "beta", field)
    require(field.names_in(beta).isdisjoint(field.variables), "beta depends on lambda.")
    _check_recurrence(problem, name, previous, multiplier, beta)
    low, high = problem.check_ends(step, "ends", multiplier)
    formulas = _formulas(beta_text, count, low, high)
    if problem.numbers is None:
        return Bound(formulas, None)
    numbers = problem.numbers
    problem.check_positive(problem.power, numbers)
    momentum = field.evaluate(beta, numbers.bindings)
    require(momentum > 0, "beta is not positive at the bindings.")
    size = problem.largest_size(multiplier, numbers)
    return Bound(formulas, _value(size, momentum, problem.count(numbers)))


def _check_recurrence(
    problem: Problem, name: str, previous: str, multiplier: Rational, beta: Rational
) -> None:
    field, recurrence = problem.field, problem.recurrence
    for scalar in (name, previous):
        require(recurrence.initial[scalar].is_zero, f"'{scalar}' does not start at zero error 1.")
    error, before = field.variable(ERROR), field.variable(PREVIOUS)
    replaced = {
        name: problem.power * (field.one - error),
        previous: problem.power * (field.one - before),
    }
    new = field.substitute(recurrence.following[name], replaced) / problem.power
    good = field.one - new == multiplier * error - beta * before
    require(good, f"A pass takes the error to 1 - ({new!r}), not to multiplier·e - beta·ē.")
    kept = recurrence.following[previous] == field.variable(name)
    require(kept, f"'{previous}' is not the previous value of '{name}'.")


def _value(size: Real, beta: Fraction, count: int) -> Real:
    """β^(count/2)·(U_count(t) + √β·U_{count−1}(t)) at t = max(1, size/(2√β))."""

    def ball() -> flint.arb:
        with precision(flint.ctx.prec + EXTRA_BITS + 2 * count.bit_length()):
            root = flint.arb(flint.fmpq(beta.numerator, beta.denominator)).sqrt()
            t = (size.ball() / (2 * root)).max(flint.arb(1))
            last, before = chebyshev_pair(t, count)
            return root ** flint.fmpz(count) * (last + root * before)

    return Real(None, ball)


def chebyshev_pair(t: flint.arb, count: int) -> tuple[flint.arb, flint.arb]:
    """U_count(t) and U_{count−1}(t), by doubling.

    U_{2k} = U_k² − U_{k−1}²,  U_{2k−1} = 2·U_{k−1}·(U_k − t·U_{k−1}),
    U_{2k+1} = 2t·U_{2k} − U_{2k−1}.
    """
    last, before = flint.arb(1), flint.arb(0)
    for bit in bin(count)[2:]:
        even = last * last - before * before
        odd = 2 * before * (last - t * before)
        last, before = (2 * t * even - odd, even) if bit == "1" else (even, odd)
    return last, before


def _formulas(beta: str, count: str, low: str, high: str) -> tuple[str, ...]:
    """The text of the bound, with and without the brackets that beta and the count can spare."""
    return tuple(
        f"{b}^({c}/2)*(U({count}, t) + {b}^(1/2)*U({c} - 1, t)) "
        f"with t = max(1, max(abs({low}), abs({high}))/(2*{b}^(1/2)))"
        for b in in_brackets(beta)
        for c in in_brackets(count)
    )
