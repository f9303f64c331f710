"""Compares what was measured with the ends that a hypothesis gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from weightsmith.backends.measure.data import Data
from weightsmith.backends.measure.decimals import DIGITS, beyond, number_text, text_of
from weightsmith.backends.measure.enclosure import Array
from weightsmith.backends.measure.quantities import SIZE, Finding, Measured, Quantity
from weightsmith.backends.measure.report import Row, Verdict
from weightsmith.dsl import core
from weightsmith.dsl import scalars as q
from weightsmith.dsl.hypotheses import Definite, Hypothesis, Nonempty, Stated
from weightsmith.dsl.scalar_printer import scalar_text

BROKEN_DIGITS = 8  # enough to see by how much, as a rule
Advice = Callable[["Excess"], str]  # what to do about a number that is beyond an end
Pair = tuple[Fraction | None, Fraction | None]


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


def judge(
    hypothesis: Hypothesis,
    measured: Measured,
    bindings: Mapping[str, Fraction],
    data: Data,
    advice: Advice,
) -> Row:
    """Say whether a hypothesis holds of what was measured."""
    text = hypothesis.text
    if isinstance(measured, Finding):
        return Row(text, measured.measured, measured.verdict, measured.sentence)
    shown = summary(measured)
    ends = ends_of(hypothesis)
    try:
        numbers = [(_value(low, bindings), _value(high, bindings)) for low, high in ends.intervals]
    except q.ScalarError as reason:
        return Row(text, f"{shown}; {reason}", Verdict.UNMEASURED)
    inside, possible = _compared(measured, numbers, ends.open_below)
    if inside.all():
        return Row(text, shown, Verdict.HOLDS)
    if possible.all():
        return Row(text, shown, Verdict.ROUND_OFF)
    found = list(_excesses(hypothesis, measured, numbers, ~possible, data))
    sentence = "; ".join(_sentence(measured, one, bindings) + advice(one) for one in found)
    shown = summary(measured, BROKEN_DIGITS) + found[0].place
    return Row(text, shown, Verdict.BROKEN, sentence)


def summary(quantity: Quantity, digits: int = DIGITS) -> str:
    """The numbers in short: the ends of what encloses them."""
    confined = ~quantity.zeros
    count = int((~confined).sum(axis=-1).max(initial=0))
    zeros = f"{count} zero{'s' * (count != 1)}" if count else ""
    if not confined.any():
        return zeros or "none"
    values = quantity.values
    low = exact_value(float(values.low[confined].min()), values.exponent)
    high = exact_value(float(values.high[confined].max()), values.exponent)
    if quantity.noun == SIZE:
        return str(high)
    top = text_of(high, digits=digits)
    if "norm" in quantity.noun:
        return f"at most {top}"
    return f"in [{text_of(low, digits=digits)}, {top}]" + (f", and {zeros}" if zeros else "")


def exact_value(number: float, exponent: int) -> Fraction:
    return Fraction(number) * Fraction(2) ** exponent


def _value(end: q.Scalar | None, bindings: Mapping[str, Fraction]) -> Fraction | None:
    return None if end is None else q.evaluate(end, bindings)


def _compared(quantity: Quantity, pairs: list[Pair], open_below: bool) -> tuple[Array, Array]:
    """Which numbers are proven to lie in an interval, and which may."""
    values = quantity.values
    zeros = quantity.zeros
    inside, possible = np.zeros_like(zeros), zeros.copy()
    slack = quantity.slack
    if quantity.of_ends:
        given = [abs(end) for pair in pairs for end in pair if end is not None]
        slack *= _around(max(given), values.exponent)[1]
    for low, high in pairs:
        low_below, low_above = _around(low, values.exponent, -np.inf)
        high_below, high_above = _around(high, values.exponent, np.inf)
        at_low = values.low > low_above if open_below else values.low >= low_above
        inside |= at_low & (values.high <= high_below)
        possible |= (values.high + slack >= low_below) & (values.low - slack <= high_above)
    return inside, possible | inside


def _around(end: Fraction | None, exponent: int, missing: float = 0.0) -> tuple[float, float]:
    """The floats next to end/2^exponent, below and above; both are it if it is a float."""
    if end is None:
        return missing, missing
    scaled = end / Fraction(2) ** exponent
    if abs(scaled) >= Fraction(2) ** 1023:
        largest = float(np.finfo(np.float64).max)
        return (largest, np.inf) if scaled > 0 else (-np.inf, -largest)
    near = float(scaled)
    below = near if Fraction(near) <= scaled else float(np.nextafter(near, -np.inf))
    above = near if Fraction(near) >= scaled else float(np.nextafter(near, np.inf))
    return below, above


def _excesses(
    hypothesis: Hypothesis, quantity: Quantity, pairs: list[Pair], outside: Array, data: Data
) -> Iterator[Excess]:
    """Of the numbers outside: the largest above all ends, the smallest below, one in a gap."""
    values, intervals = quantity.values, ends_of(hypothesis).intervals
    first, last = (
        _around(end, values.exponent, missing)[0]
        for end, missing in ((pairs[0][0], -np.inf), (pairs[-1][1], np.inf))
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
        yield Excess(hypothesis, which, end, low, high, quantity.place(data, int(place[0])))


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
