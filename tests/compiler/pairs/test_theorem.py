"""The inequality of ``checker/pairs/theorem.py``, attacked in balls of 400 bits."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction

import flint
import pytest

from weightsmith.checker.balls.ranges import precision, rational
from weightsmith.checker.pairs.theorem import defect

BITS = 400
Numbers = Sequence[Fraction]


def arb(value: Fraction) -> flint.arb:
    return flint.arb(rational(value))


def difference(p: Numbers, z: Numbers, omega: Fraction) -> flint.arb:
    """N/(2·omega)·(f(omega) − f(−omega)) − Σ_j (p_j − p̄)·z_j."""
    count = len(p)

    def mean(t: Fraction) -> flint.arb:
        weights = [arb(t * one).exp() for one in z]
        total = sum((arb(a) * b for a, b in zip(p, weights, strict=True)), flint.arb(0))
        return total / sum(weights, flint.arb(0))

    centre = sum(p, Fraction(0)) / count
    linear = sum(((a - centre) * b for a, b in zip(p, z, strict=True)), Fraction(0))
    return (mean(omega) - mean(-omega)) * arb(count / (2 * omega)) - arb(linear)


def bound(p: Numbers, z: Numbers, omega: Fraction) -> flint.arb:
    spread, radius = max(z) - min(z), (max(p) - min(p)) / 2
    return defect(flint.arb(len(p)), omega, arb(spread), arb(radius))


def share(p: Numbers, z: Numbers, omega: Fraction) -> float:
    """The difference as a part of the bound; it must be proven to be at most 1."""
    with precision(BITS):
        left, right = abs(difference(p, z, omega)), bound(p, z, omega)
        if right.is_zero():
            assert left.upper() < arb(Fraction(1, 10**90))
            return 0.0
        assert left <= right, (p, z, omega)
        return float((left / right).mid())


def some(count: int, pick: random.Random, size: int = 8) -> list[Fraction]:
    return [Fraction(pick.randint(-size, size), pick.randint(1, size)) for _ in range(count)]


@pytest.mark.parametrize("seed", range(8))
def test_it_holds_of_random_numbers(seed: int) -> None:
    pick = random.Random(seed)
    for _ in range(40):
        count = pick.randint(1, 9)
        omega = Fraction(1, 10 ** pick.randint(0, 4)) * pick.randint(1, 9)
        share(some(count, pick), some(count, pick), omega)


def test_it_holds_of_two_values_in_all_shares() -> None:
    """Two-point distributions: k keys at one end of the range, the rest at the other."""
    for count in range(2, 25):
        for k in range(1, count):
            for sign in (1, -1):
                z = [Fraction(0)] * k + [Fraction(1)] * (count - k)
                p = [Fraction(sign)] * k + [Fraction(-1)] * (count - k)
                for omega in (Fraction(1, 1000), Fraction(1, 2), Fraction(2), Fraction(8)):
                    share(p, z, omega)


def test_it_holds_where_nothing_is_left() -> None:
    half = Fraction(1, 2)
    assert share([half], [half], half) == 0  # one key
    assert share([half, -half], [half, half], half) == 0  # equal scores
    assert share([half, half, half], [half, -half, 3 * half], half) == 0  # equal values
    assert share([0 * half, 0 * half], [half, -half], half) == 0


@pytest.mark.parametrize("range_", [10**3, 10**6])
def test_it_holds_of_a_huge_range(range_: int) -> None:
    for p in ([1, -1], [1, -1, 1], [-1, 1, 1, -1]):
        for omega in (Fraction(1, range_), Fraction(1, 10), Fraction(3)):
            z = [Fraction(range_ * place, len(p) - 1) for place in range(len(p))]
            share([Fraction(one) for one in p], z, omega)


def test_its_constant_is_attained() -> None:
    """Two keys, omega → 0: the share tends to 1."""
    p, z = [Fraction(-1), Fraction(1)], [Fraction(-1, 2), Fraction(1, 2)]
    shares = [share(p, z, Fraction(1, 10**k)) for k in range(5)]
    assert shares == sorted(shares)
    assert shares[0] > 0.9
    assert 1 - shares[-1] < 1e-9


@pytest.mark.parametrize("seed", range(3))
def test_no_search_gets_over_it(seed: int) -> None:
    """Climb to the largest share: from six keys it goes to two groups of three, and stops at 1."""
    pick = random.Random(seed)
    omega = Fraction(1, 100)
    z, p = some(6, pick), some(6, pick)
    best = share(p, z, omega)
    for _ in range(600):
        q, y = p.copy(), z.copy()
        target = pick.choice((q, y))
        place, other = pick.randrange(6), pick.randrange(6)
        target[place] = pick.choice(
            (
                target[other],
                target[place] + Fraction(pick.randint(-9, 9), 10),
                max(target),
                min(target),
            )
        )
        if max(q) - min(q) == 0 or max(y) - min(y) == 0:
            continue
        found = share(q, y, omega)
        if found >= best:
            p, z, best = q, y, found
    assert 0.75 < best <= 1


def test_the_polynomials_of_the_proof() -> None:
    s = flint.fmpq_poly([0, 1])
    value = 4 * s**3 * (1 - s) + s * (1 - 3 * s) ** 2
    assert value == s - 6 * s**2 + 13 * s**3 - 4 * s**4
    assert 1 - 16 * value == (1 - 4 * s) ** 4 + 48 * s**3 * (1 - 4 * s)
    w = flint.fmpq_poly([0, 1])  # of phi(w) = w·(w − 3s)² at s = 1: phi′ = 3(w − 3)(w − 1)
    assert (w * (w - 3) ** 2).derivative() == 3 * (w - 3) * (w - 1)


def test_the_third_derivative_of_two_groups() -> None:
    """f‴ = E p̃·h at the weights: compared with tanh, whose third derivative at 0 is −2."""
    with precision(BITS):
        t = Fraction(1, 10**20)
        found = difference([Fraction(-1), Fraction(1)], [Fraction(-1), Fraction(1)], t) / arb(t**2)
        assert abs(found + arb(Fraction(2, 3))) < arb(Fraction(1, 10**30))
