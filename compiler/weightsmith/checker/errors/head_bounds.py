"""Bounds of what a head adds, out = Σ_g V_g·P_g with P = N(M ∘ f(S)): network, script, difference.

g goes through the groups of keys; V has at most column(V) in every column and entries in [low,
high]; v and w are the values in network and script, δ = v − w.  A query that sees no key gets 0.

No division: P is f(S), 0 where the mask is, and δ(V·P) = V_v·δP + δV·P_w, with
|δf(S)| ≤ slope·|δS|.

Divided by sums, of positive scores a = f(S): a column p of P is positive and sums to 1, or is 0.
So V·p is a mean of columns of V: its entries lie between those of V, or are 0, and ‖V·p‖ ≤
column(V).  δ(V·p) = δV·p_v + V_w·δp.  Let a(t) = a_w + t·δa, which is positive, and u = log a(t):
p′ = p ∘ (u′ − Σ p·u′), so ‖p′‖₁ is the mean of |u′ − its mean|, at most half the length of an
interval that holds all u′ (2q(1 − q) ≤ ½ for the share q of the larger ones).  u′ = δS for f = exp
along S_w + t·δS, and |u′| ≤ max |δa| / min a otherwise.  With θ that half length: ‖δp‖₁ ≤ θ, and
as δp sums to 0, |V_w·δp| ≤ θ·½(high − low), ‖V_w·δp‖ ≤ θ·column(V_w).

Divided by the number of keys seen: V·p is the mean of the columns v_k·a_k, or 0, and so is its
difference, of v_k·δa_k + δv_k·a_k.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import flint

from weightsmith.checker.balls.bounds import (
    NOTHING,
    Ball,
    Bounds,
    above,
    ball_above,
    ball_below,
    corners,
    exact,
    larger,
    product,
    smaller,
    times,
)
from weightsmith.checker.balls.curves import (
    Curve,
    curve_bounds,
    reached,
    steep_bounds,
)
from weightsmith.checker.balls.formula_ranges import FormulaRanges
from weightsmith.checker.balls.shared import plain
from weightsmith.checker.errors.site_bounds import Triple
from weightsmith.checker.heads import ALL, normalisation_meaning
from weightsmith.checker.reading.refusal import Budget, RefusedError, quoted, require
from weightsmith.checker.reading.template import Scores
from weightsmith.dsl.elementary import NAMES, elementary
from weightsmith.dsl.elementary.record import Numbers
from weightsmith.dsl.numbers.formulas import Apply, Variable

CURVES: Mapping[str, Curve] = {
    "relu": Curve((Fraction(0),), (Fraction(0),), (Fraction(0), Fraction(1))),
    "abs": Curve((Fraction(0),), (Fraction(0),), (Fraction(-1), Fraction(1))),
}
Sizes = tuple[Ball, Ball]  # at most so many rows, and columns
Pick = Callable[[Triple], Bounds]


@dataclass(frozen=True, slots=True)
class HeadParts:
    """The values and the scores of each group of keys, and at most how many keys it has."""

    values: Sequence[Triple]
    scores: Sequence[Triple]
    keys: Sequence[Ball]


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of a head: V and f(S) by group of keys."""

    scores: Scores
    values: Sequence[Bounds]
    entries: Sequence[Bounds]

    @property
    def divides(self) -> str:
        return (
            normalisation_meaning(self.scores.normalised).divides if self.scores.normalised else "1"
        )


class HeadBounds:
    """Bounds of what heads add; ``size``: at most so many rows, and tokens of the query group."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget

    def network(self, kind: Scores, parts: HeadParts, size: Sizes) -> Bounds:
        return self._value(self._side(kind, parts, size, lambda one: one.network), parts.keys, size)

    def compared(self, kind: Scores, parts: HeadParts, size: Sizes) -> Triple:
        """The value in the network and in the script, and their difference."""
        network, script = (
            self._side(kind, parts, size, pick)
            for pick in (lambda one: one.network, lambda one: one.script)
        )
        difference = self._difference(network, script, parts, size).tightened(*size)
        found = self._value(network, parts.keys, size), self._value(script, parts.keys, size)
        return Triple(*found, difference).consistent()

    def _side(self, kind: Scores, parts: HeadParts, size: Sizes, pick: Pick) -> _Side:
        known = kind.function in ("", *CURVES, *NAMES)
        require(known, f"There is no bound of a head with {quoted(kind.function)} of its scores.")
        entries = [
            self._applied(kind.function, pick(one), (keys, size[1]))
            for one, keys in zip(parts.scores, parts.keys, strict=True)
        ]
        return _Side(kind, [pick(one) for one in parts.values], entries)

    # -- one side -------------------------------------------------------------------------------

    def _value(self, side: _Side, keys: Sequence[Ball], size: Sizes) -> Bounds:
        pairs = list(zip(side.values, side.entries, strict=True))
        match side.divides:
            case "1":
                found = NOTHING
                for (value, entries), number in zip(pairs, keys, strict=True):
                    found = found + product(value, _masked(side.scores, entries), number)
            case "sum" if self._is_positive(side):
                found = _mean(side.values)
            case "count":
                found = _mean([_scaled(*pair) for pair in pairs])
            case _:
                found = Bounds()
        return found.tightened(*size)

    def _is_positive(self, side: _Side) -> bool:
        function = side.scores.function
        if function not in ("", *CURVES) and elementary(function).image is Numbers.POSITIVE:
            return True
        return all(bool(one.low > 0) for one in side.entries)

    def _applied(self, function: str, scores: Bounds, size: Sizes) -> Bounds:
        """f(S)."""
        if not function:
            return scores
        if function in CURVES:
            return curve_bounds(CURVES[function], scores, *size)
        found = Bounds()
        if elementary(function).image is not Numbers.ALL:
            found = Bounds(low=flint.arb(0))
        if scores.finite:
            low, high = self._ranges(function, scores, scores, FormulaRanges.values)
            found = found.meet(Bounds(low, high))
        return found.tightened(*size)

    def _ranges(
        self,
        function: str,
        one: Bounds,
        two: Bounds,
        of: Callable[[FormulaRanges, Fraction, Fraction], tuple[Fraction, Fraction]],
    ) -> tuple[Ball, Ball]:
        """The range of f, or of its slope, on finite scores of both; infinite if not known."""
        hull = one.hull(two)
        low, high = exact(plain(hull.low)), exact(plain(hull.high))
        try:
            formula = Apply(function, Variable())
            ranges = FormulaRanges(formula, {}, (low, high), self._budget)
            bottom, top = of(ranges, low, high)
        except RefusedError:  # it has a pole there, or a slope without bound
            return Bounds().low, Bounds().high
        return ball_below(bottom), ball_above(top)

    # -- the difference -------------------------------------------------------------------------

    def _difference(self, network: _Side, script: _Side, parts: HeadParts, size: Sizes) -> Bounds:
        moved = [one.difference for one in parts.values]
        if network.divides == "sum":
            if not (self._is_positive(network) and self._is_positive(script)):
                return Bounds()
            return _mean(moved) + _moved_mean(script.values, self._theta(network, script, parts))
        changes = [
            self._change(network.scores.function, one, (keys, size[1]))
            for one, keys in zip(parts.scores, parts.keys, strict=True)
        ]
        first = list(zip(network.values, changes, strict=True))
        second = list(zip(moved, script.entries, strict=True))
        if network.divides == "count":
            both = zip(first, second, strict=True)
            return _mean([_scaled(*one) + _scaled(*two) for one, two in both])
        if network.divides != "1":
            return Bounds()
        found = NOTHING
        for pairs in (first, second):
            for (value, entries), number in zip(pairs, parts.keys, strict=True):
                found = found + product(value, _masked(network.scores, entries), number)
        return found

    def _change(self, function: str, scores: Triple, size: Sizes) -> Bounds:
        """δf(S)."""
        if not function:
            return scores.difference
        if function in CURVES:
            steepest = CURVES[function].steepest(*reached(scores.network, scores.script))
            slope = ball_above(steepest)
        elif scores.network.finite and scores.script.finite:
            ends = self._ranges(function, scores.network, scores.script, FormulaRanges.slopes)
            slope = larger(*map(abs, ends))
        else:
            return NOTHING if scores.difference.is_zero else Bounds()
        return steep_bounds(slope, scores.difference).tightened(*size)

    def _theta(self, network: _Side, script: _Side, parts: HeadParts) -> Ball:
        """A bound of ‖δp‖₁: half the length of an interval with all u′."""
        if network.scores.function == "exp":
            low, high = _ends([one.difference for one in parts.scores])
            return above((high + (-low)) * flint.arb("0.5"))
        least = _ends([*network.entries, *script.entries])[0]
        keys = zip(parts.scores, parts.keys, strict=True)
        changes = [
            self._change(network.scores.function, one, (number, Bounds().high))
            for one, number in keys
        ]
        low, high = _ends(changes)
        most = larger(abs(low), abs(high))
        return above(times(most, above(1 / plain(least)))) if least > 0 else Bounds().high


def _masked(kind: Scores, entries: Bounds) -> Bounds:
    """M ∘ entries; any of them may be 0 then, and rows and columns are no longer."""
    if kind.mask == ALL:
        return entries
    return Bounds(*_with_zero(entries), entries.column, entries.row)


def _with_zero(bounds: Bounds) -> tuple[Ball, Ball]:
    zero = flint.arb(0)
    return smaller(bounds.low, zero), larger(bounds.high, zero)


def _ends(some: Sequence[Bounds]) -> tuple[Ball, Ball]:
    """The least entry and the largest."""
    low, high = some[0].low, some[0].high
    for one in some[1:]:
        low, high = smaller(low, one.low), larger(high, one.high)
    return low, high


def _mean(columns: Sequence[Bounds]) -> Bounds:
    """A mean, with any weights, of columns of these; or 0, where no key is seen."""
    low, high = _ends([Bounds(*_with_zero(one)) for one in columns])
    return Bounds(low, high, _longest(columns))


def _longest(some: Sequence[Bounds]) -> Ball:
    """The largest bound of a column."""
    longest = some[0].column
    for one in some[1:]:
        longest = larger(longest, one.column)
    return longest


def _scaled(values: Bounds, entries: Bounds) -> Bounds:
    """Columns of the values, each times an entry."""
    size = times(values.column, entries.size)
    return Bounds(*corners(values, entries), above(size))


def _moved_mean(values: Sequence[Bounds], theta: Ball) -> Bounds:
    """V·δp where δp sums to 0 and ‖δp‖₁ ≤ θ."""
    low, high = _ends(values)
    entry = above(times(theta, above((plain(high) - plain(low)) * flint.arb("0.5"))))
    return Bounds(-entry, entry, above(times(theta, plain(_longest(values)))))
