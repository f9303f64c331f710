"""Compares what was measured with the ends that a hypothesis gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from weightsmith.backends.measure.data import Data
from weightsmith.backends.measure.decimals import beyond, number_text
from weightsmith.backends.measure.enclosure import Array, Interval, around
from weightsmith.backends.measure.quantities import (
    SIZE,
    Finding,
    Measured,
    Quantity,
    Verdict,
    exact_value,
)
from weightsmith.backends.measure.report import Row
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.scalar_printer import scalar_text
from weightsmith.dsl.printing.hypotheses import Definite, Hypothesis, Nonempty, Stated
from weightsmith.dsl.program import core

Advice = Callable[["Excess"], str]  # what to do about a number that is beyond an end


@dataclass(frozen=True, slots=True)
class Ends:
    """The intervals that numbers are confined to; None where there is no end.

    ``open_below``: the low end itself is outside.
    """

    intervals: tuple[tuple[q.Scalar | None, q.Scalar | None], ...]
    open_below: bool = False


@dataclass(frozen=True, slots=True)
class Excess:
    """A number that is proven to be outside, enclosed; ``end`` is the one that it is beyond.

    ``which`` it is: "largest", "smallest", or "" of one in the gap between two intervals.
    """

    hypothesis: Hypothesis
    which: str
    end: q.Scalar
    low: Fraction
    high: Fraction
    place: str

    @property
    def above(self) -> bool:
        return self.which != "smallest"


def ends_of(hypothesis: Hypothesis) -> Ends:
    """The ends that a hypothesis gives to what is measured of it."""
    match hypothesis:
        case Stated(assumption=core.SpectrumAssumption(gap=None, low=low, high=high)):
            return Ends(((low, high),))
        case Stated(assumption=core.SpectrumAssumption(gap=(b, c), low=low, high=high)):
            return Ends(((low, b), (c, high)))
        case Stated(assumption=core.EntryAssumption(low=low, high=high)):
            return Ends(((low, high),))
        case Stated(assumption=core.NormAssumption(bound=bound)):
            return Ends(((None, bound),))
        case Stated(assumption=core.SizeAssumption(bound=bound)):
            return Ends(((None, bound),))
        case Nonempty():
            return Ends(((q.ONE, None),))
        case Definite():
            return Ends(((q.ZERO, None),), open_below=True)
        case _:
            return Ends(((None, None),))


@dataclass(frozen=True)
class Limits:
    """A hypothesis and the numbers that its ends are; ``missing`` says why there are none."""

    hypothesis: Hypothesis
    text: str
    intervals: tuple[Interval, ...] = ()
    open_below: bool = False
    missing: str = ""

    @cached_property
    def hull(self) -> Interval:
        """From the first end to the last."""
        return Interval(self.intervals[0].low, self.intervals[-1].high)

    @cached_property
    def gap(self) -> Interval | None:
        """Between two intervals."""
        first, last = self.intervals[0], self.intervals[-1]
        return None if first is last else Interval(first.high, last.low)


def limits_of(hypothesis: Hypothesis, bindings: Mapping[str, Fraction]) -> Limits:
    ends, text = ends_of(hypothesis), hypothesis.text
    try:
        found = [
            Interval(_value(low, bindings), _value(high, bindings)) for low, high in ends.intervals
        ]
    except q.ScalarError as reason:
        return Limits(hypothesis, text, missing=f"; {reason}")
    return Limits(hypothesis, text, tuple(found), ends.open_below)


def judge(
    limits: Limits,
    measured: Measured,
    bindings: Mapping[str, Fraction],
    data: Data,
    advice: Advice,
) -> Row:
    """Say whether a hypothesis holds of what was measured."""
    if isinstance(measured, Finding):
        return Row(limits.text, measured, measured.verdict, measured.sentence)
    if limits.missing:
        return Row(limits.text, measured, Verdict.UNMEASURED, note=limits.missing)
    if _inside(measured, limits).all():
        return Row(limits.text, measured, Verdict.HOLDS)
    possible = _possible(measured, limits)
    if possible.all():
        return Row(limits.text, measured, Verdict.ROUND_OFF)
    found = list(_excesses(limits, measured, ~possible, data))
    sentence = "; ".join(_sentence(measured, one, bindings) + advice(one) for one in found)
    return Row(limits.text, measured, Verdict.BROKEN, sentence, found[0].place)


def _value(end: q.Scalar | None, bindings: Mapping[str, Fraction]) -> Fraction | None:
    return None if end is None else q.evaluate(end, bindings)


def _inside(quantity: Quantity, limits: Limits) -> Array:
    """Which numbers are proven to lie in an interval."""
    values, found = quantity.values, []
    for interval in limits.intervals:
        low, high = interval.inner(values.exponent)
        at_low = values.low > low if limits.open_below else values.low >= low
        found.append(at_low & (values.high <= high))
    return found[0] if len(found) == 1 else np.logical_or.reduce(found)


def _possible(quantity: Quantity, limits: Limits) -> Array:
    """Which numbers are not confined, or not proven to be outside every interval."""
    values, slack, found = (
        quantity.values,
        quantity.slack,
        quantity.zeros | _inside(quantity, limits),
    )
    if quantity.of_ends:
        ends = (end for one in limits.intervals for end in (one.low, one.high) if end is not None)
        slack *= around(max(abs(end) for end in ends), values.exponent)[1]
    for interval in limits.intervals:
        least, most = interval.outer(values.exponent)
        found |= (values.high + slack >= least) & (values.low - slack <= most)
    return found


def _excesses(limits: Limits, quantity: Quantity, outside: Array, data: Data) -> Iterator[Excess]:
    """Of the numbers outside: the largest above all ends, the smallest below, one in a gap."""
    values, intervals = quantity.values, ends_of(limits.hypothesis).intervals
    first, last = (
        around(end, values.exponent, missing)[0]
        for end, missing in (
            (limits.intervals[0].low, -np.inf),
            (limits.intervals[-1].high, np.inf),
        )
    )
    over, under = outside & (values.middle > last), outside & (values.middle <= first)
    parts = (
        ("largest", over, intervals[-1][1]),
        ("smallest", under, intervals[0][0]),
        ("", outside & ~over & ~under, intervals[0][1]),
    )
    for which, chosen, end in parts:
        if end is None or not chosen.any():
            continue
        sign = -1 if which == "smallest" else 1
        ranked = np.where(chosen, sign * values.middle, -np.inf)
        place = np.unravel_index(int(ranked.argmax()), ranked.shape)
        low = exact_value(float(values.low[place]), values.exponent)
        high = exact_value(float(values.high[place]), values.exponent)
        yield Excess(limits.hypothesis, which, end, low, high, quantity.place(data, int(place[0])))


def _sentence(quantity: Quantity, one: Excess, bindings: Mapping[str, Fraction]) -> str:
    """``the largest eigenvalue of A is 5.21 and L = 5``."""
    end = q.evaluate(one.end, bindings)
    value = beyond(one.high if one.above else one.low, end)
    if one.low <= 0 <= one.high:
        value = "0 within round-off"
    if not one.which:
        (_, below), (above, _) = ends_of(one.hypothesis).intervals
        gap = " and ".join(_named(side, bindings) for side in (below, above) if side is not None)
        return f"{quantity.of} has the {quantity.noun} {value}{one.place}, between {gap}"
    which = "" if quantity.noun == SIZE else f"{one.which} "
    subject = f"the {which}{quantity.noun} of {quantity.of} is {value}{one.place}"
    if isinstance(one.end, q.Number):
        at = "at most" if one.above else "above" if _is_open(one) else "at least"
        return f"{subject}, and must be {at} {number_text(end)}"
    return f"{subject} and {_named(one.end, bindings)}"


def _is_open(one: Excess) -> bool:
    return ends_of(one.hypothesis).open_below


def _named(end: q.Scalar, bindings: Mapping[str, Fraction]) -> str:
    value = number_text(q.evaluate(end, bindings))
    return value if isinstance(end, q.Number) else f"{scalar_text(end)} = {value}"
