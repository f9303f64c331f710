"""Assumptions that no input meets: two of them are of one value and have nothing in common."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from fractions import Fraction

from weightsmith.dsl.checking.intervals import known_numbers
from weightsmith.dsl.numbers import scalar_algebra as algebra
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.program import core
from weightsmith.dsl.program.canonical import form_key
from weightsmith.dsl.program.scope import Definition
from weightsmith.dsl.text.diagnostics import Report, position
from weightsmith.dsl.text.source import Span

Intervals = tuple[tuple[Fraction, Fraction], ...]
Named = tuple[core.Assumption, Mapping[str, Definition]]


def check_contradictions(
    report: Report,
    assumptions: Iterable[Named],
    parameters: Sequence[core.Parameter],
    find: Callable[[str], str],
) -> None:
    """Report an assumption that leaves nothing of those before it, where all ends are numbers."""
    known = known_numbers(parameters)
    left: dict[Hashable, tuple[Intervals, Span]] = {}
    for one, names in assumptions:
        key, intervals = _key(one, names, find), _intervals(one, known)
        if key is None or not intervals:
            continue
        before, span = left.get(key, (intervals, one.span))
        common = _common(before, intervals)
        if common:
            left[key] = (common, one.span)
            continue
        message = f"no input meets this assumption and that of line {position(span)[0]}"
        report.error(
            "contradiction", one.span, message, "keep one of the two, or let their intervals meet"
        )


def _key(
    one: core.Assumption, names: Mapping[str, Definition], find: Callable[[str], str]
) -> Hashable | None:
    """What the assumption states something of; None for one without an interval."""
    match one:
        case core.SpectrumAssumption(kind=kind, of=of):
            form = form_key(of, names, find)
            return None if form is None else (kind, form)
        case core.EntryAssumption(of=name):
            return ("entries", name)
        case _:
            return None


def _intervals(one: core.Assumption, known: dict[str, q.Scalar]) -> Intervals:
    """The one or two intervals; none if an end has no number, or they are out of order."""
    if not isinstance(one, core.SpectrumAssumption | core.EntryAssumption):
        return ()
    ends = one.ends if isinstance(one, core.SpectrumAssumption) else (one.low, one.high)
    numbers = [algebra.constant(q.substitute(end, known)) for end in ends]
    given = [number for number in numbers if number is not None]
    if len(given) < len(ends) or given != sorted(given):
        return ()
    return tuple(zip(given[::2], given[1::2], strict=True))


def _common(left: Intervals, right: Intervals) -> Intervals:
    pairs = ((max(a, c), min(b, d)) for a, b in left for c, d in right)
    return tuple((low, high) for low, high in pairs if low <= high)
