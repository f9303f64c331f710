"""How far a returned value is from its target, by spectral calculus of one operator.

    ‖returned value − target‖₂ ≤ bound · scale

The steps of the evidence are an ``assumption`` (which T), a ``loop`` for each loop that counts
(which forms its values have), and one rule.  All else is derived from the script: what a pass does
to the scalars, which function of T is returned, the scale, the hypotheses, the bound.  So whoever
looks for a proof calls the same functions as whoever checks one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from weightsmith.checker.balls.claim_numbers import check_says_something
from weightsmith.checker.balls.enclosures import check_value
from weightsmith.checker.claims.following import Following, Truncation
from weightsmith.checker.reading.refusal import Budget, RefusedError, quoted, require
from weightsmith.checker.reading.strict_json import as_list, as_number, as_object, as_text
from weightsmith.checker.rules import Step, find
from weightsmith.checker.semantics.premises import as_json, check_premises
from weightsmith.dsl.program import core

Json = dict[str, object]
MAX_LOOPS = 200


def claim_of(found: Truncation, following: Following, steps: Sequence[Json]) -> Json:
    """The claim, without its number; ``steps`` are those of the evidence, the rule's the last.

    Raises RefusedError where the bound says nothing.
    """
    first, *loops, last = steps
    derived = [{**step, **fact} for step, fact in zip(loops, following.loop_facts(), strict=True)]
    value = found.value
    check_says_something(value)
    return {
        "kind": "truncation",
        "output": found.output,
        "steps": [{"step": n, **step} for n, step in enumerate((first, *derived, last), 1)],
        "hypotheses": as_json(found.hypotheses),
        "scale": found.scale,
        "bound": {"formula": found.formula, "value": None if value is None else str(value)},
    }


def check_truncation(
    program: core.Program,
    bindings: Mapping[str, Fraction],
    claim: Mapping[str, object],
    budget: Budget,
) -> Truncation:
    """Refuse unless the steps prove the bound, its scale and its hypotheses."""
    steps = _read_steps(as_list(claim["steps"], "The steps"))
    first, *loops, last = steps
    with budget.active():
        following = Following(
            program, bindings, as_text(claim["output"], "output"), first, loops, budget
        )
        for step, fact in zip(loops, following.loop_facts(), strict=True):
            for key, derived in fact.items():
                what = f"Step {step['step']} (loop): '{key}' is not what is derived"
                require(step[key] == derived, f"{what}: {quoted(derived)}.")
        witness = {key: value for key, value in last.items() if key not in ("step", "rule")}
        found = following.bounded(as_text(last["rule"], "rule"), witness)
        _check_bound(claim, found)
    given = as_text(claim["scale"], "scale")
    require(given == found.scale, f"The scale is {quoted(given)}, it must be '{found.scale}'.")
    check_premises(claim["hypotheses"], found.hypotheses)
    return found


def _check_bound(claim: Mapping[str, object], found: Truncation) -> None:
    bound = as_object(claim["bound"], "The bound", ("formula", "value"))
    formula = as_text(bound["formula"], "The formula")
    right = formula == found.formula
    require(right, f"The formula is {quoted(formula)}, it must be '{found.formula}'.")
    value = None if bound["value"] is None else as_number(bound["value"], "The bound's value")
    true = found.bound.value
    given = (value is None) == (true is None)
    require(given, "The bound has a value exactly where every symbol has one.")
    check_says_something(value)
    if value is not None and true is not None:
        check_value(value, true)


def _read_steps(steps: Sequence[object]) -> list[Step]:
    """An assumption, a step for each loop, and a rule, with no key that is not known."""
    require(2 <= len(steps) <= MAX_LOOPS + 2, "The claim has too few steps, or too many.")
    found: list[Step] = [_assumption(steps[0])]
    for number, step in enumerate(steps[1:-1], 2):
        what = f"Step {number} (loop)"
        parts = as_object(step, what, ("step", "rule", "loop", "forms", "start", "pass"))
        require(parts["rule"] == "loop", f"{what}: the rule is {quoted(parts['rule'])}.")
        found.append(parts)
    last = steps[-1]
    if not isinstance(last, dict):
        raise RefusedError(f"Step {len(steps)} is not an object.")
    rule = find(last.get("rule"))
    what = f"Step {len(steps)} ({rule.name})"
    return [*found, as_object(last, what, ("step", "rule", *rule.keys), rule.optional)]


def _assumption(step: object) -> Step:
    parts = as_object(step, "Step 1 (assumption)", ("step", "rule", "number", "of"))
    good = parts["rule"] == "assumption"
    require(good, f"Step 1: the rule is {quoted(parts['rule'])}, not 'assumption'.")
    return parts
