"""Groups of tokens: the words for them, and where two of them meet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from weightsmith.dsl.program.core import CONTEXT, GROUPS, QUERY, Group, Shape

if TYPE_CHECKING:
    from weightsmith.dsl.reading.syntax import Word
    from weightsmith.dsl.text.diagnostics import Report

MEANING: dict[str, tuple[Group, ...]] = {
    "context": (CONTEXT,),
    "query": (QUERY,),
    "tokens": GROUPS,
    "token": GROUPS,
}
UNKNOWN: tuple[Group, ...] = ("unknown",)  # of a clause with a mistake, which is reported


def read_groups(word: Word, report: Report) -> tuple[Group, ...] | None:
    """Return the groups a word names; None, after a report, if it names none."""
    if word.text in MEANING:
        return MEANING[word.text]
    from weightsmith.dsl.text.diagnostics import near_hint

    message = f"expected context, query or tokens, got '{word.text}'"
    report.error("misspelt", word.span, message, near_hint(word.text, MEANING))
    return None


def meet(left: tuple[Group, ...], right: tuple[Group, ...]) -> tuple[Group, ...]:
    return left if left == right else tuple(group for group in left if group in right)


def existing_groups(shapes: Iterable[Shape]) -> tuple[Group, ...]:
    """The groups that some input has tokens of: what ``I``, ``0`` and ``ones`` are indexed by."""
    found = {group for shape in shapes for group in shape.row_groups + shape.column_groups}
    return tuple(group for group in GROUPS if group in found) or GROUPS


def groups_text(groups: tuple[Group, ...]) -> str:
    return " and ".join(groups) if groups else "no tokens"
