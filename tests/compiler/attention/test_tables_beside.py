"""Tables and heads in one script: all claims hold, and no data that meet the hypotheses break one.

Data are floats, or fractions with columns of length 1, so that hypotheses are met exactly.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction

import flint
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.compiler.attention.networks import SIZES, Array, exactly, flat, proven

import weightsmith.api as ws
from weightsmith.dsl import DiagnosticError
from weightsmith.dsl.program import core
from weightsmith.dsl.running import interpreter

Given = Mapping[str, object]
HEADER = """\
algorithm f(v: [m] per context, k: [d] per context, q: [d] per context)
assume entries(v) in [-1, 1]
assume norm(k) <= 1
assume norm(q) <= 1
assume size(d) <= 2
assume size(m) <= 2
"""
FEW = "assume size(context) <= n\nparam n = 4\n"
SCRIPTS = {
    "of a head": "return sigmoid(v*softmax(3*k'*q))  over context within 1e-2\n",
    "of a mean": "return sigmoid(2*v*averaged(relu(k'*q)))  over context upto within 1e-2\n",
    "before a head": "w = sigmoid(v)\nreturn w*softmax(k'*q)  over context before within 1e-2\n",
    "in its scores": (
        "z = tanh(q) within 1e-2\nreturn v*softmax(4*(k'*z))  over context within 1e-2\n"
    ),
    "in a loop": (
        "w = v\nrepeat 3:\n    w = 1/2*tanh(v + w*softmax(k'*q))  over context upto within 1e-2\n"
        "return w\n"
    ),
    "in both": (
        "w = v\nrepeat 2:\n"
        "    w = tanh(v + w*normalised(exp.(w'*w)))  over context within 1e-2\nreturn w\n"
    ),
    "divided by sums of another function": (
        "z = tanh(q) within 1e-2\n"
        "return v*normalised(sigmoid(2*(k'*z)))  over context within 1e-2\n"
    ),
    "of a sum": FEW + "return tanh(v*relu(k'*q)/n)  over context before within 1e-2\n",
    "in scores that are summed": (
        FEW + "z = tanh(q) within 1e-2\nreturn v*abs(k'*z)  over context after within 1e-2\n"
    ),
    "in scores of a function": (
        FEW + "z = sigmoid(v)\nreturn (v + z)*tanh(z'*z)  over context within 1e-2\n"
    ),
}


def compiled(name: str) -> ws.Network:
    return proven(HEADER + SCRIPTS[name])


def bound(network: ws.Network) -> Fraction:
    (text,) = re.findall(r"Every entry of \S+ is within ([^ ]+) of", "\n".join(said(network)))
    return Fraction(text)


def said(network: ws.Network) -> list[str]:
    return [one.statement for one in network.verify().verdicts]


def data(random: np.random.Generator, *, corners: bool) -> dict[str, NDArray[np.float64]]:
    """Columns of norm 1 at most, entries at most 1; at the ends of what is allowed if asked."""
    v = random.uniform(-1, 1, (SIZES["m"], 4))
    sides = {name: random.normal(size=(SIZES["d"], 4)) for name in "kq"}
    length = 1 - 1e-15 if corners else random.uniform(0, 1, 4)
    found = {name: one / np.linalg.norm(one, axis=0) * length for name, one in sides.items()}
    for column in (column for one in found.values() for column in one.T):
        assert sum(Fraction(float(entry)) ** 2 for entry in column) <= 1
    return {"v": np.sign(v) if corners else v, **found}


def distance(network: ws.Network, given: Given) -> float:
    (found,) = flat(network.run(given)).values()
    (wanted,) = flat(interpreter.run(network.program, given, network.bindings)).values()
    return float(np.abs(np.asarray(found, float) - np.asarray(wanted, float)).max())


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_distance_is_proven_and_met_by_all_data(name: str) -> None:
    network = compiled(name)
    allowed, random = bound(network), np.random.default_rng(len(name))
    worst = max(distance(network, data(random, corners=seed % 2 == 0)) for seed in range(40))
    assert 0 < worst <= allowed + Fraction(1, 10**12)  # floats, rounded
    assert allowed < 1


def rational_data(random: np.random.Generator) -> dict[str, dict[str, Array]]:
    """Entries ±1 or fractions between, and columns ((1 − t²), 2t)/(1 + t²), of length 1."""

    def fractions(size: int) -> list[Fraction]:
        return [Fraction(int(one), 16) for one in random.integers(-16, 17, size)]

    def column() -> list[Fraction]:
        (t,) = fractions(1)
        return [(1 - t * t) / (1 + t * t), 2 * t / (1 + t * t) * int(random.choice([-1, 1]))]

    v = np.array([fractions(4) for _ in range(2)], dtype=object)
    sides = {name: np.array([column() for _ in range(4)], dtype=object).T for name in "kq"}
    return {name: {"context": one} for name, one in {"v": v, **sides}.items()}


def ball(value: Fraction) -> flint.arb:
    return flint.arb(flint.fmpq(value.numerator, value.denominator))


def total(some: list[flint.arb]) -> flint.arb:
    return sum(some, flint.arb(0))


Entry = Callable[[Array, Array, Array, int, int], flint.arb]  # v, k, q, a row and a query


def of_a_mean(v: Array, k: Array, q: Array, row: int, at: int) -> flint.arb:
    terms = [v[row, j] * max(k[:, j] @ q[:, at], Fraction(0)) for j in range(at + 1)]
    return 1 / (1 + (-2 * ball(sum(terms, Fraction(0)) / len(terms))).exp())


def of_a_sum(v: Array, k: Array, q: Array, row: int, at: int) -> flint.arb:
    terms = [v[row, j] * max(k[:, j] @ q[:, at], Fraction(0)) for j in range(at)]
    return ball(sum(terms, Fraction(0)) / 4).tanh()


def in_summed_scores(v: Array, k: Array, q: Array, row: int, at: int) -> flint.arb:
    z = [ball(one).tanh() for one in q[:, at]]
    scores = {j: total([ball(a) * b for a, b in zip(k[:, j], z, strict=True)]) for j in range(4)}
    return total([ball(v[row, j]) * abs(scores[j]) for j in range(at + 1, 4)])


EXACT: Mapping[str, Entry] = {
    "of a mean": of_a_mean,
    "of a sum": of_a_sum,
    "in scores that are summed": in_summed_scores,
}


@pytest.mark.parametrize("name", EXACT)
def test_no_fractions_that_meet_the_hypotheses_leave_the_bound(name: str) -> None:
    """The network in fractions, the script in balls of 128 bits: no float, and no room."""
    network, random = compiled(name), np.random.default_rng(7)
    allowed, worst = bound(network), flint.arb(0)
    old, flint.ctx.prec = flint.ctx.prec, 128
    try:
        for _ in range(12):
            given = rational_data(random)
            assert all(
                sum(one * one for one in column) == 1
                for side in "kq"
                for column in given[side]["context"].T
            )
            (found,) = exactly(network, given).values()
            parts = [given[one]["context"] for one in "vkq"]
            for row, at in np.ndindex(found.shape):
                moved = abs(ball(Fraction(found[row, at])) - EXACT[name](*parts, row, at))
                assert moved <= ball(allowed)
                worst = max(worst, moved.mid())
    finally:
        flint.ctx.prec = old
    assert worst > 0


def test_a_table_of_a_sum_needs_the_number_of_tokens() -> None:
    with pytest.raises(DiagnosticError, match="nothing bounds its argument") as caught:
        ws.compile(HEADER + "return tanh(v*relu(k'*q))  over context within 1e-2\n")
    assert "size(context)" in (caught.value.diagnostics[0].hint or "")


def test_a_root_of_a_script_with_scores_is_left_open() -> None:
    script = (
        "algorithm f(x: [d] per context, y: [1] per context)\nassume norm(x) <= 1\n"
        "assume entries(y) in [0, 1]\nassume size(context) <= n\nparam n = 4\n"
        "w = 0\nrepeat 3:\n"
        "    w = w - 1/8*((sigmoid(w*x)*softmax(x'*x) - y)*x'/n + w)  over context within 1e-2\n"
        "return w approximates root(w: (sigmoid(w*x) - y)*x'/n + w over context)\n"
    )
    network = ws.compile(script)
    (root,) = (one for one in network.verify().verdicts if one.kind == "truncation")
    assert root.accepted
    assert not root.proven
    assert "no rule for the root of a script with scores" in network.details["truncation", "w"]
    assert isinstance(network.program.returns[0].target, core.Root)
