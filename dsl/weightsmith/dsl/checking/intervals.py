"""``assume spectrum(A) in [mu, L]``, ``… in [a, b] or [c, d]``, ``entries(y) in [low, high]``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise

from weightsmith.dsl.checking.bounds import read_entries
from weightsmith.dsl.meaning.elaborator import Elaborator
from weightsmith.dsl.numbers import scalar_algebra as algebra
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.scalars import Scalar
from weightsmith.dsl.program import core
from weightsmith.dsl.program.nodes import text_of
from weightsmith.dsl.reading import syntax as s
from weightsmith.dsl.text.diagnostics import Report, near_hint

KINDS = {
    "spectrum": core.SpectrumKind.SPECTRUM,
    "nonzero_spectrum": core.SpectrumKind.NONZERO_SPECTRUM,
    "singular_values": core.SpectrumKind.SINGULAR_VALUES,
}
UNION_HINT = "write [a, b] or [c, d] with b below c"


def read_interval(
    elaborator: Elaborator,
    assume: s.AssumeEntry,
    region: s.IntervalExpression | s.UnionExpression,
) -> core.SpectrumAssumption | core.EntryAssumption | None:
    """Return the assumption, or None after a report."""
    subject = assume.subject
    parts = region.intervals if isinstance(region, s.UnionExpression) else (region,)
    written = [end for part in parts for end in (part.low, part.high)]
    ends = [elaborator.scalar(end, "a number") for end in written]
    known = [end for end in ends if end is not None]
    is_entries = isinstance(subject, s.CallExpression) and subject.name.text == "entries"
    if is_entries and isinstance(region, s.UnionExpression):
        message = "only a spectrum lies in two intervals, entries lie in one"
        elaborator.report.error(
            "interval", region.span, message, "write: assume entries(y) in [low, high]"
        )
        return None
    if isinstance(subject, s.CallExpression) and is_entries:
        if len(known) < len(ends):
            return None
        return read_entries(elaborator, assume, subject, *known)
    if not isinstance(subject, s.CallExpression) or subject.name.text not in KINDS:
        _unknown_subject(elaborator, subject)
        return None
    return _spectrum(elaborator, assume, subject, known if len(known) == len(ends) else [])


def _unknown_subject(elaborator: Elaborator, subject: s.Expression) -> None:
    word = subject.name.text if isinstance(subject, s.CallExpression) else ""
    known = "spectrum(…), nonzero_spectrum(…), singular_values(…) or entries(…)"
    message = f"expected {known}, got {text_of(subject)}"
    hint = near_hint(word, (*KINDS, "entries")) or "write: assume spectrum(A) in [mu, L]"
    hint = f"write: {text_of(subject)} <= B" if word in ("norm", "size") else hint
    elaborator.report.error("assumption", subject.span, message, hint)


def _spectrum(
    elaborator: Elaborator, assume: s.AssumeEntry, subject: s.CallExpression, ends: list[Scalar]
) -> core.SpectrumAssumption | None:
    """``ends`` are two or four; none if one of them was reported."""
    of = only_argument(elaborator, subject)
    kind = KINDS[subject.name.text]
    if of is None or not ends:
        return None
    axes = elaborator.axes
    square = kind is core.SpectrumKind.SINGULAR_VALUES
    if not square and not axes.unify(of.shape.rows, of.shape.columns):
        message = f"only a square matrix has a spectrum, got {axes.text(of.shape)}"
        elaborator.report.error(
            "not-square", subject.span, message, "assume singular_values(A) in [smin, smax]"
        )
        return None
    gap = (ends[1], ends[2]) if len(ends) == 4 else None
    return core.SpectrumAssumption(assume.span, kind, of, ends[0], ends[-1], gap)


def only_argument(elaborator: Elaborator, call: s.CallExpression) -> core.Node | None:
    """Return the one matrix of ``spectrum(A)``, or None after a report."""
    if len(call.positional) != 1 or call.keywords:
        name = call.name.text
        elaborator.report.error(
            "function-arguments", call.span, f"{name} takes one matrix", f"write {name}(A)"
        )
        return None
    return elaborator.matrix(call.positional[0])


def check_orders(
    report: Report,
    assumptions: Iterable[core.Assumption],
    parameters: Sequence[core.Parameter],
) -> None:
    """Report intervals that are empty or meet, as far as the numbers are known."""
    known = known_numbers(parameters)
    for one in assumptions:
        if not isinstance(one, core.SpectrumAssumption | core.EntryAssumption):
            continue
        ends = one.ends if isinstance(one, core.SpectrumAssumption) else (one.low, one.high)
        numbers = [algebra.constant(q.substitute(end, known)) for end in ends]
        if (problem := _order_problem(numbers)) is not None:
            report.error(
                "interval", one.span, problem, UNION_HINT if len(ends) == 4 else "write [low, high]"
            )
        if isinstance(one, core.EntryAssumption):
            continue
        low = numbers[0]
        if one.kind is core.SpectrumKind.SINGULAR_VALUES and low is not None and low < 0:
            message = f"singular values are never below 0, got {low}"
            report.error("interval", one.span, message, "write [0, high] or [smin, smax]")


def disorder(ends: Sequence[Fraction | None]) -> int | None:
    """Return the place of the first end after which a lesser follows; None if all is in order.

    Of [a, b] or [c, d] b must be below c.  Ends without a value are left out.
    """
    for place, (low, high) in enumerate(pairwise(ends)):
        if low is not None and high is not None and (low > high or (place == 1 and low == high)):
            return place
    return None


def _order_problem(ends: Sequence[Fraction | None]) -> str | None:
    place = disorder(ends)
    if place is None:
        return None
    low, high = ends[place], ends[place + 1]
    if place == 1:
        return f"the second interval begins at {high}, not above the end {low} of the first"
    return f"the low end {low} of this interval is above its high end {high}"


def known_numbers(parameters: Sequence[core.Parameter]) -> dict[str, Scalar]:
    """The parameters whose default is a plain number."""
    numbers: dict[str, Scalar] = {}
    for one in parameters:
        number: Fraction | None = None if one.default is None else algebra.constant(one.default)
        if number is not None:
            numbers[one.name] = q.Number(number)
    return numbers
