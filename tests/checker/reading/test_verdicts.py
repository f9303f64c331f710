"""Verdicts: what is shown of a check that ends well, and of one that does not."""

from __future__ import annotations

from weightsmith.checker.reading.refusal import OverBudgetError, RefusedError
from weightsmith.checker.reading.verdicts import Found, judge


def test_a_claim_that_holds_is_shown_as_it_is_stated_unless_more_was_found() -> None:
    plain = judge(3, "exactness", "They are equal.", lambda: Found("Proven."))
    assert (plain.statement, plain.reason, plain.accepted) == ("They are equal.", "Proven.", True)
    more = judge(3, "exactness", "They are near.", lambda: Found("Proven.", "They are equal."))
    assert more.statement == "They are equal."


def test_a_check_that_fails_shows_what_was_claimed() -> None:
    def refuses() -> Found:
        raise RefusedError("They differ.")

    def costs_too_much() -> Found:
        raise OverBudgetError("Too much.")

    wrong, dear = (judge(3, "weights", "They agree.", run) for run in (refuses, costs_too_much))
    for one in (wrong, dear):
        assert (one.accepted, one.proven, one.statement) == (False, False, "They agree.")
    assert (wrong.reason, wrong.over_budget) == ("They differ.", False)
    assert (dear.reason, dear.over_budget) == ("Too much.", True)
