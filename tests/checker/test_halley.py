"""The rule ``halley``: its bound against 100 digits, and what it must not prove."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import pytest
from claims_by_hand import claims_in
from halley_runs import (
    DIGITS,
    FAMILIES,
    GOOD,
    Family,
    Instance,
    draw,
    norm,
    proven,
    random_instance,
    value_on,
)
from mpmath import mp, mpf  # type: ignore[import-untyped]

import weightsmith.api as ws
from weightsmith.checker.balls.enclosures import DIVERGES
from weightsmith.checker.reading.refusal import RefusedError

F = Fraction
Json = dict[str, Any]
NO_INVERSE = "A denominator may be zero on an interval."


def check_instances(seed: int, count: int) -> float:
    """Every bound holds on matrices that meet the hypothesis; the largest share of a bound."""
    chance = random.Random(seed)
    checked, largest, refusals = 0, mpf(0), set[str]()
    with mp.workdps(DIGITS):
        while checked < count:
            family, one = chance.choice([*FAMILIES.values()]), random_instance(chance)
            try:
                found = proven(family, one)
            except RefusedError as reason:
                refusals.add(str(reason))
                continue
            checked += 1
            largest = max(largest, share(chance, family, one, found.value))
            assert found.scale in ("1", "norm(target)")
    assert refusals <= {DIVERGES, NO_INVERSE}
    return float(largest)


def share(chance: random.Random, family: Family, one: Instance, value: Fraction | None) -> Any:
    """The largest error of a few matrices, as a share of the bound, which it does not exceed."""
    assert value is not None
    bound, worst = mpf(value.numerator) / value.denominator, mpf(0)
    for _ in range(2):
        a, target = draw(chance, family, one)
        scale = norm(target)  # 1 for a polar factor or a sign
        error = norm(value_on(family, a, one) - target)
        assert error <= bound * scale + mpf(10) ** -80
        worst = max(worst, error / scale)
    return worst / bound if bound else mpf(0)


def test_no_matrix_exceeds_the_bound() -> None:
    assert 0.9 < check_instances(1, 30) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 20))
def test_no_matrix_exceeds_the_bound_in_many_instances(seed: int) -> None:
    assert 0.9 < check_instances(seed, 40) <= 1


@pytest.mark.parametrize("name", FAMILIES)
def test_each_form_is_bounded(name: str) -> None:
    chance = random.Random(name)
    with mp.workdps(DIGITS):
        for steps, inner in ((0, 0), (0, 3), (1, 0), (2, 3)):
            one = Instance(F(3, 5), F(9, 10), steps, inner, F(1, 4))
            found = proven(FAMILIES[name], one)
            share(chance, FAMILIES[name], one, found.value)


def error_at(t: Fraction, steps: int, inner: int, c: Fraction) -> Fraction:
    """|1 − t| after so many passes of Halley's iteration."""
    for _ in range(steps):
        m, g = 1 + 3 * t * t, c
        for _ in range(inner):
            g = 2 * g - g * m * g
        t = t * (3 + t * t) * g
    return abs(1 - t)


@pytest.mark.parametrize("low", [F(1, 50), F(1, 3), F(1)])
@pytest.mark.parametrize(("steps", "inner"), [(0, 4), (1, 0), (1, 3), (2, 2), (3, 1)])
def test_the_bound_is_the_largest_error_where_the_start_is_below(
    low: Fraction, steps: int, inner: int
) -> None:
    """From I/4, with t ≤ 1, the least singular value has it."""
    value = proven(FAMILIES["polar"], Instance(low, F(1), steps, inner, F(1, 4))).value
    worst = error_at(low, steps, inner, F(1, 4))
    assert value is not None
    assert worst <= value <= worst * (1 + F(1, 2**55))


def test_an_inner_loop_of_order_three_is_taken_for_what_it_is() -> None:
    """t' = 2t/(1 + t)·(1 − r), r = ((1 − t)/2)^(3^inner), at the least t."""
    t, found = F(1, 5), proven(FAMILIES["inverse"], Instance(F(1, 5), F(1), 1, 2, F(1, 2))).value
    worst = 1 - 2 * t / (1 + t) * (1 - ((1 - t) / 2) ** 9)
    assert found is not None
    assert worst <= found <= worst * (1 + F(1, 2**55))


def test_convergence_is_cubic_with_an_exact_solve_and_stalls_with_a_poor_start() -> None:
    polar = FAMILIES["polar"]
    near = [proven(polar, Instance(F(9, 10), F(1), k, 40, F(1, 4))).value for k in (1, 2, 3)]
    assert None not in near
    errors = [float(value) for value in near if value is not None]
    assert errors[1] < errors[0] ** 3 / 3.9
    assert errors[2] < errors[1] ** 3 / 3.9
    stalled = [proven(polar, Instance(F(9, 10), F(1), k, 3, F(2, 5))).value for k in (6, 10**9)]
    assert stalled[0] is not None
    assert stalled[1] is not None
    assert F(1, 100) < stalled[1] <= stalled[0] < F(12, 1000)


def test_so_many_passes_end_where_an_interval_stays() -> None:
    for inner in (4, 10**11):
        one = Instance(F(1, 2), F(1), 10**9, inner, F(1, 4))
        value = proven(FAMILIES["polar"], one).value
        assert value is not None
        assert 0 < value <= F(1, 2**990)


COMPILED: dict[str, tuple[str, str, int]] = {  # a head, a body, and how many bounds there are
    "about a shift": (
        "algorithm f(A: symmetric[d, d])\nassume spectrum(A) in [0, 3/10] or [1/2, 1]\n",
        """X = A - 2/5*I
repeat 4:
    M = I + 3*X*X
    G = 1/4*I
    repeat 4:
        G = 2*G - G*M*G
    X = X/3 + 8/3*X*G
return (I + X)/2 approximates (I + sign(A - 2/5*I))/2
""",
        1,
    ),
    "coupled roots": (
        "algorithm f(A: symmetric[d, d])\nassume spectrum(A) in [1/10, 1]\n",
        """Y, Z = A, I
repeat 4:
    G = 1/4*I
    repeat 4:
        G = 2*G - G*(I + 3*Z*Y)*G
    Y, Z = Y*(3*I + Z*Y)*G, G*(3*I + Z*Y)*Z
return Y approximates sqrt(A), Z approximates invsqrt(A)
""",
        2,
    ),
    "dynamic weights": (
        "algorithm f(A: [m, n])\nassume singular_values(A) in [1/100, 1]\n",
        """X = A
for a, b, c in (13, 40, 52), (4, 3, 6), (3, 1, 3), (3, 1, 3):
    G = 2/(2 + c)*I
    repeat 6:
        G = 2*G - G*(I + c*X'*X)*G
    X = (b/c)*X + (a - b/c)*X*G
return X approximates polar(A)
""",
        1,
    ),
    "one singular value": (
        "algorithm f(A: [m, n])\nassume singular_values(A) in [1/2, 1/2]\n",
        GOOD[GOOD.index("X = A") :],
        1,
    ),
}


@pytest.mark.parametrize("name", COMPILED)
def test_what_is_compiled_is_proven(name: str) -> None:
    head, body, count = COMPILED[name]
    network = ws.compile(head + body)
    assert len(network.bounds) == count
    for bound in network.bounds:
        assert bound.unproven is None
        assert bound.value is not None
        assert bound.value < F(1, 2000)
    assert network.verify().accepted
    claims: list[Json] = claims_in(network.certificate)  # type: ignore[assignment]
    rules = [c["steps"][-1]["rule"] for c in claims if c["kind"] == "truncation"]
    assert rules == ["halley"] * count


def test_without_numbers_the_bound_is_a_formula() -> None:
    script = GOOD.replace("[1/10, 1]", "[s, S]").replace("X = A", "X = 1/S*A")
    script = script.replace("    repeat 3:", "    repeat k:").replace("repeat 3:", "repeat l:")
    script = script.replace("param c = 3", "param k, l")
    network = ws.compile(script)
    (bound,) = network.bounds
    assert bound.unproven is None
    assert bound.value is None
    assert bound.formula == (
        "iterate(e -> G*e^3 - 3*G*e^2 + 6*G*e - 4*G + 1, l, 1 - (lambda/S^2)^(1/2)) with "
        "G = iterate(G -> -3*G^2*e^2 + 6*G^2*e - 4*G^2 + 2*G, k, 1/4)"
    )
    assert "the side conditions of the rule halley hold" in bound.hypotheses
    assert network.verify().accepted
