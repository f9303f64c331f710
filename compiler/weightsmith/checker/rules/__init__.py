"""The rules of the kernel: one file each, found by its name and loaded when it is used.

A file holds one rule, called RULE; its docstring has the proof, and its source.  To add a rule,
write its file; if there is a witness to be sought, one more in ``compiler/certify/rules``.  All
that stands in these folders is a rule: a certificate names one, and can have nothing else loaded.
What rules share stands outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from weightsmith.checker.reading.refusal import quoted, require

if TYPE_CHECKING:
    from weightsmith.checker.facts.rule import Rule

FOLDERS = ("network", "pairs", "tables", "truncation")


@cache
def places() -> Mapping[str, str]:
    """The module of every rule, by the rule's name."""
    found: dict[str, str] = {}
    for folder in ("", *FOLDERS):
        paths = [f"{path}/{folder}" for path in __path__]
        name = f"{__name__}.{folder}" if folder else __name__
        found |= {one.name: f"{name}.{one.name}" for one in iter_modules(paths) if not one.ispkg}
    return found


def in_folder(folder: str) -> tuple[str, ...]:
    """The names of the rules of a folder, in order."""
    return tuple(sorted(n for n, place in places().items() if place.split(".")[-2] == folder))


def find(name: object) -> Rule:
    """The rule of this name, loaded now.  Raises RefusedError if there is none."""
    known = isinstance(name, str) and name in places()
    require(known, f"The rule {quoted(name)} is not known.")
    found: Rule = import_module(places()[str(name)]).RULE
    return found
