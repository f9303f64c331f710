"""A formula and its first two derivatives, enclosed by ball arithmetic; its range, outward.

    jet(Place(a, b)) = enclosures of f, f' and f'' on [a, b]

f' and f'' hold at all inner points of [a, b] where they exist; where f may have a breakpoint they
are unbounded, so an f'' of one sign proves f convex or concave on [a, b].  Subformulas that are
linear in t are evaluated exactly: sqrt(t - 1/10) is defined on [1/10, 1].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from heapq import heappop, heappush
from itertools import count

import flint

from weightsmith.compiler.approximate.enclosures.linear import linear_form
from weightsmith.compiler.numbers.intervals import round_ball_up
from weightsmith.dsl.elementary import elementary
from weightsmith.dsl.elementary.enclosure import (
    EVERYTHING,
    INFINITY,
    ONE,
    ZERO,
    Enclosure,
    UndefinedError,
    above,
    ball,
    exactly,
    hull,
    whole_power,
)
from weightsmith.dsl.elementary.record import Numbers
from weightsmith.dsl.numbers.formulas import Apply, Formula, IntegerPower, Sum, Times

BITS = 128
WIDTH_SHARE = flint.arb(2) ** -11  # how far outside of the true range an end may lie
SMALL_SHARE = flint.arb(2) ** -40  # the same, relative to the end itself
MOST_CELLS = 10_000
TOO_LARGE = flint.arb(2) ** 1023  # for a float, and for every table


@dataclass(frozen=True, slots=True)
class Place:
    """The interval [low, high] of the variable, exactly."""

    low: Fraction
    high: Fraction

    @property
    def width(self) -> Fraction:
        return self.high - self.low

    def halves(self) -> tuple[Place, Place]:
        """Split at 0 if that lies inside, else in the middle."""
        middle = Fraction(0) if self.low < 0 < self.high else (self.low + self.high) / 2
        return Place(self.low, middle), Place(middle, self.high)


@dataclass(frozen=True, slots=True)
class Jet:
    """f, f' and f'' on an interval."""

    value: Enclosure
    first: Enclosure
    second: Enclosure

    def __add__(self, other: Jet) -> Jet:
        return Jet(self.value + other.value, self.first + other.first, self.second + other.second)

    def __mul__(self, other: Jet) -> Jet:
        crossed = self.first * other.first
        return Jet(
            self.value * other.value,
            self.first * other.value + self.value * other.first,
            self.second * other.value + crossed + crossed + self.value * other.second,
        )


JetAt = Callable[[Place], Jet]
ValueAt = Callable[[flint.arb], flint.arb]


def working_bits(low: Fraction, high: Fraction) -> int:
    """The precision at which differences on [low, high] still have about 128 bits."""
    if low == high:
        return BITS
    share = max(abs(low), abs(high)) / (high - low)
    return BITS + 3 * min(int(share).bit_length(), 1000)


def jets(formula: Formula, bindings: Mapping[str, Fraction]) -> JetAt:
    """Return the function that encloses f, f', f''; it raises UndefinedError where f may not be."""
    linear = linear_form(formula, bindings)
    if linear is not None:
        slope, offset = linear
        first = exactly(slope)

        def along(place: Place) -> Jet:
            ends = sorted((slope * place.low + offset, slope * place.high + offset))
            return Jet(hull(ball(ends[0]), ball(ends[1])), first, ZERO)

        return along
    match formula:
        case Sum(terms):
            parts = [jets(term, bindings) for term in terms]
            return lambda place: reduce(Jet.__add__, (part(place) for part in parts))
        case Times(factors):
            parts = [jets(factor, bindings) for factor in factors]
            return lambda place: reduce(Jet.__mul__, (part(place) for part in parts))
        case IntegerPower(base, exponent):
            inner = jets(base, bindings)
            return lambda place: _power(inner(place), exponent)
        case Apply(function, of):
            inner = jets(of, bindings)
            return lambda place: _apply(function, inner(place))
    raise AssertionError("a variable or a constant is linear")


def _power(base: Jet, exponent: int) -> Jet:
    if exponent == 0:
        return Jet(ONE, ZERO, ZERO)
    if exponent == 1:
        return base
    value = whole_power(base.value, exponent)
    slope = exactly(Fraction(exponent)) * whole_power(base.value, exponent - 1)
    bend = exactly(Fraction(exponent * (exponent - 1))) * whole_power(base.value, exponent - 2)
    return _chain(base, value, slope, bend)


def _apply(function: str, of: Jet) -> Jet:
    value, slope, bend = elementary(function).enclosed(of.value)
    if not slope.is_finite and not of.first.sign:
        return Jet(value, EVERYTHING, EVERYTHING)  # sqrt of what may touch 0 inside: a breakpoint
    return _chain(of, value, slope, bend)


def _chain(of: Jet, value: Enclosure, slope: Enclosure, bend: Enclosure) -> Jet:
    square = whole_power(of.first, 2)
    return Jet(value, slope * of.first, bend * square + slope * of.second)


def values(formula: Formula, bindings: Mapping[str, Fraction]) -> ValueAt:
    """Return f for balls that are points but for rounding; a root of such a ball at 0 is real."""
    linear = linear_form(formula, bindings)
    if linear is not None:
        # balls made here would have the precision of this moment
        slope, offset = (flint.fmpq(*number.as_integer_ratio()) for number in linear)
        return lambda t: t * slope + offset
    match formula:
        case Sum(terms):
            parts = [values(term, bindings) for term in terms]
            return lambda t: sum((part(t) for part in parts), flint.arb(0))
        case Times(factors):
            parts = [values(factor, bindings) for factor in factors]
            return lambda t: reduce(flint.arb.__mul__, (part(t) for part in parts))
        case IntegerPower(base, exponent):
            inner = values(base, bindings)
            return lambda t: _whole(inner(t), exponent)
        case Apply(function, of):
            inner, outer = values(of, bindings), elementary(function)
            if outer.domain is Numbers.NONNEGATIVE:
                return lambda t: outer.value(inner(t).nonnegative_part())
            return lambda t: outer.value(inner(t))
    raise AssertionError("a variable or a constant is linear")


def _whole(value: flint.arb, exponent: int) -> flint.arb:
    """A power by multiplication: ``**`` has no number for a ball around 0."""
    if exponent < 0:
        return 1 / _whole(value, -exponent)
    if exponent == 0:
        return flint.arb(1)
    half = _whole(value, exponent // 2)
    return half * half * value if exponent % 2 else half * half


def range_of(
    formula: Formula, bindings: Mapping[str, Fraction], low: Fraction, high: Fraction
) -> tuple[Fraction, Fraction]:
    """Enclose {f(t): low ≤ t ≤ high}, outward by 1/1000 of its width or less.

    The ends are dyadic, of 64 bits.  Raises UndefinedError where f is not proven finite, or is
    larger than any float.
    """
    with flint.ctx.workprec(working_bits(low, high)):
        at, whole = jets(formula, bindings), Place(low, high)
        return -_greatest(at, whole, -1), _greatest(at, whole, 1)


def _greatest(at: JetAt, whole: Place, sign: int) -> Fraction:
    """The maximum of sign·f: cells in the order of their upper bounds, until that is reached."""
    ends = [_point(at, end, sign) for end in (whole.low, whole.high)]
    reached, least = max(end.low for end in ends), min(end.high for end in ends)
    cells: list[tuple[float, int, flint.arb, Place]] = []
    number = count()
    waiting = [whole]
    while next(number) < MOST_CELLS:
        for cell in waiting:
            upper, inner = _upper(at, cell, sign)
            reached = max(reached, inner)
            heappush(cells, (-float(upper), next(number), upper, cell))
        highest = cells[0][2]
        slack = above((reached - least) * WIDTH_SHARE + abs(reached) * SMALL_SHARE)
        if highest <= reached + slack:
            break
        waiting = list(heappop(cells)[3].halves())
    most = max(upper for _, _, upper, _ in cells)
    if not most < TOO_LARGE:
        raise UndefinedError("not proven finite", certain=False)
    return round_ball_up(most)


def _upper(at: JetAt, cell: Place, sign: int) -> tuple[flint.arb, flint.arb]:
    """An upper bound of sign·f on the cell, and a value that it reaches there."""
    ends = [_point(at, end, sign) for end in (cell.low, cell.high)]
    inner = max(end.low for end in ends)
    try:
        jet = at(cell)
    except UndefinedError as undefined:
        if undefined.certain:
            raise
        return INFINITY, inner
    upper = jet.value.high if sign > 0 else -jet.value.low
    if jet.first.sign:
        upper = min(upper, max(end.high for end in ends))
    elif jet.first.is_finite:
        step = jet.first.largest() * ball(cell.width) / 2
        upper = min(upper, above((ends[0].high + ends[1].high) / 2 + step))
    return upper, inner


def _point(at: JetAt, place: Fraction, sign: int) -> Enclosure:
    value = at(Place(place, place)).value
    return value if sign > 0 else -value
