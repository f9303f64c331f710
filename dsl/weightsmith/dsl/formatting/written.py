"""Lines that are written: blank ones among them, and comments in their columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MOST_BLANK = 2  # lines together
BEFORE_COMMENT = 2  # spaces


class LayoutError(Exception):
    """The new layout would have another meaning: a bug of the formatter, and nothing is changed."""


@dataclass(slots=True)
class WrittenLine:
    """A line that is written: its code with indentation, and a comment to its right."""

    code: str
    comment: str = ""
    column: int = 0  # where the comment stood


def joined(lines: Sequence[WrittenLine]) -> list[str]:
    """The lines as they stand in a file."""
    return _with_comments(list(_few_blank(lines)))


def _few_blank(lines: Sequence[WrittenLine]) -> Iterator[WrittenLine]:
    """Leave out blank lines at both ends, and those after the second of several."""
    blank: list[WrittenLine] = []
    begun = False
    for line in lines:
        if not line.code:
            blank.append(line)
            continue
        yield from blank[:MOST_BLANK] if begun else ()
        yield line
        begun, blank = True, []


def _with_comments(lines: Sequence[WrittenLine]) -> list[str]:
    """Put the comments behind their lines: those of one column that are near, into one column."""
    found: list[str] = []
    for first, last in _groups(lines):
        group = lines[first:last]
        wide = max((len(one.code) for one in group if one.comment), default=0) + BEFORE_COMMENT
        found += [f"{one.code:<{wide}}{one.comment}" if one.comment else one.code for one in group]
    return found


def _groups(lines: Sequence[WrittenLine]) -> Iterator[tuple[int, int]]:
    """Ranges of lines whose comments stood in one column; a blank line ends one."""
    first, column = 0, 0
    for number, line in enumerate(lines):
        is_other = line.comment and column and line.column != column
        if not line.code or is_other:
            yield first, number
            first, column = number, 0
        column = line.column if line.comment else column
    yield first, len(lines)
