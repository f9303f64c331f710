"""A fact as the compiler states it: by which rule, with which witness, from which other facts.

Where a distance is owed and not proven the fact is open.  Its details name the user's lines and
numbers: they are said when the network is compiled, and are in no file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

Json = dict[str, object]
Details = dict[tuple[str, str], str]  # by the kind of the fact that is owed, and the output
ERRORS = ("truncation", "propagation")  # the kinds of facts that bound a returned value's error


@dataclass(frozen=True)
class Stated:
    """A fact, and what it follows from."""

    fact: Json
    by: str
    witness: Json = field(default_factory=dict)
    premises: tuple[Stated, ...] = ()
    details: str = ""  # of an open one

    @property
    def kind(self) -> str:
        """Of an open fact, that of the one which is owed."""
        of = self.fact["of"]
        return str(of[0]) if self.is_open and isinstance(of, list) else str(self.fact["is"])

    @property
    def output(self) -> str:
        of = self.fact["of"]
        return str(of[1]) if self.is_open and isinstance(of, list) else str(of)

    @property
    def is_open(self) -> bool:
        return self.fact["is"] == "open"

    @property
    def unproven(self) -> str | None:
        """Why an open one is not proven: the details if they are known, else the reason's key."""
        return self.details or str(self.witness["why"]) if self.is_open else None

    @property
    def value(self) -> Fraction | None:
        """The number of its bound; None if a symbol has no value."""
        bound = self.fact.get("bound")
        value = bound.get("value") if isinstance(bound, dict) else None
        return None if value is None else Fraction(str(value))


def open_fact(kind: str, output: str, why: str, details: str) -> Stated:
    """``why`` is a key of ``checker.open_claims.REASONS``."""
    fact: Json = {"is": "open", "of": [kind, output]}
    return Stated(fact, "unproven", {"why": why}, details=details)


def details_of(facts: Iterable[Stated]) -> Details:
    """The details of the open facts."""
    return {(one.kind, one.output): one.details for one in facts if one.is_open}


def listed(facts: Iterable[Stated]) -> list[Json]:
    """The lines of a certificate: every fact once, what it follows from before it."""
    lines: list[Json] = []
    numbers: dict[str, int] = {}

    def number_of(one: Stated) -> int:
        before = [number_of(premise) for premise in one.premises]
        line: Json = {"fact": one.fact, "by": one.by, "from": before, "with": one.witness}
        key = json.dumps(line, sort_keys=True)
        if key not in numbers:
            numbers[key] = len(lines) + 1
            lines.append({"n": numbers[key], **line})
        return numbers[key]

    for one in facts:
        number_of(one)
    return lines


def exact_at(facts: Iterable[Stated]) -> tuple[dict[str, str], tuple[int, ...] | None] | None:
    """For which numbers the network is shown to compute its script, and for which passes.

    None where that is for all.
    """
    found = next((one.fact for one in facts if one.kind == "exactness" and "at" in one.fact), None)
    if found is None:
        return None
    at, passes = found["at"], found.get("passes")
    pairs = [one for one in at if isinstance(one, list)] if isinstance(at, list) else []
    numbers = {str(one[0]): str(one[1]) for one in pairs if len(one) == 2}
    if not isinstance(passes, list):
        return numbers, None
    return numbers, tuple(one for one in passes if isinstance(one, int))


def stated_in(certificate: Mapping[str, object]) -> list[Stated]:
    """The facts of a certificate whose form is known, without what they follow from."""
    lines = certificate["facts"]
    found = lines if isinstance(lines, list) else []
    return [Stated(line["fact"], line["by"], line["with"]) for line in found]
