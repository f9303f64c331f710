"""The numbers of ``for`` loops: read, given names of their own, printed."""

from __future__ import annotations

from weightsmith.dsl.checking.declarations import is_reserved
from weightsmith.dsl.meaning.elaborator import Elaborator
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.scalar_printer import scalar_text
from weightsmith.dsl.program import core
from weightsmith.dsl.program.nodes import text_of
from weightsmith.dsl.program.scope import Place, ScalarSymbol
from weightsmith.dsl.reading import syntax as s

COUNT_HINT = "write: repeat {0}: or, with numbers that the block uses: for g in 1, 2, 3:"
HINT = "write: for g in 3/2, 2, 3: or: for a, b in (3/2, -1/2), (2, -1):"


def read_schedule(
    elaborator: Elaborator, written: s.ScheduleExpression, taken: set[str]
) -> tuple[core.Schedule, ...]:
    """The names, each with its number in every pass.

    A name that an earlier loop has used is a symbol of another name here; ``taken`` are the names
    that a symbol may not have, and grows.
    """
    _refuse_count(elaborator, written)
    rows = [_row(elaborator, numbers, len(written.names)) for numbers in written.passes]
    found = []
    before: set[str] = set()
    for place, word in enumerate(written.names):
        _check_name(elaborator, word, before)
        before.add(word.text)
        name, number = word.text, 1
        while name in taken:
            number += 1
            name = f"{word.text}{number}"
        taken.add(name)
        found.append(core.Schedule(name, tuple(row[place] for row in rows)))
    return tuple(found)


def define_schedule(
    elaborator: Elaborator, written: s.ScheduleExpression, schedule: tuple[core.Schedule, ...]
) -> None:
    """Let the names stand for their symbols, until the loop is left."""
    for word, one in zip(written.names, schedule, strict=True):
        symbol = ScalarSymbol(word.span, q.Symbol(one.name), True, is_scheduled=True)
        elaborator.scope.define(word.text, symbol)
        elaborator.scope.used.discard(word.text)


def warn_unused(elaborator: Elaborator, written: s.ScheduleExpression) -> None:
    """Called at the end of the block: a number that no statement of it uses."""
    for word in written.names:
        if word.text not in elaborator.scope.used:
            hint = _unused_hint(written) if len(written.names) == 1 else None
            elaborator.report.warning(
                "unused", word.span, f"the number '{word.text}' is not used", hint
            )


def _refuse_count(elaborator: Elaborator, written: s.ScheduleExpression) -> None:
    """Report ``for i in steps:``: one name is no list of numbers, and one pass is not meant."""
    if len(written.passes) > 1 or len(written.names) > 1:
        return
    (value,) = written.passes[0].values[:1]
    if isinstance(value, s.NameExpression) and len(written.passes[0].values) == 1:
        message = f"'for' does not count: '{value.name}' is one number, and this would be one pass"
        elaborator.report.error("for-numbers", value.span, message, COUNT_HINT.format(value.name))


def _unused_hint(written: s.ScheduleExpression) -> str:
    """How often the block is meant to run: ``for i in 5:`` is one pass, and hardly meant so."""
    only = written.passes[0].values[0]
    if len(written.passes) == 1 and isinstance(only, s.NumberExpression) and only.value > 1:
        return f"write: repeat {text_of(only)}: this is one pass, with the number {text_of(only)}"
    return f"write: repeat {len(written.passes)}:"


def schedule_text(schedule: tuple[core.Schedule, ...]) -> str:
    """``a, b in (3/2, -1/2), (2, -1)``."""
    names = ", ".join(one.name for one in schedule)
    values = [[scalar_text(value) for value in one.values] for one in schedule]
    rows = zip(*values, strict=True)
    texts = [row[0] if len(row) == 1 else f"({', '.join(row)})" for row in rows]
    if len(texts) == len(schedule) == 1 and isinstance(schedule[0].values[0], q.Symbol):
        texts = [f"1*{texts[0]}"]  # a name by itself would be a count
    return f"{names} in {', '.join(texts)}"


def loop_text(count: q.Scalar, schedule: tuple[core.Schedule, ...]) -> str:
    """``repeat steps`` or ``for g in 3/2, 2``."""
    if schedule:
        return f"for {schedule_text(schedule)}"
    return f"repeat {scalar_text(count)}"


def _row(elaborator: Elaborator, numbers: s.Numbers, wanted: int) -> tuple[q.Scalar, ...]:
    values: list[q.Scalar] = []
    with elaborator.within(Place.NUMBER):
        for value in numbers.values:
            values.append(elaborator.scalar(value) or q.ZERO)
    if len(values) != wanted:
        names = "one number" if wanted == 1 else f"{wanted} numbers in brackets"
        message = f"expected {names} for every pass, got {len(values)}"
        elaborator.report.error("for-numbers", numbers.span, message, HINT)
    return (*values, *[q.ZERO] * wanted)[:wanted]


def _check_name(elaborator: Elaborator, word: s.Word, before: set[str]) -> None:
    problem: str | None = None
    if is_reserved(word.text):
        problem = f"'{word.text}' is a word of the language"
    elif elaborator.scope.get(word.text) is not None:
        problem = f"'{word.text}' has a meaning already"
    elif word.text in before:
        problem = f"'{word.text}' stands twice"
    if problem is not None:
        elaborator.report.error("name-taken", word.span, problem, "choose another name")
