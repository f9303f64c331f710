"""The bound of what rounding adds holds for hinges in float32, summed in any order."""

from __future__ import annotations

from fractions import Fraction

import flint
import numpy as np
import pytest

from weightsmith.compiler.reports.hinge_rounding import _Hinge, hinge_bound

ORDERS = ("forward", "backward", "by size", "shuffled")


def draw(seed: int) -> tuple[list[tuple[float, int, float]], float]:
    """Hinges that open away from 0, with numbers of many sizes that float32 does not hold."""
    random = np.random.default_rng(seed)
    places = np.sort(random.normal(size=40)) * 10.0 ** random.integers(-3, 3)
    factors = random.normal(size=40) * 10.0 ** random.uniform(-2, 4, size=40)
    hinges = [
        (float(a), 1 if p > 0 else -1, float(p)) for a, p in zip(factors, places, strict=True)
    ]
    return hinges, float(random.normal())


def in_float32(hinges: list[tuple[float, int, float]], constant: float, s: np.float32) -> float:
    total = np.float32(constant)
    for factor, sign, place in hinges:
        opened = np.float32(sign) * s + np.float32(-sign * place)
        total = total + np.float32(factor) * max(opened, np.float32(0))
    return float(total)


def exactly(hinges: list[tuple[float, int, float]], constant: float, s: np.float32) -> Fraction:
    at = Fraction(float(s))
    terms = (Fraction(a) * max(sign * (at - Fraction(p)), Fraction(0)) for a, sign, p in hinges)
    return Fraction(constant) + sum(terms, Fraction(0))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("seed", range(5))
def test_the_bound_covers_every_order(seed: int, order: str) -> None:
    hinges, constant = draw(seed)
    bound = hinge_bound(
        [_Hinge(exact(abs(a)), sign, exact(place)) for a, sign, place in hinges],
        exact(abs(constant)),
        "float32",
    )
    if order == "backward":
        hinges = hinges[::-1]
    elif order == "by size":
        hinges = sorted(hinges, key=lambda hinge: abs(hinge[0]))
    elif order == "shuffled":
        hinges = [hinges[i] for i in np.random.default_rng(seed).permutation(len(hinges))]
    places = [place for _, _, place in hinges]
    worst = Fraction(0)
    for s in np.linspace(min(places), max(places), 203).astype(np.float32)[1:-1]:
        found = Fraction(in_float32(hinges, constant, s))
        worst = max(worst, abs(found - exactly(hinges, constant, s)))
    assert 0 < worst <= bound <= 10_000 * worst


def exact(value: float) -> flint.fmpq:
    return flint.fmpq(*value.as_integer_ratio())
