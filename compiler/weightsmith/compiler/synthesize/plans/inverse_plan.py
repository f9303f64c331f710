"""Scripts of the inverse family: one or several shifts in one loop, symmetric or general."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from weightsmith.compiler.synthesize.families.best_polynomial import BestPolynomial, best_inverse
from weightsmith.compiler.synthesize.families.inverse import (
    ChebyshevInverse,
    chebyshev_inverse,
    image,
    tripled,
)
from weightsmith.compiler.synthesize.families.numbers import decimal_text, neat, rounded
from weightsmith.compiler.synthesize.plans.script import Loop, Plan, linear_text
from weightsmith.compiler.synthesize.plans.series_plan import CUBE, STEP, split

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


def indefinite_inverse_plan(
    operator: str, intervals: Sequence[Interval], tolerance: Fraction
) -> Plan | None:
    """The inverse over two intervals about 0: the best residual of degree 3 or 9, then T₃.

    E = I − A·X with X = p(A), |E| ≤ δ on both intervals, need not be linear in A: what follows is
    the loop of a definite operator.  One layer for p of degree 2, two for degree 8.
    """
    plans = []
    for layers in (1, 2):
        first = best_inverse(intervals, 3**layers - 1)
        if first.error >= 1:
            continue
        factors, errors = tripled(first.error, tolerance)
        start, loops = _residual(operator, first, layers)
        mark = "'" if layers == 2 else ""  # nobody need know that E is symmetric
        step = f"$X, $E = $X + $g*$X*$E{mark}*(I + $E), $E + $g*$E*($E{mark}*$E - I)"
        loops.append(Loop((step,), ("$g",), tuple((g,) for g in factors)))
        family = f"best residual of degree {3**layers}, composed with T3"
        count = layers + len(factors)
        plans.append(Plan(family, start, tuple(loops), ("$X",), count, errors[-1]))
    able = [plan for plan in plans if plan.error <= tolerance]
    return min(able, key=lambda plan: plan.layers, default=None)


def _residual(
    operator: str, best: BestPolynomial, layers: int
) -> tuple[tuple[str, ...], list[Loop]]:
    """Statements that leave p(A) in $X and I − A·p(A) in $E, both of them series in y."""
    scale, shift = neat(1 / best.half), neat(-best.middle / best.half)
    y = linear_text([(scale, operator), (shift, "I")])
    x = f"$X = {_third(best.coefficients, layers)}"
    if layers == 1:
        return (f"$y = {y}", x, f"$E = I - {operator}*$X"), []
    texts = (x, f"$E = {_third(residual(best), layers)}")
    start = (f"$y = {y}", *(f"{name} = 0*I" for name in ("$T1", "$T2", "$X", "$E")))
    return start, [Loop(("$T1 = $y", "$T2 = 2*$y*$y - I", STEP)), Loop(texts)]


def residual(best: BestPolynomial) -> list[Fraction]:
    """1 − λp as a series: λ = middle + half·y, and y·T_k = (T_{k+1} + T_{|k−1|})/2."""
    found = [Fraction(0)] * (len(best.coefficients) + 1)
    found[0] = Fraction(1)
    for k, c in enumerate(best.coefficients):
        found[k] -= best.middle * c
        found[k + 1] -= best.half * c / (2 if k else 1)
        if k:
            found[k - 1] -= best.half * c / 2
    return found


def _third(series: Sequence[Fraction], layers: int) -> str:
    """A series of degree ≤ 3s by I and the T_k below s: one layer, with y = T_s."""
    size = 3 ** (layers - 1)
    division = split(series, size)
    held = ["I", "$T1", "$T2"][:size]
    first, second, third = (
        linear_text([(rounded(c), name) for c, name in zip(part, held, strict=True)])
        for part in division.parts
    )
    text = f"{first} + $y*({second}) + (2*$y*$y - I)*({third})"
    top = rounded(division.top)
    return f"{text} + {linear_text([(top, f'({CUBE})')])}".replace("+ -", "- ") if top else text


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
