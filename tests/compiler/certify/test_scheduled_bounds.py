"""Bounds of ``for`` loops: the composition of a map of its own in every pass."""

from __future__ import annotations

import copy
import json
from fractions import Fraction

import flint
import pytest
from tests.compiler.forging import rewritten

import weightsmith.api as ws

HEAD = "algorithm f(A: symmetric[d, d])\nassume spectrum(A) in [1/20, 1]\n"
INVERSE = (
    HEAD
    + """X = 40/21*I
E = I - 40/21*A
for g in 3.2, 2.1, 1.1:
    X, E = X + g*X*E*(I + E), E + g*E*(E*E - I)
return X approximates inv(A)
"""
)
POLAR = """algorithm f(A: [m, n])
assume singular_values(A) in [1/20, 1]
X = A
for a, b in (2.5, -1.6), (2.1, -1.1), (3/2, -1/2):
    X = a*X + b*X*X'*X
return X approximates polar(A)
"""
ROOTS = (
    HEAD
    + """Y = A
Z = I
for a, b in (2.4, -1.5), (2, -1), (3/2, -1/2):
    Y, Z = Y*(a*I + b*Z*Y), (a*I + b*Z*Y)*Z
return Y approximates sqrt(A), Z approximates invsqrt(A)
"""
)
INVERSE_ROOT = (
    HEAD
    + """Z = I
M = A
for a, b in (2.4, -1.5), (2, -1), (3/2, -1/2):
    Z, M = a*Z + b*Z*M, M*(a*I + b*M)*(a*I + b*M)
return Z approximates invsqrt(A)
"""
)


def _odd(t: flint.arb, coefficients: list[tuple[str, str]]) -> flint.arb:
    for a, b in coefficients:
        t = (
            flint.arb(flint.fmpq(*Fraction(a).as_integer_ratio())) * t
            + flint.arb(flint.fmpq(*Fraction(b).as_integer_ratio())) * t**3
        )
    return t


CASES = {
    "inverse": (INVERSE, 0),
    "polar": (POLAR, [("2.5", "-1.6"), ("2.1", "-1.1"), ("1.5", "-0.5")]),
    "roots": (ROOTS, [("2.4", "-1.5"), ("2", "-1"), ("1.5", "-0.5")]),
    "inverse_root": (INVERSE_ROOT, [("2.4", "-1.5"), ("2", "-1"), ("1.5", "-0.5")]),
}


def _error(name: str, place: int, places: int) -> flint.arb:
    """|1 − f/f*| at one point between the ends, by balls of 400 bits."""
    share = flint.arb(place) / places
    if name == "inverse":
        e = 1 - flint.arb(40) / 21 * (flint.arb(1) / 20 + share * 19 / 20)
        for g in ("3.2", "2.1", "1.1"):
            number = flint.arb(flint.fmpq(*Fraction(g).as_integer_ratio()))
            e = (1 - number) * e + number * e**3
        return abs(e)
    t = flint.arb(1) / 20 + share * 19 / 20
    t = t if name == "polar" else t.sqrt()
    return abs(1 - _odd(t, CASES[name][1]))


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_bound_is_proven_and_attained(name: str) -> None:
    network = ws.compile(CASES[name][0])
    assert network.report.layers == 3
    assert network.verify().accepted
    for bound in network.bounds:
        assert bound.value is not None, bound
        with flint.ctx.workprec(400):
            worst = max(_error(name, place, 4000).mid().fmpq() for place in range(4001))
        ratio = bound.value / Fraction(int(worst.p), int(worst.q))
        assert 1 <= ratio < 1.00001


def _leaves(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    if isinstance(value, dict):
        return [p for key in value for p in _leaves(value[key], (*path, key))]
    if isinstance(value, list):
        return [p for i, item in enumerate(value) for p in _leaves(item, (*path, i))]
    return [path]


@pytest.mark.parametrize("name", ["inverse", "inverse_root"])
def test_every_change_of_the_step_is_refused(name: str, tmp_path: object) -> None:
    files = ws.compile(CASES[name][0]).files()
    certificate = json.loads(files["certificate.json"])
    place = next(at for at, one in enumerate(certificate["facts"]) if "bound" in one["fact"])
    step = certificate["facts"][place]["with"]
    assert step["polynomials"]
    for path in _leaves(step):
        for change in (lambda text: f"{text} + 1", lambda text: f"1/2*({text})"):
            changed = copy.deepcopy(certificate)
            holder = changed["facts"][place]["with"]
            for key in path[:-1]:
                holder = holder[key]
            holder[path[-1]] = change(holder[path[-1]])
            assert not ws.verify(rewritten(files, "certificate.json", changed)).accepted, path


def test_a_residual_that_is_none_is_not_called_one() -> None:
    """E starts as the residual but follows another map: only the values of p bound the error."""
    script = INVERSE.replace("E + g*E*(E*E - I)", "E + g*E*(E*E - 1/2*I)")
    (bound,) = ws.compile(script).bounds
    assert bound.formula.startswith("chebyshev(")
    assert bound.value is not None
    assert bound.value > 1
