"""Networks that do a target in fewer layers than the lower bound says: none may exist.

A target stands with a rival, a value without any function, and the layers that the rival takes.  On
one eigenvalue (matrices are numbers) rival and target differ by less than the tolerance.
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from weightsmith import api
from weightsmith.compiler.synthesize.expand import expand
from weightsmith.dsl import Source, check

SYMMETRIC, SQUARE, ANY = "A: symmetric[d, d]", "A: [d, d]", "A: [m, n]"
TWO = "spectrum(A) in [-1, -1/100] or [1/100, 1]"

# inputs, assumption, target, tolerance, rival, its layers
CASES = {
    # E is a power of a word: a polynomial in A need not be one in A*A*A
    "root of a cube": (SYMMETRIC, "spectrum(A*A*A) in [1/100, 1]", "(A*A*A)^(1/3)", "1e-3", "A", 0),
    "root of a square of A*A'": (
        SQUARE,
        "spectrum(A*A'*A*A') in [1/100, 1]",
        "sqrt(A*A'*A*A')",
        "1e-3",
        "A*A'",
        1,
    ),
    # s + s^3 on [2, 10] is s on [1, 2]: the error is 1/50 (below)
    "inverse of a sum of powers": (
        SYMMETRIC,
        "spectrum(A + A*A*A) in [2, 10]",
        "inv(A + A*A*A)",
        "1/10",
        "254/100*I - 3454/1000*A + 1707/1000*A*A - 295/1000*A*A*A",
        1,
    ),
    # fewer letters on either side than E has, but both sides together cancel f(E)
    "both sides, symmetric": (
        SYMMETRIC,
        "spectrum(A*A) in [1/100, 1]",
        "A*inv(A*A)*A",
        "1e-3",
        "I",
        0,
    ),
    "both sides, square": (
        SQUARE,
        "spectrum(A*A') in [1/100, 1]",
        "A'*inv(A*A')*A",
        "1e-3",
        "I",
        0,
    ),
    # a projector, 0 or 1: half the identity is at a distance of 1/2
    "both sides, any": (
        ANY,
        "spectrum(A*A') in [1/100, 1]",
        "A'*inv(A*A')*A",
        "6/10",
        "1/2*I",
        0,
    ),
    # a small factor: 0 is within the tolerance; it was searched within LOOSEST all the same
    "a small factor": (SYMMETRIC, TWO, "1/100*sign(A)", "1/10", "0*I", 0),
    # another assumption says more of A than that of A*A
    "a positive square": (
        SYMMETRIC,
        "spectrum(A) in [1/10, 1]\nassume spectrum(A*A) in [1/100, 1]",
        "sqrt(A*A)",
        "1e-3",
        "A",
        0,
    ),
    "the second assumption": (
        SYMMETRIC,
        "spectrum(A) in [1/100, 1]\nassume spectrum(A) in [99/100, 1]",
        "inv(A)",
        "1e-3",
        "199/100*I - 99/100*A",
        0,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_no_rival_is_below_the_lower_bound(case: str) -> None:
    inputs, assumed, target, tolerance, rival, layers = CASES[case]
    head = f"algorithm f({inputs})\nassume {assumed}\n"
    asked = check(Source("asked.alg", f"{head}return synthesize {target} within {tolerance}\n"))
    if "A" in rival:  # a constant takes no layer, and is no network
        network = api.compile(f"{head}return {rival} approximates {target}\n")
        assert network.report.layers == layers
    assert expand(asked, {}).lower_bound_layers <= layers


@pytest.mark.parametrize("place", [Fraction(99, 100), Fraction(199, 200), Fraction(1)])
def test_the_rival_of_the_second_assumption(place: Fraction) -> None:
    assert abs(1 - place * (Fraction(199, 100) - Fraction(99, 100) * place)) <= Fraction(1, 1000)


@pytest.mark.parametrize("place", [1 + Fraction(k, 20) for k in range(21)])
def test_the_rival_of_the_sum_of_powers(place: Fraction) -> None:
    cubic = sum(Fraction(c, 1000) * place**k for k, c in enumerate((2540, -3454, 1707, -295)))
    assert abs(1 - (place + place**3) * cubic) <= Fraction(1, 50)
