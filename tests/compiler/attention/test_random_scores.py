"""Random scripts with scores: compiled, proven, printed and read back, and equal to the script."""

from __future__ import annotations

import pytest
from tests.compiler.attention.networks import assert_runs, proven
from tests.compiler.attention.scripts import Writer

from weightsmith.dsl import DiagnosticError, Source, check
from weightsmith.dsl.printing.core_form import core_form
from weightsmith.dsl.printing.printer import program_text

LIMITS = ("is zero for every input", "nothing to compute")


def look_at(seed: int) -> bool:
    """Was the script compiled?  What is not is zero."""
    writer = Writer(seed)
    script = writer.script()
    try:
        network = proven(script)
    except DiagnosticError as refused:
        errors = [one.message for one in refused.diagnostics if one.severity == "error"]
        assert all(any(limit in error for limit in LIMITS) for error in errors), (script, errors)
        return False
    assert_runs(network, seed, exact=writer.exact)
    program = check(Source("script", script))
    again = check(Source("printed", program_text(program)))
    assert core_form(again) == core_form(program)
    return True


@pytest.mark.parametrize("part", range(6))
def test_random_scripts_with_scores(part: int) -> None:
    found = [look_at(seed) for seed in range(12 * part, 12 * part + 12)]
    assert sum(found) >= 10


@pytest.mark.slow
@pytest.mark.parametrize("part", range(100))
def test_many_random_scripts_with_scores(part: int) -> None:
    found = [look_at(seed) for seed in range(1000 + 20 * part, 1020 + 20 * part)]
    assert sum(found) >= 15
