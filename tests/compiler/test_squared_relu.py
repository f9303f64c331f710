"""squared_relu: two files, and a function of entries, of scores and of operators in all that runs.

Its breakpoint is one of the slope's slope: what balls say there is against 120 digits of mpmath.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import cast

import flint
import mpmath
import numpy as np
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray

from weightsmith import api
from weightsmith.backends import structured_weights
from weightsmith.backends.reference import run_weights
from weightsmith.checker.balls.formula_balls import BallFunction
from weightsmith.checker.balls.ranges import precision
from weightsmith.checker.balls.table_error import table_error
from weightsmith.compiler.approximate.fitting.fit import Table, fit_table
from weightsmith.dsl.elementary import elementary
from weightsmith.dsl.numbers.formulas import parse_formula

F = Fraction
Floats = NDArray[np.float64]
Given = dict[str, dict[str, Floats]]


def plus(t: mpmath.mpf) -> mpmath.mpf:
    return max(t, mpmath.mpf(0)) ** 2


TRUTHS = {
    "squared_relu(t)": plus,
    "squared_relu(-2*t + 1/3)": lambda t: plus(mpmath.mpf(1) / 3 - 2 * t),
    "squared_relu(abs(t) - 1/2)": lambda t: plus(abs(t) - mpmath.mpf(1) / 2),
    "squared_relu(t)*exp(-t)": lambda t: plus(t) * mpmath.exp(-t),
    "squared_relu(sin(t)) - squared_relu(t - 1)": lambda t: plus(mpmath.sin(t)) - plus(t - 1),
}
SCORE = (
    "algorithm f(k: [d] per context, q: [d] per context, v: [e] per context)\n"
    "return v*squared_relu(k'*q)  over context upto\n"
)


def largest_error(text: str, table: Table) -> F:
    """The largest |f − table| at 48 places of every piece, from mpmath's 120 digits."""
    worst = mpmath.mpf(0)
    for (low, _), (high, _) in pairwise(table.knots):
        for share in range(49):
            place = low + (high - low) * share / 48
            value = table.at(place)
            truth = TRUTHS[text](mpmath.mpf(place.numerator) / place.denominator)
            worst = max(worst, abs(truth - mpmath.mpf(value.numerator) / value.denominator))
    return F(mpmath.nstr(worst, 110))


@pytest.mark.parametrize("text", TRUTHS)
@pytest.mark.parametrize(("low", "high"), [(-2, 2), (F(-1, 3), 3), (0, 1)])
def test_the_error_of_a_table_is_proven_and_hardly_above_the_truth(
    text: str, low: F | int, high: F | int
) -> None:
    formula = parse_formula(text)
    table = fit_table(formula, {}, F(low), F(high), F(1, 500))
    with mpmath.workdps(120):
        true = largest_error(text, table)
    proven = table_error(formula, {}, table.knots)
    assert true <= proven <= table.error <= F(1, 500)
    assert proven <= true * F(101, 100) + F(1, 10**40)  # where it is 0 all over, so is the table


def test_a_bend_over_the_breakpoint_is_any_between_both_sides() -> None:
    function = BallFunction(parse_formula("squared_relu(t)"), {}, (F(-1), F(1)))
    with precision(192):
        for ball in (flint.arb(0), flint.arb(0, 1), flint.arb(-1, 1), flint.arb(1, 1)):
            value, slope, bend, _ = function(ball)
            top = ball.upper().max(flint.arb(0))
            assert value.contains(0)
            assert value.contains(top * top)
            assert slope.contains(0)
            assert slope.contains(2 * top)
            assert bend.contains(0)
            assert bend.contains(2)
            assert bend >= 0  # convex, and seen to be so
        for nothing in (flint.arb.nan(), flint.arb(0, "inf")):
            jet = elementary("squared_relu").derivatives(nothing)
            assert not any(one.is_finite() for one in jet)
        assert not elementary("squared_relu").analytic(flint.acb(flint.arb(0, 1))).is_finite()


def test_one_piece_over_the_breakpoint_is_bounded_by_its_largest_gap() -> None:
    """The chord from (−1, 0) to (1, 1) is (t + 1)/2: the gap is 1/2 at 0, and 9/16 at 1/4."""
    found = table_error(parse_formula("squared_relu(t)"), {}, [(F(-1), F(0)), (F(1), F(1))])
    assert F(9, 16) <= found <= F(9, 16) + F(1, 10**12)


def test_a_function_of_entries_compiles_and_is_verified() -> None:
    head = "algorithm f(x: [d] per query)\nassume entries(x) in [-3, 2]\nwithin 1/1000\n"
    network = api.compile(f"{head}return squared_relu(x)\n")
    assert network.verify().accepted
    (table,) = network.certificate["tables"]
    assert table["function"] == "squared_relu(t)"
    places = np.linspace(-3, 2, 4001)[None]
    found = np.asarray(network.run({"x": places})["output"]["query"])
    off = np.abs(found - np.maximum(places, 0) ** 2).max()
    (bound,) = network.bounds
    assert bound.value is not None
    assert 0.99 * float(bound.value) < off <= float(bound.value) <= 1e-3


def given(tokens: int) -> tuple[Given, Floats]:
    """Keys, queries and values, and what the script makes of them."""
    random = np.random.default_rng(tokens)
    k, q, v = (random.normal(size=(rows, tokens)) for rows in (3, 3, 2))
    wanted = v @ np.triu(np.maximum(k.T @ q, 0) ** 2)
    return {"k": {"context": k}, "q": {"context": q}, "v": {"context": v}}, wanted


def test_a_score_in_every_execution() -> None:
    network = api.compile(SCORE)
    assert network.verify().accepted
    template = network.template
    for tokens in (1, 9):
        inputs, wanted = given(tokens)
        answers = [
            network.run(inputs, execution="plan"),
            network.run(inputs, execution="faithful"),
            run_weights(template, structured_weights(template), inputs),
        ]
        for answer in answers:
            found = cast("Given", answer)["output"]["context"]
            np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


def test_a_score_in_files(tmp_path: Path) -> None:
    network = api.compile(SCORE)
    inputs, wanted = given(7)
    arrays = {f"{name}_context": by["context"] for name, by in inputs.items()}
    for numpy in (False, True):
        path = tmp_path / f"score{int(numpy)}.py"
        network.export(path, numpy=numpy)
        names: dict[str, object] = {}
        exec(path.read_text(encoding="utf-8"), names)
        convert = np.asarray if numpy else torch.from_numpy
        found = names["f"](**{n: convert(a) for n, a in arrays.items()})  # type: ignore[operator]
        np.testing.assert_allclose(np.asarray(found), wanted, rtol=1e-12, atol=1e-12)
    network.export(tmp_path / "score.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "score.onnx")
    (value,) = session.run(None, {n: a[None] for n, a in arrays.items()})
    np.testing.assert_allclose(cast(Floats, value)[0], wanted, rtol=1e-12, atol=1e-12)
