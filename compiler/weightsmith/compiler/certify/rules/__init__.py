"""How the witnesses of the checker's rules are sought: one file for each rule that has a witness.

A file has the name of its rule and holds one ``Search``, called SEARCH.  A rule without a file has
no witness, and is tried as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from weightsmith.checker import rules
from weightsmith.checker.spectra.spectral_rule import IterateRule, SpectralRule, ValueRule

if TYPE_CHECKING:
    from weightsmith.checker.rules.truncation.chebyshev import Comparison
    from weightsmith.checker.spectra.problem import Problem, Result

Json = dict[str, object]
MIDDLE = 50  # the order of a rule that does not say when it is tried


def no_witness(*_: object) -> Iterable[Json]:
    return ({},)


@dataclass(frozen=True, slots=True)
class IterateSearch:
    """The witnesses to be tried for an iterate; rules are tried by ``order``, the tighter first."""

    rule: IterateRule
    witnesses: Callable[[Problem], Iterable[Json]] = no_witness
    order: int = MIDDLE


@dataclass(frozen=True, slots=True)
class ValueSearch:
    """The same for a polynomial beside its target.  Raises NoProofError or RefusedError."""

    rule: ValueRule
    witnesses: Callable[[Result, Comparison], Iterable[Json]] = no_witness
    order: int = MIDDLE


Search = IterateSearch | ValueSearch


def iterate_searches() -> Iterator[IterateSearch]:
    return (one for one in _searches() if isinstance(one, IterateSearch))


def value_searches() -> Iterator[ValueSearch]:
    return (one for one in _searches() if isinstance(one, ValueSearch))


@cache
def _searches() -> tuple[Search, ...]:
    """One for every rule, in the order in which they are tried."""
    own = {found.name for found in iter_modules(__path__)}
    known = [rules.find(name) for name in rules.in_folder("truncation")]
    spectral = [one for one in known if isinstance(one, IterateRule | ValueRule)]
    found = [_of_file(one.name) if one.name in own else _plain(one) for one in spectral]
    return tuple(sorted(found, key=lambda one: (one.order, one.rule.name)))


def _of_file(name: str) -> Search:
    found: Search = import_module(f"{__name__}.{name}").SEARCH
    return found


def _plain(rule: SpectralRule) -> Search:
    return IterateSearch(rule) if isinstance(rule, IterateRule) else ValueSearch(rule)
