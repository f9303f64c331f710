"""The claims ``domain`` and ``propagation``, and ``truncation`` towards the root of an equation.

The checker derives each anew; what is claimed may be larger, never smaller.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from weightsmith.checker.balls.claim_numbers import check_number
from weightsmith.checker.claims import domain, propagation, root_claim
from weightsmith.checker.claims.owed import needs_domain
from weightsmith.checker.claims.sentences import (
    domain_sentence,
    propagation_sentence,
    root_sentence,
)
from weightsmith.checker.reading.certificate import Claim, check_form
from weightsmith.checker.reading.refusal import Budget, quoted, require
from weightsmith.checker.reading.strict_json import as_number, as_object, as_text
from weightsmith.checker.semantics.premises import check_premises
from weightsmith.checker.semantics.tables import Table
from weightsmith.dsl.program import core

Tables = Mapping[str, Table]


def check_domain(
    claim: Claim, program: core.Program, bindings: Mapping[str, Fraction], tables: Tables
) -> str:
    """What is proven, for the reader."""
    steps = check_form(claim)
    require(needs_domain(tables), "There is no table of which a domain could be claimed.")
    domain.check_rule(steps, domain.RULE)
    hypotheses = domain.derive_domain(program, bindings, tables, Budget())
    check_premises(claim.parts["hypotheses"], hypotheses)
    return domain_sentence(hypotheses, program, bindings)


def check_propagation(
    claim: Claim, program: core.Program, bindings: Mapping[str, Fraction], tables: Tables
) -> str:
    """What is proven, for the reader."""
    steps = check_form(claim)
    name = as_text(claim.parts["output"], "output")
    known = any(one.name == name and tables for one in program.returns)
    require(known, f"The script returns no {quoted(name)} without a target, or has no tables.")
    domain.check_rule(steps, propagation.RULE)
    norm = as_text(claim.parts["norm"], "norm")
    require(norm == propagation.NORM, f"The norm is {quoted(norm)}, not '{propagation.NORM}'.")
    derived = propagation.derive_propagation(program, bindings, tables, name, Budget())
    value = _check_bound(claim, derived.formula, derived.value)
    check_premises(claim.parts["hypotheses"], derived.hypotheses)
    return propagation_sentence(name, value, derived.formula, derived.hypotheses, program, bindings)


def check_root(
    claim: Claim, program: core.Program, bindings: Mapping[str, Fraction], tables: Tables
) -> str:
    """What is proven, for the reader."""
    steps = check_form(claim)
    require(len(steps) == 1, f"The claim has {len(steps)} steps, not 1.")
    step = steps[0]
    require(isinstance(step, dict), "Step 1 is not an object.")
    name = as_text(claim.parts["output"], "output")
    given = step if isinstance(step, dict) else {}
    derived = root_claim.check_root(program, bindings, tables, name, given, Budget())
    value = _check_bound(claim, derived.formula, derived.value)
    scale = as_text(claim.parts["scale"], "scale")
    require(scale == "1", f"The scale is {quoted(scale)}, it must be '1'.")
    check_premises(claim.parts["hypotheses"], derived.hypotheses)
    return root_sentence(name, value, derived.formula, derived.hypotheses, program, bindings)


def _check_bound(claim: Claim, formula: str, derived: Fraction) -> Fraction:
    bound = as_object(claim.parts["bound"], "The bound", ("formula", "value"))
    given = as_text(bound["formula"], "The formula")
    require(given == formula, f"The formula is {quoted(given)}, it must be {quoted(formula)}.")
    value = as_number(bound["value"], "The bound's value")
    check_number(value, derived, "The bound's value")
    return value
