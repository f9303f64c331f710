"""``.onnx`` files, read by onnxruntime and by the reference evaluator of onnx."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st
from onnx.reference import ReferenceEvaluator

import weightsmith.api as ws
from weightsmith.backends.errors import ExportError
from weightsmith.dsl import DiagnosticError

from ...compiler.entry_programs import entry_scripts
from ...compiler.programs import scripts
from ...compiler.test_random_programs import exact_inputs
from .exported import (
    COUNTS,
    GATED,
    GIVEN,
    LATE,
    LOOPS,
    NAMES,
    TOLERANCE,
    assert_close,
    assert_near,
    data_of,
    flat,
    grouped,
    network_of,
    reference,
    reference_of,
)

Arrays = Mapping[str, np.ndarray]


def exported(network: ws.Network, place: Path, dtype: str | None = None) -> bytes:
    path = place / "network.onnx"
    network.export(path, dtype=dtype)
    return path.read_bytes()


def run(model: bytes, arrays: Arrays) -> dict[str, np.ndarray]:
    """By onnxruntime; the arrays are batch × rows × columns."""
    session = onnxruntime.InferenceSession(model)
    kinds = {"tensor(double)": np.float64, "tensor(float)": np.float32}
    feed = {one.name: arrays[one.name].astype(kinds[one.type]) for one in session.get_inputs()}
    names = [one.name for one in session.get_outputs()]
    return dict(zip(names, session.run(names, feed), strict=True))


def alone(arrays: Arrays) -> dict[str, np.ndarray]:
    return {name: array[None] for name, array in arrays.items()}


def first(arrays: Arrays) -> dict[str, np.ndarray]:
    return {name: array[0] for name, array in arrays.items()}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", NAMES)
def test_onnxruntime_computes_what_the_reference_does(
    name: str, dtype: str, tmp_path: Path
) -> None:
    model = exported(network_of(name), tmp_path, dtype)
    found = first(run(model, alone(flat(data_of(name)))))
    assert {str(value.dtype) for value in found.values()} == {dtype}
    assert_close(found, reference_of(name), TOLERANCE[dtype])


@pytest.mark.parametrize("name", NAMES)
def test_the_evaluator_of_onnx_does_too(name: str, tmp_path: Path) -> None:
    model = onnx.load_from_string(exported(network_of(name), tmp_path))
    onnx.checker.check_model(model, full_check=True)
    outputs = [one.name for one in model.graph.output]
    values = ReferenceEvaluator(model).run(None, alone(flat(data_of(name))))
    found = first(dict(zip(outputs, values, strict=True)))
    assert_close(found, reference_of(name), TOLERANCE["float64"])


@pytest.mark.parametrize("name", NAMES)
def test_one_file_serves_every_size_and_batch(name: str, tmp_path: Path) -> None:
    """The data of the demo and, in a batch of three, a part of it."""
    network = network_of(name)
    model = exported(network, tmp_path)
    smaller = {n: _cut(array) for n, array in flat(data_of(name)).items()}
    batch = {n: np.stack([array, array / 2, array * 0.75]) for n, array in smaller.items()}
    wanted = flat(reference(network, grouped(batch)))
    assert_close(run(model, batch), wanted, 1e-10)


def _cut(array: np.ndarray) -> np.ndarray:
    """No more than seven of each axis whose size is free, so that axes keep fitting."""
    return array[tuple(slice(0, size if size == 1 else min(size, 7)) for size in array.shape)]


@pytest.mark.parametrize("name", ["gradient_descent", "lasso_ista"])
def test_no_query_tokens_are_no_tokens(name: str, tmp_path: Path) -> None:
    data = {
        n: array[:, :0] if n.endswith("_query") else array
        for n, array in flat(data_of(name)).items()
    }
    found = run(exported(network_of(name), tmp_path), alone(data))
    assert_close(first(found), flat(reference(network_of(name), grouped(data))), 1e-12)


def test_the_same_network_gives_the_same_bytes(tmp_path: Path) -> None:
    again = ws.Network(network_of("lasso_fista").files())
    assert exported(network_of("lasso_fista"), tmp_path) == exported(again, tmp_path)


def test_a_loop_is_a_loop_and_the_file_says_what_is_certified(tmp_path: Path) -> None:
    model = onnx.load_from_string(exported(network_of("newton_inverse"), tmp_path))
    assert [node.op_type for node in model.graph.node].count("Loop") == 1
    notes = {entry.key: entry.value for entry in model.metadata_props}
    assert notes["algorithm"] == "newton_inverse"
    assert "||X - target|| <=" in notes["statement"]
    assert "if spectrum(A) in [mu, L]" in notes["statement"]
    axes = [d.dim_param for d in model.graph.input[0].type.tensor_type.shape.dim]
    assert axes == ["batch", "d", "d"]


CLOSE = """algorithm close(A: [d, d])
V = (1 + 1/10^{n})*A + 1/10^{m}*ones
W = (1 - 1/10^{n})*I
return V*A, W*A*A, relu(V) + relu(W)
"""


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("n", "m"), [(5, 6), (6, 9), (9, 12), (15, 20)])
def test_numbers_near_one_are_not_left_out(n: int, m: int, dtype: str, tmp_path: Path) -> None:
    """onnxruntime takes them for 1: findings/onnxruntime_factors_near_one.sh."""
    network = ws.compile(CLOSE.format(n=n, m=m))
    data = {"A": np.array([[0.0, 2.0, 0.0], [0.0, 0.0, 3.0], [1.0, 0.0, 0.0]])}
    found = first(run(exported(network, tmp_path, dtype), alone(data)))
    for name, value in flat(reference(network, data)).items():
        tolerance = 1e-15 if dtype == "float64" else 3e-7
        np.testing.assert_allclose(found[name], value, rtol=tolerance, atol=0)


@pytest.mark.parametrize("counts", COUNTS)
def test_the_counts_of_loops_may_be_inputs(counts: dict[str, int], tmp_path: Path) -> None:
    ws.compile(LOOPS).export(tmp_path / "net.onnx", counts=True)
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx")
    assert [one.name for one in session.get_overridable_initializers()] == ["inner", "outer"]
    random = np.random.default_rng(3)
    batch = {"A": random.normal(size=(2, 3, 3)), "y_context": random.normal(size=(2, 1, 4))}
    names = [one.name for one in session.get_outputs()]
    feed = batch | {name: np.array(count) for name, count in counts.items()}
    found = dict(zip(names, session.run(names, feed), strict=True))
    wanted = reference(ws.compile(LOOPS, settings=counts), grouped(batch))
    assert_close(found, flat(wanted), 1e-12)


@pytest.mark.parametrize("name", ["heat_kernel", "gradient_descent, fewest layers", "resolvents"])
def test_a_count_that_stands_elsewhere_too_is_no_input(name: str, tmp_path: Path) -> None:
    """Of k passes with 1/3^k in a weight; where many steps are one layer; without a loop."""
    with pytest.raises(ExportError, match=r"no loop .* leave out '--counts'"):
        network_of(name).export(tmp_path / "net.onnx", counts=True)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_certified_of_files_that_were_changed(tmp_path: Path) -> None:
    files = dict(network_of("newton_inverse").files())
    files["script.alg"] += b"\n# changed\n"
    model = onnx.load_from_string(exported(ws.Network(files), tmp_path))
    notes = {entry.key: entry.value for entry in model.metadata_props}
    assert notes["statement"].startswith("nothing is certified")


def test_products_of_entries(tmp_path: Path) -> None:
    network = ws.compile(GATED, gated=True)
    found = first(run(exported(network, tmp_path), alone(GIVEN)))
    assert_close(found, flat(reference(network, GIVEN)), 1e-12)


KNOTS = """algorithm knots(A: [d, e])
table ramp = (-1, 1), (0, -1/2), (2, 1), (3, 1), (5, -2)

return ramp(A)
"""


def test_a_table_is_right_at_its_knots_and_beside_them(tmp_path: Path) -> None:
    network = ws.compile(KNOTS)
    model = exported(network, tmp_path)
    assert "Gather" in {node.op_type for node in onnx.load_from_string(model).graph.node}
    places = np.array([-50, -2, -1, -0.5, 0, 2, 2.5, 3, 4, 5, 5.5, 50])
    near = np.stack([np.nextafter(places, -np.inf), places, np.nextafter(places, np.inf)])
    found = first(run(model, {"A": near[None]}))
    assert_close(found, flat(reference(network, {"A": near})), 1e-12)


@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(st.one_of(scripts(), entry_scripts()), st.integers(0, 2**16))
@example(script=LATE, seed=0)
def test_random_programs(tmp_path_factory: pytest.TempPathFactory, script: str, seed: int) -> None:
    check_random(script, seed, tmp_path_factory.mktemp("random"))


@pytest.mark.slow
@settings(max_examples=200, suppress_health_check=list(HealthCheck))
@given(st.one_of(scripts(), entry_scripts()), st.integers(0, 2**16))
def test_many_random_programs(
    tmp_path_factory: pytest.TempPathFactory, script: str, seed: int
) -> None:
    check_random(script, seed, tmp_path_factory.mktemp("random"))


def check_random(script: str, seed: int, place: Path) -> None:
    """Against rational arithmetic, rounded: random programs may cancel."""
    try:
        network = ws.compile(script)
        inputs = network.used(exact_inputs(network.program, seed))
        model = exported(network, place)
    except (DiagnosticError, ExportError) as refusal:
        event(str(refusal)[:40])
        return
    floats = {n: np.asarray(array, dtype=np.float64) for n, array in flat(inputs).items()}
    found = first(run(model, alone(floats)))
    assert_near(list(found.values()), reference(network, grouped(floats)), floats)
