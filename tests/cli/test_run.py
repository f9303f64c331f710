"""``weightsmith run``: arrays in files, in and out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

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
    assert "mu <= spectrum(A) <= L" in result.stderr


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
    assert result.exit_code == 1
    assert "No space left on device" in result.stderr
    assert out.read_bytes() == b"before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npy", out.name]


def test_a_place_that_must_not_be_written_to_is_said_before_anything_is_computed(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)  # the tests may run as root
    result = call("run", tmp_path / "none", "-o", tmp_path / "out.npy")
    assert result.exit_code == 1
    assert "must not be written to; choose another place" in result.stderr
