"""What stands there for one who does not know the commands yet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from weightsmith.cli.main import COMMANDS

Call = Callable[..., Result]


def test_each_command_has_a_whole_line(call: Call) -> None:
    lines = call("--help").stdout.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in lines] == list(COMMANDS)
    assert [line for line in lines if line.endswith("...") or not line.endswith((".", "…"))] == []


def test_no_command_is_the_help_and_no_error(call: Call) -> None:
    result = call()
    assert result.exit_code == 2
    assert result.stderr == call("--help").stdout
    assert "error[" not in result.stderr


def test_a_misspelt_command_is_told_the_nearest(call: Call) -> None:
    result = call("chek", "f.alg")
    assert result.exit_code == 2
    assert "error[option]: No such command 'chek'. Did you mean 'check'?" in result.stderr
    assert call("frobnicate").stderr.endswith("No such command 'frobnicate'.\n")
    assert "No such option '--josn'" in call("--josn").stderr


def test_a_directory_is_no_script_but_has_one(call: Call, network: Path) -> None:
    result = call("show", "--emit", "tree", network)
    assert result.exit_code != 0
    result = call("measure", network, "--input", "A=a.csv")
    assert f"help: its script is {network}/script.alg" in result.stderr
