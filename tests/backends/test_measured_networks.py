"""Networks measure their data: ``check``, ``run``, ``measure``, and files that were changed."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pytest

import weightsmith.api as ws
from weightsmith.backends.errors import LayoutError
from weightsmith.cli.demonstration.demo_cases import CASES
from weightsmith.cli.demonstration.demo_function_cases import FUNCTION_CASES
from weightsmith.dsl.printing.hypotheses import hypotheses, premise_text

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ADVICE = r"compile with --set L=5\.226"
A = np.diag([0.6, 1.0, 2.5]) + 0.1


@pytest.fixture(scope="module")
def network() -> ws.Network:
    return ws.compile(EXAMPLES / "newton_inverse.alg", settings={"mu": "1/2", "L": 3, "steps": 8})


def test_run_refuses_warns_or_does_not_look(network: ws.Network) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.allclose(network.run({"A": A})["X"], np.linalg.inv(A))
    with pytest.raises(ws.AssumptionError, match=ADVICE):
        network.run({"A": 2 * A})
    with pytest.warns(ws.AssumptionWarning, match=ADVICE):
        warned = network.run({"A": 2 * A}, check="warn")["X"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        off = network.run({"A": 2 * A}, check="off")["X"]
    assert np.array_equal(warned, off)


def test_a_refusal_is_an_error_of_the_data(network: ws.Network) -> None:
    with pytest.raises(LayoutError) as caught:
        network.run({"A": 2 * A})
    assert isinstance(caught.value, ws.AssumptionError)
    assert not caught.value.report.holds


def test_check_measures_what_the_network_would_run_on(network: ws.Network) -> None:
    report = network.check({"A": A})
    assert [row.verdict.value for row in report.rows] == ["yes"] * 3
    assert report.intact
    with pytest.raises(LayoutError, match="the input 'A' is missing"):
        network.check({})
    with pytest.raises(LayoutError, match="NaN"):
        network.check({"A": np.full((2, 2), np.nan)})


def test_what_measure_finds_compiles_to_a_network_that_runs() -> None:
    script = EXAMPLES / "newton_inverse.alg"
    found = ws.measure(script, {"A": 2 * A})
    assert found == {"mu": "1.346", "L": "5.226"}
    network = ws.compile(script, settings=found)
    assert np.allclose(network.run({"A": 2 * A})["X"], np.linalg.inv(2 * A))
    assert ws.measure(script, {"A": A}, settings={"mu": "1/3"})["mu"] == "1/3"


def test_an_input_that_the_network_reads_in_one_group_may_be_a_bare_array() -> None:
    network = ws.compile(
        "algorithm f(x: [d] per context, y: [1] per context)\nassume norm(x) <= 1\n\n"
        "w = y*x' over context\nreturn w\n"
    )
    x, y = np.array([[0.5, 0.5]]), np.ones((1, 2))
    assert network.check({"x": x, "y": y}).holds
    assert "the largest norm of a token of x is 1.5" in network.check({"x": 3 * x, "y": y}).problem


def test_there_may_be_no_query_tokens() -> None:
    network = ws.compile(EXAMPLES / "gradient_descent.alg", settings={"mu": "1/2", "L": 3})
    x = {"context": np.eye(3), "query": np.zeros((3, 0))}
    assert network.run({"x": x, "y": np.ones((1, 3))})["output"]["query"].shape == (1, 0)
    network = ws.compile(
        "algorithm f(x: [d] per query)\nassume norm(x) <= 1\nassume entries(x) in [0, 1]\n\n"
        "return 2*x\n"
    )
    report = network.check({"x": np.zeros((3, 0))})
    assert [row.verdict.value for row in report.rows] == ["yes"] * 3
    assert [row.measured for row in report.rows] == ["none", "none", "3"]


@pytest.mark.parametrize(
    "name", ["script.alg", "template.json", "model.safetensors", "network.alg"]
)
def test_a_directory_with_other_files_is_not_intact(
    network: ws.Network, name: str, tmp_path: Path
) -> None:
    network.save(tmp_path / "n")
    assert ws.load(tmp_path / "n").intact
    place = tmp_path / "n" / name
    if name in network.files():
        place.write_bytes(place.read_bytes() + b"\n")
    else:
        place.write_bytes(network.files()["script.alg"])
    if name == "model.safetensors":
        other = ws.compile(
            EXAMPLES / "newton_inverse.alg", settings={"mu": 1, "L": 3, "steps": 8}
        ).files()[name]
        place.write_bytes(other)
    changed = ws.load(tmp_path / "n")
    assert not changed.intact
    assert not changed.check({"A": A}).intact
    if name != "network.alg":
        with pytest.warns(ws.AssumptionWarning, match="not of these files"):
            changed.run({"A": A})


def test_a_directory_without_its_weights_or_with_claims_of_other_files_is_not_intact(
    network: ws.Network, tmp_path: Path
) -> None:
    network.save(tmp_path / "n")
    (tmp_path / "n" / "model.safetensors").unlink()
    assert not ws.load(tmp_path / "n").intact
    document = json.loads(network.files()["certificate.json"])
    for files in ({}, {**document["files"], "model.safetensors": None}):
        changed = {**network.files(), "certificate.json": json.dumps({**document, "files": files})}
        encoded = {
            name: content.encode() if isinstance(content, str) else content
            for name, content in changed.items()
        }
        assert not ws.Network(encoded).intact


def test_a_network_without_numbers_is_intact() -> None:
    network = ws.compile(EXAMPLES / "newton_inverse.alg")
    assert network.intact
    report = network.check({"A": A})
    assert report.holds
    assert [row.hypothesis for row in report.unmeasured] == ["spectrum(A) in [mu, L]"]


# -- one list of hypotheses ---------------------------------------------------------------------

CASES_BY_SCRIPT = {case.script: case for case in (*CASES, *FUNCTION_CASES)}
SLOW = (
    "synthesized_roots",
    "logistic_newton",
    "logistic_gradient_descent",
    "normalise",
    "whitened_regression",
    "two_layer_network",
)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW))
        for name in sorted(path.stem for path in EXAMPLES.glob("*.alg"))
    ],
)
def test_every_hypothesis_of_a_certificate_is_measured(name: str) -> None:
    """What data must meet has one source; conditions on parameters alone are not of data."""
    case = CASES_BY_SCRIPT[name]
    problem = case.problem()
    settings = case.parameters(problem, small=True)
    network = ws.compile(EXAMPLES / f"{name}.alg", settings=settings)
    report = network.check(problem.inputs)
    assert report.holds, str(report)
    assert not report.unmeasured
    texts = {one.text for one in hypotheses(network.program)}
    assert texts == {row.hypothesis for row in report.rows}
    for stated in network.facts:
        said = stated.fact.get("hypotheses", [])
        assert isinstance(said, list)
        words = {premise_text(network.program, one) for one in said}
        assert {text for text in words if "side conditions" not in text} <= texts
