"""Random programs with functions of entries: the network is the script, exactly, and proven."""

from __future__ import annotations

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

import weightsmith.api as ws
from weightsmith.backends.reference import run_files
from weightsmith.dsl import DiagnosticError
from weightsmith.dsl.running import interpreter

from .entry_programs import entry_scripts
from .test_random_programs import compare, exact_inputs


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(entry_scripts(), st.integers(0, 2**16))
def test_network_equals_script_and_is_proven(script: str, seed: int) -> None:
    try:
        network = ws.compile(script)
    except DiagnosticError as refusal:
        errors = [d.message for d in refusal.diagnostics if d.severity == "error"]
        event("refused: " + errors[0][:60])
        return
    event("compiled")
    inputs = exact_inputs(network.program, seed)
    wanted = interpreter.run(network.program, inputs, network.bindings, exact=True)
    found = run_files(network.files()["template.json"], None, network.used(inputs), exact=True)
    for name, value in wanted.items():
        compare(found[name], value)
    verdicts = network.verify().verdicts
    assert all(v.accepted for v in verdicts), [v.reason for v in verdicts if not v.accepted]
