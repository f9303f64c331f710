"""The rule ``unproven``: a distance is owed and not proven.

Witness: ``why``, a key of the list in ``open_claims.py``.  The fact is ``of`` the kind of the fact
that is owed, ``truncation`` or ``propagation``, and the output.

    {"fact": {"is": "open", "of": ["truncation", "X"]}, "by": "unproven",
     "with": {"why": "no-spectrum"}}

Follows: nothing.  That it is stated says that the distance was not forgotten.
"""

from __future__ import annotations

from weightsmith.checker.facts.fact import Fact
from weightsmith.checker.facts.owed import check_owed
from weightsmith.checker.facts.read_files import ReadFiles
from weightsmith.checker.facts.rule import Facts, FileRule, Witness
from weightsmith.checker.reading.open_claims import REASONS
from weightsmith.checker.reading.refusal import quoted, require
from weightsmith.checker.reading.strict_json import as_text, as_texts

AGAINST = {"truncation": "its target", "propagation": "what the script says"}


def derive_open(read: ReadFiles, of: object, premises: Facts, witness: Witness) -> Fact:
    parts = as_texts(of, "What is open")
    known = len(parts) == 2 and parts[0] in AGAINST
    require(known, f"What is open is ['truncation', OUTPUT] or ['propagation', OUTPUT], not {of}.")
    kind, output = parts
    check_owed(read, kind, output)
    why = as_text(witness["why"], "why")
    require(why in REASONS, f"It is open for no reason of the list: {', '.join(REASONS)}.")
    return Fact(
        "open",
        [kind, output],
        {},
        sentence=lambda: f"How far {quoted(output)} is from {AGAINST[kind]}.",
        reason=f"Not proven, and not claimed: {REASONS[why]}.",
        proven=False,
    )


RULE = FileRule("unproven", "open", derive_open, keys=("why",))
