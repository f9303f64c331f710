"""The claim ``domain``, rule ``bounds``: the arguments of all tables stay in their intervals.

Hypotheses: ``["assumption", N]`` for every assumption of the script but those of ranges, in its
order, then ``["nonempty", "k"]``, size(k) >= 1, for each dimension over which a sum was bounded
away from 0 because its terms have one sign: an empty sum is 0.

Witness: none.  One claim if a table is not gated, after the approximation claims.

Follows: a function table's argument lies in [low, high] at every pass, the operands of a product
table within ±P and ±Q.  The network is followed pass by pass, at the bindings.

Numbers: balls of 128 bits, rounded outward; the number of passes is limited for speed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from weightsmith.checker.balls.bounds import BITS
from weightsmith.checker.balls.ranges import precision
from weightsmith.checker.errors.assumed import Assumed
from weightsmith.checker.errors.follow import Follower
from weightsmith.checker.errors.site_bounds import SiteBounds
from weightsmith.checker.errors.word_bounds import WordBounds
from weightsmith.checker.reading.refusal import Budget, quoted, require
from weightsmith.checker.reading.strict_json import as_object
from weightsmith.checker.semantics.premises import Premises
from weightsmith.checker.semantics.site_letters import Script, read_script
from weightsmith.checker.semantics.tables import Table
from weightsmith.dsl.program import core

RULE = "bounds"


def follower_of(
    script: Script, tables: Mapping[str, Table], budget: Budget, *, compare: bool = False
) -> tuple[Follower, Assumed]:
    """A follower of the script, at its bindings, and what is assumed."""
    inputs, bindings = script.meaning.inputs, script.bindings
    assumed = Assumed(script.program, inputs, script.field, bindings)
    functions = SiteBounds(tables, bindings, budget)
    words = WordBounds(assumed, budget)
    return Follower(script, words, functions, budget, compare=compare), assumed


def derive_domain(
    program: core.Program,
    bindings: Mapping[str, Fraction],
    tables: Mapping[str, Table],
    budget: Budget,
) -> Premises:
    """The hypotheses; refused unless every table's argument stays in its interval."""
    with precision(BITS), budget.active():
        script = read_script(program, bindings, budget)
        follower, assumed = follower_of(script, tables, budget)
        follower.run()
        return assumed.hypotheses()


def check_rule(steps: Sequence[object], rule: str) -> None:
    """The claim has one step, of this rule, and no more evidence."""
    require(len(steps) == 1, f"The claim has {len(steps)} steps, not 1.")
    step = as_object(steps[0], f"Step 1 ({rule})", ("step", "rule"))
    require(step["rule"] == rule, f"Step 1: the rule is {quoted(step['rule'])}, not {rule}.")
