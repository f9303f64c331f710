"""What compile says where something costs more than its budget: never silently something else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from weightsmith import api
from weightsmith.checker import prove, verify
from weightsmith.checker.reading.refusal import SHARE, Budget
from weightsmith.checker.rules.tables import telescope
from weightsmith.compiler.restructure.affine_loops import affine_blocks
from weightsmith.dsl.program import core
from weightsmith.dsl.text.diagnostics import DiagnosticError
from weightsmith.network_files import SIMPLER

DESCENT = "examples/gradient_descent.alg"
SETTINGS = {"mu": "1/2", "L": "3", "steps": "30"}


def with_units(units: int) -> Callable[[], Budget]:
    return lambda: Budget(units)


def test_a_restructuring_that_is_given_up_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    checked = prove.rewriting.check_restructuring

    def poor(
        script: core.Program,
        network: core.Program,
        bindings: Mapping[str, Fraction],
        steps: Sequence[object],
        _: Budget,
    ) -> None:
        checked(script, network, bindings, steps, Budget(100))

    full = api.compile(DESCENT, settings=SETTINGS, fewest="layers")
    assert not any("not tried to the end" in note for note in full.notes)
    monkeypatch.setattr(prove.rewriting, "check_restructuring", poor)
    network = api.compile(DESCENT, settings=SETTINGS, fewest="layers")
    assert (full.report.layers, network.report.layers) == (4, 30)
    (told,) = [note for note in network.notes if note.startswith("not tried to the end: 4 layers")]
    assert "checking that the values are the same takes more than" in told
    assert network.verify().accepted


def test_a_limit_of_the_search_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    text = """algorithm two(A: symmetric[d, d], P: [d, d], psi: [d, k])
X = 0
repeat 27:
    X = X - 1/2*(A*X - psi)
    X = X - 1/5*(P*X - psi)
return X
"""
    full = api.compile(text, fewest="layers")
    monkeypatch.setattr(affine_blocks, "MOST_OF_TWO", 0)
    poor = api.compile(text, fewest="layers")
    assert (full.report.layers or 0) < (poor.report.layers or 0)
    assert any(affine_blocks.TOO_MANY in note for note in poor.notes), poor.notes


def test_no_network_is_written_whose_proof_costs_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "SHARE", 20)
    with pytest.raises(DiagnosticError, match="Out of budget"):
        api.compile(DESCENT, settings=SETTINGS)


def test_a_claim_that_costs_too_much_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def poor(*arguments: object) -> object:
        return derive(*arguments[:-1], Budget(20))  # type: ignore[arg-type]

    derive = telescope.derive_propagation
    monkeypatch.setattr(telescope, "derive_propagation", poor)
    (bound,) = api.compile("examples/divide.alg").bounds
    assert bound.unproven is not None
    assert bound.unproven.startswith("Out of budget: ")


@pytest.mark.parametrize(("steps", "is_open"), [("2", False), ("3", True)])
def test_a_series_of_huge_degree_is_open_before_it_is_sought(steps: str, is_open: bool) -> None:
    """At three steps the degree is 15,624, and the points are 131,072."""
    text = Path("tests/scripts/two_stage.alg").read_text().replace("steps = 2", f"steps = {steps}")
    budget = Budget(SHARE)
    with budget.active():
        network = api.compile(text)
    assert budget.spent < SHARE // 2
    (bound,) = network.bounds
    assert (bound.unproven is not None) is is_open
    assert network.verify().outcome == ("open" if is_open else "proven")
    if bound.unproven is not None:
        assert bound.unproven.startswith("Out of budget: ")


def test_what_costs_too_much_is_said_to_be_that_and_the_hint_is_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[object] = []
    checked = verify.verify_files

    def counted(files: Mapping[str, bytes], *known: Any) -> object:
        tried.append(files)
        return checked(files, *known)

    monkeypatch.setattr(verify, "SHARE", 20)
    monkeypatch.setattr(verify, "verify_files", counted)
    with pytest.raises(DiagnosticError) as found:
        api.compile("algorithm f(A: [d, d])\nreturn A*A\n")
    assert found.value.diagnostics[0].hint == SIMPLER
    assert len(tried) == 1  # the same network is not tried twice
