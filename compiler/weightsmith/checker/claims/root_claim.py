"""The claim ``truncation`` of a value whose target is root(w: E): derived anew, then compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.checker.balls.bounds import BITS
from weightsmith.checker.balls.claim_numbers import (
    ball_rounded_up,
    check_number,
    check_says_something,
)
from weightsmith.checker.balls.ranges import precision
from weightsmith.checker.errors.assumed import Assumed
from weightsmith.checker.errors.descent import derive_descent, descent_formula, descent_value
from weightsmith.checker.errors.error_formula import ErrorFormula
from weightsmith.checker.errors.logistic_newton import LogisticNewton, derive_passes, newton_formula
from weightsmith.checker.errors.newton_shape import read_shape
from weightsmith.checker.errors.root_problem import RootProblem, read_root
from weightsmith.checker.reading.refusal import Budget, RefusedError, quoted, require
from weightsmith.checker.reading.strict_json import (
    as_items,
    as_list,
    as_number,
    as_object,
    exact_text,
)
from weightsmith.checker.semantics.premises import Premises
from weightsmith.checker.semantics.site_letters import read_script
from weightsmith.checker.semantics.tables import Table, errors_of
from weightsmith.dsl.program import core

Json = dict[str, object]
DESCENT, NEWTON = "descent", "logistic_newton"
DESCENT_KEYS = (
    "step",
    "rule",
    "loop",
    "step_size",
    "features",
    "slopes",
    "factor",
    "start",
    "noise",
)
NEWTON_KEYS = ("step", "rule", "loop", "inner", "features", "labels", "mu", "sites", "passes")


@dataclass(frozen=True, slots=True)
class RootBound:
    """What the evidence of a step gives."""

    step: Json
    formula: str
    value: Fraction
    hypotheses: Premises


@dataclass(frozen=True, slots=True)
class _Context:
    problem: RootProblem
    tables: Mapping[str, Table]
    assumed: Assumed
    budget: Budget


def derive_root(
    program: core.Program,
    bindings: Mapping[str, Fraction],
    tables: Mapping[str, Table],
    output: str,
    budget: Budget,
) -> RootBound:
    """Prove what can be proven, by one rule or the other."""
    with precision(BITS), budget.active():
        context = _read(program, bindings, tables, output, budget)
        reasons = []
        rules: tuple[Callable[[_Context], RootBound], ...] = (_descent, _newton)
        for rule in rules[1:] if context.problem.loop.children else rules[:1]:
            try:
                return rule(context)
            except RefusedError as refused:
                reasons.append(str(refused))
        raise RefusedError(" ".join(reasons))


def check_root(
    program: core.Program,
    bindings: Mapping[str, Fraction],
    tables: Mapping[str, Table],
    output: str,
    step: Mapping[str, object],
    budget: Budget,
) -> RootBound:
    """What a claimed step proves: its numbers may be larger than the derived ones."""
    rule = step.get("rule")
    with precision(BITS), budget.active():
        context = _read(program, bindings, tables, output, budget)
        if rule == DESCENT:
            return _check_descent(context, as_object(step, "Step 1 (descent)", DESCENT_KEYS))
        require(rule == NEWTON, f"Step 1: the rule {quoted(rule)} is not known.")
        return _check_newton(context, as_object(step, "Step 1 (logistic_newton)", NEWTON_KEYS))


def _read(
    program: core.Program,
    bindings: Mapping[str, Fraction],
    tables: Mapping[str, Table],
    output: str,
    budget: Budget,
) -> _Context:
    script = read_script(program, bindings, budget)
    assumed = Assumed(program, script.meaning.inputs, script.field, bindings)
    return _Context(read_root(script, output), tables, assumed, budget)


# -- descent --------------------------------------------------------------------------------------


def _descent(context: _Context) -> RootBound:
    found = derive_descent(context.problem, context.tables, context.assumed, context.budget)
    step: Json = {
        "step": 1,
        "rule": DESCENT,
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
    return _descent_bound(context, step)


def _descent_bound(context: _Context, step: Json) -> RootBound:
    factor, start = (as_number(step[name], name) for name in ("factor", "start"))
    require(0 <= factor < 1, "The factor is not below 1.")
    noise = ErrorFormula(tuple(_noise(step).items()))
    each = noise.value(errors_of(context.tables))
    value = ball_rounded_up(descent_value(context.problem, factor, start, each))
    check_says_something(value)
    formula = descent_formula(context.problem, factor, start, noise)
    return RootBound(step, formula, value, context.assumed.hypotheses())


def _noise(step: Json) -> dict[str, Fraction]:
    shares = step["noise"]
    if not isinstance(shares, dict):
        raise RefusedError("The noise of step 1 is not an object.")
    return {site: as_number(share, "A noise of step 1") for site, share in shares.items()}


def _check_descent(context: _Context, step: Json) -> RootBound:
    derived = _descent(context).step
    _check_same(step, derived, ("step", "loop", "step_size", "features", "slopes"))
    for name in ("factor", "start"):
        claimed, shown = (as_number(one[name], name) for one in (step, derived))
        check_number(claimed, shown, f"The {name} of step 1", close=True)
    shares, wanted = _noise(step), _noise(derived)
    require(list(shares) == list(wanted), f"Step 1: 'noise' must be of the sites {list(wanted)}.")
    for site, share in shares.items():
        check_number(share, wanted[site], "The noise of step 1", close=True)
    return _descent_bound(context, step)


def _check_same(step: Json, derived: Json, names: tuple[str, ...]) -> None:
    for name in names:
        same = type(step[name]) is type(derived[name]) and step[name] == derived[name]
        require(same, f"Step 1: '{name}' must be {derived[name]}.")


# -- newton ---------------------------------------------------------------------------------------


def _newton(context: _Context) -> RootBound:
    newton, step, formula = _newton_frame(context)
    passes = derive_passes(newton)
    check_says_something(passes[-1][0])
    step["passes"] = [[exact_text(one, "A bound of a pass") for one in pair] for pair in passes]
    return RootBound(step, formula, passes[-1][0], context.assumed.hypotheses())


def _newton_frame(context: _Context) -> tuple[LogisticNewton, Json, str]:
    """The recursion, the step without its passes, and the formula."""
    shape = read_shape(context.problem)
    newton = LogisticNewton(context.problem, shape, context.tables, context.assumed)
    sites = {
        "probability": shape.probability,
        "weight": shape.weight,
        "scaled": shape.scaled,
        "damping": shape.damping,
    }
    step: Json = {
        "step": 1,
        "rule": NEWTON,
        "loop": context.problem.loop.index,
        "inner": shape.inner.index,
        "features": shape.gradient.features.text,
        "labels": shape.gradient.labels.text,
        "mu": exact_text(shape.gradient.mu, "mu"),
        "sites": {name: site.node.site for name, site in sites.items()},
    }
    ell = ball_rounded_up(newton.numbers.ell)
    return newton, step, newton_formula(context.problem, shape, ell)


def _check_newton(context: _Context, step: Json) -> RootBound:
    newton, frame, formula = _newton_frame(context)
    _check_same(step, frame, tuple(frame))
    pairs = as_list(step["passes"], "passes")
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
    return RootBound(step, formula, wanted[0], context.assumed.hypotheses())
