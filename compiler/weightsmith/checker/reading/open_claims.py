"""Why a claim is open: the whole list.  A certificate holds a key of it, and no text of its own."""

from __future__ import annotations

from collections.abc import Mapping

NO_SPECTRUM = "no-spectrum"
NO_RULE = "no-rule"
NOT_DERIVED = "not-derived"
NOT_ACCEPTED = "not-accepted"
OVER_BUDGET = "over-budget"
SAYS_NOTHING = "says-nothing"

REASONS: Mapping[str, str] = {
    NO_SPECTRUM: "the script assumes no spectrum that a rule could use",
    NO_RULE: "no rule proves it; 'weightsmith compile' says what is missing",
    NOT_DERIVED: "the assumptions do not bound it; 'weightsmith compile' says what is missing",
    NOT_ACCEPTED: "the checker does not accept the bound that the compiler found",
    OVER_BUDGET: "out of budget: its proof needs more work than is allowed",
    SAYS_NOTHING: "its bound exceeds 10^300, which says nothing",
}
