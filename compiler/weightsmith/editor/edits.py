"""A new text as changes of lines, so that a cursor stays where it was."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher

MOST_LINES = 3_000  # compared one by one: the time grows with their square


def changes(before: str, after: str) -> Iterator[tuple[int, int, str]]:
    """Yield what is replaced, from which to which offset of the old text, and by what."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    if len(old) + len(new) > MOST_LINES:
        yield from [(0, len(before), after)] if before != after else []
        return
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    for kind, first, last, start, end in SequenceMatcher(None, old, new, False).get_opcodes():
        if kind != "equal":
            yield starts[first], starts[last], "".join(new[start:end])
