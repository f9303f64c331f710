"""The truncation claim of one returned value: how far the iteration is from its target.

Here only witnesses are sought: which operator, which forms, which rule.  The checker derives what
follows from them (``checker.truncation``); the first bound that it derives is the claim.  What no
rule bounds is reported as unproven, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.checker.claims.following import NESTED, Following, Targeted
from weightsmith.checker.claims.truncation import claim_of
from weightsmith.checker.reading import open_claims
from weightsmith.checker.reading.open_claims import NO_RULE, NO_SPECTRUM, OVER_BUDGET
from weightsmith.checker.reading.refusal import (
    SHARE,
    Budget,
    OverBudgetError,
    RefusedError,
    SaysNothingError,
)
from weightsmith.checker.rules import IterateRule
from weightsmith.checker.rules.chebyshev import comparison
from weightsmith.checker.spectra.problem import Problem, Result
from weightsmith.compiler.certify.open_claim import open_claim
from weightsmith.compiler.certify.rules import iterate_searches, value_searches
from weightsmith.compiler.certify.spectra.evidence import assumption_step, loop_steps
from weightsmith.compiler.certify.spectra.grounds import Ground, grounds, no_ground
from weightsmith.compiler.certify.spectra.spectral import NoProofError
from weightsmith.compiler.ir.normal import NormalProgram, Returned
from weightsmith.dsl.numbers.scalars import ScalarError
from weightsmith.dsl.program import core

Json = dict[str, object]
Bindings = Mapping[str, Fraction]
NONE = "no rule bounds this recurrence"


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A returned value, followed for one operator; ``steps`` are the evidence so far."""

    following: Following
    steps: list[Json]


def truncation_claim(
    program: core.Program, normal: NormalProgram, position: int, bindings: dict[str, Fraction]
) -> Json:
    """Return the claim (without its number) for the returned value at ``position``."""
    returned = normal.returns[position]
    found = tuple(grounds(program, normal, bindings))
    if not found:
        return _unproven(returned, no_ground(program), NO_SPECTRUM)
    reasons: list[Exception] = []  # of what was tried; then of operators that do not fit
    others: list[Exception] = []
    budget = Budget(SHARE)
    try:
        with budget.active():
            attempts = list(_attempts(program, normal, returned, found, bindings, budget, others))
            for rules in (_by_iterate, _by_polynomial):
                for attempt in attempts:
                    claim = rules(attempt, reasons)
                    if claim is not None:
                        return claim
    except OverBudgetError as reason:
        return _unproven(returned, str(reason), OVER_BUDGET)
    for one in reasons:
        if isinstance(one, SaysNothingError):
            return _unproven(returned, str(one), open_claims.SAYS_NOTHING)
    return _unproven(returned, _as_clause(str((*reasons, *others, NONE)[0])))


def _unproven(returned: Returned, detail: str, reason: str = NO_RULE) -> Json:
    return open_claim("truncation", returned.name, reason, detail)


def _as_clause(sentence: str) -> str:
    """Without a capital, but for a name of the script, and without the full stop."""
    first = sentence.split(" ", 1)[0]
    is_word = first.isalpha() and len(first) > 1 and first[1:].islower()
    text = first.lower() + sentence[len(first) :] if is_word else sentence
    return text.removesuffix(".")


def _attempts(
    program: core.Program,
    normal: NormalProgram,
    returned: Returned,
    found: tuple[Ground, ...],
    bindings: Bindings,
    budget: Budget,
    reasons: list[Exception],
) -> Iterator[_Attempt]:
    """The operators for which the value and its target are functions between the same letters."""
    for ground in found:
        first = assumption_step(ground)
        try:
            targeted = Targeted(program, bindings, returned.name, first, budget)
            loops = loop_steps(program, normal, returned, ground, targeted.frame)
            following = Following(program, bindings, returned.name, first, loops, budget)
        except (NoProofError, RefusedError, ScalarError) as reason:
            reasons.append(reason)
            continue
        yield _Attempt(following, [first, *loops])


def _by_iterate(attempt: _Attempt, reasons: list[Exception]) -> Json | None:
    """The first rule for one iterate of one loop whose form fits; then its numbers must too."""
    following = attempt.following
    try:
        problem = following.problem(None)
    except RefusedError as reason:
        if following.is_nested:
            reasons.append(reason)  # no rule for values knows loops within a loop
        return None
    for rule, witness in _for_iterates(problem):
        try:
            found = following.bounded(rule.name, witness, symbolic=True)
        except RefusedError as reason:
            if rule.for_inner_loops and following.is_nested:
                reasons.append(reason)  # few rules are for these: each says what it needs
            continue
        try:
            if following.numbers is not None:
                found = following.bounded(rule.name, witness)
            return claim_of(found, following, [*attempt.steps, {"rule": rule.name, **witness}])
        except RefusedError as reason:
            reasons.append(reason)
            return None
    return None


def _for_iterates(problem: Problem) -> Iterator[tuple[IterateRule, Json]]:
    for search in iterate_searches():
        for witness in search.witnesses(problem):
            yield search.rule, witness


def _by_polynomial(attempt: _Attempt, reasons: list[Exception]) -> Json | None:
    """By the rules for any polynomial in the operator, which need a value for every symbol."""
    following = attempt.following
    if following.is_nested:
        reasons.append(NoProofError(NESTED))
        return None
    if following.numbers is None:
        missing = following.missing[0]
        needed = f"the bound needs a value for every symbol: --set {missing}=…"
        reasons.append(NoProofError(needed))
        return None
    refused: list[Exception] = []
    try:
        for rule, witness in _for_values(following.result(following.numbers)):
            try:
                found = following.bounded(rule, witness)
                return claim_of(found, following, [*attempt.steps, {"rule": rule, **witness}])
            except RefusedError as reason:
                refused.append(reason)
    except (NoProofError, RefusedError) as reason:
        refused.append(reason)
    reasons += refused[-1:]  # a polynomial for which one rule is not has a later one
    return None


def _for_values(result: Result) -> Iterator[tuple[str, Json]]:
    compared = comparison(result)
    for search in value_searches():
        for witness in search.witnesses(result, compared):
            yield search.rule.name, witness
