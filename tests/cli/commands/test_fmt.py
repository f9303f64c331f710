"""``weightsmith fmt``: files are laid out, whole or not at all; the exit status says what is so."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.cli.conftest import Call

from weightsmith.cli.main import commands

UGLY = "algorithm f(A:[d,d])\nX=2 *A # twice\nrepeat 3:\n  X = X*A\nreturn X"
NEAT = "algorithm f(A: [d, d])\nX = 2*A  # twice\nrepeat 3:\n    X = X*A\nreturn X\n"
BROKEN = "algorithm f(A: [d, d]\nreturn A"


def test_a_file_is_laid_out_in_its_place(call: Call, tmp_path: Path) -> None:
    script = tmp_path / "f.alg"
    script.write_text(UGLY)
    script.chmod(0o640)
    first, second = call("fmt", script), call("fmt", script)
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert script.read_text() == NEAT
    assert stat.S_IMODE(script.stat().st_mode) == 0o640
    assert first.stderr == f"laid out {script}\n1 changed, 0 as it should be\n"
    assert second.stderr == "0 changed, 1 as it should be\n"
    assert os.listdir(tmp_path) == ["f.alg"]


def test_a_link_stays_a_link(call: Call, tmp_path: Path) -> None:
    script, link = tmp_path / "f.alg", tmp_path / "g.alg"
    script.write_text(UGLY)
    link.symlink_to(script)
    assert call("fmt", link, script).stderr.endswith("1 changed, 0 as it should be\n")
    assert link.is_symlink()
    assert script.read_text() == NEAT


def test_directories_stand_for_their_scripts(call: Call, tmp_path: Path) -> None:
    inner = tmp_path / "more"
    hidden = tmp_path / ".old"
    for directory in (inner, hidden):
        directory.mkdir()
    for place in (tmp_path / "f.alg", inner / "g.alg", hidden / "h.alg", inner / "notes.txt"):
        place.write_text(UGLY)
    assert call("fmt", tmp_path, inner).exit_code == 0
    assert (inner / "g.alg").read_text() == (tmp_path / "f.alg").read_text() == NEAT
    assert (hidden / "h.alg").read_text() == (inner / "notes.txt").read_text() == UGLY


@pytest.mark.parametrize("option", ["--check", "--diff"])
def test_a_look_writes_nothing(call: Call, tmp_path: Path, option: str) -> None:
    ugly, neat = tmp_path / "f.alg", tmp_path / "g.alg"
    ugly.write_text(UGLY)
    neat.write_text(NEAT)
    looked = call("fmt", option, ugly)
    assert looked.exit_code == 1
    assert ugly.read_text() == UGLY
    assert ("-X=2 *A # twice\n" in looked.stdout) == (option == "--diff")
    assert call("fmt", option, neat).exit_code == 0


def test_a_mistake_leaves_its_file_and_not_the_others(call: Call, tmp_path: Path) -> None:
    broken, bytes_, ugly = (tmp_path / name for name in ("a.alg", "b.alg", "c.alg"))
    broken.write_text(BROKEN)
    bytes_.write_bytes(b"# \xff\n")
    ugly.write_text(UGLY)
    result = call("fmt", broken, bytes_, ugly)
    assert result.exit_code == 1
    assert f"{broken}:1:12: error[bracket]: this '(' is never closed" in result.stderr
    assert "is not UTF-8 text: byte 0xff in line 1" in result.stderr
    assert result.stderr.endswith("1 changed, 0 as it should be, 2 with a mistake\n")
    assert broken.read_text() == BROKEN
    assert bytes_.read_bytes() == b"# \xff\n"
    assert ugly.read_text() == NEAT


def test_a_file_that_cannot_be_written_is_said(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "f.alg"
    script.write_text(UGLY)

    def fails(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fails)
    result = call("fmt", script)
    assert result.exit_code == 1
    assert "No space left on device" in result.stderr
    assert script.read_text() == UGLY
    assert os.listdir(tmp_path) == ["f.alg"]


def test_the_standard_input_goes_to_the_standard_output() -> None:
    def piped(text: str, *options: str) -> tuple[int, bytes]:
        done = CliRunner().invoke(commands, ["fmt", "-", *options], input=text.encode())
        return done.exit_code, done.stdout_bytes

    assert piped(UGLY) == (0, NEAT.encode())
    windows = "\ufeff" + NEAT.replace("\n", "\r\n")
    assert piped(windows) == (0, windows.encode())
    assert piped(BROKEN) == (1, b"")
    assert piped(UGLY, "--check") == (1, b"")


def test_networks_are_laid_out_too(call: Call, tmp_path: Path) -> None:
    neat = (
        "network one\ninput x: [d] per token\ntokens  context\nstream  x  d rows, starts as x\n"
        "layer   head  x += x·xᵀ·x\nreturn  output = x at context tokens\n"
    )
    ugly = neat.replace("head  ", "head ").replace("  ", "    ")
    network = tmp_path / "one.net"
    network.write_text(ugly, encoding="utf-8")
    assert call("fmt", tmp_path).exit_code == 0
    assert network.read_text(encoding="utf-8") == neat
    done = CliRunner().invoke(commands, ["fmt", "-"], input=ugly.encode())
    assert (done.exit_code, done.stdout_bytes) == (0, neat.encode())
    network.write_text("network one\n", encoding="utf-8")
    assert call("fmt", network).exit_code == 1
    assert network.read_text(encoding="utf-8") == "network one\n"


def test_what_is_not_there_is_a_mistake_of_the_command(call: Call, tmp_path: Path) -> None:
    assert call("fmt", tmp_path / "none.alg").exit_code == 2
    assert call("fmt").exit_code == 2
