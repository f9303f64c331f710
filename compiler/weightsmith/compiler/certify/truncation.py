"""How far a returned value is from its target: the search for a proof.

Here only witnesses are sought: which operator, which forms, which rule.  The checker derives what
follows from them (``checker.spectra.following``); the first bound that it derives is stated.  What
no rule bounds is open, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.checker.balls.claim_numbers import check_says_something
from weightsmith.checker.reading import open_claims
from weightsmith.checker.reading.open_claims import NO_RULE, NO_SPECTRUM, OVER_BUDGET
from weightsmith.checker.reading.refusal import (
    SHARE,
    Budget,
    OverBudgetError,
    RefusedError,
    SaysNothingError,
)
from weightsmith.checker.rules.truncation.assumption import spectrum_fact
from weightsmith.checker.rules.truncation.chebyshev import comparison
from weightsmith.checker.rules.truncation.loops import recurrence_fact
from weightsmith.checker.spectra import operator_reading as checked
from weightsmith.checker.spectra.following import NESTED, Following, Targeted, Truncation, fact_of
from weightsmith.checker.spectra.problem import Problem, Result
from weightsmith.checker.spectra.spectral_rule import IterateRule, SpectralRule, ValueRule
from weightsmith.compiler.certify.rules import iterate_searches, value_searches
from weightsmith.compiler.certify.spectra.assumed_operators import (
    AssumedOperator,
    assumed_operators,
    no_operator,
)
from weightsmith.compiler.certify.spectra.evidence import letters, loop_forms
from weightsmith.compiler.certify.spectra.spectral import NoProofError
from weightsmith.compiler.certify.stated import Stated, open_fact
from weightsmith.compiler.ir.normal import NormalProgram, Returned
from weightsmith.dsl.numbers.scalars import ScalarError
from weightsmith.dsl.program import core

Json = dict[str, object]
Bindings = Mapping[str, Fraction]
NONE = "no rule bounds this recurrence"


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A returned value, followed for one operator, and the fact that it follows from."""

    following: Following
    recurrence: Stated

    def stated(self, found: Truncation, rule: SpectralRule, witness: Json) -> Stated:
        """Raises RefusedError where the bound says nothing."""
        check_says_something(found.value)
        fact = fact_of(found).written(found.value)
        return Stated(fact, rule.name, witness, (self.recurrence,))


def truncation_stated(
    program: core.Program, normal: NormalProgram, position: int, bindings: dict[str, Fraction]
) -> Stated:
    """The distance of the returned value at ``position`` from its target, or that it is open."""
    returned = normal.returns[position]
    found = tuple(assumed_operators(program, normal, bindings))
    if not found:
        return _unproven(returned, no_operator(program), NO_SPECTRUM)
    reasons: list[Exception] = []  # of what was tried; then of operators that do not fit
    others: list[Exception] = []
    budget = Budget(SHARE)
    try:
        with budget.active():
            attempts = list(_attempts(program, normal, returned, found, bindings, budget, others))
            for rules in (_by_iterate, _by_polynomial):
                for attempt in attempts:
                    stated = rules(attempt, reasons)
                    if stated is not None:
                        return stated
    except OverBudgetError as reason:
        return _unproven(returned, str(reason), OVER_BUDGET)
    for one in reasons:
        if isinstance(one, SaysNothingError):
            return _unproven(returned, str(one), open_claims.SAYS_NOTHING)
    return _unproven(returned, _as_clause(str((*reasons, *others, NONE)[0])))


def _unproven(returned: Returned, detail: str, reason: str = NO_RULE) -> Stated:
    return open_fact("truncation", returned.name, reason, detail)


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
    found: tuple[AssumedOperator, ...],
    bindings: Bindings,
    budget: Budget,
    reasons: list[Exception],
) -> Iterator[_Attempt]:
    """The operators for which the value and its target are functions between the same letters."""
    for one in found:
        try:
            yield _attempt(program, normal, returned, one, bindings, budget)
        except (NoProofError, RefusedError, ScalarError) as reason:
            reasons.append(reason)


def _attempt(
    program: core.Program,
    normal: NormalProgram,
    returned: Returned,
    found: AssumedOperator,
    bindings: Bindings,
    budget: Budget,
) -> _Attempt:
    number, word = found.assumption, letters(found.operator.word)
    reading = checked.OperatorReading(program, bindings, number, word, budget)
    spectrum = Stated(spectrum_fact(reading).written(), "assumption", {"number": number})
    frame = Targeted(reading, returned.name).frame
    forms: list[Json] = loop_forms(program, normal, returned, found, frame)
    loops = checked.Loops(program, bindings, number, word, forms, budget)
    recurrence = Stated(recurrence_fact(loops).written(), "loops", {"forms": forms}, (spectrum,))
    return _Attempt(Following(loops, returned.name), recurrence)


def _by_iterate(attempt: _Attempt, reasons: list[Exception]) -> Stated | None:
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
            found = following.bounded(rule, witness, symbolic=True)
        except RefusedError as reason:
            if rule.for_inner_loops and following.is_nested:
                reasons.append(reason)  # few rules are for these: each says what it needs
            continue
        try:
            if following.numbers is not None:
                found = following.bounded(rule, witness)
            return attempt.stated(found, rule, witness)
        except RefusedError as reason:
            reasons.append(reason)
            return None
    return None


def _for_iterates(problem: Problem) -> Iterator[tuple[IterateRule, Json]]:
    for search in iterate_searches():
        for witness in search.witnesses(problem):
            yield search.rule, witness


def _by_polynomial(attempt: _Attempt, reasons: list[Exception]) -> Stated | None:
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
                return attempt.stated(found, rule, witness)
            except RefusedError as reason:
                refused.append(reason)
    except (NoProofError, RefusedError) as reason:
        refused.append(reason)
    reasons += refused[-1:]  # a polynomial for which one rule is not has a later one
    return None


def _for_values(result: Result) -> Iterator[tuple[ValueRule, Json]]:
    compared = comparison(result)
    for search in value_searches():
        for witness in search.witnesses(result, compared):
            yield search.rule, witness
