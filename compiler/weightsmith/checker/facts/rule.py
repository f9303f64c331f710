"""A rule: from facts of which kinds, by which witness, what follows.

A rule is an object called RULE in a file of its own, whose docstring has the proof or its source.
Its ``premises`` are the kinds of the facts it follows from, in their order; ``?`` after a kind says
that there may be none, ``*`` that there may be any number.  They are checked before it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from weightsmith.checker.reading.refusal import require

if TYPE_CHECKING:
    from weightsmith.checker.facts.fact import Fact
    from weightsmith.checker.facts.read_files import ReadFiles

Keys = tuple[str, ...]
Witness = Mapping[str, object]
Facts = Sequence["Fact"]


class Rule(Protocol):
    """What the kernel asks of a rule."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str:
        """Of the facts that follow by it."""
        ...

    @property
    def premises(self) -> Keys: ...

    @property
    def keys(self) -> Keys:
        """Of its witness."""
        ...

    @property
    def optional(self) -> Keys: ...

    def fact(self, read: ReadFiles, of: object, premises: Facts, witness: Witness) -> Fact:
        """What follows, of what the certificate says that it is ``of``.  Raises RefusedError."""
        ...


@dataclass(frozen=True, slots=True)
class FileRule:
    """A rule that looks at files, and at facts about them."""

    name: str
    kind: str
    derive: Callable[[ReadFiles, object, Facts, Witness], Fact]
    premises: Keys = ()
    keys: Keys = ()
    optional: Keys = ()

    def fact(self, read: ReadFiles, of: object, premises: Facts, witness: Witness) -> Fact:
        return self.derive(read, of, premises, witness)


def check_kinds(rule: Rule, premises: Facts) -> None:
    """Refuse unless the facts are of the kinds that the rule follows from, in their order."""
    left = [one.kind for one in premises]
    for wanted in rule.premises:
        kind = wanted.rstrip("?*")
        most = len(left) if wanted.endswith("*") else 1
        there = next((at for at, one in enumerate(left) if one != kind), len(left))
        taken = min(there, most)
        require(taken > 0 or wanted != kind, f"{rule.name} follows from a fact of kind {kind}.")
        left = left[taken:]
    require(not left, f"{rule.name} does not follow from a fact of kind {left[:1]}.")
