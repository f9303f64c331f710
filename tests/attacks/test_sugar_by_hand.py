"""What the language writes out, against sums written by hand: at one token, at d = 1, and beyond.

Script, compiler and checker share the meaning of these; this file shares it with none of them.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from fractions import Fraction

import pytest
from tests.attacks.own_network import Inputs, OwnNetwork
from tests.attacks.own_numbers import NAUGHT, Array, filled, of_entries, same, times

from weightsmith import api

SIZES = [
    {"context": context, "query": query, "d": d}
    for context in (1, 2, 4)
    for query in (1, 2)
    for d in (1, 2)
]
TOKENS = "algorithm t(x: [d] per token)\n"
MATRICES = "algorithm t(A: [d, d], B: [d, d], v: [d, 1])\n"


def network(script: str, *, gated: bool = False) -> Callable[[Inputs, dict[str, int]], Array]:
    """The first returned value of the compiled network, run by an interpreter of our own."""
    compiled = api.compile(script, gated=gated)
    assert compiled.verify().outcome == "proven"
    template = json.loads(compiled.files()["template.json"])

    def run(inputs: Inputs, sizes: dict[str, int]) -> Array:
        return next(iter(OwnNetwork(template, sizes, {}).run(inputs).values()))

    return run


def matrix(rows: int, columns: int, chance: random.Random) -> Array:
    return of_entries(
        lambda _: Fraction(chance.randint(-6, 6), chance.randint(1, 3)), filled(rows, columns)
    )


def moved(value: Array, by: int) -> Array:
    found = filled(*value.shape)
    for column in range(value.shape[1]):
        if 0 <= column + by < value.shape[1]:
            found[:, column + by] = value[:, column]
    return found


@pytest.mark.parametrize("by", [-3, -1, 1, 2])
def test_shift(by: int) -> None:
    run = network(f"{TOKENS}z = x*shift({by})  over context\nreturn z on context\n")
    chance = random.Random(by)
    for sizes in SIZES:
        x = {group: matrix(sizes["d"], sizes[group], chance) for group in ("context", "query")}
        assert same(run({"x": x}, sizes), moved(x["context"], by)), sizes


def test_position() -> None:
    run = network(f"{TOKENS}p = position(context)\nreturn x*p'  over context\n")
    chance = random.Random(5)
    for sizes in SIZES:
        x = {group: matrix(sizes["d"], sizes[group], chance) for group in ("context", "query")}
        places = filled(1, sizes["context"])
        places[0, :] = [Fraction(place) for place in range(sizes["context"])]
        assert same(run({"x": x}, sizes), times(x["context"], places.T)), sizes


def _clip(value: Fraction, low: Fraction, high: Fraction) -> Fraction:
    return min(max(value, low), high)


def _soft(value: Fraction, by: Fraction) -> Fraction:
    return max(value - by, NAUGHT) - max(-value - by, NAUGHT)


def test_limits_of_passes() -> None:
    """Limits that change from pass to pass: equal ones, negative factors, and a factor of 0."""
    run = network(
        f"{TOKENS}z = 1*x\n"
        "for e, a, b in (1, -1, 1), (-2, 0, 0), (0, 1, 2), (1/2, -3, -1/2):\n"
        "    z = z + clip(e*z, a, b) - soft(e*z, b - a) + max(z, a) - min(z, e)\n"
        "return z on query\n"
    )
    passes = [(1, -1, 1), (-2, 0, 0), (0, 1, 2), (Fraction(1, 2), -3, Fraction(-1, 2))]

    def by_hand(t: Fraction) -> Fraction:
        for e, a, b in (tuple(map(Fraction, one)) for one in passes):
            t = t + _clip(e * t, a, b) - _soft(e * t, b - a) + max(t, a) - min(t, e)
        return t

    chance = random.Random(6)
    for sizes in SIZES:
        x = {group: matrix(sizes["d"], sizes[group], chance) for group in ("context", "query")}
        assert same(run({"x": x}, sizes), of_entries(by_hand, x["query"])), sizes


def _diagonal(value: Array) -> Array:
    return filled(value.shape[0], 1) + value.diagonal().reshape(-1, 1)


def test_dot_trace_and_diag() -> None:
    """dot(A, B)·A + trace(A·B)·B + A·diag(v)·B + diag(diag(A))."""
    run = network(
        f"{MATRICES}return dot(A, B)*A + trace(A*B)*B + A*diag(v)*B + diag(diag(A))\n", gated=True
    )
    chance = random.Random(7)
    for d in (1, 2, 3):
        A, B, v = matrix(d, d, chance), matrix(d, d, chance), matrix(d, 1, chance)
        wanted = A * sum((A * B).flat) + B * sum(_diagonal(times(A, B)).flat)
        for row in range(d):
            for column in range(d):
                inner = (A[row, k] * v[k, 0] * B[k, column] for k in range(d))
                wanted[row, column] += sum(inner) + (A[row, row] if row == column else 0)
        assert same(run({"A": A, "B": B, "v": v}, {"d": d}), wanted), d
