"""The functions that a ReLU layer computes exactly, by name; tables; and back from their form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import pairwise

from weightsmith.dsl import scalar_algebra as algebra
from weightsmith.dsl import scalars as q
from weightsmith.dsl.core import PiecewiseLinear
from weightsmith.dsl.scalars import Scalar

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
    kinks = ((algebra.negated(threshold), q.MINUS_ONE), (threshold, q.ONE))
    return PiecewiseLinear(threshold, q.ONE, kinks)


# name: the scalars it takes after its value, and how it is made of them
EXACT: dict[str, tuple[int, Callable[..., PiecewiseLinear]]] = {
    "relu": (0, relu),
    "abs": (0, absolute),
    "max": (1, maximum),
    "min": (1, minimum),
    "clip": (2, clip),
    "soft": (1, soft),
}


def table(points: Sequence[tuple[Scalar, Scalar]]) -> PiecewiseLinear:
    """Linear between the points, constant outside.  Raises ScalarError where two places meet."""
    slopes: list[Scalar] = [q.ZERO]
    for (place, value), (after, later) in pairwise(points):
        slopes.append(algebra.divided(_minus(later, value), _minus(after, place)))
    slopes.append(q.ZERO)
    changes = [_minus(slopes[i + 1], slopes[i]) for i in range(len(points))]
    kinks = zip((place for place, _ in points), changes, strict=True)
    return PiecewiseLinear(points[0][1], q.ZERO, without_idle(kinks))


def without_idle(kinks: Iterable[tuple[Scalar, Scalar]]) -> tuple[tuple[Scalar, Scalar], ...]:
    """Drop the kinks that change nothing."""
    return tuple(kink for kink in kinks if kink[1] != q.ZERO)


def points_of(function: PiecewiseLinear) -> list[tuple[Fraction, Fraction]] | None:
    """Return the points of a table of numbers; None for any other function."""
    value = algebra.constant(function.constant)
    kinks = [(algebra.constant(a), algebra.constant(b)) for a, b in function.kinks]
    if value is None or function.slope != q.ZERO or len(kinks) < 2:
        return None
    points: list[tuple[Fraction, Fraction]] = []
    slope = before = Fraction(0)
    for place, change in kinks:
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
    count, make = EXACT[label]
    places = [place for place, _ in function.kinks]
    wanted = tuple(places[-1:] if label == "soft" else places[:count])
    return wanted if len(wanted) == count and make(*wanted) == function else None


def _minus(left: Scalar, right: Scalar) -> Scalar:
    return algebra.plus((left, algebra.negated(right)))
