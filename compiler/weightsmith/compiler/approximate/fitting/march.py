"""Links of the polygon by Newton's method, where f'' keeps its sign.

Say f is convex, E the error.  A link starts at a place x with the height f(x) − E, touches f + E at
an m > x and leaves the tube through f − E at a y > m:

    f(x) − f(m) − f'(m)(x − m) = 2E,        f(y) − f(m) − f'(m)(y − m) = 2E.

Both sides grow like a power of the distance from m, so Newton's method on logarithms needs a step
or two, and hardly one where the links before say what the distance will be.  Upside down if f is
concave.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from math import inf, sqrt

import flint

from weightsmith.checker.balls.formula_balls import BallFunction
from weightsmith.compiler.approximate.fitting.grid import Grid, Run
from weightsmith.compiler.approximate.fitting.lines import Exit, Line, Link
from weightsmith.compiler.numbers.portable_floats import exp, log
from weightsmith.dsl.elementary.enclosure import ball
from weightsmith.dsl.elementary.record import Jet

EXACT = 2.0**-16  # of the error: how nearly a link touches and leaves
MOST_STEPS = 12
WIDEST = 1.0  # the first guess of a length, in [0, 1]
FARTHEST = 4.0  # a step of Newton's method, in the logarithm


@dataclass(frozen=True, slots=True)
class _Spot:
    """A place, as a float in [0, 1] and as a ball, and the function there."""

    place: float
    ball: flint.arb
    jet: Jet


class March:
    """Finds links of one error on one grid, from left to right."""

    def __init__(self, grid: Grid, jet: BallFunction, error: float) -> None:
        self._grid, self._jet, self._error = grid, jet, error
        whole = grid.sampler.whole
        self._low, self._width = ball(whole.low), ball(whole.width)
        self._scale = float(whole.width)
        self._rise = ball(grid.rise)
        self._number = 0
        self._last: _Spot | None = None
        self._lengths: dict[bool, tuple[float, float]] = {}  # to the touch or not: the last two

    def following(self, start: Exit | None) -> tuple[Link, Exit] | None:
        """The next link, if it starts, touches and leaves where f'' keeps its sign."""
        run = self._run(start)
        if run is None:
            return None
        place = 0.0 if start is None else start.leaving[0]
        last = self._last
        begin = last if last is not None and last.place == place else self._spot(place)
        touch = self._find(begin, begin, run, to_touch=True)
        end = None if touch is None else self._find(touch, touch, run, to_touch=False)
        if touch is None or end is None:
            return None
        self._last = end
        return self._link(touch, end, run.sign)

    def _run(self, start: Exit | None) -> Run | None:
        """The run in which the link before touched and left the tube, on the side of its sign."""
        first, last = (0.0, 0.0) if start is None else (start.contact[0], start.leaving[0])
        runs = self._grid.runs
        while self._number < len(runs) and runs[self._number].high <= last:
            self._number += 1
            self._lengths.clear()
        if self._number == len(runs):
            return None
        run = runs[self._number]
        fits = run.low <= first and (start is None or start.side == -run.sign)
        return run if fits else None

    def _spot(self, place: float) -> _Spot:
        at = self._low + self._width * place
        return _Spot(place, at, self._jet(at))

    def _find(self, start: _Spot, fixed: _Spot, run: Run, *, to_touch: bool) -> _Spot | None:
        """The touch after a start, or the exit after a touch."""
        length = self._guess(start, run, to_touch)
        for _ in range(MOST_STEPS):
            if not start.place < start.place + length < run.high:
                return None
            spot = self._spot(start.place + length)
            touch, other = (spot, start) if to_touch else (start, spot)
            step = other.ball - touch.ball
            gap = run.sign * float(other.jet.value - touch.jet.value - touch.jet.first * step)
            slope = touch.jet.second * step if to_touch else other.jet.first - touch.jet.first
            growth = self._scale * length * run.sign * float(slope) * (-1 if to_touch else 1)
            if not (0 < gap < inf and growth > 0):
                return None
            ratio = 2 * self._error / gap
            if abs(ratio - 1) < EXACT:
                before = self._lengths.get(to_touch)
                self._lengths[to_touch] = (before[1] if before else length, length)
                return spot
            length *= exp(min(max(log(ratio) * gap / growth, -FARTHEST), FARTHEST))
        return None

    def _guess(self, start: _Spot, run: Run, to_touch: bool) -> float:
        """What the last two lengths, or f'' at the start, let one expect."""
        known = self._lengths.get(to_touch) or self._lengths.get(not to_touch)
        if known is not None:
            return known[1] * known[1] / known[0]
        bend = abs(float(start.jet.second)) * self._scale**2
        length = 2 * sqrt(self._error / bend) if bend > 0 else WIDEST
        return min(length, (run.high - start.place) / 2)

    def _link(self, touch: _Spot, end: _Spot, sign: int) -> tuple[Link, Exit]:
        grid, error = self._grid, self._error
        slope = float(touch.jet.first * self._width - self._rise)
        contact = touch.place, grid.above_line(touch.jet.value, touch.ball) + sign * error
        leaving = end.place, grid.above_line(end.jet.value, end.ball) - sign * error
        places = grid.places
        after = bisect_right(places, contact[0]), bisect_right(places, leaving[0])
        link = Link(Line(*contact, slope), contact[0], leaving[0])
        return link, Exit(contact, leaving, -float(sign), *after)
