"""A synthesised script as data, and as text.

A plan is what one family makes of one target: statements before the loops, passes that are one or
two layers each, and the names of the results.  The text is an ordinary script of the language.
A plan writes its variables as ``$X``; they get their names where the text is made, so that they
differ from the names of the script.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import zip_longest

from weightsmith.compiler.synthesize.families.numbers import decimal_text

COLUMNS = 96
VARIABLE = re.compile(r"\$(\w+)")


@dataclass(frozen=True)
class Loop:
    """``for names in rows:`` over some statements; ``repeat 1:`` if there are no names."""

    statements: tuple[str, ...]
    names: tuple[str, ...] = ()
    rows: tuple[tuple[Fraction, ...], ...] = ()


@dataclass(frozen=True)
class Plan:
    """A family's answer: the statements, what it returns, its layers and its predicted error.

    ``error`` is relative (|1 − f̃/f| on the spectrum), or absolute if ``absolute``.
    """

    family: str
    start: tuple[str, ...]
    loops: tuple[Loop, ...]
    results: tuple[str, ...]
    layers: int
    error: Fraction
    absolute: bool = False
    finish: tuple[str, ...] = ()  # statements after the loops, linear ones: they cost no layer
    passes: int | None = None  # where their number was asked for, not a tolerance


def side_by_side(
    plans: Sequence[tuple[Plan, Mapping[str, str]]], *, written_out: bool = False
) -> list[str]:
    """The statements of some plans, their variables named; every layer serves all of them.

    ``written_out``: no ``for`` loops, but ``repeat 1`` with the numbers of each pass.
    """
    lines = [named(line, names) for plan, names in plans for line in plan.start]
    loops = [[_named_loop(loop, names) for loop in plan.loops] for plan, names in plans]
    if len(loops) > 1 or written_out:
        passes = [[one for loop in every for one in _passes(loop)] for every in loops]
        together = zip_longest(*passes, fillvalue=())
        loops = [[Loop(tuple(text for part in one for text in part)) for one in together]]
    lines += [line for loop in loops[0] for line in loop_lines(loop)]
    return lines + [named(line, names) for plan, names in plans for line in plan.finish]


def _named_loop(loop: Loop, names: Mapping[str, str]) -> Loop:
    statements = tuple(named(one, names) for one in loop.statements)
    return replace(loop, statements=statements, names=tuple(named(n, names) for n in loop.names))


def _passes(loop: Loop) -> list[tuple[str, ...]]:
    """The statements of every pass, with its numbers in place."""
    if not loop.names:
        return [loop.statements]
    found = []
    for row in loop.rows:
        numbers = {n: decimal_text(v) for n, v in zip(loop.names, row, strict=True)}
        found.append(tuple(_with_numbers(one, numbers) for one in loop.statements))
    return found


def _with_numbers(statement: str, numbers: Mapping[str, str]) -> str:
    pattern = rf"\b({'|'.join(map(re.escape, numbers))})\b"
    return re.sub(pattern, lambda match: f"({numbers[match[1]]})", statement)


def named(text: str, names: Mapping[str, str]) -> str:
    return VARIABLE.sub(lambda match: names[match[1]], text)


def choose_names(plan: Plan, taken: set[str]) -> dict[str, str]:
    """Give every variable of a plan a name that is not taken, and take it."""
    texts = [
        *plan.start,
        *plan.finish,
        *(text for one in plan.loops for text in (*one.names, *one.statements)),
    ]
    found: dict[str, str] = {}
    for wanted in (match[1] for text in texts for match in VARIABLE.finditer(text)):
        if wanted not in found:
            free = (f"{wanted}_{k}" for k in range(2, len(taken) + 3))
            found[wanted] = (
                wanted if wanted not in taken else next(n for n in free if n not in taken)
            )
            taken.add(found[wanted])
    return found


def loop_lines(loop: Loop) -> list[str]:
    if loop.names and not loop.rows:
        return []
    head = ["repeat 1:"]
    if loop.names:
        rows = [", ".join(decimal_text(value) for value in row) for row in loop.rows]
        items = rows if len(loop.names) == 1 else [f"({row})" for row in rows]
        head = [f"for {', '.join(loop.names)} in {', '.join(items)}:"]
    return head + [f"    {line}" for one in loop.statements for line in statement_lines(one)]


def statement_lines(statement: str) -> list[str]:
    """Break a long assignment; its right side is put in brackets, where a line may be broken.

    (An assignment of several values has no such place.)
    """
    name, _, value = statement.partition(" = ")
    if len(statement) <= COLUMNS or "," in name:
        return [statement]
    return filled(f"{name} = ({value})")


def filled(line: str) -> list[str]:
    """Break a line where it is longer than a page is wide."""
    return textwrap.wrap(
        line,
        COLUMNS,
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def linear_text(terms: Iterable[tuple[Fraction, str]]) -> str:
    """``1/2*I - 3*T2``; ``0*I`` if nothing is left."""
    text = ""
    for coefficient, name in terms:
        if coefficient == 0:
            continue
        size = "" if abs(coefficient) == 1 else f"{decimal_text(abs(coefficient))}*"
        sign = "-" if coefficient < 0 else "+" if text else ""
        text += f" {sign} {size}{name}" if text else f"{sign}{size}{name}"
    return text or "0*I"
