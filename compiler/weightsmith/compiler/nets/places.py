"""What the lines of layers refer to: rows of blocks, tables, groups of tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from weightsmith.compiler.nets.cursor import Cursor
from weightsmith.compiler.nets.tables import MOST_HINGES, Hinge
from weightsmith.compiler.nets.terms import listed
from weightsmith.dsl.text.diagnostics import near_hint


@dataclass(slots=True)
class Rows:
    """The rows of blocks, of blocks and views, and the groups of the network."""

    blocks: Mapping[str, str]
    readable: Mapping[str, str]
    groups: tuple[str, ...]


@dataclass(slots=True)
class Tables:
    """Those of a file, by name; ``room``: how many of their hinges may still be used."""

    hinges: dict[str, list[Hinge]] = field(default_factory=dict)
    room: int = MOST_HINGES


def read_groups(cursor: Cursor, known: tuple[str, ...]) -> tuple[str, ...]:
    """``context, query``: groups of tokens, in the order of the network."""
    found: list[str] = []
    while True:
        if cursor.next is None:
            cursor.fail("net-form", "expected a group of tokens", f"they are {listed(known)}")
        group = cursor.take().text
        if group not in known:
            hint = near_hint(group, known) or f"the groups of tokens are {listed(known)}"
            cursor.back("unknown-name", f"there is no group '{group}'", hint)
        found.append(group)
        if not cursor.accept(","):
            break
    return tuple(group for group in known if group in found)
