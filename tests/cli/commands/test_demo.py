"""The demo: every example, real data, two tables; and the data against NumPy."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from weightsmith import api
from weightsmith.cli.demonstration.demo_cases import CASES, Case, momentum
from weightsmith.cli.demonstration.demo_data import outward, short
from weightsmith.cli.demonstration.demo_errors import promises
from weightsmith.cli.demonstration.demo_function_cases import FUNCTION_CASES
from weightsmith.cli.inputs.examples import example
from weightsmith.cli.outputs.scale import matrix_of, norm, scale_of, truncations
from weightsmith.cli.outputs.table import aligned
from weightsmith.dsl import resolve_bindings
from weightsmith.dsl.numbers.scalars import evaluate
from weightsmith.dsl.program import core

Call = Callable[..., Result]
ALL = (*CASES, *FUNCTION_CASES)


def test_the_small_demo_ends_with_its_tables(call: Call, tmp_path: Path) -> None:
    result = call("demo", "--small", "--json", tmp_path / "rows.json")
    assert result.exit_code == 0, result.output
    assert "Every certificate verified" in result.output
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert {row["algorithm"] for row in rows} == {case.name for case in ALL}
    assert all(row["verified"] for row in rows)
    for row in rows:
        assert row["output"] in result.output or row["sole"]
        assert row["observed_float64"] <= row["certified"] + 1e3 * 2**-53 * row["condition"]


def test_every_example_is_in_the_demo(examples: Path) -> None:
    assert {case.script for case in ALL} == {path.stem for path in examples.glob("*.alg")}


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_the_network_is_the_script_executed_in_numpy(case: Case) -> None:
    problem = case.problem()
    settings = case.parameters(problem, small=True)
    network = api.compile(
        example(case.script), settings=settings, fewest=case.fewest, matrices=problem.matrices
    )
    answer, direct = network.run(problem.inputs), network.interpret(problem.inputs, tables=True)
    for name, value in direct.items():
        wanted = matrix_of(value)
        scale = max(norm(wanted), 1.0) if network.report.pieces else norm(wanted)
        assert norm(matrix_of(answer[name]) - wanted) <= 1e-12 * problem.condition * scale


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_measured_ends_hold_on_the_data(case: Case) -> None:
    low, high = case.problem().ends
    assert 0 <= low < high
    assert all(end.denominator <= 10**6 for end in (low, high))


@pytest.mark.parametrize("case", FUNCTION_CASES, ids=lambda case: case.name)
def test_the_data_meet_the_assumptions(case: Case) -> None:
    problem = case.problem()
    program = api.check(example(case.script))
    known = resolve_bindings(program, case.parameters(problem))
    for one in program.assumptions:
        if isinstance(one, core.NormAssumption | core.EntryAssumption):
            values = by_group(problem.inputs[one.of])
            for value in values:
                if isinstance(one, core.EntryAssumption):
                    low, high = evaluate(one.low, known), evaluate(one.high, known)
                    assert low <= value.min()
                    assert value.max() <= high
                elif value.shape[1] > 1 and one.of == "x":
                    assert np.linalg.norm(value, axis=0).max() <= evaluate(one.bound, known)
                else:
                    assert norm(value) <= evaluate(one.bound, known)
        if isinstance(one, core.SizeAssumption) and one.axis == "context":
            assert by_group(problem.inputs["x"])[0].shape[1] <= evaluate(one.bound, known)


def by_group(given: object) -> list[np.ndarray]:
    pieces = given.values() if isinstance(given, Mapping) else (given,)
    return [np.asarray(piece) for piece in pieces]


def test_the_largest_eigenvalue_of_the_tumours_is_below_ell() -> None:
    case = next(case for case in FUNCTION_CASES if case.script == "logistic_newton")
    problem = case.problem()
    (x,), (y,) = by_group(problem.inputs["x"]), by_group(problem.inputs["y"])
    assert x.shape == (problem.sizes["m"], problem.sizes["n"]) == (5, 569)
    assert set(y.ravel()) == {0.0, 1.0}
    largest = np.linalg.eigvalsh(x @ x.T / x.shape[1])[-1]
    assert largest <= problem.settings["ell"] <= 1.01 * largest


def test_a_network_without_tables_is_promised_to_be_the_script() -> None:
    case = next(case for case in FUNCTION_CASES if case.script == "lasso_ista")
    settings = case.parameters(case.problem(), small=True)
    found = promises(api.compile(example(case.script), settings=settings))
    assert [(one.output, one.against, one.value) for one in found] == [
        ("w", "script", 0.0),
        ("output2", "script", 0.0),
    ]


def test_the_scale_of_least_squares_is_the_size_of_the_solution() -> None:
    case = next(case for case in CASES if case.script == "gradient_descent")
    problem = case.problem()
    network = api.compile(example(case.script), settings=case.parameters(problem))
    (claim,) = truncations(network.certificate)
    x, y = problem.inputs["x"], problem.inputs["y"]
    assert isinstance(x, Mapping)
    assert isinstance(y, Mapping)
    context, query, labels = (np.asarray(v) for v in (x["context"], x["query"], y["context"]))
    weights = np.linalg.lstsq(context.T, labels.T, rcond=None)[0].T
    target = matrix_of(network.target(problem.inputs)["output"])
    scale = scale_of(claim, network.program, problem.inputs, target, network.bindings)
    assert scale == pytest.approx(norm(weights) * norm(query), rel=1e-10)


def test_a_scale_that_is_not_known_is_refused() -> None:
    case = next(case for case in CASES if case.script == "gradient_descent")
    problem = case.problem()
    network = api.compile(example(case.script), settings=case.parameters(problem))
    (claim,) = truncations(network.certificate)
    with pytest.raises(ValueError, match="expected a scale of"):
        scale_of(
            replace(claim, scale="norm(luck)"),
            network.program,
            problem.inputs,
            np.eye(2),
            network.bindings,
        )


def test_ends_are_rounded_outward_to_short_rationals() -> None:
    low, high = outward(0.0085607, 4.02421)
    assert (low, high) == (Fraction(855, 100000), Fraction(403, 100))
    assert short(0.123456) == Fraction(123, 1000)


def test_momentum_keeps_every_mode_oscillating() -> None:
    ends = Fraction(1, 2), Fraction(26, 10)
    found = momentum(ends)
    eta, beta = found["eta"], found["beta"]
    for end in ends:
        assert (1 + beta - eta * end) ** 2 <= 4 * beta


def test_the_table_lines_up() -> None:
    text = aligned(("name", "certified\nbound"), [("a", "1.0e-06"), ("longer", "2")])
    assert text.splitlines() == [
        "        certified",
        "name        bound",
        "------  ---------",
        "a         1.0e-06",
        "longer          2",
    ]


def test_a_word_among_figures_stands_to_the_right() -> None:
    text = aligned(("bound",), [("exact",), ("1.0e-06",)])
    assert text.splitlines() == ["  bound", "-------", "  exact", "1.0e-06"]
