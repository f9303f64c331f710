"""Source text and the places in it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Source:
    """A script: the name to show in messages and its whole text."""

    name: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a source, offsets in characters, end exclusive."""

    source: Source
    start: int
    end: int
