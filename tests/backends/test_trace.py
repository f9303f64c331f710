"""``network.trace`` against the script's own interpreter, pass by pass; where each layer stands."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from tests.backends import templates

from weightsmith import api
from weightsmith.backends import unroll
from weightsmith.backends.layout import Inputs
from weightsmith.backends.unroll import LayerPlace, LoopPass, layer_places
from weightsmith.compiler.ir.template import Layer, Repeat
from weightsmith.dsl import interpreter

EXAMPLES = Path(__file__).parents[2] / "examples"
STEPS = 4
SETTINGS: dict[str, api.Setting] = {"mu": "1/10", "L": 3, "steps": STEPS}
RANDOM = np.random.default_rng(2)
A = np.diag([0.5, 1.0, 2.0]) + 0.1
X = RANDOM.normal(size=(3, 8)) / 2
TOKENS: Inputs = {"x": {"context": X[:, :6], "query": X[:, 6:]}, "y": {"context": X[:2, :6] ** 2}}
WEIGHTS = "return w*x on query  approximates y*x'*inv(x*x')*x over context"


def interpreted(script: str, inputs: Inputs, passes: int) -> dict[str, np.ndarray]:
    """What the script returns after so many passes, computed with no network."""
    program = api.check(script)
    bindings = {name: Fraction(value) for name, value in SETTINGS.items()}
    defaults = {"eta": 2 / (bindings["mu"] + bindings["L"])} if "eta" in script else {}
    found = interpreter.run(program, inputs, {**bindings, **defaults, "steps": Fraction(passes)})  # type: ignore[arg-type]
    return {n: v["query"] if isinstance(v, dict) else np.asarray(v) for n, v in found.items()}


@pytest.mark.parametrize("dims", [None, {"d": 3}])
def test_newton_holds_its_iterate_after_every_pass(dims: dict[str, int] | None) -> None:
    script = (EXAMPLES / "newton_inverse.alg").read_text()
    network = api.compile(script, settings=SETTINGS, dims=dims)
    trace = network.trace({"A": A})
    for number in range(STEPS + 1):
        layer = trace.after(1, number) if number else -1
        iterate = interpreted(script, {"A": A}, number)["X"]
        np.testing.assert_allclose(trace[layer, "X", "d"], iterate, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(trace.values[layer, "X", "d"], iterate, rtol=1e-12, atol=1e-14)
        np.testing.assert_array_equal(trace[layer, "A", "d"], A)
    last = trace.values[STEPS - 1, "X", "d"]
    np.testing.assert_allclose(last, network.run({"A": A})["X"], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("dims", [None, {"d": 3, "k": 2}])
def test_gradient_descent_holds_its_residual_and_returns_its_prediction(
    dims: dict[str, int] | None,
) -> None:
    """The block w*x-y is w·x − y, of the w that the script has after the pass."""
    script = (EXAMPLES / "gradient_descent.alg").read_text()
    assert WEIGHTS in script
    trace = api.compile(script, settings=SETTINGS, dims=dims).trace(TOKENS)
    x, y = TOKENS["x"], TOKENS["y"]
    assert isinstance(x, dict)
    assert isinstance(y, dict)
    for number in range(STEPS + 1):
        layer = trace.after(1, number) if number else -1
        w = interpreted(script.replace(WEIGHTS, "return w"), TOKENS, number)["w"]
        prediction = interpreted(script, TOKENS, number)["output"]
        for group, labels in (("context", y["context"]), ("query", 0)):
            residual = w @ x[group] - labels
            np.testing.assert_allclose(trace[layer, "w*x-y", group], residual, atol=1e-13)
            np.testing.assert_array_equal(trace[layer, "x", group], x[group])
        np.testing.assert_allclose(trace.values[layer, "output", "query"], prediction, atol=1e-13)


def test_a_batch_is_traced_problem_by_problem() -> None:
    network = api.compile(EXAMPLES / "newton_inverse.alg", settings=SETTINGS)
    matrices = np.stack([A, A + np.eye(3) / 2])
    whole = network.trace({"A": matrices}, "float32")
    for number, matrix in enumerate(matrices):
        one = network.trace({"A": matrix}, "float32")
        for key, block in one.blocks.items():
            assert block.dtype == np.float32
            np.testing.assert_allclose(whole[key][number], block, rtol=1e-5, atol=1e-6)


def test_a_network_of_no_layers_and_its_table() -> None:
    network = api.compile(EXAMPLES / "newton_inverse.alg", settings={**SETTINGS, "steps": 0})
    trace = network.trace({"A": A})
    np.testing.assert_allclose(trace[-1, "X", "d"], np.eye(3) * 2 / 3.1, rtol=1e-15)
    assert trace.places == ()
    assert str(trace).splitlines()[0].split() == [
        *("layer", "passes", "block", "group", "shape", "largest")
    ]
    assert str(trace).splitlines()[2].split() == ["start", "X", "d", "3×3", "0.6452"]


def test_the_table_names_passes_and_is_not_too_long() -> None:
    network = api.compile(EXAMPLES / "newton_inverse.alg", settings={**SETTINGS, "steps": 250})
    lines = str(network.trace({"A": np.eye(2) / 3})).splitlines()
    assert lines[3].split() == ["0", "1:1", "A", "d", "2×2", "0.3333"]
    assert lines[-1] == "… and 103 more"


def test_what_is_not_there_is_said() -> None:
    trace = api.compile(EXAMPLES / "newton_inverse.alg", settings=SETTINGS).trace({"A": A})
    with pytest.raises(KeyError, match="layers are -1 to 3, blocks 'A', 'X', groups 'd'"):
        _ = trace[0, "Y", "d"]
    with pytest.raises(KeyError, match="no layer stands in pass 5 of loop 1"):
        trace.after(1, 5)


LAYER = templates.newton_inverse().body[0].body[0]  # type: ignore[union-attr]


def passes(*around: tuple[int, int]) -> tuple[LoopPass, ...]:
    return tuple(LoopPass(*one) for one in around)


def test_layers_of_loops_in_loops_have_the_passes_of_all() -> None:
    """The inner count may depend on the number of the pass around it; others need no value."""
    assert isinstance(LAYER, Layer)
    inner = Repeat("n + 1", (LAYER,))
    outer = Repeat("2", (inner, LAYER), (("free", ("g", "2*g")), ("n", ("0", "1"))))
    template = replace(templates.newton_inverse(), body=(LAYER, outer, Repeat("steps", (LAYER,))))
    places = layer_places(template, {"steps": 2})
    assert len(places) == len(unroll(template, {"steps": 2}))
    assert [place.passes for place in places] == [
        passes(),
        passes((1, 1), (2, 1)),
        passes((1, 1)),
        passes((1, 2), (2, 1)),
        passes((1, 2), (2, 2)),
        passes((1, 2)),
        passes((3, 1)),
        passes((3, 2)),
    ]
    assert [place.number for place in places] == list(range(8))
    assert str(places[0]) == "layer 0: outside of loops"
    assert str(places[4]) == "layer 4: loop 1 pass 2, loop 2 pass 2"


def test_a_loop_of_nothing_is_passed_over_at_once() -> None:
    template = replace(templates.newton_inverse(), body=(Repeat("10^9", ()), Repeat("1", (LAYER,))))
    assert layer_places(template) == (LayerPlace(0, passes((2, 1))),)


def test_a_network_says_where_its_layers_stand() -> None:
    network = api.compile(EXAMPLES / "muon.alg")
    places = network.layer_places()
    assert len(places) == network.report.layers == 10
    assert places[7] == LayerPlace(7, passes((1, 4)))
