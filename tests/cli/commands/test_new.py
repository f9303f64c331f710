"""``weightsmith new``: what it writes checks, compiles and runs; nothing is replaced."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from weightsmith.testing import implements_from

Call = Callable[..., Result]


def test_every_command_that_a_new_script_names_works(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("new", "descent").stdout == "descent.alg\n"
    text = Path("descent.alg").read_text()
    x = np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5]])
    for name, array in (("x", x), ("y", x[:1] + 2 * x[1:]), ("q", x[:, :2])):
        np.savetxt(f"{name}.csv", array, delimiter=",")
    lines = [line.split(maxsplit=2)[2] for line in text.split("\n") if "  weightsmith " in line]
    assert [line.split()[0] for line in lines] == ["check", "show", "compile", "verify", "run"]
    for line in lines:
        result = call(*shlex.split(line))
        assert result.exit_code == 0, result.output
    assert "certified, before round-off" in result.stderr


def test_a_new_network_is_its_script(call: Call, tmp_path: Path) -> None:
    written = call("new", "--network", tmp_path / "descent").stdout.split()
    assert [Path(name).name for name in written] == [
        *("descent.net", "descent.alg", "test_descent.py")
    ]
    assert call("check", tmp_path / "descent.alg").stderr == ""
    assert call("show", tmp_path / "descent.net").exit_code == 0
    assert implements_from(tmp_path)("descent.net", "descent.alg").outcome == "equal"
    scope: dict[str, Callable[[], None]] = {}
    source = (tmp_path / "test_descent.py").read_text()
    exec(compile(source, str(tmp_path / "test_descent.py"), "exec"), scope)
    scope["test_the_network_is_the_algorithm"]()


@pytest.mark.parametrize("file", ["f.alg", "f.net", "test_f.py"])
def test_no_file_is_replaced(call: Call, tmp_path: Path, file: str) -> None:
    (tmp_path / file).write_text("years of work")
    result = call("new", "--network", tmp_path / "f")
    assert result.exit_code == 2
    assert file in result.stderr
    assert [one.name for one in tmp_path.iterdir()] == [file]
    assert (tmp_path / file).read_text() == "years of work"


@pytest.mark.parametrize("name", ["repeat", "a b", "é", "", "1st", "x-y", "missing/f"])
def test_a_name_that_is_none(call: Call, tmp_path: Path, name: str) -> None:
    result = call("new", tmp_path / name if name else name)
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert list(tmp_path.iterdir()) == []
