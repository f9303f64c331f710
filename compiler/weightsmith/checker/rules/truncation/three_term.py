"""The rule ``three_term``: e ← multiplier(λ)·e − beta·ē, ē ← e, from e₀ = ē₀ = 1, beta > 0.

Hypotheses: f is one iterate of one loop that carries f and its previous value, both 0 at first; f*
is a rational function of λ (root 1), positive on [low, high].  A pass is linear in both and keeps
f*, the multiplier has degree at most 1 in λ, and beta is free of λ.

Witness: none.

Follows: with t = max(1, max |multiplier|/(2√β)) over the spectrum, |e| ≤ β^(count/2)·(U_count(t) +
√β·U_{count−1}(t)), U the Chebyshev polynomials of the second kind, U_{−1} = 0.

Proof: with τ = multiplier/(2√β), e_k = β^(k/2)·(U_k(τ) − √β·U_{k−1}(τ)): e₀ = 1, e₁ = multiplier −
β, and both sides satisfy the recurrence.  |U_k(τ)| ≤ U_k(t) for |τ| ≤ t, t ≥ 1: all zeros of U_k
lie in (−1, 1), so |U_k| grows outside, and |U_k| ≤ k + 1 = U_k(1) inside.

Numbers: the value is computed in balls, with more bits than count needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import flint

from weightsmith.checker.algebra.rational import Rational
from weightsmith.checker.algebra.rational_text import rational_text
from weightsmith.checker.balls.ranges import Real, precision
from weightsmith.checker.facts.fact import Bound
from weightsmith.checker.reading.refusal import require
from weightsmith.checker.spectra.problem import Problem
from weightsmith.checker.spectra.recurrence import only_in
from weightsmith.checker.spectra.spectral import LAMBDA
from weightsmith.checker.spectra.spectral_rule import IterateRule

EXTRA_BITS = 128


def derive_three_term(problem: Problem, witness: Mapping[str, object]) -> Bound:
    """The recurrence of e and ē, bounded by Chebyshev polynomials.  There is no witness."""
    field, name = problem.field, problem.error
    require(problem.target.root == 1, "This rule needs a target without a root.")
    multiplier, beta = _recurrence(problem)
    low, high = problem.at_ends(multiplier)
    formula = _formula(rational_text(beta), problem.count_text, low, high)
    if problem.numbers is None:
        return Bound(formula, None)
    numbers = problem.numbers
    problem.check_positive(problem.power, numbers)
    momentum = field.evaluate(beta, numbers.bindings)
    require(momentum > 0, f"The momentum of '{name}' is not positive at the bindings.")
    size = problem.largest_size(multiplier, numbers)
    return Bound(formula, _value(size, momentum, problem.count(numbers)))


def _recurrence(problem: Problem) -> tuple[Rational, Rational]:
    """The multiplier and beta: f* stays, and what is linear in f and its previous value."""
    field, recurrence, name = problem.field, problem.recurrence, problem.error
    require(len(problem.names) == 2, "This rule is for an iterate and the one before it.")
    (previous,) = problem.names - {name}
    kept = recurrence.following[previous] == field.variable(name)
    require(kept, f"'{previous}' is not the previous value of '{name}'.")
    for scalar in (name, previous):
        require(recurrence.initial[scalar].is_zero, f"'{scalar}' does not start at zero.")
    after = recurrence.following[name]
    zero, one = field.zero, field.one

    def at(new: Rational, old: Rational) -> Rational:
        return field.substitute(after, {name: new, previous: old})

    rest = at(zero, zero)
    multiplier, beta = at(one, zero) - rest, rest - at(zero, one)
    linear = multiplier * field.variable(name) - beta * field.variable(previous) + rest
    require(after == linear, "A pass is not linear in the last two iterates.")
    only_in(multiplier, LAMBDA, "The multiplier", field)
    require(field.names_in(beta).isdisjoint(field.variables), "beta depends on lambda.")
    require(problem.degree(multiplier) <= 1, "The multiplier is not linear in lambda.")
    stays = (multiplier - beta) * problem.power + rest == problem.power
    require(stays, "A pass does not keep the target.")
    return multiplier, beta


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


def _formula(beta: str, count: str, low: str, high: str) -> str:
    """The bound, with t in terms of the multiplier at both ends."""
    b = f"({beta})"
    return (
        f"{b}^(({count})/2)*(U({count}, t) + {b}^(1/2)*U(({count}) - 1, t)) with "
        f"t = max(1, max(abs({low}), abs({high}))/(2*{b}^(1/2)))"
    )


RULE = IterateRule("three_term", derive_three_term)
