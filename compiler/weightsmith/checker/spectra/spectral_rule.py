"""The rules that bound what loops leave, as functions of one operator of known spectrum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from weightsmith.checker.facts.rule import Facts, Keys, Witness

if TYPE_CHECKING:
    from weightsmith.checker.facts.fact import Bound, Fact
    from weightsmith.checker.facts.read_files import ReadFiles
    from weightsmith.checker.spectra.problem import Problem, Result


@dataclass(frozen=True, slots=True)
class IterateRule:
    """A bound of one iterate of one loop, from the ``keys`` of its witness; some are ``optional``.

    It is never asked about what it does not say it is for: loops whose numbers change from pass to
    pass, targets that jump, a returned value that is 1 more than the iterate, loops within a loop.
    """

    name: str
    derive: Callable[[Problem, Witness], Bound]
    keys: Keys = ()
    optional: Keys = ()
    for_schedules: bool = False
    for_signs: bool = False
    for_offsets: bool = False
    for_inner_loops: bool = False
    kind: ClassVar[str] = "truncation"
    premises: ClassVar[Keys] = ("recurrence",)

    def fact(self, read: ReadFiles, of: object, premises: Facts, witness: Witness) -> Fact:
        return _truncation(self, read, of, premises, witness)


@dataclass(frozen=True, slots=True)
class ValueRule:
    """A bound of any polynomial in T and in what loops leave, where every symbol has a value.

    It is never asked about loops within a loop.
    """

    name: str
    derive: Callable[[Result, Witness], Bound]
    keys: Keys = ()
    optional: Keys = ()
    kind: ClassVar[str] = "truncation"
    premises: ClassVar[Keys] = ("recurrence",)

    def fact(self, read: ReadFiles, of: object, premises: Facts, witness: Witness) -> Fact:
        return _truncation(self, read, of, premises, witness)


def _truncation(
    rule: SpectralRule, read: ReadFiles, of: object, premises: Facts, witness: Witness
) -> Fact:
    from weightsmith.checker.spectra.following import truncation_fact  # it asks a rule in turn

    return truncation_fact(rule, read, of, premises, witness)


SpectralRule = IterateRule | ValueRule
