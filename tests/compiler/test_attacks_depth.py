"""Attacks on what issue 4 brought (schedules, deeper rules): each must be refused, or say less."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.checker.claims_by_hand import check_truncation, claims_in

import weightsmith.api as ws
from weightsmith.checker.reading.refusal import Budget, RefusedError
from weightsmith.dsl import BindingError, DiagnosticError

from .forging import of_script

BESIDE = """algorithm beside(A: symmetric[d, d])
assume spectrum(A) in {spectrum}
X = A*A
{loop}return X approximates A*sqrt(A*A)
"""


@pytest.mark.parametrize("loop", ["", "repeat 3:\n    X = 3/2*X - 1/2*X\n"])
def test_a_negative_factor_beside_a_root_is_no_part_of_it(loop: str) -> None:
    """A·sqrt(A·A) is −A·A for eigenvalues below 0, though its square is A⁴ there too."""
    positive = ws.compile(BESIDE.format(spectrum="[1, 2]", loop=loop))
    assert positive.verify().accepted
    assert positive.bounds[0].value is not None
    script = BESIDE.format(spectrum="[-2, -1]", loop=loop)
    assert ws.compile(script).bounds[0].value is None
    claims: list[dict[str, object]] = claims_in(positive.certificate)  # type: ignore[assignment]
    claim: Any = claims[-1]
    del claim["steps"][0]["ends"]  # those of the other spectrum
    with pytest.raises(RefusedError, match="not positive on the whole spectrum"):
        check_truncation(ws.check(script), {}, claim, Budget())


LATE = """algorithm late(A: [d, d])
X = 0*A
for g in 1, 2, 3:
    X = X + relu(g*X) + A
return X
"""
LATER = """algorithm late(A: [d, d])
X, B = 0*A, 0*A
for g in 1, 2, 3:
    X = X + B + A
    B = relu(g*X)
return X
"""


def test_an_invariant_may_not_hide_a_number_of_the_passes_in_a_function(tmp_path: Path) -> None:
    """relu(g·X) of this pass is not that of the last pass, though at first both are 0."""
    script, network = ws.compile(LATE).files(), ws.compile(LATER).files()
    document = json.loads(network["certificate.json"])
    document = of_script(document, script["script.alg"].decode())
    document["facts"][0]["with"]["loops"][0]["invariant"]["B"]["d"] = [["1", ["relu[1]"]]]
    for name, data in {**network, "script.alg": script["script.alg"]}.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "certificate.json").write_text(json.dumps(document))
    refused = [v for v in ws.verify(tmp_path).verdicts if not v.accepted]
    assert [v.kind for v in refused] == ["exactness"]
    assert "number of the passes" in refused[0].reason


PASSES = """algorithm passes(A: symmetric[d, d])
assume spectrum(A) in [1/10, 1]
param mu = 2
X = 1/2*A
for g in {numbers}:
    {step}
return X approximates inv(A)
"""


@pytest.mark.parametrize(
    ("numbers", "step", "problem"),
    [
        ("1, 0", "X = X + g/g*A*X", "pass 2, g = 0: division by zero"),
        ("1, mu - 2", "X = X + 1/g*A*X", "pass 2, g = 0: division by zero"),
        ("2, 1/2", "X = 3^g*X*A", "pass 2, g = 1/2: the exponent 1/2 is not a whole number"),
        ("1, 2", "X = X*A\n    for h in g - 1, g:\n        X = X + g/h*A", "pass 1, g = 1, h = 0"),
    ],
)
def test_a_scalar_without_value_in_some_pass_is_an_error(
    numbers: str, step: str, problem: str
) -> None:
    with pytest.raises(BindingError, match=problem):
        ws.compile(PASSES.format(numbers=numbers, step=step))


def test_a_division_by_zero_in_some_pass_is_refused_where_it_cancels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("weightsmith.dsl.running.bindings.check_passes", lambda body, values: None)
    forged = ws.compile(PASSES.format(numbers="1, 0", step="X = X + g/g*A*X")).files()
    monkeypatch.undo()
    for name, data in forged.items():
        (tmp_path / name).write_bytes(data)
    refused = [v.kind for v in ws.verify(tmp_path).verdicts if not v.accepted]
    assert "exactness" in refused


def test_a_pseudoinverse_by_the_spectrum_of_the_square_is_accepted() -> None:
    """pinv(A) = T⁻¹·A' where T = A'A is invertible: the checker asked for singular values."""
    network = ws.compile("""algorithm square(A: symmetric[d, d])
assume spectrum(A*A) in [1, 4]
X = 2*A
return A*X approximates 1/2*A*pinv(A)*A*A
""")
    assert network.bounds[0].value is not None
    assert network.verify().accepted


@pytest.mark.parametrize("step", ["X = A\nreturn X approximates", "return synthesize"])
def test_a_target_of_astronomic_size_is_refused_at_once(step: str) -> None:
    """exp(10¹²) as a fraction fills any memory."""
    within = " within 1e-4" if "synthesize" in step else ""
    script = f"""algorithm large(A: symmetric[d, d])
assume spectrum(A) in [0, 1000000000000]
{step} exp(A){within}
"""
    if within:
        with pytest.raises(DiagnosticError, match="too large"):
            ws.compile(script)
    else:
        assert ws.compile(script).bounds[0].unproven
