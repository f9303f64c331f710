"""Scripts of the inverse family: one or several shifts in one loop, symmetric or general."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from weightsmith.compiler.synthesize.inverse import ChebyshevInverse, chebyshev_inverse, image
from weightsmith.compiler.synthesize.numbers import decimal_text, rounded
from weightsmith.compiler.synthesize.script import Loop, Plan, linear_text

Interval = tuple[Fraction, Fraction]
FAMILY = "Chebyshev polynomials composed by T3"


@dataclass(frozen=True)
class Shifted:
    """One operator to invert, its spectrum, and what the inverse is multiplied with on the left.

    ``left`` costs nothing: left·X follows the recurrence of X.  A spectrum below zero is allowed.
    """

    operator: str
    interval: Interval
    left: str = "I"


def resolvents_plan(wanted: Sequence[Shifted], tolerance: Fraction) -> Plan:
    """The inverses of several operators, all in the passes that the hardest of them needs."""
    found = [_steps(one.interval, tolerance) for one in wanted]
    layers = max(len(one.factors) for one in found)
    found = [_longer(one, layers) for one in found]
    marks = [""] if len(found) == 1 else [str(k) for k in range(1, len(found) + 1)]
    start = tuple(
        f"$X{mark}, $E{mark} = {_times(one.theta, given.left)}, "
        + linear_text([(Fraction(1), "I"), (-one.theta, given.operator)])
        for mark, one, given in zip(marks, found, wanted, strict=True)
    )
    steps = tuple(_step(f"$X{mark}", f"$E{mark}", f"$g{mark}") for mark in marks)
    rows = tuple(zip(*(one.factors for one in found), strict=True))
    loop = Loop(steps, tuple(f"$g{mark}" for mark in marks), rows)
    error = max(one.error for one in found)
    return Plan(FAMILY, start, (loop,), tuple(f"$X{mark}" for mark in marks), layers, error)


def general_inverse_plan(operator: str, interval: Interval, tolerance: Fraction) -> Plan:
    """The (pseudo)inverse of any matrix with singular values in the interval.

    One more layer makes A'A; X = p(A'A)·A'.
    """
    low, high = interval
    found = chebyshev_inverse(low**2, high**2, tolerance)
    theta = decimal_text(found.theta)
    start = (f"$X, $E = {theta}*{operator}', I - {theta}*{operator}'*{operator}",)
    step = "$X, $E = $X + $g*(I + $E)*$E*$X, $E + $g*$E*($E*$E - I)"
    loop = Loop((step,), ("$g",), tuple((g,) for g in found.factors))
    return Plan(FAMILY, start, (loop,), ("$X",), len(found.factors) + 1, found.error)


def _steps(interval: Interval, tolerance: Fraction) -> ChebyshevInverse:
    low, high = interval
    if low > 0:
        return chebyshev_inverse(low, high, tolerance)
    mirrored = chebyshev_inverse(-high, -low, tolerance)
    return replace(mirrored, theta=-mirrored.theta)


def _times(theta: Fraction, left: str) -> str:
    return linear_text([(theta, left)])


def _step(x: str, e: str, g: str) -> str:
    return f"{x}, {e} = {x} + {g}*{x}*{e}*(I + {e}), {e} + {g}*{e}*({e}*{e} - I)"


def _longer(one: ChebyshevInverse, layers: int) -> ChebyshevInverse:
    factors, errors = list(one.factors), list(one.errors)
    while len(factors) < layers:
        factors.append(rounded(4 / (4 - 3 * errors[-1] ** 2)))
        errors.append(image(factors[-1], errors[-1]))
    return ChebyshevInverse(one.theta, tuple(factors), tuple(errors))
