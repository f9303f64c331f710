"""Fixed matrices are known: what measures, bounds, draws or interprets has their numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import weightsmith.api as ws
from weightsmith.backends.errors import InstantiationError, LayoutError

DESCENT = """algorithm pre(x: [d] per token, y: [k] per context, P: fixed[d, d])
assume spectrum(x*x'*P over context) in [mu, L]
param eta = 2/(mu + L), steps = 16
w = 0
repeat steps:
    w = w - eta*(w*x - y)*x'*P  over context
return w*x on query  approximates y*x'*inv(x*x')*x over context
"""
PASSES = """algorithm learned(x: [d] per token, y: [1] per context, A: fixed[d, d] per pass)
w = 0
repeat 3:
    w = w - (w*x - y)*x'*A  over context
return w*x on query
"""
HALF = np.eye(2) / 2
ENDS = {"mu": "1/2", "L": 6}
RANDOM = np.random.default_rng(3)


def inputs(*batch: int) -> dict[str, object]:
    x = {"context": RANDOM.normal(size=(*batch, 2, 5)), "query": RANDOM.normal(size=(*batch, 2, 2))}
    rotated = np.linalg.qr(np.swapaxes(x["context"], -1, -2))[0]
    x["context"] = 2 * np.swapaxes(rotated, -1, -2)  # x x' P = 2 I
    return {"x": x, "y": {"context": RANDOM.normal(size=(*batch, 1, 5))}}


def test_a_hypothesis_with_a_fixed_matrix_is_measured() -> None:
    network, given = ws.compile(DESCENT, settings=ENDS, matrices={"P": HALF}), inputs()
    report = network.check(given)
    assert not list(report.unmeasured)
    network.run(given)
    wrong = ws.compile(DESCENT, settings=ENDS, matrices={"P": 4 * HALF})
    with pytest.raises(ws.AssumptionError, match=r"x\*x'\*P over context is 8 and L = 6"):
        wrong.run(given)


def test_a_batch_of_data_shares_the_matrix() -> None:
    network = ws.compile(DESCENT, settings=ENDS, matrices={"P": HALF})
    _, bounds = network.run(inputs(3), certify=True)
    (bound,) = bounds.values
    assert len(bound.bounds) == 3
    assert all(one is not None and one < 0.1 for one in bound.bounds)


def test_a_run_with_matrices_of_passes_is_bounded() -> None:
    stack, given = RANDOM.normal(size=(3, 2, 2)) / 8, inputs()
    network = ws.compile(PASSES, matrices={"A": stack})
    answer, bounds = network.run(given, certify=True)
    (bound,) = bounds.values
    assert bound.bounds[0] is not None
    assert 0 < bound.bounds[0] < 1e-13
    wanted = network.interpret(given)["output"]["query"]  # type: ignore[index,call-overload]
    assert np.abs(answer["output"]["query"] - wanted).max() <= 1e-13  # type: ignore[index]
    other = ws.compile(PASSES, matrices={"A": stack[::-1]})
    assert other.enclose(given, answer).values[0].bounds[0] > 1e-3  # type: ignore[operator]


def test_numbers_that_are_no_floats_have_no_bound_but_a_sentence() -> None:
    network = ws.compile(PASSES, matrices={"A": [[["1/3", 0], [0, 1]]] * 3})
    _, bounds = network.run(inputs(), certify=True)
    assert "'A1' holds numbers that float64 does not hold exactly" in str(bounds)


@pytest.mark.parametrize("name", ["interpret", "target"])
def test_a_matrix_of_the_weights_is_no_input(name: str) -> None:
    network = ws.compile(DESCENT, settings=ENDS, matrices={"P": HALF})
    with pytest.raises(LayoutError, match="'P' is a fixed matrix, and its numbers are among"):
        getattr(network, name)({**inputs(), "P": HALF})


def test_pictures_and_depth(tmp_path: Path) -> None:
    network = ws.compile(PASSES, matrices={"A": RANDOM.normal(size=(3, 2, 2))})
    assert "A2" in network.html()
    assert "The variables" in network.html(inputs())
    lines = network.depth().splitlines()
    assert lines[0] == "depth of learned: 3 layers"
    assert "layer 2: repeat 1, degree 3 -> 5 (by degree at least 1)" in lines
    network.save(tmp_path / "n")
    assert ws.load(tmp_path / "n").html() == network.html()


@pytest.mark.parametrize("execution", [None, "plan", "gram"])
def test_without_numbers_nothing_runs(execution: ws.Execution | None, tmp_path: Path) -> None:
    network = ws.compile(PASSES, matrices={"A1": HALF})
    message = "the fixed matrices 'A2', 'A3' have none; compile with --matrix A2=FILE"
    with pytest.raises(InstantiationError, match=message):
        network.run(inputs(), execution=execution)
    with pytest.raises(InstantiationError, match=message):
        network.html(inputs())
    with pytest.raises(InstantiationError, match=message):
        network.export(tmp_path / "n.onnx")
    with pytest.raises(InstantiationError, match=message):
        network.module(trainable="coefficients")
