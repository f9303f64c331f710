"""The rule chebyshev: claims written by hand, and what must not be believed."""

from __future__ import annotations

import copy
from fractions import Fraction
from typing import Any

import flint
import pytest
from checker_mutations import mutations
from checker_steps import assumption, loop
from claims_by_hand import check_truncation

from weightsmith.checker.balls.analytic import check_bounded, exponential, root_of
from weightsmith.checker.balls.ranges import precision
from weightsmith.checker.reading.refusal import Budget, RefusedError
from weightsmith.checker.spectra.chebyshev_points import resampled, smooth, zero
from weightsmith.checker.spectra.following import Truncation
from weightsmith.dsl import Source, check

F = Fraction
Json = dict[str, Any]

TWO_LOOPS = """algorithm two(A: symmetric[d, d])
assume spectrum(A) in [mu, L]
param steps = 2

X = 2/(mu + L) * I
repeat steps:
    X = 2*X - X*A*X
for g in 1/2, 1:
    X = X + g*X*(I - A*X)
return 1/2*X approximates inv(2*A)
"""
HEAT = """algorithm heat(A: symmetric[d, d])
assume spectrum(A) in [0, 1]

E = I - 1/2*A
return E*E approximates exp(-A)
"""
NUMBERS = {"mu": F(1, 2), "L": F(2), "steps": F(2)}


def dyadic_above(ball: flint.arb) -> Fraction:
    """The least number of 64 bits that is not below a ball."""
    mantissa, exponent = ball.upper().man_exp()
    exact = Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
    shift = 64 - (exact.numerator.bit_length() - exact.denominator.bit_length())
    for bits in (shift, shift - 1):
        whole = -((-exact.numerator * 2**bits) // exact.denominator)
        if whole.bit_length() <= 64:
            return Fraction(whole, 2**bits)
    raise AssertionError


def arb(value: Fraction | str) -> flint.arb:
    exact = Fraction(value)
    return flint.arb(flint.fmpq(exact.numerator, exact.denominator))


def two_loops() -> Json:
    points = 200
    with precision(400):
        worst = flint.arb(0)
        for place in range(points):
            x = arb("5/4") + arb("3/4") * zero(place, points)
            f = arb("4/5")
            for _ in range(2):
                f = 2 * f - x * f * f
            for g in ("1/2", "1"):
                f = f + arb(g) * f * (1 - x * f)
            worst = worst.max(abs(1 - f * x))
        degree = 16  # the degrees of f are 0, 1, 3, 7, 15, that of 1/f* is 1
        value = dyadic_above(worst / (flint.arb(degree) / (2 * points)).cos_pi())
    maps = {
        "X": ("2/(L + mu)", "-X^2*lambda + 2*X"),
        "Z": ("X", "-Z^2*g*lambda + Z*g + Z"),
    }
    steps: list[Json] = [assumption("A")]
    for number, (name, (start, after)) in enumerate(maps.items()):
        form = {f"X#{number}": [{"left": [], "scalar": name, "right": []}]}
        steps.append(loop(form, {name: start}, {name: after}, number))
    steps.append({"rule": "chebyshev", "points": points})
    return {
        "output": "output",
        "steps": steps,
        "scale": "norm(target)",
        "hypotheses": [["assumption", 0]],
        "bound": {
            "formula": f"chebyshev(1 - (1/2*Z)/target, degree 16, points {points})",
            "value": str(value),
        },
    }


def heat(rho: str = "8", terms: int = 20, size: str = "8") -> Json:
    """(1 − λ/2)² against e^(−λ); |e^(−z)| ≤ e^(−1/2 + 65/32) < 8 inside E_8 around [0, 1]."""
    points, degree = 160, max(terms, 2)
    with precision(400):
        worst = flint.arb(0)
        for place in range(points):
            x = (1 + zero(place, points)) / 2
            worst = worst.max(abs((1 - x / 2) ** 2 - (-x).exp()))
        tail = 2 * arb(size) * arb(rho) ** -terms / (arb(rho) - 1)
        value = dyadic_above((worst + 2 * tail) / (flint.arb(degree) / (2 * points)).cos_pi())
    text = "1/4*lambda^2 - lambda + 1"
    ellipse = {"rho": rho, "terms": terms, "size": size}
    steps = [assumption("A"), {"rule": "chebyshev", "points": points, "ellipse": ellipse}]
    shown = f"degree {degree}, points {points}, rho {rho}, terms {terms}, size {size}"
    return {
        "output": "output",
        "steps": steps,
        "scale": "1",
        "hypotheses": [["assumption", 0]],
        "bound": {"formula": f"chebyshev(({text}) - target, {shown})", "value": str(value)},
    }


def prove(script: str, claim: Json, bindings: dict[str, Fraction]) -> Truncation:
    program = check(Source("script.alg", script))
    numbered = [{"step": place, **step} for place, step in enumerate(claim["steps"], 1)]
    claim = {**claim, "output": program.returns[0].name, "steps": numbered}
    return check_truncation(program, bindings, claim, Budget())


def refused(script: str, claim: Json, bindings: dict[str, Fraction], match: str) -> None:
    with pytest.raises(RefusedError, match=match):
        prove(script, claim, bindings)


def test_two_loops_and_a_scaled_result() -> None:
    """The first loop squares 1 − λX twice; the second multiplies it by 1 − g + g·(1 − λX)."""
    proven = prove(TWO_LOOPS, two_loops(), NUMBERS)
    end = F(3, 5) ** 4
    worst = end * (F(1, 2) + end / 2)
    assert proven.value is not None
    assert worst**2 <= proven.value <= worst**2 * F(102, 100)


def test_no_loop_and_an_entire_target() -> None:
    proven = prove(HEAT, heat(), {})
    with precision(400):
        worst = abs(flint.arb("0.25") - (-flint.arb(1)).exp())
        assert proven.value is not None
        assert arb(proven.value) >= worst
        assert arb(proven.value) <= worst * arb("1.03")


@pytest.mark.parametrize(
    ("script", "claim", "bindings"),
    [(TWO_LOOPS, two_loops(), NUMBERS), (HEAT, heat(), {})],
    ids=["two loops", "heat"],
)
def test_every_corruption_is_refused(
    script: str, claim: Json, bindings: dict[str, Fraction]
) -> None:
    del claim["output"]
    prove(script, claim, bindings)
    for path, corrupted in mutations(claim):
        if path[-1] == "rule" and "rule" not in corrupted["steps"][path[1]]:
            continue  # of a loop it is understood
        with pytest.raises((RefusedError, KeyError)):
            prove(script, corrupted, bindings)


def test_the_loops_must_be_those_of_the_script_and_in_order() -> None:
    claim = two_loops()
    swapped = copy.deepcopy(claim)
    swapped["steps"][1:3] = [claim["steps"][2], claim["steps"][1]]
    refused(TWO_LOOPS, swapped, NUMBERS, "no form|order")
    missing = copy.deepcopy(claim)
    del missing["steps"][2]
    refused(TWO_LOOPS, missing, NUMBERS, "no form|not known")
    twice = copy.deepcopy(claim)
    twice["steps"][2:2] = claim["steps"][1:2]
    refused(TWO_LOOPS, twice, NUMBERS, "not in the order of the script")
    again = copy.deepcopy(claim)
    again["steps"][2]["forms"]["X#1"][0]["scalar"] = "X"
    refused(TWO_LOOPS, again, NUMBERS, "depends on a carried scalar")


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("for g in 1/2, 1:", "for g in 1/2, 1, 1:", "degree"),
        ("for g in 1/2, 1:", "for g in 1/3, 1:", "below|larger"),
        ("1/2*X approx", "1/3*X approx", "it must be"),
        ("inv(2*A)", "inv(A)", "below the true value"),
        (
            "    X = 2*X - X*A*X",
            "    repeat 1:\n        X = 2*X - X*A*X",
            "no form|outside|'loops' is",
        ),
    ],
)
def test_another_script_is_not_what_the_claim_proves(old: str, new: str, match: str) -> None:
    assert old in TWO_LOOPS
    refused(TWO_LOOPS.replace(old, new), two_loops(), NUMBERS, match)


def test_every_symbol_needs_a_value() -> None:
    claim = two_loops()
    claim["bound"]["value"] = None
    refused(TWO_LOOPS, claim, {"mu": F(1, 2)}, "value for every symbol")


@pytest.mark.parametrize(
    ("ellipse", "match"),
    [
        ({"size": "4"}, "not shown to be bounded"),
        ({"rho": "1"}, "above 1"),
        ({"rho": "-8"}, "above 1"),
        ({"size": "0", "rho": "8"}, "positive"),
        ({"terms": 160}, "more than 160 points"),
    ],
)
def test_an_ellipse_that_proves_nothing(ellipse: Json, match: str) -> None:
    claim = heat()
    claim["steps"][-1]["ellipse"] |= ellipse
    refused(HEAT, claim, {}, match)


def test_an_ellipse_in_vain_or_missing() -> None:
    claim = two_loops()
    claim["steps"][-1]["ellipse"] = {"rho": "2", "terms": 3, "size": "8"}
    refused(TWO_LOOPS, claim, NUMBERS, "in vain")
    claim = heat()
    del claim["steps"][-1]["ellipse"]
    refused(HEAT, claim, {}, "missing")


@pytest.mark.parametrize(
    ("top", "bottom", "root", "rho", "bounded"),
    [
        ([1], [0, 1], 1, "2", True),  # 1/z around [1, 3]: 0 is on the ellipse of 2 + √3
        ([1], [0, 1], 1, "15/4", False),
        ([1], [5, -4, 1], 1, "9/4", True),  # poles at 2 ± i, on that of 1 + √2
        ([1], [5, -4, 1], 1, "5/2", False),
        ([0, 1], [1], 2, "7/2", True),  # the branch point 0
        ([0, 1], [1], 2, "15/4", False),
        ([0, 1], [1], 3, "7/2", True),
        ([0, 1], [1], 3, "15/4", False),
        ([0, 0, 1], [1], 3, "7/2", True),  # z² turns round twice, z^(2/3) has one branch point
        ([0, 0, 1], [1], 3, "15/4", False),
        ([0, 0, 0, -2], [-3], 2, "7/2", True),
        ([1], [0, 0, 0, 0, 0, 1], 4, "7/2", True),
        ([4, -4, 1], [1], 2, "5", False),  # 2 − z has no sign on [1, 3]
    ],
)
def test_poles_and_branch_points_are_found(
    top: list[int], bottom: list[int], root: int, rho: str, bounded: bool
) -> None:
    function = root_of((flint.fmpq_poly(top), flint.fmpq_poly(bottom)), root, F(1))
    arguments = (lambda: (flint.arb(1), flint.arb(3)), F(rho), F(5000), Budget())
    if bounded:
        check_bounded(function, *arguments)
        return
    with pytest.raises(RefusedError, match="not shown to be bounded"):
        check_bounded(function, *arguments)


def test_the_size_on_an_ellipse_is_sharp() -> None:
    """The largest |e^(−z)| inside E_2 around [0, 1] is at its left end, e^(1/8)."""
    ends = lambda: (flint.arb(0), flint.arb(1))  # noqa: E731
    check_bounded(exponential(F(-1)), ends, F(2), F(1134, 1000), Budget())
    with pytest.raises(RefusedError):
        check_bounded(exponential(F(-1)), ends, F(2), F(1133, 1000), Budget())


@pytest.mark.parametrize(
    ("few", "many"), [(1, 1), (1, 7), (2, 3), (5, 5), (13, 40), (1, 2), (8, 64), (9, 31)]
)
def test_resampling(few: int, many: int) -> None:
    with precision(200):
        values = [(3 * zero(place, few) - 1) ** (few - 1) for place in range(few)]
        for place, found in enumerate(resampled(values, many)):
            assert found.overlaps((3 * zero(place, many) - 1) ** (few - 1))
            assert found.rad() < 1e-40


@pytest.mark.parametrize(
    ("count", "next_one"), [(1, 1), (3, 3), (7, 7), (9, 10), (13, 14), (15, 16), (15625, 16384)]
)
def test_lengths_of_fast_transforms(count: int, next_one: int) -> None:
    assert smooth(count) == next_one
