"""What is compared: every example on its data of the demo, and random programs on random floats."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.compiler.entry_programs import entry_scripts
from tests.compiler.programs import scripts

from weightsmith import api
from weightsmith.backends.template.layout import Inputs
from weightsmith.cli.demonstration.demo_cases import CASES
from weightsmith.cli.demonstration.demo_function_cases import FUNCTION_CASES
from weightsmith.cli.inputs.examples import example
from weightsmith.dsl import DiagnosticError

SIZES = {"d": 4, "e": 3, "k": 2, "context": 6, "query": 5}
LONG = ("logistic_newton",)  # takes a minute to compile with its usual steps
SMALL = ("newton_inverse", "gradient_descent", "lasso_fista", "divide")


@dataclass(frozen=True)
class Drawn:
    name: str
    network: api.Network
    inputs: Inputs
    script: str
    is_example: bool


def examples(*, small: bool) -> Iterator[Drawn]:
    for case in (*CASES, *FUNCTION_CASES):
        if small and case.name not in SMALL:
            continue
        problem = case.problem()
        chosen = case.parameters(problem, small=small or case.script in LONG)
        network = api.compile(
            example(case.script), settings=chosen, fewest=case.fewest, matrices=problem.matrices
        )
        yield Drawn(case.name, network, network.used(problem.inputs), case.script, True)


def programs(count: int) -> Iterator[Drawn]:
    """Different random programs with at least one layer, half of them with functions of entries."""
    seen: set[bytes] = set()
    for number, script in enumerate(_scripts(count)):
        try:
            network = api.compile(script)
        except DiagnosticError:
            continue
        template = network.files()["template.json"]
        if template in seen or not network.template.body:
            continue
        seen.add(template)
        inputs = network.used(_inputs(network, number))
        yield Drawn(f"program {len(seen)}", network, inputs, script, False)
        if len(seen) == count:
            return


def _scripts(count: int) -> Iterator[str]:
    """More than enough, by turns of the two kinds, the same each time."""
    for pair in zip(_some(scripts(), count), _some(entry_scripts(), count), strict=False):
        yield from pair


def _some(strategy: st.SearchStrategy[str], count: int) -> list[str]:
    found: list[str] = []

    @settings(
        max_examples=2 * count + 40,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(script: str) -> None:
        found.append(script)

    collect()
    return found


def _inputs(network: api.Network, seed: int) -> Inputs:
    random = np.random.default_rng(seed)

    def matrix(rows: str, columns: str) -> np.ndarray:
        return random.normal(size=(SIZES[rows], SIZES[columns])) / 2

    found: dict[str, np.ndarray | dict[str, np.ndarray]] = {}
    for one in network.program.inputs:
        if one.shape.columns == "token":
            found[one.name] = {g: matrix(one.shape.rows, g) for g in one.shape.column_groups}
        else:
            value = matrix(one.shape.rows, one.shape.columns)
            found[one.name] = value + value.T if one.symmetric else value
    return found
