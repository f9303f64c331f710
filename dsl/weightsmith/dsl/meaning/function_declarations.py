"""``function``, ``table`` and ``within`` among the declarations of an algorithm."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from weightsmith.dsl.meaning.elaborator import Elaborator
from weightsmith.dsl.meaning.entry_functions import BUILT_IN
from weightsmith.dsl.meaning.function_bodies import read_body
from weightsmith.dsl.numbers import scalar_algebra as algebra
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.scalars import Scalar
from weightsmith.dsl.program.core import PiecewiseLinear
from weightsmith.dsl.program.nodes import text_of
from weightsmith.dsl.program.piecewise import table
from weightsmith.dsl.program.scope import RESERVED, Place
from weightsmith.dsl.reading import syntax as s

TABLE_HINT = "write: table ramp = (-1, 0), (0, 1/2), (1, 1)"


def read_functions(elaborator: Elaborator, algorithm: str, entries: Iterable[s.Entry]) -> None:
    """Give the declared functions, and the tolerance of all, to the elaborator."""
    default: s.WithinEntry | None = None
    for entry in entries:
        if isinstance(entry, s.WithinEntry):
            if default is not None:
                elaborator.report.error(
                    "misplaced", entry.span, "a second 'within' line", "keep one"
                )
                continue
            default = entry
            elaborator.tolerance = elaborator.tolerance_of(entry.tolerance)
        elif isinstance(entry, s.TableEntry | s.FunctionEntry):
            if not _is_free(elaborator, algorithm, entry.name):
                continue
            found = (
                _read_table(elaborator, entry)
                if isinstance(entry, s.TableEntry)
                else read_body(elaborator, entry)
            )
            elaborator.functions[entry.name.text] = found


def unused_functions(elaborator: Elaborator, entries: Iterable[s.Entry]) -> None:
    """Warn of functions that are declared and never applied."""
    for entry in entries:
        if isinstance(entry, s.TableEntry | s.FunctionEntry):
            name = entry.name.text
            if name in elaborator.functions and name not in elaborator.used_functions:
                what = "table" if isinstance(entry, s.TableEntry) else "function"
                elaborator.report.warning("unused", entry.span, f"the {what} '{name}' is not used")


def _is_free(elaborator: Elaborator, algorithm: str, word: s.Word) -> bool:
    name = word.text
    message: str | None = None
    if name in RESERVED or name in ("root", "norm", "entries", "size"):
        message = f"'{name}' is a word of the language"
    elif name in BUILT_IN:
        message = f"'{name}' is already a function of the language"
    elif name == algorithm or name in elaborator.algorithms:
        message = f"there is already an algorithm '{name}'"
    elif name in elaborator.functions or elaborator.scope.get(name) is not None:
        message = f"'{name}' is declared twice"
    if message is not None:
        elaborator.report.error("name-taken", word.span, message, "choose another name")
    return message is None


def _read_table(elaborator: Elaborator, entry: s.TableEntry) -> PiecewiseLinear | None:
    points: list[tuple[Scalar, Scalar]] = []
    with elaborator.within(Place.NUMBER):
        for point in entry.points:
            pair = elaborator.scalar(point.place), elaborator.scalar(point.value)
            if pair[0] is None or pair[1] is None:
                return None
            points.append((pair[0], pair[1]))
    if len(points) < 2:
        message = f"a table has at least two points, got {len(points)}"
        elaborator.report.error("table", entry.span, message, TABLE_HINT)
        return None
    if not _increases(elaborator, entry, points):
        return None
    try:
        return table(points)
    except q.ScalarError as reason:
        elaborator.report.error(
            "table", entry.span, f"this table has no slopes: {reason}", TABLE_HINT
        )
        return None


def _increases(
    elaborator: Elaborator, entry: s.TableEntry, points: list[tuple[Scalar, Scalar]]
) -> bool:
    """Report places that do not increase, or that no number tells the order of."""
    for index, ((place, _), (after, _)) in enumerate(pairwise(points), start=1):
        gap = algebra.constant(algebra.plus((after, algebra.negated(place))))
        part = entry.points[index].place
        if gap is None:
            message = f"the places of a table are numbers, got {text_of(part)}"
            elaborator.report.error("table", part.span, message, "its values may be parameters")
            return False
        if gap <= 0:
            message = (
                "the places of a table increase, but "
                f"{text_of(part)} comes after {text_of(entry.points[index - 1].place)}"
            )
            elaborator.report.error("table", part.span, message, TABLE_HINT)
            return False
    return True
