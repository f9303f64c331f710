"""Places in a text as editors count them: lines from 0, and units of an encoding within a line.

The protocol counts in UTF-16 unless both sides agree on another encoding: a character beyond the
basic plane is two units, every other is one.  A line ends with \\n, \\r\\n or \\r, and with nothing
else that Unicode knows.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal

Encoding = Literal["utf-8", "utf-16", "utf-32"]
_BREAK = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Place:
    line: int
    character: int


class Lines:
    """A text, and where its lines begin."""

    def __init__(self, text: str, encoding: Encoding = "utf-16") -> None:
        self.text, self.encoding = text, encoding
        self._breaks = [(one.start(), one.end()) for one in _BREAK.finditer(text)]
        self._starts = [0, *(end for _, end in self._breaks)]

    def place(self, offset: int) -> Place:
        """The line of an offset, and the units before it."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self._starts, offset) - 1
        offset = min(offset, self._end(line))
        before = self.text[self._starts[line] : offset]
        return Place(line, sum(units(one, self.encoding) for one in before))

    def offset(self, line: int, character: int) -> int:
        """The offset of a place; one beyond the end of its line or of the text is that end."""
        if line >= len(self._starts):
            return len(self.text)
        place, left = self._starts[max(line, 0)], character
        end = self._end(max(line, 0))
        while place < end and left > 0:
            left -= units(self.text[place], self.encoding)
            place += left >= 0  # a place within a character is in front of it
        return place

    def _end(self, line: int) -> int:
        """Where the line ends, its break not counted."""
        return self._breaks[line][0] if line < len(self._breaks) else len(self.text)


def units(character: str, encoding: Encoding) -> int:
    """How many units a character is."""
    code = ord(character)
    if encoding == "utf-32":
        return 1
    if encoding == "utf-16":
        return 1 + (code > 0xFFFF)
    return 1 + (code > 0x7F) + (code > 0x7FF) + (code > 0xFFFF)
