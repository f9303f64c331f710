"""Greedy composition of minimax polynomials t·q(t^p) ≈ 1, of two or three terms.

On [l, u] the best t(a + b·t^p) takes 1 − δ at l and at u, and 1 + δ between them, at
t^p = m/(p + 1), where m = (u^(p+1) − l^(p+1))/(u − l) and the polynomial is s·t(m − t^p).  With
three terms there is one more extreme, found by Remez's exchange.  The image of [l, u] is then
[1 − δ, 1 + δ], and the best composition takes the best polynomial on the image of the one before,
again and again: for p = 2 (the sign function) by Chen and Chow 2014 and Amsel, Persson, Musco and
Gower, "The Polar Express" 2025, whose proof needs only that the polynomials have no constant term.

Coefficients are decimals; the image is enclosed with the decimals, so errors of rounding are in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import flint

from weightsmith.checker.balls.ranges import Interval
from weightsmith.compiler.numbers.intervals import outward as to_64_bits
from weightsmith.compiler.synthesize.families.numbers import (
    PRECISION,
    Ball,
    ball,
    middle,
    outward,
    rounded,
)

MAX_STEPS = 60
EXCHANGES = 60


@dataclass(frozen=True)
class Composition:
    """Coefficients (a, b[, c]) of t·q(t^power), and what encloses t before and after each step."""

    power: int
    steps: tuple[tuple[Fraction, ...], ...]
    intervals: tuple[Interval, ...]

    @property
    def errors(self) -> tuple[Fraction, ...]:
        return tuple(max(abs(1 - low), abs(1 - high)) for low, high in self.intervals)

    @property
    def error(self) -> Fraction:
        return self.errors[-1]


def greedy(start: Interval, tolerance: Fraction, *, power: int = 2, terms: int = 2) -> Composition:
    """Compose, once at least, until |1 − t| ≤ tolerance, or rounding keeps it from falling."""
    intervals = [to_64_bits(start)]
    steps: list[tuple[Fraction, ...]] = []
    error = max(abs(1 - end) for end in start)
    while not steps or (error > tolerance and len(steps) < MAX_STEPS):
        step = best(intervals[-1], power, terms)
        image = to_64_bits(image_of(step, power, intervals[-1]))
        found = max(abs(1 - end) for end in image)
        if steps and found >= error:
            break
        steps.append(step)
        intervals.append(image)
        error = found
    return Composition(power, tuple(steps), tuple(intervals))


def schedule(start: Interval, passes: int, *, terms: int) -> Composition:
    """Compose exactly so many t·q(t²), the best that there are."""
    intervals = [to_64_bits(start)]
    steps: list[tuple[Fraction, ...]] = []
    for _ in range(passes):
        steps.append(best(intervals[-1], 2, terms))
        intervals.append(to_64_bits(image_of(steps[-1], 2, intervals[-1])))
    return Composition(2, tuple(steps), tuple(intervals))


def best(interval: Interval, power: int, terms: int) -> tuple[Fraction, ...]:
    """The decimals nearest to the minimax coefficients."""
    with flint.ctx.workprec(PRECISION):
        low, high = (ball(end) for end in interval)
        if interval[0] == interval[1]:
            found = [1 / low, *[flint.arb(0)] * (terms - 1)]
        elif terms == 2:
            found = _two_terms(low, high, power)
        else:
            found = _exchange(low, high, power)
        return tuple(rounded(middle(c)) for c in found)


def _two_terms(low: Ball, high: Ball, power: int) -> list[Ball]:
    # (u^(p+1) − l^(p+1))/(u − l), without its cancellation
    total = flint.arb(0)
    for k in range(power + 1):
        total += high**k * low ** (power - k)
    top = total * power / (power + 1) * (total / (power + 1)).root(power)
    bottom = low * (total - low**power)
    scale = 2 / (top + bottom)
    return [scale * total, -scale]


def _exchange(low: Ball, high: Ball, power: int) -> list[Ball]:
    """Remez: level the error at l < t₁ < t₂ < u, move t₁ and t₂ to its extremes, repeat."""
    inner = [low + (high - low) * k / 4 for k in (1, 3)]
    found: list[Ball] = []
    for _ in range(EXCHANGES):
        points = [low, *inner, high]
        rows = [
            [t, t ** (power + 1), t ** (2 * power + 1), (-1) ** i] for i, t in enumerate(points)
        ]
        solved = flint.arb_mat([[_exact(x) for x in row] for row in rows]).solve(
            flint.arb_mat([[1]] * 4)
        )
        found = [_exact(solved[i, 0]) for i in range(3)]
        moved = _extremes(found, power)
        if moved is None:
            break
        settled = all(
            abs(a - b) < ball(Fraction(1, 10**40)) * b for a, b in zip(moved, inner, strict=True)
        )
        inner = moved
        if settled:
            break
    return found


def _exact(value: Ball | int) -> Ball:
    return flint.arb(value).mid()


def _extremes(found: Sequence[Ball], power: int) -> list[Ball] | None:
    """The two places where the derivative a + (p+1)b·M + (2p+1)c·M² vanishes, M = t^p."""
    a, b, c = found
    half, last = b * (power + 1) / 2, c * (2 * power + 1)
    rest = half * half - a * last
    if not (rest > 0):
        return None
    first, second = sorted(
        (_exact((-half - rest.sqrt()) / last), _exact((-half + rest.sqrt()) / last)),
        key=lambda x: float(x),
    )
    return [_exact(x.root(power)) for x in (first, second)] if first > 0 else None


def image_of(step: tuple[Fraction, ...], power: int, interval: Interval) -> Interval:
    """Enclose {t·q(t^p)} over the interval: its ends, and where the derivative vanishes."""
    with flint.ctx.workprec(PRECISION):
        values = [_value(step, power, ball(end)) for end in interval]
        for place in _critical(step, power):
            if not (place < ball(interval[0])) and not (place > ball(interval[1])):
                values.append(_value(step, power, place))
        ends = [outward(value) for value in values]
    return min(low for low, _ in ends), max(high for _, high in ends)


def _critical(step: tuple[Fraction, ...], power: int) -> list[Ball]:
    slopes = [c * (power * k + 1) for k, c in enumerate(step)]
    while slopes and slopes[-1] == 0:
        slopes.pop()
    if len(slopes) == 2:
        squares = [ball(-slopes[0] / slopes[1])] if slopes[0] * slopes[1] < 0 else []
    elif len(slopes) == 3:
        half, last = slopes[1] / 2, slopes[2]
        rest = half * half - slopes[0] * last
        if rest < 0:
            return []
        roots = [(-ball(half) + sign * ball(rest).sqrt()) / ball(last) for sign in (-1, 1)]
        squares = [root for root in roots if root > 0]
    else:
        squares = []
    return [square.root(power) for square in squares]


def _value(step: tuple[Fraction, ...], power: int, t: Ball) -> Ball:
    total = flint.arb(0)
    for coefficient in reversed(step):
        total = total * t**power + ball(coefficient)
    return total * t
