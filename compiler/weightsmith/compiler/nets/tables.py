"""Functions of entries: hinges under a name.

    table f1
        above -1: 1/8, -1/2 to 1/2 by 1/4: 3/4
        below 2: -1

A hinge ``above k: c`` is c·relu(t - k), ``below k: c`` is c·relu(k - t); ``k to l by s: c`` are
those at k, k + s, …, l.  ``mlp  B += f1(x + y)`` has the hidden units of all, in their order.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby

from weightsmith.compiler.nets.cursor import Cursor

WIDTH = 100
MOST_HINGES = 100_000  # of a file, each time that a table is used
SHORT = 3  # hinges in equal steps that are written one by one
LONGEST = 4_300  # digits of a number


@dataclass(frozen=True, slots=True)
class Hinge:
    """``change``·relu(t − place), or ·relu(place − t) if not ``above``."""

    above: bool
    place: Fraction
    change: Fraction


def read_hinges(cursor: Cursor, room: int = MOST_HINGES) -> Iterator[Hinge]:
    """Read ``above k: c, …``, at most so many."""
    above = cursor.accept_word("above") != ""
    if not above and not cursor.accept_word("below"):
        cursor.fail(
            "net-form", "expected 'above' or 'below'", "write above 1/2: 3, or below 1/2: 3"
        )
    while True:
        start = cursor.at
        first = last = _number(cursor)
        step = Fraction(1)
        if cursor.accept_word("to"):
            last = _number(cursor)
            cursor.expect_word("by", "write 0 to 3 by 1/2")
            step = _number(cursor)
        many = (last - first) / step if step else Fraction(-1)
        if many < 0 or many.denominator != 1:
            message = "these steps do not lead from the one to the other"
            cursor.fail("net-number", message, "write 0 to 3 by 1/2", cursor.span(start))
        room -= int(many) + 1
        if room < 0:
            message = f"the tables of a file have at most {MOST_HINGES} hinges"
            cursor.fail("too-large", message, "write a smaller table", cursor.span(start))
        cursor.expect(":", "write above 1/2: 3: where it bends, and the change of slope")
        change = _number(cursor)
        for number in range(int(many) + 1):
            yield Hinge(above, first + number * step, change)
        if not cursor.accept(","):
            break
    cursor.finish()


def _number(cursor: Cursor) -> Fraction:
    sign = -1 if cursor.accept("-") else 1
    top = _whole(cursor)
    bottom = _whole(cursor) if cursor.accept("/") else 1
    if bottom == 0:
        cursor.back(
            "net-number", "a division by zero", "the numbers of a table are whole, or as 3/4"
        )
    return Fraction(sign * top, bottom)


def _whole(cursor: Cursor) -> int:
    token = cursor.next
    if token is None or token.kind != "number":
        cursor.fail(
            "net-number", "expected a number", "the numbers of a table are whole, or as 3/4"
        )
    if not token.text.isdecimal() or len(token.text) > LONGEST:
        cursor.fail("net-number", "expected a whole number of few digits", "write 3, or 3/4")
    return int(cursor.take().text)


def table_lines(name: str, hinges: Sequence[Hinge]) -> list[str]:
    """The lines that declare a table."""
    lines = [f"table   {name}"]
    for above, part in groupby(hinges, lambda one: one.above):
        label = f"        {'above' if above else 'below'} "
        entries = ",\n".join(_entries(list(part))).split("\n")
        wrapped = textwrap.wrap(
            " ".join(entry.replace(" ", "\0") for entry in entries),
            WIDTH - len(label),
            break_long_words=False,
            break_on_hyphens=False,
        )
        lines += [f"{label}{line.rstrip(',')}".replace("\0", " ") for line in wrapped]
    return lines


def _entries(hinges: list[Hinge]) -> Iterator[str]:
    """``k: c`` for each, or ``k to l by s: c`` for several in equal steps."""
    place = 0
    while place < len(hinges):
        end = _run(hinges, place)
        first, last = hinges[place], hinges[end - 1]
        if end - place > SHORT:
            step = hinges[place + 1].place - first.place
            yield f"{first.place} to {last.place} by {step}: {first.change}"
        else:
            end = place + 1
            yield f"{first.place}: {first.change}"
        place = end


def _run(hinges: list[Hinge], start: int) -> int:
    """The end of the hinges from here on that stand in equal steps, with equal changes."""
    end = start + 1
    while end < len(hinges) and hinges[end].change == hinges[start].change:
        step = hinges[end].place - hinges[end - 1].place
        if step == 0 or step != hinges[start + 1].place - hinges[start].place:
            break
        end += 1
    return end
