"""The functions that a ReLU layer computes exactly, by name; tables; and back from their form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from weightsmith.dsl.numbers import scalar_algebra as algebra
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.scalars import Scalar
from weightsmith.dsl.program.core import PiecewiseLinear

TWO = q.Number(Fraction(2))


def relu() -> PiecewiseLinear:
    return PiecewiseLinear(q.ZERO, q.ZERO, ((q.ZERO, q.ONE),))


def absolute() -> PiecewiseLinear:
    """|t| = -t + 2·relu(t)."""
    return PiecewiseLinear(q.ZERO, q.MINUS_ONE, ((q.ZERO, TWO),))


def maximum(threshold: Scalar) -> PiecewiseLinear:
    """max(t, c) = c + relu(t - c)."""
    return PiecewiseLinear(threshold, q.ZERO, ((threshold, q.ONE),))


def minimum(threshold: Scalar) -> PiecewiseLinear:
    """min(t, c) = t - relu(t - c)."""
    return PiecewiseLinear(q.ZERO, q.ONE, ((threshold, q.MINUS_ONE),))


def clip(low: Scalar, high: Scalar) -> PiecewiseLinear:
    """a + relu(t - a) - relu(t - b)."""
    return PiecewiseLinear(low, q.ZERO, ((low, q.ONE), (high, q.MINUS_ONE)))


def soft(threshold: Scalar) -> PiecewiseLinear:
    """relu(t - τ) - relu(-t - τ) = t + τ - relu(t + τ) + relu(t - τ)."""
    breakpoints = ((algebra.negated(threshold), q.MINUS_ONE), (threshold, q.ONE))
    return PiecewiseLinear(threshold, q.ONE, breakpoints)


@dataclass(frozen=True, slots=True)
class Exact:
    """A function that a ReLU layer computes exactly, of a value and of numbers, its limits.

    ``ends`` are the two numbers, made of the limits, that must be in order; ``disorder`` says what
    is wrong where they are not.  max and min are also functions of two values,
    F + sign·relu(sign·(E − F)).
    """

    make: Callable[..., PiecewiseLinear]
    written: str
    limits: int = 0
    sign: Scalar | None = None
    ends: Callable[..., tuple[Scalar, Scalar]] | None = None
    disorder: str = ""


EXACT: dict[str, Exact] = {
    "relu": Exact(relu, "relu(E)"),
    "abs": Exact(absolute, "abs(E)"),
    "max": Exact(maximum, "max(E, F) or max(E, c)", limits=1, sign=q.ONE),
    "min": Exact(minimum, "min(E, F) or min(E, c)", limits=1, sign=q.MINUS_ONE),
    "clip": Exact(
        clip,
        "clip(E, low, high)",
        limits=2,
        ends=lambda low, high: (low, high),
        disorder="the low end {low} of clip is above its high end {high}",
    ),
    "soft": Exact(
        soft,
        "soft(E, tau)",
        limits=1,
        ends=lambda threshold: (q.ZERO, threshold),
        disorder="the threshold of soft is never below {low}, got {high}",
    ),
}


def ordered_ends(name: str, limits: Sequence[Scalar]) -> tuple[Scalar, Scalar] | None:
    """Return the two numbers that must be in order, if the function has such."""
    known = EXACT.get(name)
    if known is None or known.ends is None or len(limits) != known.limits:
        return None
    return known.ends(*limits)


def table(points: Sequence[tuple[Scalar, Scalar]]) -> PiecewiseLinear:
    """Linear between the points, constant outside.  Raises ScalarError where two places meet."""
    slopes: list[Scalar] = [q.ZERO]
    for (place, value), (after, later) in pairwise(points):
        slopes.append(algebra.divided(_minus(later, value), _minus(after, place)))
    slopes.append(q.ZERO)
    changes = [_minus(slopes[i + 1], slopes[i]) for i in range(len(points))]
    breakpoints = zip((place for place, _ in points), changes, strict=True)
    return PiecewiseLinear(points[0][1], q.ZERO, without_idle(breakpoints))


def without_idle(breakpoints: Iterable[tuple[Scalar, Scalar]]) -> tuple[tuple[Scalar, Scalar], ...]:
    """Drop the breakpoints that change nothing."""
    return tuple(point for point in breakpoints if point[1] != q.ZERO)


def points_of(function: PiecewiseLinear) -> list[tuple[Fraction, Fraction]] | None:
    """Return the points of a table of numbers; None for any other function."""
    value = algebra.constant(function.constant)
    breakpoints = [(algebra.constant(a), algebra.constant(b)) for a, b in function.breakpoints]
    if value is None or function.slope != q.ZERO or len(breakpoints) < 2:
        return None
    points: list[tuple[Fraction, Fraction]] = []
    slope = before = Fraction(0)
    for place, change in breakpoints:
        if place is None or change is None or (points and place <= before):
            return None
        value += slope * (place - before) if points else 0
        points.append((place, value))
        slope, before = slope + change, place
    return points if slope == 0 else None


def arguments_of(label: str, function: PiecewiseLinear) -> tuple[Scalar, ...] | None:
    """Return the scalars of a call, ``(-1, 1)`` of ``clip(E, -1, 1)``; None if it is no such."""
    if label not in EXACT:
        return None
    known = EXACT[label]
    places = [place for place, _ in function.breakpoints]
    wanted = tuple(
        places[len(places) - known.limits :]
    )  # soft has a breakpoint before its threshold
    fits = len(wanted) == known.limits and known.make(*wanted) == function
    return wanted if fits else None


def _minus(left: Scalar, right: Scalar) -> Scalar:
    return algebra.plus((left, algebra.negated(right)))
