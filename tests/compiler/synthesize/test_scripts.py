"""Scripts of every family, run on eigenvalues in 400 bits: as near to the target as predicted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import flint
import pytest

from weightsmith.compiler.synthesize.families.series import chebyshev_series
from weightsmith.compiler.synthesize.plans.inverse_plan import (
    Shifted,
    general_inverse_plan,
    resolvents_plan,
)
from weightsmith.compiler.synthesize.plans.script import Plan, choose_names, named, side_by_side
from weightsmith.compiler.synthesize.plans.series_plan import blocks_for, layers_for, series_plan
from weightsmith.compiler.synthesize.plans.sign_plan import (
    inverse_root_plan,
    polar_plan,
    sign_plan,
    square_root_plan,
)

from .scalar_runs import Ball, ball, run

Function = Callable[[Ball], Ball]
F = Fraction
TOLERANCE = F(1, 10**6)
SYMMETRIC = "algorithm f(A: symmetric[d, d])"
GENERAL = "algorithm f(A: [m, n])"
PLACES = 40


@dataclass(frozen=True)
class Case:
    plan: Plan
    interval: tuple[F, F]
    targets: tuple[Function, ...]
    layers: int
    head: str = SYMMETRIC


def series(function: Function, low: F, high: F, tolerance: F = TOLERANCE) -> Plan:
    return series_plan("A", chebyshev_series(function, low, high, tolerance))


def decay(z: Ball) -> Ball:
    return (-z).exp()


def one_over(shift: F) -> Function:
    return lambda z: 1 / (z + ball(shift))


INVERSE = resolvents_plan([Shifted("A", (F(1, 100), F(1)))], TOLERANCE)
SHIFTED = resolvents_plan(
    [Shifted("(A + 1/10*I)", (F(1, 10), F(11, 10))), Shifted("(A + I)", (F(1), F(2)))], TOLERANCE
)
NEGATIVE = resolvents_plan([Shifted("(-A)", (F(-1), F(-1, 100)))], TOLERANCE)
TENTH, HUNDREDTH, THOUSANDTH = F(1, 10), F(1, 100), F(1, 1000)
CASES = {
    "inverse": Case(INVERSE, (HUNDREDTH, F(1)), (lambda z: 1 / z,), 4),
    "inverse of -A": Case(NEGATIVE, (HUNDREDTH, F(1)), (lambda z: -1 / z,), 4),
    "resolvents": Case(SHIFTED, (F(0), F(1)), (one_over(TENTH), one_over(F(1))), 3),
    "general inverse": Case(
        general_inverse_plan("A", (TENTH, F(1)), TOLERANCE),
        (TENTH, F(1)),
        (lambda z: 1 / z,),
        5,
        GENERAL,
    ),
    "polar": Case(
        polar_plan("A", (THOUSANDTH, F(1)), TOLERANCE),
        (THOUSANDTH, F(1)),
        (lambda z: z / z,),
        9,
        GENERAL,
    ),
    "sign": Case(
        sign_plan("(-A)", (TENTH, F(2)), TOLERANCE), (TENTH, F(2)), (lambda z: -z / z,), 6
    ),
    "roots": Case(
        square_root_plan("A", (HUNDREDTH, F(1)), TOLERANCE),
        (HUNDREDTH, F(1)),
        (lambda z: z.sqrt(), lambda z: 1 / z.sqrt()),
        6,
    ),
    "exp(-A), 10": Case(series(decay, F(0), F(10)), (F(0), F(10)), (decay,), 3),
    "exp(-A), 100": Case(series(decay, F(0), F(100)), (F(0), F(100)), (decay,), 4),
    "exp(-A), 1000": Case(series(decay, F(0), F(1000)), (F(0), F(1000)), (decay,), 5),
    "cos": Case(series(lambda z: z.cos(), F(-9), F(2)), (F(-9), F(2)), (lambda z: z.cos(),), 3),
}
ROOTS = {2: 4, 3: 6, 4: 6, 5: 6, 6: 6, 7: 6, 8: 6}


def text_of(case: Case) -> str:
    names = choose_names(case.plan, {"A", "d", "m", "n"})
    results = ", ".join(named(result, names) for result in case.plan.results)
    return "\n".join([case.head, "", *side_by_side([(case.plan, names)]), f"return {results}", ""])


def worst(case: Case) -> F:
    text, largest = text_of(case), F(0)
    low, high = case.interval
    for k in range(PLACES + 1):
        place = low + (high - low) * k / PLACES
        found = list(run(text, {"A": place}).values())
        for target, value in zip(case.targets, found, strict=True):
            with flint.ctx.workprec(400):
                exact = target(ball(place))
                off = abs(exact - value) if case.plan.absolute else abs(1 - value / exact)
                number = off.upper().fmpq()
            largest = max(largest, F(int(number.p), int(number.q)))
    return largest


@pytest.mark.parametrize("name", CASES)
def test_the_script_is_as_near_as_predicted(name: str) -> None:
    case = CASES[name]
    assert case.plan.layers == case.layers
    assert case.plan.error <= TOLERANCE
    found = worst(case)
    assert found <= case.plan.error * (1 + F(1, 10**12)) + F(1, 10**30)
    assert found >= case.plan.error / 50 or case.plan.error < F(1, 10**9)


@pytest.mark.parametrize("root", ROOTS)
def test_inverse_roots_are_as_near_as_predicted(root: int) -> None:
    plan = inverse_root_plan("A", (F(1, 20), F(2)), root, TOLERANCE)
    case = Case(plan, (F(1, 20), F(2)), (lambda z: 1 / z.root(root),), 0)
    assert plan.error <= TOLERANCE
    assert worst(case) <= plan.error * (1 + F(1, 10**6)) + F(1, 10**30)


@pytest.mark.parametrize("degree", [1, 2, 3, 4, 8, 9, 10, 26, 27, 28, 40, 80, 81])
def test_a_series_takes_the_layers_of_its_degree(degree: int) -> None:
    """Also at the powers of three, where the leading term goes into the last head."""
    found = chebyshev_series(decay, F(0), F(5), F(1, 10**3))
    ones = tuple(F(1, k + 1) for k in range(degree + 1))
    plan = series_plan("A", type(found)(F(0), F(5), ones, F(0)))
    assert plan.layers == len(plan.loops) == layers_for(degree)
    assert 3 ** (plan.layers - 1) < max(degree, 2) <= 3**plan.layers
    text = text_of(Case(plan, (F(0), F(5)), (), 0))
    for place in (F(0), F(1, 3), F(5)):
        with flint.ctx.workprec(400):
            x = ball((2 * place - 5) / 5)
            exact = sum((ball(c) * x.chebyshev_t(k) for k, c in enumerate(ones)), flint.arb(0))
            assert abs(exact - run(text, {"A": place})["P0"]) < ball(F(1, 10**80))


def test_blocks_grow_with_the_ninth_of_the_degree() -> None:
    assert min(blocks_for(110, j) for j in range(5)) == 14
    assert min(blocks_for(26, j) for j in range(3)) == 6


def test_names_keep_away_from_those_of_the_script() -> None:
    names = choose_names(INVERSE, {"X", "X_2", "g"})
    assert names == {"X": "X_3", "E": "E", "g": "g_2"}
