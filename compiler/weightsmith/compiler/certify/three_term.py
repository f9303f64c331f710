"""Rule ``three_term``: e ← multiplier(λ)·e − β·ē, ē ← e (heavy-ball momentum, Polyak 1964).

e_k = β^(k/2)·(U_k(τ) − √β·U_{k−1}(τ)), τ = multiplier/(2√β), U the Chebyshev polynomials of the
second kind, and |U_k(τ)| ≤ U_k(t) for |τ| ≤ t, t ≥ 1.
"""

from __future__ import annotations

from fractions import Fraction

import flint

from weightsmith.compiler.certify.intervals import PRECISION, round_up, to_fraction
from weightsmith.compiler.certify.recurrence import Bounded, Json, Recurrence, sup
from weightsmith.compiler.certify.spectral import ERROR, LAMBDA, NoProofError
from weightsmith.compiler.ir.coefficients import Coefficient

APART = 1 + Fraction(1, 1 << 62)  # so that a ball around the exact value is below the bound


def three_term(r: Recurrence) -> Bounded | None:
    if r.target.root != 1 or len(r.next) != 2:
        return None
    (previous,) = (name for name in r.next if name != r.error)
    if r.next[previous] != r.symbol(r.error) or r.initial[r.error] or r.initial[previous]:
        return None
    after = r.next[r.error]
    beta, multiplier = -_slope(r, after, previous), _slope(r, after, r.error)
    rest = after - multiplier * r.symbol(r.error) + beta * r.symbol(previous)
    if (beta.names | multiplier.names | rest.names) & set(r.next) or LAMBDA in beta.names:
        return None
    keeps_target = (multiplier - beta) * r.target.power + rest == r.target.power
    if not keeps_target or multiplier.degree(LAMBDA) not in (0, 1):
        return None
    return _bounded(r, previous, multiplier, beta)


def _slope(r: Recurrence, element: Coefficient, name: str) -> Coefficient:
    """Return the derivative of an element that is affine in a name."""
    field = r.scalars.field
    return r.put(element, name, field.one) - r.put(element, name, field.zero)


def _bounded(r: Recurrence, previous: str, multiplier: Coefficient, beta: Coefficient) -> Bounded:
    ends = r.at_ends(multiplier)
    step: Json = {
        "rule": "three_term",
        "error": r.error,
        "previous": previous,
        "multiplier": str(multiplier),
        "beta": str(beta),
        "count": r.count_text,
        "ends": ends,
    }
    b, count = f"({beta})", r.count_text
    formula = (
        f"{b}^(({count})/2)*(U({count}, t) + {b}^(1/2)*U(({count}) - 1, t)) with "
        f"t = max(1, max(abs({ends[0]}), abs({ends[1]}))/(2*{b}^(1/2)))"
    )
    if r.bindings is None:
        return Bounded(step, formula, None)
    r.require_positive_target()
    (momentum,) = r.univariate(beta, ERROR)
    if momentum <= 0:
        raise NoProofError("the momentum is not positive")
    value = _chebyshev_bound(sup(r, multiplier), momentum, r.passes())
    return Bounded(step, formula, round_up(value * APART))


def _chebyshev_bound(rate: Fraction, beta: Fraction, count: int) -> Fraction:
    """Enclose β^(k/2)·(U_k(t) + √β·U_{k−1}(t)) from above.

    V_k = β^(k/2)·U_k(t) obeys V_{k+1} = 2t√β·V_k − β·V_{k−1}, V_{−1} = 0, V_0 = 1, and the bound is
    V_k + β·V_{k−1}.
    """
    with flint.ctx.workprec(PRECISION + 2 * count.bit_length() + count):
        b = flint.arb(flint.fmpq(beta.numerator, beta.denominator))
        twice = flint.arb(flint.fmpq(rate.numerator, rate.denominator)).max(2 * b.sqrt())
        before, now = flint.arb(0), flint.arb(1)
        for _ in range(count):
            before, now = now, twice * now - b * before
        return to_fraction((now + b * before).upper())
