"""Whole directories: honest ones are accepted, every single corruption is refused by name."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checker_cases import CASES, newton_inverse
from checker_mutations import mutations
from checker_token_cases import gradient_descent
from checker_writing import Case, tensors_of, weights, write
from claims_by_hand import claims_in, put

from weightsmith.checker import Report, verify, verify_directory
from weightsmith.checker.reading.refusal import Budget

# Changes after which every claim still holds: an end of the spectrum that is not the worst one, the
# transpose of a value that is shown symmetric.
ENDS = (("bindings", "mu"), ("bindings", "L"))
TURNED = tuple(("read_out", place, "transposed") for place in (0, 1))
STILL_TRUE = {
    name: ENDS + TURNED if name in ("square_root", "heat_kernel") else ENDS
    for name in (
        "gradient_descent",
        "preconditioned",
        "heavy_ball",
        "gd_plus_plus",
        "square_root",
        "heat_kernel",
    )
}


def refused_kinds(report: Report) -> set[tuple[str, int]]:
    return {(v.kind, v.claim) for v in report.verdicts if not v.accepted}


@pytest.mark.parametrize("name", CASES)
def test_honest_directory_is_accepted(name: str, tmp_path: Path) -> None:
    report = verify_directory(write(CASES[name](), tmp_path))
    assert report.accepted, [v for v in report.verdicts if not v.accepted]
    kinds = {"integrity", "script", "exactness", "weights", "spectrum", "recurrence", "truncation"}
    assert {v.kind for v in report.verdicts} == kinds


@pytest.mark.parametrize("name", CASES)
def test_every_corruption_of_the_template_is_refused(name: str, tmp_path: Path) -> None:
    honest = CASES[name]()
    tensors = tensors_of(honest)
    for path, template in mutations(honest.template):
        case = honest.copy()
        case.template, case.tensors = template, tensors
        report = verify_directory(write(case, tmp_path))
        kinds = {kind for kind, _ in refused_kinds(report)}
        wanted = {"weights", "truncation"} if path[0] == "bindings" else {"exactness"}
        if path in STILL_TRUE.get(name, ()) and not kinds:
            continue
        assert kinds & wanted, (path, report.verdicts)
        assert "integrity" not in kinds or path[0] == "bindings"


@pytest.mark.parametrize("name", CASES)
def test_every_corruption_of_a_fact_is_refused_by_name(name: str, tmp_path: Path) -> None:
    """And what follows from it; a form that is not there may be missed only there."""
    honest = CASES[name]()
    write(honest, tmp_path)
    original = json.loads((tmp_path / "certificate.json").read_text())
    for number, stated in enumerate(original["facts"], 1):
        for path, line in mutations(stated):
            document = json.loads(json.dumps(original))
            document["facts"][number - 1] = line
            (tmp_path / "certificate.json").write_text(json.dumps(document))
            report = verify_directory(tmp_path)
            refused = {at for _, at in refused_kinds(report)} - {0}
            assert refused, (path, report.verdicts)
            assert refused <= {number, *following(original["facts"], number)}
            assert number in refused or path[:2] == ("with", "forms")


def following(lines: list[dict[str, Any]], number: int) -> set[int]:
    """The facts that follow from one, and from those."""
    direct = {line["n"] for line in lines if number in line["from"]}
    return direct.union(*(following(lines, one) for one in direct))


def test_recomputed_weights_leave_only_exactness_broken(tmp_path: Path) -> None:
    case = newton_inverse()
    case.template["body"][0]["body"][0]["heads"][0]["outputs"][0][2] = "-1/3"
    report = verify_directory(write(case, tmp_path))
    assert refused_kinds(report) == {("exactness", 1)}
    reason = next(v.reason for v in report.verdicts if not v.accepted)
    assert reason.startswith("Loop 0: after the body, block 'X' holds")


@pytest.mark.parametrize("dense", [None, {"d": 3, "k": 2}])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_weights_of_both_layouts_and_dtypes(
    dense: dict[str, int] | None, dtype: str, tmp_path: Path
) -> None:
    case = gradient_descent()
    case.dense, case.dtype = dense, dtype
    case.claims[1] = weights(9, dtype)
    assert verify_directory(write(case, tmp_path)).accepted
    tensors = tensors_of(case)
    for name, tensor in tensors.items():
        for place in list(np.ndindex(tensor.shape))[:12]:
            changed = case.copy()
            changed.tensors = {key: value.copy() for key, value in tensors.items()}
            size = np.dtype(dtype).type(tensor[place])
            changed.tensors[name][place] = np.nextafter(size, np.dtype(dtype).type(9))
            report = verify_directory(write(changed, tmp_path))
            assert refused_kinds(report) == {("weights", 2)}
        changed = case.copy()
        changed.tensors = {f"{k}s" if k == name else k: v for k, v in tensors.items()}
        assert refused_kinds(verify_directory(write(changed, tmp_path))) == {("weights", 2)}


def test_a_tensor_too_many_and_a_negative_zero_are_refused(tmp_path: Path) -> None:
    case = gradient_descent()
    case.tensors = tensors_of(case) | {"spare": np.zeros(2)}
    assert refused_kinds(verify_directory(write(case, tmp_path))) == {("weights", 2)}
    case.tensors = tensors_of(case)
    case.tensors["embed.weight"][0, 1] = -0.0
    assert refused_kinds(verify_directory(write(case, tmp_path))) == {("weights", 2)}


def test_a_changed_file_is_named_and_the_claims_are_still_checked(tmp_path: Path) -> None:
    write(newton_inverse(), tmp_path)
    text = (tmp_path / "template.json").read_text()
    (tmp_path / "template.json").write_text(text + "\n")
    assert refused_kinds(verify_directory(tmp_path)) == {("integrity", 0)}
    (tmp_path / "template.json").write_text(text.replace('"-1/2"', '"-1/4"'))
    kinds = {kind for kind, _ in refused_kinds(verify_directory(tmp_path))}
    assert kinds == {"integrity", "exactness", "weights"}


def drop(case: Case, kind: str) -> Case:
    case.claims = [claim for claim in case.claims if claim["kind"] != kind]
    return case


def test_owed_claims(tmp_path: Path) -> None:
    report = verify_directory(write(drop(newton_inverse(), "exactness"), tmp_path / "a"))
    assert ("exactness", 0) in refused_kinds(report)
    report = verify_directory(write(drop(newton_inverse(), "truncation"), tmp_path / "b"))
    assert ("truncation", 0) in refused_kinds(report)
    write(newton_inverse(), tmp_path / "c")
    document = json.loads((tmp_path / "c" / "certificate.json").read_text())
    put(document, [c for c in claims_in(document) if c["kind"] != "weights"])
    (tmp_path / "c" / "certificate.json").write_text(json.dumps(document))
    assert refused_kinds(verify_directory(tmp_path / "c")) == {("weights", 0)}
    twice = newton_inverse()
    twice.claims.append(twice.claims[2])
    assert refused_kinds(verify_directory(write(twice, tmp_path / "d"))) == {("truncation", 8)}


def test_an_unproven_claim_is_reported_and_does_not_fail(tmp_path: Path) -> None:
    case = newton_inverse()
    case.claims[2] = {"kind": "truncation", "output": "X", "unproven": "no-rule"}
    report = verify_directory(write(case, tmp_path))
    assert report.accepted
    assert [v.proven for v in report.verdicts] == [True, True, True, True, False]
    assert report.outcome == "open"
    assert report.open[0].reason.startswith("Not proven, and not claimed: no rule proves it;")
    for reason in ("holds   truncation (claim 3)\nProven.", "", "no rule", "No-Rule"):
        case.claims[2]["unproven"] = reason
        assert not verify_directory(write(case, tmp_path)).accepted
    case.claims[2] |= {"output": "Z", "unproven": "no-rule"}
    assert not verify_directory(write(case, tmp_path)).accepted


def test_without_bindings_the_formula_is_proven(tmp_path: Path) -> None:
    case = drop(newton_inverse(), "weights")
    del case.template["bindings"]["mu"]
    case.claims[1]["bound"]["value"] = None
    assert refused_kinds(verify_directory(write(case, tmp_path))) == {("truncation", 4)}
    case.claims[1]["hypotheses"].append(["conditions", "autonomous"])
    report = verify_directory(write(case, tmp_path))
    assert report.accepted, report.verdicts
    case.template["bindings"]["mu"] = "1/10"
    assert refused_kinds(verify_directory(write(case, tmp_path))) == {("truncation", 4)}


@pytest.mark.parametrize("name", ["script.alg", "template.json", "model.safetensors"])
def test_garbage_files_are_verdicts(name: str, tmp_path: Path) -> None:
    garbage = [b"", b"\x00" * 64, b"{" * 100_000, b'{"a": 1, "a": 2}', b"9" * 500_000, b"\xff\xfe"]
    for data in garbage:
        write(newton_inverse(), tmp_path)
        (tmp_path / name).write_bytes(data)
        report = verify_directory(tmp_path)
        assert ("integrity", 0) in refused_kinds(report)
        assert len(refused_kinds(report)) > 1
    (tmp_path / name).unlink()
    assert not verify_directory(tmp_path).accepted


def test_garbage_certificates_are_verdicts(tmp_path: Path) -> None:
    for data in (b"", b"[" * 100_000, b"NaN", b"1e999", b"[]", b"9" * 500_000, b'{"claims": []}'):
        (tmp_path / "certificate.json").write_bytes(data)
        assert not verify_directory(tmp_path).accepted
    assert not verify_directory(tmp_path / "nowhere").accepted


@pytest.mark.parametrize(
    "scalar",
    [
        "9" * 100_000, "(" * 1_900, "2^(2^(2^(2^9)))", "(mu + L + 1)^1000", "1/(mu - mu)",
        "2^10000000", "(" * 60 + "mu" + "+1)^9" * 60, "mu^(10^18)", "X#0", "\x00",
    ],
)  # fmt: skip
def test_hostile_scalars_are_refused(scalar: str, tmp_path: Path) -> None:
    case = newton_inverse()
    case.tensors = tensors_of(case)
    case.template["body"][0]["body"][0]["heads"][0]["outputs"][0][2] = scalar
    kinds = {kind for kind, _ in refused_kinds(verify_directory(write(case, tmp_path)))}
    assert "exactness" in kinds


def test_a_count_of_a_billion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = newton_inverse(steps=12)
    tensors = tensors_of(case)
    case.template["bindings"]["steps"], case.tensors = str(10**9), tensors
    case.claims[1]["steps"][0]["layers"] = 10**9
    monkeypatch.setattr(verify, "Budget", lambda units=100_000: Budget(units))
    report = verify_directory(write(case, tmp_path))
    assert ("weights", 2) in refused_kinds(report)
    assert not any("Out of budget" in verdict.reason for verdict in report.verdicts)


def test_command_line(tmp_path: Path) -> None:
    write(newton_inverse(), tmp_path)
    command = [sys.executable, "-m", "weightsmith.checker"]
    good = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, check=False)
    assert good.returncode == 0
    assert "claim 5 truncation" in good.stdout
    (tmp_path / "script.alg").write_text("algorithm")
    bad = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, check=False)
    assert bad.returncode == 1
    assert "REFUSED" in bad.stdout
    assert subprocess.run(command, capture_output=True, check=False).returncode == 2


def test_the_checker_imports_nothing_of_the_compiler() -> None:
    code = (
        "import sys, weightsmith.checker;"
        "bad = [m for m in sys.modules if m.startswith(('weightsmith.compiler',"
        "'weightsmith.backends', 'weightsmith.api', 'sympy', 'torch'))];"
        "sys.exit(repr(bad) if bad else 0)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
