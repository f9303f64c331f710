"""Bounds of heads against heads: nothing is known of values and scores but their bounds."""

from __future__ import annotations

from fractions import Fraction
from typing import cast

import flint
import numpy as np
import pytest
from numpy.typing import NDArray

from weightsmith.checker.balls.bounds import BITS, INFINITE, Ball, Bounds, above, below
from weightsmith.checker.balls.ranges import precision
from weightsmith.checker.errors.head_bounds import HeadBounds, HeadParts
from weightsmith.checker.errors.site_bounds import Triple
from weightsmith.checker.heads import MASKS, NORMALISATIONS
from weightsmith.checker.reading.refusal import Budget, RefusedError
from weightsmith.checker.reading.template import Scores
from weightsmith.dsl.elementary import elementary

Matrix = NDArray[np.object_]  # of balls of BITS
FUNCTIONS = ("", "relu", "abs", "exp", "sigmoid", "tanh", "squared_relu", "softplus")
SEEN = {
    "all": lambda k, q: True,
    "upto": lambda k, q: k <= q,
    "before": lambda k, q: k < q,
    "after": lambda k, q: k > q,
}


def balls(of: NDArray[np.float64]) -> Matrix:
    return cast("Matrix", np.vectorize(flint.arb, otypes=[object])(of))


def length(entries: NDArray[np.object_]) -> Ball:
    return sum((one * one for one in entries), flint.arb(0)).sqrt()


def known(of: Matrix, *, norms: bool) -> Bounds:
    """Just the entries, or the lengths of rows and columns too, with no room."""
    entries = list(of.flat)
    low = min((below(one) for one in entries), key=float)
    high = max((above(one) for one in entries), key=float)
    if not norms:
        return Bounds(low, high)
    column = max((above(length(one)) for one in of.T), key=float)
    row = max((above(length(one)) for one in of), key=float)
    return Bounds(low, high, column, row)


def function(name: str, value: Ball) -> Ball:
    if name == "":
        return value
    if name in ("relu", "abs"):
        return value if value > 0 else -value if name == "abs" else flint.arb(0)
    return elementary(name).value(value)


def head(kind: Scores, values: list[Matrix], scores: list[Matrix]) -> Matrix:
    """The head by loops, in balls."""
    rows, queries = values[0].shape[0], scores[0].shape[1]
    found = np.full((rows, queries), flint.arb(0), dtype=object)
    for q in range(queries):
        seen = [
            (g, k, function(kind.function, scores[g][k, q]))
            for g in range(len(values))
            for k in range(values[g].shape[1])
            if SEEN[kind.mask](k, q)
        ]
        if not seen:
            continue
        divisor = {
            "": flint.arb(1),
            "normalised": sum((a for _, _, a in seen), flint.arb(0)),
            "averaged": flint.arb(len(seen)),
        }[kind.normalised]
        for row in range(rows):
            total = sum((values[g][row, k] * a for g, k, a in seen), flint.arb(0))
            found[row, q] = total / divisor
    return found


def holds(bounds: Bounds, of: Matrix) -> bool:
    """Does the matrix keep to the bounds?"""
    inside = all(bounds.low <= above(one) and below(one) <= bounds.high for one in of.flat)
    columns = all(below(length(one)) <= bounds.column for one in of.T)
    rows = all(below(length(one)) <= bounds.row for one in of)
    array = np.vectorize(float, otypes=[float])(of)
    return inside and columns and rows and np.linalg.norm(array, 2) <= float(bounds.norm) + 1e-9


def drawn(random: np.random.Generator, seed: int, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Random entries, or entries at two ends only, where bounds are nearly met."""
    if seed % 2:
        return random.choice([-1.0, 1.0], shape) * (1 + seed % 3)
    return random.uniform(-2, 2, shape)


@pytest.mark.parametrize("mask", ["all", *MASKS])
@pytest.mark.parametrize("normalised", ["", *NORMALISATIONS])
def test_no_head_leaves_its_bounds(mask: str, normalised: str) -> None:
    random = np.random.default_rng([len(mask), len(normalised)])
    finite = 0
    for seed in range(24):
        groups = 1 if mask != "all" else 1 + seed % 2
        keys = [3] if mask != "all" else [1 + seed % 3, 2][:groups]
        queries, step = 3, [1.0, 0.1, 1e-3][seed % 3]
        for name in FUNCTIONS:
            kind = Scores(name, mask, normalised)
            lift = 3.5 + step if name in ("", "relu", "abs", "squared_relu") and normalised else 0
            v = [drawn(random, seed, (2, n)) for n in keys]
            s = [drawn(random, seed + 1, (n, queries)) + lift for n in keys]
            dv = [step * drawn(random, seed, (2, n)) for n in keys]
            ds = [step * drawn(random, seed, (n, queries)) / 2 for n in keys]
            with precision(BITS):
                pairs = [
                    [(balls(one), balls(other)) for one, other in zip(*two, strict=True)]
                    for two in ((v, dv), (s, ds))
                ]
                triples = [
                    [
                        Triple(
                            known(one + other, norms=seed % 4 < 2),
                            known(one, norms=seed % 4 < 2),
                            known(other, norms=seed % 4 < 2),
                        )
                        for one, other in side
                    ]
                    for side in pairs
                ]
                parts = HeadParts(*triples, [flint.arb(n) for n in keys])
                found = HeadBounds(Budget()).compared(kind, parts, (flint.arb(2), flint.arb(3)))
                if not (found.network.finite and found.difference.finite):
                    continue
                finite += 1
                script = head(kind, *([one for one, _ in side] for side in pairs))
                network = head(kind, *([one + other for one, other in side] for side in pairs))
                assert holds(found.network, network), kind
                assert holds(found.script, script), kind
                assert holds(found.difference, network - script), kind
    assert finite > 24 * len(FUNCTIONS) * 0.6  # of relu and abs a sum of scores may be 0


def two_keys(low: Fraction, high: Fraction, step: Fraction) -> tuple[Triple, Ball]:
    """Softmax over two keys, values low and high, scores that move by ±step: bound, and truth."""
    with precision(BITS):
        value = balls(np.array([[float(low), float(high)]]))
        scores = balls(np.array([[0.0], [0.0]]))
        moved = balls(np.array([[-float(step)], [float(step)]]))
        same = known(value, norms=True)
        nothing = known(balls(np.zeros((1, 2))), norms=True)
        of = Triple(
            known(scores + moved, norms=True), known(scores, norms=True), known(moved, norms=True)
        )
        parts = HeadParts([Triple(same, same, nothing)], [of], [flint.arb(2)])
        kind = Scores("exp", "all", "normalised")
        found = HeadBounds(Budget()).compared(kind, parts, (flint.arb(1), flint.arb(1)))
        (difference,) = (head(kind, [value], [scores + moved]) - head(kind, [value], [scores])).flat
        return found, difference


@pytest.mark.parametrize("step", [Fraction(1, 2**20), Fraction(1, 64), Fraction(1, 4)])
def test_softmax_of_two_keys_nearly_meets_its_bound(step: Fraction) -> None:
    """tanh(step) · ½(high − low) against step · ½(high − low)."""
    found, difference = two_keys(Fraction(-1), Fraction(3), step)
    assert difference <= found.difference.high
    assert found.difference.high < difference * flint.arb(float(1 + step**2))


def test_without_a_number_of_keys_a_sum_is_not_bounded_and_a_mean_is() -> None:
    one = Triple(*[Bounds(flint.arb(-1), flint.arb(1))] * 3)
    for normalised, bounded in (("", False), ("normalised", True), ("averaged", True)):
        parts = HeadParts([one], [one], [INFINITE])
        with precision(BITS):
            kind = Scores("sigmoid", "all", normalised)
            found = HeadBounds(Budget()).compared(kind, parts, (flint.arb(1), INFINITE))
        assert found.network.finite == found.difference.finite == bounded


def test_a_function_that_no_head_has_is_refused() -> None:
    one = Triple(*[Bounds(flint.arb(-1), flint.arb(1))] * 3)
    parts = HeadParts([one], [one], [flint.arb(2)])
    with pytest.raises(RefusedError, match="no bound of a head with 'gelu2'"):
        HeadBounds(Budget()).network(Scores("gelu2", "all", ""), parts, (flint.arb(1),) * 2)
