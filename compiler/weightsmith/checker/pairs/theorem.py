"""How far a pair of softmax heads is from the centred linear head, at one query.

Let z_j be the scores of N keys, R = max z − min z, p_j the values, in a ball of radius rho, and
f(t) = Σ_j p_j·softmax_j(t·z).  With p̄ the mean of the values

    ‖ N/(2·omega)·(f(omega) − f(−omega))  −  Σ_j (p_j − p̄)·z_j ‖  ≤  N·omega²·R³·rho/24

for every omega > 0, N ≥ 1, and all numbers.  The 24 cannot be larger: for two keys z = ±R/2 with
p = ±1 the left is R − (2/omega)·tanh(omega·R/2) = omega²·R³/12 − …, and N·rho/24 is 1/12.

Proof.  Take the component of p along a unit vector u; so p_j are numbers, f a number.  Under the
weights softmax(t·z) write E for the mean, p̃ = p − E p, z̃ = z − E z, s = E z̃².  The derivative of a
mean is a covariance with z, so f′ = E p̃z̃, f″ = E p̃z̃², and

    f‴ = E p̃z̃³ − 3·E p̃z̃·E z̃² = E p̃·h,   h = z̃³ − 3s·z̃.

*Lemma*: E h² ≤ R⁶/16.  By homogeneity R = 1.  Put w = z̃² ≤ 1 and φ(w) = w·(w − 3s)², so h² = φ(w);
s ≤ 1/4 (Popoviciu).  As φ′ = 3(w − 3s)(w − s), φ rises to φ(s) = 4s³, falls to 0 at 3s, and rises
to φ(4s) = 4s³: so φ ≤ 4s³ on [0, 4s].  From 2s on it is convex, so on [4s, 1] it is below the chord
of its ends.  Hence φ(w) ≤ 4s³ + (φ(1) − 4s³)·w on [0, 1], as φ(1) ≥ 4s³, and since E w = s,

    E φ ≤ 4s³·(1 − s) + s·(1 − 3s)² = s − 6s² + 13s³ − 4s⁴,
    1 − 16·(s − 6s² + 13s³ − 4s⁴) = (1 − 4s)⁴ + 48s³·(1 − 4s) ≥ 0.

By Cauchy and Schwarz |f‴| ≤ sqrt(E p̃²)·sqrt(E h²) ≤ rho·R³/4, as the variance of p is at most the
mean square of its distance from the centre of the ball.  Taylor's theorem for the odd function f(t)
− f(−t) gives f(omega) − f(−omega) = 2·omega·f′(0) + (omega³/6)·(f‴(ξ) + f‴(−ξ)) for some ξ in (0,
omega), and N·f′(0) = Σ_j (p_j − p̄)·z_j, as at t = 0 all weights are 1/N.  So the difference is at
most N/(2·omega)·(omega³/6)·2·rho·R³/4 = N·omega²·R³·rho/24 along every u.
"""

from __future__ import annotations

from fractions import Fraction

import flint

from weightsmith.checker.balls.ranges import rational

SHARE = Fraction(1, 24)


def defect(keys: flint.arb, omega: Fraction, scores: flint.arb, radius: flint.arb) -> flint.arb:
    """N·omega²·R³·rho/24 as a ball: N ``keys``, R the range of the ``scores``."""
    return keys * scores * scores * scores * radius * flint.arb(rational(omega**2 * SHARE))
