"""Minimax odd polynomials: p(t) ≈ 1 on [l, u], of degree 3^m, by Remez's exchange.

The odd p of degree n = 2k − 1 nearest to 1 on [l, u], 0 < l, takes 1 ± δ in turn at k + 1 places
(t, t³, … are a Chebyshev system there), and p(t) = 1 − δ at t = l.  With x = t/s, s ≥ u, it is
Σ c_j T_j(x) over odd j, whose coefficients are moderate.  Floats find the places; a linear system
in balls levels the error there, and the places move until its extremes are within 10⁻⁶ of it.

A polynomial of degree 9 has five coefficients, two cubics in its place have four, and 27 fourteen
against six: near 1 the error falls from δ to δ⁵ where two cubics take it to δ⁴, and to δ¹⁴ where
three take it to δ⁸.  So a composition of these needs fewer layers than one of cubics; far from 1,
where a composition multiplies the smallest t by 3 a layer, nothing is lost (``compositions``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import flint
import numpy as np

from weightsmith.checker.balls.ranges import Interval
from weightsmith.compiler.numbers.intervals import to_fraction
from weightsmith.compiler.synthesize.families.exchange import Alternation, alternation
from weightsmith.compiler.synthesize.families.numbers import PRECISION, Ball, ball, rounded

REFINED = 12
NEWTON = 5
FINE = 12  # places of the grid between two extremes
SETTLED = 1e-6
WIDER = 40


@dataclass(frozen=True)
class OddPolynomial:
    """Σ c_j T_j(t/s) over odd j, as (c_1, c_3, …), decimals; its image of [l, u] as predicted."""

    scale: Fraction
    coefficients: tuple[Fraction, ...]
    image: Interval

    @property
    def series(self) -> list[Fraction]:
        """All Chebyshev coefficients c_0, c_1, …; those of even index are zero."""
        return [c for odd in self.coefficients for c in (Fraction(0), odd)]


def deviation(low: float, high: float, terms: int) -> float:
    """The least max |1 − p| over odd p of so many terms, in floats."""
    return _alternation(low, high, terms).largest


def _alternation(low: float, high: float, terms: int) -> Alternation:
    """In z = t²: p = t·q(z), so |1 − p| = √z·|1/√z − q(z)|."""
    squares = [(low * low, high * high)]
    return alternation(squares, terms - 1, lambda z: 1 / np.sqrt(z), np.sqrt)


def minimax_odd(interval: Interval, scale: Fraction, terms: int) -> OddPolynomial:
    """The best odd polynomial of degree 2·terms − 1 on an interval that ``scale`` is not below."""
    low, high = (end / scale for end in interval)
    with flint.ctx.workprec(PRECISION):
        ends = ball(low).mid(), ball(high).mid()
        squares = _alternation(float(low), float(high), terms).places
        places = [flint.arb(x).sqrt().mid() for x in squares]
        places[0], places[-1] = ends
        found: list[Ball] = []
        for _ in range(REFINED):
            found, level = _levelled(places, terms)
            moved = _extremes(found, ends)
            if len(moved) != len(places):
                break
            places = moved
            if max(abs(1 - _value(found, x)) for x in places) < abs(level) * (1 + SETTLED):
                break
        decimals = tuple(rounded(to_fraction(c.mid())) for c in found)
        return OddPolynomial(scale, decimals, _image(decimals, ends))


def _levelled(places: Sequence[Ball], terms: int) -> tuple[list[Ball], Ball]:
    """c_1, c_3, … and δ with p = 1 − δ, 1 + δ, 1 − δ … at the places."""
    rows = [
        [*(t.mid() for t in _odd_chebyshev(x, terms)), flint.arb((-1) ** number)]
        for number, x in enumerate(places)
    ]
    solved = flint.arb_mat(rows).solve(flint.arb_mat([[1]] * len(places)))
    return [solved[k, 0].mid() for k in range(terms)], solved[terms, 0].mid()


def _odd_chebyshev(x: Ball, terms: int) -> list[Ball]:
    """T_1, T_3, T_5, … at x, by T_{k+2} = (4x² − 2)·T_k − T_{k−2}."""
    before, now, step = x, x, 4 * x * x - 2
    found = [x]
    for _ in range(terms - 1):
        before, now = now, step * now - before
        found.append(now)
    return found


def _value(coefficients: Sequence[Ball], x: Ball) -> Ball:
    values = _odd_chebyshev(x, len(coefficients))
    return sum((c * t for c, t in zip(coefficients, values, strict=True)), flint.arb(0))


def _slopes(coefficients: Sequence[Ball], x: Ball) -> tuple[Ball, Ball]:
    """p′ and p″, by the derivatives of the recurrence for T_k."""
    step, first = 4 * x * x - 2, 8 * x
    before = now = (x, flint.arb(1), flint.arb(0))
    total = [coefficients[0], flint.arb(0)]
    for c in coefficients[1:]:
        value, slope, bend = now
        after = (
            step * value - before[0],
            first * value + step * slope - before[1],
            8 * value + 2 * first * slope + step * bend - before[2],
        )
        before, now = now, after
        total = [total[0] + c * now[1], total[1] + c * now[2]]
    return total[0].mid(), total[1].mid()


def _extremes(coefficients: Sequence[Ball], ends: tuple[Ball, Ball]) -> list[Ball]:
    """The ends, and where p′ changes its sign on a grid, by Newton's method."""
    places = _grid(*ends, len(coefficients))
    slopes = [_slopes(coefficients, x)[0] for x in places]
    found = [ends[0]]
    for k in range(len(places) - 1):
        if (slopes[k] > 0) != (slopes[k + 1] > 0):
            share = slopes[k] / (slopes[k] - slopes[k + 1])
            x = (places[k] + (places[k + 1] - places[k]) * share).mid()
            for _ in range(NEWTON):
                slope, bend = _slopes(coefficients, x)
                moved = (x - slope / bend).mid() if bend != 0 else x
                x = moved if places[k] <= moved <= places[k + 1] else x
            found.append(x)
    return [*found, ends[1]]


def _grid(low: Ball, high: Ball, terms: int) -> list[Ball]:
    """Places dense at both ends, as Chebyshev points in t² are."""
    a, b = low * low, high * high
    count = FINE * (terms + 1)
    halves = [flint.arb.sin_pi_fmpq(flint.fmpq(j, 2 * count)) for j in range(1, count)]
    return [low, *((a + (b - a) * half * half).sqrt().mid() for half in halves), high]


def _image(decimals: Sequence[Fraction], ends: tuple[Ball, Ball]) -> Interval:
    """The least and the greatest value, and a little more, as the ends of p′ are not exact."""
    coefficients = [ball(c) for c in decimals]
    values = [_value(coefficients, x) for x in _extremes(coefficients, ends)]
    low, high = (to_fraction(one.mid()) for one in (min(values), max(values)))
    more = (high - low) / 2**WIDER
    return low - more, high + more
