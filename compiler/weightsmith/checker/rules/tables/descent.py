"""The rule ``descent``: gradient steps to the root of an equation, as a contraction.

Hypotheses: those of the fact ``domain``; every symbol has a value.  The value is a variable w that
a loop outside of others carries, w = 0 before it, with next(w) = w − η·E(w), E the equation, and
next(w) = α·w + λ·w·x·x′ + Σ β_i·P_i·x′ + C: x one input letter, P_i a function of a·w·x + A_i or of
functions of that, A_i and C of inputs alone.

Witness: ``step_size`` η, ``features`` x, ``slopes`` by site, ``factor``, ``start``, and ``noise``,
multiples of tables' errors by site.  Texts must be equal; numbers may be larger than the derived
ones by a thousandth, not smaller.  ``scale`` is 1.

    {"loop": 0, "step_size": "40/9", "features": "x@context",
     "slopes": {"1": ["0", "1/4"]}, "factor": "3/4", "start": "5", "noise": {"1": "9/2"}}

Follows: ‖w_k − ŵ‖ ≤ factor^k·start + noise·(1 − factor^k)/(1 − factor), tables included, with ŵ the
root of E, the only one at which every table has its argument in its interval.  The formula is
``FACTOR^COUNT*START + NOISE*(1 - FACTOR^COUNT)/(1 - FACTOR)`` with the numbers of the step.

Proof: let f̂_i = f_i(clip(t, low, high)) for each table, F̂ = next with f̂_i.  Divided differences
of f̂_i lie in its slopes (f′ on the interval by balls, and 0; products for functions of functions),
so with S diagonal, s = −λ − Σ β_i·slope in [s0, s1], by rows
    F̂(w) − F̂(v) = (w − v)·(αI − x S x′),     factor = max |α − e| over the ends e of x S x′;
x·x′ has its spectrum in an assumed one, or in 0 and the bound of ‖x‖².  The fixed point ŵ has ‖ŵ‖ ≤
start = ‖F̂(0)‖/(1 − factor).  Where for all |t| ≤ start·column(x) the arguments lie in the
intervals, f̂ = f there and ŵ is a root of E; any root of this kind is a fixed point of F̂.  A table
is within its error of f̂ everywhere, being constant outside, so a step of the network is within
noise = Σ |β_i|·error_i·√(k·n)·‖x‖ of F̂ in the Frobenius norm, k rows of w, n columns of x.

Numbers: decimals of nine digits, rounded to the safe side.
"""

from __future__ import annotations

from fractions import Fraction
from functools import partial

from weightsmith.checker.balls.claim_numbers import (
    ball_rounded_up,
    check_number,
    check_says_something,
)
from weightsmith.checker.errors.error_formula import ErrorFormula
from weightsmith.checker.errors.gradient_steps import (
    derive_descent,
    descent_formula,
    descent_value,
)
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
from weightsmith.checker.reading.refusal import RefusedError, require
from weightsmith.checker.reading.strict_json import as_number, exact_text
from weightsmith.checker.semantics.tables import errors_of

KEYS = ("loop", "step_size", "features", "slopes", "factor", "start", "noise")


def derive_fact(read: ReadFiles, of: object, premises: Facts, witness: Witness) -> Fact:
    return root_fact(read, of, premises, partial(_check, witness=dict(witness)))


def prove(context: RootContext) -> RootBound:
    """What the rule can prove, with its witness.  Raises RefusedError."""
    found = derive_descent(context.problem, context.tables, context.assumed, context.budget)
    witness: Json = {
        "loop": found.loop,
        "step_size": exact_text(found.step_size, "The step size"),
        "features": found.features,
        "slopes": {
            site: [exact_text(end, "A slope") for end in ends]
            for site, ends in found.slopes.items()
        },
        "factor": exact_text(found.factor, "The factor"),
        "start": exact_text(found.start, "The distance at the start"),
        "noise": {site: exact_text(share, "A noise") for site, share in found.noise.items()},
    }
    return _bound(context, witness)


def _bound(context: RootContext, witness: Json) -> RootBound:
    factor, start = (as_number(witness[name], name) for name in ("factor", "start"))
    require(0 <= factor < 1, "The factor is not below 1.")
    noise = ErrorFormula(tuple(_noise(witness).items()))
    each = noise.value(errors_of(context.tables))
    value = ball_rounded_up(descent_value(context.problem, factor, start, each))
    check_says_something(value)
    formula = descent_formula(context.problem, factor, start, noise)
    return RootBound(witness, formula, value, context.assumed.hypotheses())


def _noise(witness: Json) -> dict[str, Fraction]:
    shares = witness["noise"]
    if not isinstance(shares, dict):
        raise RefusedError("The noise is not an object.")
    return {site: as_number(share, "A noise") for site, share in shares.items()}


def _check(context: RootContext, witness: Json) -> RootBound:
    """What a claimed witness gives: its numbers may be larger than the derived ones."""
    derived = prove(context).witness
    check_same(witness, derived, ("loop", "step_size", "features", "slopes"))
    for name in ("factor", "start"):
        claimed, shown = (as_number(one[name], name) for one in (witness, derived))
        check_number(claimed, shown, f"The {name}", close=True)
    shares, wanted = _noise(witness), _noise(derived)
    require(list(shares) == list(wanted), f"'noise' must be of the sites {list(wanted)}.")
    for site, share in shares.items():
        check_number(share, wanted[site], "The noise", close=True)
    return _bound(context, witness)


RULE = FileRule("descent", "truncation", derive_fact, ("domain?", "approximation*"), KEYS)
