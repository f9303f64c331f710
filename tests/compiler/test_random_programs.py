"""Random programs: the network equals the script exactly, and the checker proves it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

import weightsmith.api as ws
from weightsmith.backends.reference import run_files
from weightsmith.dsl import DiagnosticError
from weightsmith.dsl.running import interpreter

from .programs import scripts

SIZES = {"d": 2, "e": 1, "k": 2, "context": 2, "query": 1}


def exact_inputs(program: object, seed: int) -> dict[str, object]:
    """Small random rationals for every input."""
    random = np.random.default_rng(seed)

    def matrix(rows: str, columns: str) -> np.ndarray:
        shape = (SIZES[rows], SIZES[columns])
        numbers = random.integers(-3, 4, shape), random.integers(1, 4, shape)
        return np.vectorize(Fraction, otypes=[object])(*numbers)

    found: dict[str, object] = {}
    for one in program.inputs:
        if one.shape.columns == "token":
            found[one.name] = {g: matrix(one.shape.rows, g) for g in one.shape.column_groups}
        else:
            value = matrix(one.shape.rows, one.shape.columns)
            found[one.name] = value + value.T if one.symmetric else value
    return found


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(scripts(), st.integers(0, 2**16))
def test_network_equals_script_and_is_proven(script: str, seed: int) -> None:
    try:
        network = ws.compile(script)
    except DiagnosticError as refusal:
        errors = [d.message for d in refusal.diagnostics if d.severity == "error"]
        event("refused: " + errors[0][:40])
        return
    event("compiled")
    inputs = exact_inputs(network.program, seed)
    wanted = interpreter.run(network.program, inputs, network.bindings, exact=True)
    found = run_files(network.files()["template.json"], None, network.used(inputs), exact=True)
    for name, value in wanted.items():
        compare(found[name], value)
    verdicts = network.verify().verdicts
    assert all(v.accepted for v in verdicts), [v.reason for v in verdicts if not v.accepted]


def compare(found: object, wanted: object) -> None:
    if isinstance(found, dict) and not isinstance(wanted, dict):
        (found,) = found.values()
    if not isinstance(found, dict) and isinstance(wanted, dict):
        (wanted,) = wanted.values()
    if isinstance(wanted, dict):
        assert found.keys() == wanted.keys()
        for group in wanted:
            compare(found[group], wanted[group])
    else:
        assert np.array_equal(np.asarray(found), np.asarray(wanted))
