"""The rule ``logistic_newton``: how near damped Newton comes to the minimum of the logistic loss.

Hypotheses: E(w) = κ(σ(w·x) − y)·x′ + μ·w, w one row, κ, μ > 0; every column of x ≤ B, y in [0, 1],
at most n tokens with κn ≤ 1; ℓ ≥ κ‖x·x′‖; at most m rows of x if Q is by a table.  ε₁, ε₂, ε₃ are
the errors of the tables of σ, s = σ(1 − σ) and of the product (0 if gated).

Witness: the loops ``loop`` and ``inner``, ``features`` x, ``labels`` y, ``mu``, the ``sites``, and
``passes``: [e, r] before the first pass and after each, each derived from the one before it.

    {"loop": 0, "inner": 1, "features": "x@context",
     "labels": "y@context", "mu": "1/10", "passes": [["e0", "r0"]],
     "sites": {"probability": "2", "weight": "3", "scaled": "4", "damping": "6"}}

Follows: ‖w_k − w*‖ ≤ e_k, the last e of ``passes``, w* the root of E.  The step is w ← w − γ·g̃·X.

Proof, constants: 0 ≤ σ′ ≤ 1/4.  With p = σ(1 − σ): σ″ = p(1 − 2σ), so |σ″| ≤ σ′ (self-concordance;
Bach, EJS 4, 2010), hence σ′(t + a) ≤ e^|a|·σ′(t); and σ″² = p²(1 − 4p) ≤ 1/108, so |σ″| ≤ c₁ =
STEEPEST.  H(w) = κ·x·diag σ′(w·x)·x′ + μI has its spectrum in [μ, h], h = μ + ℓ/4, so E has one
root.  R ≥ ‖w*‖: μ‖w*‖ ≤ ‖E(0)‖ ≤ ½√ℓ; and μ‖w*‖² = κ Σ (yᵢ − σ(tᵢ))tᵢ ≤ max t·σ(−t) ≤ LOSS =: s, as
0 = E(w*)·w*′ and t ≤ s(1 + e^t) for all t (s + 1 + log s ≥ 0); R is the smaller. ‖g̃ − E(w)‖ ≤ δ_g
= ε₁√ℓ; ‖H̃ − H(w)‖ ≤ δ_H = ε₂ℓ + ε₃√(mℓ), and δ_H < μ is needed.  I − X·H̃ squares in every inner
pass, from X = c·I, so after K of them ‖I − XH̃‖ ≤ ρ = ρ₀^(2^K) with ρ₀ = max(|1 − cμ|, |1 − ch|) +
|c|δ_H < 1.  So ‖X‖ ≤ x̄ = (1 + ρ)/(μ − δ_H) and ‖X − H(w)⁻¹‖ ≤ ΔX = δ_H/(μ(μ − δ_H)) + ρ/(μ − δ_H).

Proof, a pass: let u = w − w*, ‖u‖ ≤ e, ‖u·H*^½‖ ≤ r with H* = H(w*); at first e = R, r = R√h.
Needed: (R + e)·B is within the clip and the intervals of the tables, and Q's operands within its
table.  With H̄ = ∫₀¹ H(w* + τu)dτ, E(w) = u·H̄ and ‖H̃ − H̄‖ ≤ δ_H + ℓ·c₁·B·e/2, so u⁺ = u·((1 −
γ)I + γ(I − H̃X) + γ(H̃ − H̄)X) − γ(g̃ − E(w))·X gives
    e⁺ = max over γ of (|1 − γ| + γ·Θ)·e + γ·δ_g·x̄         Θ = ρ + x̄·(δ_H + c₁·B·ℓ·e/2).
In the metric of H*: let ρ₁ = B·e, d = (ℓ/4)/(ℓ/4 + μ), φ = (e^ρ₁ − 1 − ρ₁)/ρ₁.  By self-concordance
u(H − H̄)H⁻¹ is at most dφ times u in the norm of H = H(w), and (1 − d(1 − e^−ρ₁))·H* ≤ H ≤ (1 +
d(e^ρ₁ − 1))·H*.  With u − E(w)·X = u(H − H̄)H⁻¹ + u·H̄·(H⁻¹ − X):
    r⁺ = max over γ of (|1 − γ| + γ·θ)·r + γ·δ_g·x̄·√h,
    θ = dφ·√((1 + d(e^ρ₁ − 1))/(1 − d(1 − e^−ρ₁))) + √(h/μ)·h·ΔX.
Then e ← min(e⁺, r⁺/√μ), r ← min(r⁺, e⁺√h).  Both are convex in γ: the ends of its interval decide,
γ₀ ≥ 0, the exact range of the damping function over what its argument can be: |g̃·X·g̃′| ≤ (h·e +
δ_g)²·x̄ if that is its argument, or everything.

Numbers: STEEPEST and LOSS touch soundness, both are proven above; MAX_INNER only wastes passes.
"""

from __future__ import annotations

from functools import partial

from weightsmith.checker.balls.claim_numbers import (
    ball_rounded_up,
    check_number,
    check_says_something,
)
from weightsmith.checker.errors.damped_newton import LogisticNewton, derive_passes, newton_formula
from weightsmith.checker.errors.newton_shape import read_shape
from weightsmith.checker.errors.root_bound import (
    Json,
    RootBound,
    RootContext,
    check_same,
    root_fact,
)
from weightsmith.checker.facts.fact import Fact
from weightsmith.checker.facts.read_files import ReadFiles
from weightsmith.checker.facts.rule import Facts, FileRule, Witness
from weightsmith.checker.reading.refusal import require
from weightsmith.checker.reading.strict_json import as_items, as_list, as_number, exact_text

KEYS = ("loop", "inner", "features", "labels", "mu", "sites", "passes")


def derive_fact(read: ReadFiles, of: object, premises: Facts, witness: Witness) -> Fact:
    return root_fact(read, of, premises, partial(_check, witness=dict(witness)))


def prove(context: RootContext) -> RootBound:
    """What the rule can prove, with its witness.  Raises RefusedError."""
    newton, witness, formula = _frame(context)
    passes = derive_passes(newton)
    check_says_something(passes[-1][0])
    witness["passes"] = [[exact_text(one, "A bound of a pass") for one in pair] for pair in passes]
    return RootBound(witness, formula, passes[-1][0], context.assumed.hypotheses())


def _frame(context: RootContext) -> tuple[LogisticNewton, Json, str]:
    """The recursion, the witness without its passes, and the formula."""
    shape = read_shape(context.problem)
    newton = LogisticNewton(context.problem, shape, context.tables, context.assumed)
    sites = {
        "probability": shape.probability,
        "weight": shape.weight,
        "scaled": shape.scaled,
        "damping": shape.damping,
    }
    witness: Json = {
        "loop": context.problem.loop.index,
        "inner": shape.inner.index,
        "features": shape.gradient.features.text,
        "labels": shape.gradient.labels.text,
        "mu": exact_text(shape.gradient.mu, "mu"),
        "sites": {name: site.node.site for name, site in sites.items()},
    }
    ell = ball_rounded_up(newton.numbers.ell)
    return newton, witness, newton_formula(context.problem, shape, ell)


def _check(context: RootContext, witness: Json) -> RootBound:
    newton, frame, formula = _frame(context)
    check_same(witness, frame, tuple(frame))
    pairs = as_list(witness["passes"], "passes")
    require(len(pairs) == newton.steps + 1, f"There must be {newton.steps + 1} passes.")
    wanted = newton.start()
    for place, item in enumerate(pairs):
        context.budget.spend(400)
        pair = as_items(item, f"passes[{place}]", as_number)
        require(len(pair) == 2, f"passes[{place}]: expected [e, r].")
        for claimed, shown in zip(pair, wanted, strict=True):
            check_number(claimed, shown, f"passes[{place}]", close=True)
        last = pair[0], pair[1]
        wanted = newton.next(last) if place < newton.steps else last
    return RootBound(witness, formula, wanted[0], context.assumed.hypotheses())


RULE = FileRule("logistic_newton", "truncation", derive_fact, ("domain?", "approximation*"), KEYS)
