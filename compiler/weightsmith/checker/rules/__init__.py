"""The rules that bound what loops leave: one file each, found by its name and loaded when used.

A file holds one ``Rule``, called RULE; its docstring has the proof, and its source.  To add a rule,
write its file; if there is a witness to be sought, one more in ``compiler/certify/rules``.  All
that stands in this folder is a rule: a certificate names one, and can have nothing else loaded.
What rules share stands outside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from weightsmith.checker.reading.refusal import quoted, require

if TYPE_CHECKING:
    from weightsmith.checker.spectra.problem import Bound, Problem, Result

Keys = tuple[str, ...]
Step = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class IterateRule:
    """A bound of one iterate of one loop, from the ``keys`` of its witness; some are ``optional``.

    It is never asked about what it does not say it is for: loops whose numbers change from pass to
    pass, targets that jump, a returned value that is 1 more than the iterate, loops within a loop.
    """

    name: str
    derive: Callable[[Problem, Step], Bound]
    keys: Keys = ()
    optional: Keys = ()
    for_schedules: bool = False
    for_signs: bool = False
    for_offsets: bool = False
    for_inner_loops: bool = False


@dataclass(frozen=True, slots=True)
class ValueRule:
    """A bound of any polynomial in T and in what loops leave, where every symbol has a value.

    It is never asked about loops within a loop.
    """

    name: str
    derive: Callable[[Result, Step], Bound]
    keys: Keys = ()
    optional: Keys = ()


Rule = IterateRule | ValueRule


@cache
def names() -> tuple[str, ...]:
    """The names of all rules: those of the files of this folder."""
    return tuple(sorted(found.name for found in iter_modules(__path__) if not found.ispkg))


def find(name: object) -> Rule:
    """The rule of this name, loaded now.  Raises RefusedError if there is none."""
    known = isinstance(name, str) and name in names()
    require(known, f"The rule {quoted(name)} is not known.")
    found: Rule = import_module(f"{__name__}.{name}").RULE
    return found
