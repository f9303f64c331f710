"""``network.trace`` against the script's own interpreter, pass by pass; where each layer stands."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from tests.backends import templates

from weightsmith import api
from weightsmith.backends import DirectoryError, unroll
from weightsmith.backends.template.layout import Inputs
from weightsmith.backends.template.unroll import LayerPlace, LoopPass, layer_places
from weightsmith.backends.torch.held import Held, held_blocks
from weightsmith.compiler.ir.template import Layer, Repeat
from weightsmith.dsl.running import interpreter

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
        np.testing.assert_array_equal(trace.variables[layer, "X", "d"], trace[layer, "X", "d"])
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
            image = trace.variables[layer, "w*x", group]
            np.testing.assert_allclose(image, w @ x[group], atol=1e-13)
            np.testing.assert_array_equal(trace[layer, "x", group], x[group])
        np.testing.assert_allclose(trace.values[layer, "output", "query"], prediction, atol=1e-13)


NESTED = """algorithm nested(A: symmetric[d, d])
assume spectrum(A) in [0, 1]
X = I
repeat 2:
    Y = X
    repeat 3:
        Y = Y - 1/4*Y*A*Y
    X = 1/2*X + 1/2*Y*A*X
return X
"""


def test_variables_of_loops_in_loops_and_batches() -> None:
    matrices = np.stack([np.diag([0.2, 0.5]) + 0.1, np.eye(2) / 3])
    trace = api.compile(NESTED).trace({"A": matrices})
    X = np.broadcast_to(np.eye(2), (2, 2, 2))
    for outer in (1, 2):
        first = next(p.number for p in trace.places if p.passes[:1] == passes((1, outer)))
        np.testing.assert_allclose(trace.variables[first - 1, "X", "d"], X, atol=1e-14)
        Y = X
        for inner in (1, 2, 3):
            Y = Y - Y @ matrices @ Y / 4
            (layer,) = (
                place.number
                for place, after in zip(trace.places, [*trace.places[1:], None], strict=True)
                if passes((1, outer), (2, inner)) == place.passes
                and (after is None or after.passes != place.passes)
            )
            np.testing.assert_allclose(trace.variables[layer, "Y", "d"], Y, atol=1e-14)
        X = X / 2 + Y @ matrices @ X / 2
        layer = trace.after(1, outer)
        np.testing.assert_allclose(trace.variables[layer, "X", "d"], X, atol=1e-14)


def test_two_variables_that_are_held_by_their_images() -> None:
    settings: dict[str, api.Setting] = {**SETTINGS, "eta": "1/2", "beta": "2/5"}
    trace = api.compile(EXAMPLES / "heavy_ball.alg", settings=settings).trace(TOKENS)
    x, y = (TOKENS[name]["context"] for name in ("x", "y"))  # type: ignore[index, call-overload]
    w = v = np.zeros((2, 3))
    for layer in range(-1, STEPS):
        np.testing.assert_allclose(trace.variables[layer, "w*x", "context"], w @ x, atol=1e-13)
        np.testing.assert_allclose(trace.variables[layer, "v*x", "context"], v @ x, atol=1e-13)
        w, v = w - 0.5 * (w @ x - y) @ x.T + 0.4 * (w - v), w


def test_what_the_certificate_says_of_a_block() -> None:
    network = api.compile(EXAMPLES / "heavy_ball.alg")
    held = {(one.block, one.group): one.text for one in held_blocks(network.certificate)}
    assert held["w*x-y", "context"] == "w*x - y"
    assert held["w*x-y", "query"] == "w*x"
    assert held["+w*x-y", "query"] == "0"
    terms = (("-1", ("A'", "X#0")), ("-2/3", ()), ("1/(L + mu)", ("z#1@query'", "x@context")))
    other = Held(1, "b", "query", terms)
    assert other.text == "-A'*X - 2/3*I + (1/(L + mu))*z'*x@context"


@pytest.mark.parametrize(
    "invariant",
    [
        3,
        {"X": [["1", ["X#0"]]]},
        {"X": {"d": [["1"]]}},
        {"Q": {"d": [["1", ["X#0"]]]}},
        {"X": {"d": [["1", ["X#0"]], ["1", ["1[d]"]], ["1", ["1[d]", "1[d]"]]]}},
    ],
)
def test_invariants_that_make_no_sense_are_said_to_be_damaged(invariant: object) -> None:
    network = api.compile(EXAMPLES / "newton_inverse.alg", settings=SETTINGS)
    (exactness,) = (fact for fact in network.facts if fact.kind == "exactness")
    exactness.witness["loops"][0]["invariant"] = invariant  # type: ignore[index]
    with pytest.raises(DirectoryError, match="invariants in the certificate"):
        network.trace({"A": A})


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
        *("layer", "passes", "what", "name", "group", "shape", "largest")
    ]
    assert str(trace).splitlines()[2].split() == ["start", "block", "X", "d", "3×3", "0.6452"]


def test_the_table_names_passes_and_is_not_too_long() -> None:
    network = api.compile(EXAMPLES / "newton_inverse.alg", settings={**SETTINGS, "steps": 250})
    lines = str(network.trace({"A": np.eye(2) / 3})).splitlines()
    assert lines[3].split() == ["start", "variable", "X", "d", "2×2", "0.6452"]
    assert lines[4].split() == ["0", "1:1", "block", "A", "d", "2×2", "0.3333"]
    assert lines[-1] == "… and 354 more"


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
