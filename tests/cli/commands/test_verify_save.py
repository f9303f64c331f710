"""``verify NET --against SCRIPT --save DIR``: a directory, or nothing, and the exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ..conftest import Call

NETWORKS = Path(__file__).parents[2] / "compiler" / "nets" / "networks"


def pair(name: str) -> tuple[str | Path, ...]:
    return "verify", NETWORKS / f"{name}.net", "--against", NETWORKS / f"{name}.alg"


def test_a_saved_network_is_verified_shown_run_and_exported(call: Call, tmp_path: Path) -> None:
    directory = tmp_path / "newton"
    found = call(*pair("giannou_4_1_symmetric"), "--set", "steps=3", "--save", directory)
    assert found.exit_code == 0, found.output
    first, second, *more = found.output.splitlines()
    assert first == "EQUAL for all sizes, inputs and numbers of passes (by induction)"
    assert second == f"newton -> {directory}"
    assert "  layers  3 (no linear-attention network can do with fewer than 3)" in more
    verified = call("verify", directory)
    assert verified.exit_code == 0
    assert verified.output.endswith("newton: every claim holds.\n")
    command = [sys.executable, "-m", "weightsmith.checker", "--kernel", str(directory)]
    kernel = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (kernel.returncode, kernel.stdout.splitlines()[-1]) == (0, "proven")
    assert "repeat steps:" in call("show", directory).output
    for name, text in (("A", "2,0\n0,2\n"), ("X0", "0.25,0\n0,0.25\n")):
        (tmp_path / f"{name}.csv").write_text(text)
    inputs = [f"{name}={tmp_path / name}.csv" for name in ("A", "X0")]
    ran = call("run", directory, *(part for one in inputs for part in ("--input", one)))
    assert ran.exit_code == 0, ran.output
    assert "0.498" in ran.output  # 1/4, 3/8, 15/32, 255/512
    assert call("export", directory, "-o", tmp_path / "newton.net").exit_code == 0


def test_what_is_not_equal_is_not_written(call: Call, tmp_path: Path) -> None:
    found = call(*pair("fu_as_printed"), "--save", tmp_path / "fu")
    assert found.exit_code == 1
    assert found.output.splitlines()[-1] == "Nothing is saved: they are not shown to be equal."
    assert list(tmp_path.iterdir()) == []


def test_json_says_where(call: Call, tmp_path: Path) -> None:
    directory = tmp_path / "fu"
    found = call(*pair("fu_mended"), "--save", directory, "--json")
    told = json.loads(found.output)
    assert (told["status"], told["outcome"], told["saved"]) == (0, "equal", str(directory))
    assert (directory / "certificate.json").is_file()
    told = json.loads(call(*pair("fu_as_printed"), "--save", tmp_path / "no", "--json").output)
    assert (told["status"], told["outcome"], told["saved"]) == (1, "different", None)
    assert "saved" not in json.loads(call(*pair("fu_mended"), "--json").output)


def test_an_occupied_directory_stays_as_it_is(call: Call, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("all of it")
    found = call(*pair("fu_mended"), "--save", tmp_path)
    assert found.exit_code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_two_numbers_for_one_symbol_are_a_question(call: Call, tmp_path: Path) -> None:
    net = (NETWORKS / "fu_mended.net").read_text(encoding="utf-8")
    script = (NETWORKS / "fu_mended.alg").read_text(encoding="utf-8")
    (line,) = [one for one in net.splitlines() if one.startswith("param")]
    (other,) = [one for one in script.splitlines() if one.startswith("param")]
    assert "alpha" in line
    assert "alpha" in other
    (tmp_path / "fu.net").write_text(net.replace("alpha", "alpha = 1/2", 1), encoding="utf-8")
    (tmp_path / "fu.alg").write_text(script.replace("alpha", "alpha = 1/3", 1), encoding="utf-8")
    found = call(
        *("verify", tmp_path / "fu.net", "--against", tmp_path / "fu.alg"),
        *("--save", tmp_path / "fu"),
    )
    assert found.exit_code == 2, found.output
    assert "say which it shall be, --set alpha=1/2." in found.output
    assert not (tmp_path / "fu").exists()


@pytest.mark.parametrize("option", [["--save", "x"], ["--set", "a=1"], ["--return", "a=b"]])
def test_it_goes_with_against(call: Call, option: list[str], tmp_path: Path) -> None:
    found = call("verify", tmp_path, *option)
    assert found.exit_code == 2
    assert "--set, --return and --save go with --against SCRIPT." in found.output
