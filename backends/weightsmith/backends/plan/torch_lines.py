"""Statements of a function on tensors: what each reads and writes, and when a value is given up."""

from __future__ import annotations

from dataclasses import dataclass, field

WHOLE = 1 << 20  # whole numbers below this are written as such


@dataclass(slots=True)
class Line:
    """One statement: what it reads and writes; of a loop the whole block."""

    text: list[str]
    reads: set[str] = field(default_factory=set)
    writes: tuple[str, ...] = ()


def told(number: float) -> str:
    """The number; a whole one without a point, which PyTorch takes faster."""
    return str(int(number)) if number.is_integer() and abs(number) < WHOLE else repr(number)


def with_deletes(lines: list[Line], kept: set[str]) -> list[str]:
    """The statements; a value is given up after the last one that reads it."""
    last: dict[str, int] = {}
    for place, line in enumerate(lines):
        for name in (*line.reads, *line.writes):
            last[name] = place
    made = {name for line in lines for name in line.writes}
    text: list[str] = []
    for place, line in enumerate(lines):
        text += line.text
        gone = sorted(n for n in made - kept if last[n] == place)
        if gone and place < len(lines) - 1:
            text.append(f"del {', '.join(gone)}")
    return text
