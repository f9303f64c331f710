"""``weightsmith export``: what it writes, and a sentence for each mistake."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.cli.conftest import Call


def listed(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir())


def test_the_suffix_says_the_format(call: Call, network: Path, tmp_path: Path) -> None:
    result = call("export", network, "-o", tmp_path / "newton.onnx")
    assert (result.exit_code, result.output) == (0, "")
    assert listed(tmp_path) == ["newton.onnx"]


def test_the_format_may_be_named(call: Call, network: Path, tmp_path: Path) -> None:
    assert call("export", network, "-o", tmp_path / "one.onnx").exit_code == 0
    assert call("export", network, "-o", tmp_path / "two", "--format", "onnx").exit_code == 0
    assert (tmp_path / "one.onnx").read_bytes() == (tmp_path / "two").read_bytes()


def test_counts_may_be_inputs(call: Call, network: Path, tmp_path: Path) -> None:
    assert call("export", network, "-o", tmp_path / "net.py", "--counts").exit_code == 0
    assert "*, steps: int = " in (tmp_path / "net.py").read_text(encoding="utf-8")


MISTAKES = {
    "suffix": (["net.onx"], "the suffix '.onx' names no format", "Did you mean '.onnx'?"),
    "no suffix": (["net"], "no suffix in", "the formats are"),
    "format": (["net.x", "--format", "onx"], "there is no format 'onx'", "Did you mean 'onnx'?"),
    "no directory": (["nowhere/net.onnx"], "there is no directory", "nowhere"),
    "directory": (["taken.onnx"], "is a directory", "name a file"),
    "long name": (["a" * 300 + ".onnx"], "cannot write", "too long"),
    "counts": (["net.npz", "--counts"], "--counts does not go with .npz", ""),
    "option": (["net.onnx", "--dim", "d=3"], "--dim does not go with .onnx", ""),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_a_sentence_and_nothing_is_written(
    name: str, call: Call, network: Path, tmp_path: Path
) -> None:
    (tmp_path / "taken.onnx").mkdir()
    (file, *options), *sentences = MISTAKES[name]
    result = call("export", network, "-o", tmp_path / file, *options)
    assert result.exit_code == 2
    assert all(sentence in result.output for sentence in sentences)
    assert listed(tmp_path) == ["taken.onnx"]
    assert listed(tmp_path / "taken.onnx") == []


def test_a_network_without_numbers_has_nothing_to_export(
    call: Call, examples: Path, tmp_path: Path
) -> None:
    assert call("compile", examples / "newton_inverse.alg", "-o", tmp_path / "n").exit_code == 0
    result = call("export", tmp_path / "n", "-o", tmp_path / "n.onnx")
    assert result.exit_code == 2
    assert "'L', 'mu' have no value" in result.output
    assert listed(tmp_path) == ["n"]


def test_a_file_that_must_not_be_replaced_stays(call: Call, network: Path, tmp_path: Path) -> None:
    """Also where everything may be written: a path through a file is none."""
    (tmp_path / "file").write_text("kept")
    result = call("export", network, "-o", tmp_path / "file" / "net.onnx")
    assert result.exit_code == 2
    assert "there is no directory" in result.output
    assert (tmp_path / "file").read_text() == "kept"


def test_a_missing_extra_is_named(
    call: Call, network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnx_ir", None)
    result = call("export", network, "-o", tmp_path / "net.onnx")
    assert result.exit_code == 2
    assert "pip install 'weightsmith[onnx]'" in result.output
    assert listed(tmp_path) == []
