"""Searches for inputs that break a bound: random starts, then uphill steps for one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np
from checker_networks import Array, Bindings, Inputs, Json, network_of
from numpy.typing import NDArray

from weightsmith.checker.balls.bounds import BITS, Ball, Bounds, exact
from weightsmith.checker.balls.ranges import precision
from weightsmith.checker.errors.site_bounds import Triple
from weightsmith.checker.reading.refusal import Budget
from weightsmith.checker.rules.tables.intervals import follower_of
from weightsmith.checker.semantics.site_letters import read_script
from weightsmith.checker.semantics.tables import read_tables
from weightsmith.dsl.program import core
from weightsmith.dsl.running.interpreter import run, target

Key = tuple[str, str, str, str]  # output, group, which value, which bound
Scores = dict[Key, float]
Free = dict[str, dict[str, NDArray[np.float64]]]
TINY = 1e-12


def followed(
    program: core.Program, bindings: Bindings, tables: list[Json]
) -> dict[tuple[str, str], Triple]:
    """The bounds of everything that a script returns, by output and group."""
    found = {}
    with precision(BITS):
        script = read_script(program, bindings, Budget())
        read = read_tables(tables, program, bindings)
        follower, _ = follower_of(script, read, Budget(), compare=True)
        follower.run()
        for returned in program.returns:
            value = script.meaning.returned[returned.name]
            for (_, group), polynomial in value.parts.items():
                if not returned.groups or group in returned.groups:
                    found[returned.name, group] = follower.value(polynomial)
    return found


def ratios(bounds: Bounds, matrix: Array) -> Iterator[tuple[str, float]]:
    """How much of each bound a matrix uses; above 1, it is broken."""
    low, high = number(bounds.low), number(bounds.high)
    if np.isfinite(high - low):
        middle, radius = (low + high) / 2, (high - low) / 2
        yield "entries", share(float(np.max(np.abs(matrix - middle))), radius)
    columns, rows = np.linalg.norm(matrix, axis=0), np.linalg.norm(matrix, axis=1)
    yield "column", share(float(np.max(columns)), number(bounds.column))
    yield "row", share(float(np.max(rows)), number(bounds.row))
    yield "norm", share(float(np.linalg.norm(matrix, 2)), number(bounds.norm))


def share(size: float, bound: float) -> float:
    if size <= TINY or bound == np.inf:
        return 0.0
    return np.inf if bound == 0 else size / bound


def number(ball: Ball) -> float:
    if ball.is_finite():
        return float(exact(ball))
    return np.inf if ball > 0 else -np.inf


def worst_ratios(
    program: core.Program,
    bindings: Bindings,
    tables: list[Json],
    *,
    steps: int,
    seed: int = 0,
) -> Scores:
    """The largest ratios found for the bounds of every returned value."""
    bounds = followed(program, bindings, tables)
    network = network_of(program, tables)
    inputs = Inputs(program, bindings, seed)

    def score(free: Free) -> Scores:
        given = inputs.fit(free)
        one, two = run(network, given, bindings), run(program, given, bindings)
        scores: Scores = {}
        for (output, group), triple in bounds.items():
            v, w = (
                np.asarray(side[output][group] if group else side[output], dtype=float)
                for side in (one, two)
            )
            for which, bound, matrix in (
                ("network", triple.network, v),
                ("script", triple.script, w),
                ("difference", triple.difference, v - w),
            ):
                for kind, ratio in ratios(bound, matrix):
                    scores[output, group, which, kind] = ratio
        return scores

    return _climb(inputs, score, steps)


def _climb(inputs: Inputs, score: Callable[[Free], Scores], steps: int) -> Scores:
    free = inputs.draw()
    current = score(free)
    best = dict(current)
    goals = sorted(current)
    for step in range(steps):
        goal = goals[(step // 25 * 7) % len(goals)]
        if step % 50 == 0:
            free = inputs.draw()
            current = score(free)
        moved = inputs.moved(free)
        scores = score(moved)
        best = {key: max(best[key], scores[key]) for key in best}
        if scores[goal] >= current[goal]:
            free, current = moved, scores
    return best


def worst_distance(
    program: core.Program, bindings: Bindings, tables: list[Json], *, steps: int, seed: int = 0
) -> float:
    """The largest distance found of the first returned value from its target, in the 2-norm."""
    output = program.returns[0].name
    network = network_of(program, tables)
    inputs = Inputs(program, bindings, seed)

    def score(free: Free) -> Scores:
        given = inputs.fit(free)
        difference = (
            run(network, given, bindings)[output] - target(program, given, bindings)[output]
        )
        return {(output, "", "", ""): float(np.linalg.norm(difference, 2))}

    return max(_climb(inputs, score, steps).values())


def bound_of(claim: Json) -> Fraction:
    bound = claim["bound"]
    assert isinstance(bound, dict)
    return Fraction(bound["value"])
