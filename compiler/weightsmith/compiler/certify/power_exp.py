"""Rule ``power_exp``: f ← f^p from 1 − rate/p^count·λ, against exp(−rate·λ) (the heat kernel).

With z = rate·λ and n = p^count: 0 ≤ e^(−z) − (1 − z/n)^n ≤ z²·e^(−z)/n for 0 ≤ z ≤ n, from
1 − z/n ≥ e^(−z/n)(1 − z²/n²) and Bernoulli's inequality (Mitrinović, Analytic Inequalities, 3.6.2).
The loop may carry g = f − 1, so that floats lose nothing near 1: g ← (1 + g)^p − 1.
"""

from __future__ import annotations

from fractions import Fraction

import flint

from weightsmith.compiler.certify.intervals import PRECISION, round_up, to_fraction
from weightsmith.compiler.certify.recurrence import Bounded, Json, Recurrence
from weightsmith.compiler.certify.spectral import LAMBDA, NoProofError
from weightsmith.dsl import scalars as exact
from weightsmith.dsl.scalars import Number, Power, ScalarError


def power_exp(r: Recurrence) -> Bounded | None:
    if r.target.root != 0 or r.target.formula is not None:
        return None
    offset = r.one if r.above_by_one else r.scalars.field.zero
    f, after = r.symbol(r.error) + offset, r.next[r.error] + offset
    power = next((p for p in range(2, 10) if after == f**p), None)
    if power is None:
        return None
    rate = -r.target.power
    try:
        total = r.scalars.field.of(Power(Number(Fraction(power)), r.count))
    except (KeyError, ScalarError):  # the script never names power^count
        return None
    if r.initial[r.error] + offset != r.one - rate / total * r.symbol(LAMBDA):
        return None
    step: Json = {
        "rule": "power_exp",
        "error": r.error,
        "power": power,
        "rate": str(rate),
        "count": r.count_text,
        **({"offset": "1"} if r.above_by_one else {}),
    }
    least = f"min(({rate})*({exact.to_text(r.high)}), 2)"
    formula = f"{least}^2*exp(-{least})/{power}^({r.count_text})"
    if r.bindings is None:
        return Bounded(step, formula, None)
    low, high = r.spectrum()
    (speed,) = r.univariate(rate, LAMBDA)
    passes = r.passes()
    if low < 0 or speed < 0 or speed * high > Fraction(power) ** passes:
        raise NoProofError("needs 0 <= spectrum, rate >= 0 and rate*high <= power^count")
    return Bounded(step, formula, round_up(_bound(min(speed * high, Fraction(2)), power, passes)))


def _bound(m: Fraction, power: int, passes: int) -> Fraction:
    """Enclose m²·e^(−m)/power^passes from above."""
    with flint.ctx.workprec(PRECISION):
        ball = flint.arb(flint.fmpq(m.numerator, m.denominator))
        return to_fraction((ball * ball * (-ball).exp() / flint.arb(power) ** passes).upper())
