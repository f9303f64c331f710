"""``weightsmith run``: arrays in files, in and out."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from weightsmith.backends.measure import enclosure

Call = Callable[..., Result]
MATRIX = np.diag([0.6, 1.0, 2.5]) + 0.1 * np.ones((3, 3))
INVERSE = np.linalg.inv(MATRIX)


def data(seed: int = 0) -> dict[str, np.ndarray]:
    """Context and query tokens, and labels, of one small regression."""
    draw = np.random.default_rng(seed)
    x = np.linalg.qr(draw.normal(size=(8, 3)))[0].T
    return {
        "x.context": x,
        "x.query": draw.normal(size=(3, 5)),
        "y.context": draw.normal(size=(1, 8)),
    }


def solution(given: dict[str, np.ndarray]) -> np.ndarray:
    x, y = given["x.context"], given["y.context"]
    result: np.ndarray = y @ x.T @ np.linalg.inv(x @ x.T) @ given["x.query"]
    return result


@pytest.mark.parametrize("form", ["npy", "csv", "npz"])
def test_a_matrix_comes_from_any_file(call: Call, network: Path, tmp_path: Path, form: str) -> None:
    file = tmp_path / f"a.{form}"
    if form == "npy":
        np.save(file, MATRIX)
    elif form == "npz":
        np.savez(file, A=MATRIX)
    else:
        np.savetxt(file, MATRIX, delimiter=",")
    result = call("run", network, "--input", f"A={file}", "-o", tmp_path / "out.npy")
    assert result.exit_code == 0, result.output
    assert np.allclose(np.load(tmp_path / "out.npy"), INVERSE, rtol=1e-9)


def test_without_an_output_file_the_values_are_printed(
    call: Call, network: Path, tmp_path: Path
) -> None:
    np.savez(tmp_path / "data.npz", A=MATRIX)
    result = call("run", network, "--input", tmp_path / "data.npz")
    assert result.stdout.startswith("X 3x3\n")
    assert "certified, before round-off: ||X - target|| <= " in result.stderr
    assert "spectrum(A) in [mu, L]" in result.stderr


def test_tokens_come_by_group(call: Call, regression: Path, tmp_path: Path) -> None:
    given = data()
    np.savez(tmp_path / "data.npz", **given)
    result = call("run", regression, "--input", tmp_path / "data.npz", "-o", tmp_path / "p.csv")
    assert result.exit_code == 0, result.output
    found = np.loadtxt(tmp_path / "p.csv", delimiter=",", ndmin=2)
    assert np.allclose(found, solution(given), atol=1e-2)


def test_a_table_with_a_heading_and_one_token_a_row(
    call: Call, regression: Path, tmp_path: Path
) -> None:
    given = data()
    arguments: list[object] = []
    for name, array in given.items():
        file = tmp_path / f"{name}.csv"
        heading = ",".join(f"column{i}" for i in range(len(array)))
        np.savetxt(file, array.T, delimiter=",", header=heading, comments="")
        arguments += ["--input", f"{name}={file}"]
    out = tmp_path / "p.npz"
    result = call("run", regression, *arguments, "--rows", "-o", out)
    assert result.exit_code == 0, result.output
    with np.load(out) as archive:
        assert archive.files == ["output.query"]
        assert np.allclose(archive["output.query"], solution(given), atol=1e-2)


def test_float32_computes_in_float32(call: Call, network: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", MATRIX)
    arguments = ("--input", f"A={tmp_path / 'a.npy'}", "-o", tmp_path / "x.npy")
    assert call("run", network, *arguments, "--dtype", "float32").exit_code == 0
    assert np.load(tmp_path / "x.npy").dtype == np.float32


@pytest.mark.parametrize("form", ["npy", "csv", "npz"])
def test_an_output_file_is_written_whole_or_not_at_all(
    call: Call, network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    out = tmp_path / f"out.{form}"
    out.write_bytes(b"before")
    np.save(tmp_path / "a.npy", MATRIX)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        result = call("run", network, "--input", f"A={tmp_path / 'a.npy'}", "-o", out)
    assert result.exit_code == 5
    assert "No space left on device" in result.stderr
    assert out.read_bytes() == b"before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npy", out.name]


def test_a_place_that_must_not_be_written_to_is_said_before_anything_is_computed(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)  # the tests may run as root
    result = call("run", tmp_path / "none", "-o", tmp_path / "out.npy")
    assert result.exit_code == 2
    assert "must not be written to; choose another place" in result.stderr


# -- measured data ------------------------------------------------------------------------------


def test_the_table_and_the_bound_of_these_data_are_printed(
    call: Call, network: Path, tmp_path: Path
) -> None:
    np.save(tmp_path / "a.npy", MATRIX)
    result = call("run", network, "--input", f"A={tmp_path / 'a.npy'}")
    assert result.exit_code == 0, result.output
    rows = [line.split("  ") for line in result.stderr.splitlines()]
    assert [cell.strip() for cell in rows[0] if cell] == ["hypothesis", "measured", "holds"]
    spectrum = next(row for row in rows if row[0].startswith("spectrum(A)"))
    assert spectrum[-1] == "yes"
    line = next(line for line in result.stderr.splitlines() if line.startswith("certified"))
    found = re.search(r"= (\S+) \* (\S+) = (\S+) \(norm\(target\) is computed", line)
    assert found is not None
    factor, scale, absolute = map(float, found.groups())
    assert np.linalg.norm(INVERSE, 2) <= scale <= 1.001 * np.linalg.norm(INVERSE, 2)
    assert factor * scale <= absolute * (1 + 1e-12) <= 1.002 * factor * scale


def test_data_that_break_an_assumption_are_refused(
    call: Call, network: Path, tmp_path: Path
) -> None:
    np.save(tmp_path / "a.npy", 2 * MATRIX)
    arguments = ("run", network, "--input", f"A={tmp_path / 'a.npy'}", "-o", tmp_path / "x.npy")
    refused = call(*arguments)
    assert refused.exit_code == 4
    assert not (tmp_path / "x.npy").exists()
    assert "the largest eigenvalue of A is 5.225 and L = 3: compile with --set L=5.226." in (
        refused.stderr
    )
    assert "certified" not in refused.output
    assert "--unchecked" in refused.stderr


def test_unchecked_data_are_run_without_a_word_of_a_certificate(
    call: Call, network: Path, tmp_path: Path
) -> None:
    np.save(tmp_path / "a.npy", np.diag([0.4, 3.4]))
    arguments = ("run", network, "--input", f"A={tmp_path / 'a.npy'}", "-o", tmp_path / "x.npy")
    assert call(*arguments).exit_code == 4
    result = call(*arguments, "--unchecked")
    assert result.exit_code == 0, result.output
    assert result.output == ""
    assert np.allclose(np.load(tmp_path / "x.npy"), np.diag([1 / 0.4, 1 / 3.4]), rtol=1e-3)


def test_a_result_that_is_not_finite_is_an_error_and_no_file(
    call: Call, network: Path, tmp_path: Path
) -> None:
    np.save(tmp_path / "a.npy", 1e60 * MATRIX)
    arguments = ("--input", f"A={tmp_path / 'a.npy'}", "-o", tmp_path / "x.npy", "--unchecked")
    result = call("run", network, *arguments)
    assert result.exit_code == 4
    assert "not finite" in result.stderr
    assert not (tmp_path / "x.npy").exists()


def test_data_that_are_too_large_to_measure_are_named(
    call: Call, network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enclosure, "WORK", 8)
    np.save(tmp_path / "a.npy", MATRIX)
    result = call("run", network, "--input", f"A={tmp_path / 'a.npy'}")
    assert result.exit_code == 0, result.output
    assert "not measured" in result.stderr
    assert ", if " in result.stderr.splitlines()[-1]
    assert result.stderr.splitlines()[-1].endswith("spectrum(A) in [mu, L]")


@pytest.mark.parametrize("change", ["weights", "script", "no weights"])
def test_files_that_the_certificate_is_not_of_are_never_certified(
    call: Call, network: Path, tmp_path: Path, change: str
) -> None:
    place = shutil.copytree(network, tmp_path / "changed")
    if change == "script":
        script = place / "script.alg"
        script.write_text(f"# another script\n{script.read_text()}")
    elif change == "no weights":
        (place / "model.safetensors").unlink()
    else:
        weights = bytearray((place / "model.safetensors").read_bytes())
        weights[-1] ^= 1
        (place / "model.safetensors").write_bytes(weights)
    np.save(tmp_path / "a.npy", MATRIX)
    for more in ((), ("--unchecked",)):
        result = call("run", place, "--input", f"A={tmp_path / 'a.npy'}", *more)
        assert "certified" not in result.output
    assert "the certificate is not of these files" in (
        call("run", place, "--input", f"A={tmp_path / 'a.npy'}").output
    )


def test_a_certificate_that_is_refused_certifies_nothing(
    call: Call, network: Path, tmp_path: Path
) -> None:
    place = shutil.copytree(network, tmp_path / "forged")
    document = json.loads((place / "certificate.json").read_text())
    for line in document["facts"]:
        if line["fact"]["is"] == "truncation":
            line["fact"]["bound"]["value"] = "1/1000000000000000000000000000000"
    (place / "certificate.json").write_text(json.dumps(document))
    np.save(tmp_path / "a.npy", MATRIX)
    result = call("run", place, "--input", f"A={tmp_path / 'a.npy'}")
    assert result.exit_code == 0
    assert "nothing is certified: 'weightsmith verify' refuses the certificate" in result.stderr
    assert "certified, before" not in result.output


def test_a_batch_has_the_bound_of_its_worst(call: Call, network: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.stack([MATRIX, np.eye(3)]))
    result = call("run", network, "--input", f"A={tmp_path / 'a.npy'}", "-o", tmp_path / "x.npy")
    assert result.exit_code == 0, result.output
    line = next(line for line in result.stderr.splitlines() if line.startswith("certified"))
    scale = re.search(r" = \S+ \* (\S+) = ", line)
    assert scale is not None
    assert float(scale[1]) >= np.linalg.norm(INVERSE, 2)


@pytest.mark.parametrize("unchecked", [False, True])
def test_the_distance_from_the_target_of_this_input_is_proven(
    call: Call, network: Path, tmp_path: Path, unchecked: bool
) -> None:
    """With a batch the bound is that of the worst; what has no inverse has a sentence."""
    np.save(tmp_path / "a.npy", MATRIX)
    out = tmp_path / "out.npy"
    arguments = ["run", network, "--input", f"A={tmp_path / 'a.npy'}", "-o", out, "--certify"]
    result = call(*arguments, "--dtype", "float32", *(["--unchecked"] if unchecked else []))
    assert result.exit_code == 0, result.output
    found = re.search(r"for this input: \|\|X - inv\(A\)\|\| <= (\S+) \(Frobenius", result.stderr)
    assert found is not None
    error = float(np.linalg.norm(np.load(out) - INVERSE))
    assert error * (1 - 1e-6) <= float(found[1]) <= 1.01 * error


def test_an_input_whose_target_is_not_known_has_a_sentence_and_no_bound(
    call: Call, network: Path, tmp_path: Path
) -> None:
    np.save(tmp_path / "a.npy", np.ones((3, 3)))
    source = f"A={tmp_path / 'a.npy'}"
    result = call("run", network, "--input", source, "--certify", "--unchecked")
    assert result.exit_code == 0, result.output
    assert "no bound for X against inv(A): A is singular" in result.stderr
    assert "<=" not in result.stderr


def test_measure_prints_settings_that_fit(
    call: Call, examples: Path, regression: Path, tmp_path: Path
) -> None:
    given = {name: 2 * array for name, array in data().items()}
    np.savez(tmp_path / "data.npz", **given)
    source = ("--input", tmp_path / "data.npz")
    assert call("run", regression, *source).exit_code == 4
    measured = call("measure", examples / "gradient_descent.alg", *source)
    assert measured.exit_code == 0, measured.output
    settings = measured.stdout.split()
    assert settings[::2] == ["--set", "--set"]
    compiled = call(
        "compile", examples / "gradient_descent.alg", *settings, "-o", tmp_path / "network"
    )
    assert compiled.exit_code == 0, compiled.output
    assert call("run", tmp_path / "network", *source).exit_code == 0


def test_measure_says_what_no_setting_can_meet(call: Call, examples: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", -MATRIX)
    place = examples / "heat_kernel.alg"
    result = call("measure", place, "--input", f"A={tmp_path / 'a.npy'}")
    assert result.exit_code == 4
    assert "the smallest eigenvalue of A is -2.61" in result.stderr
    assert "must be at least 0" in result.stderr
    divided = call("measure", examples / "lasso_ista.alg", "--input", f"x={tmp_path / 'a.npy'}")
    assert divided.exit_code == 4
