"""``weightsmith examples``: the list has every script, a copy is whole and replaces nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from weightsmith.cli.inputs.examples import about

Call = Callable[..., Result]


def test_every_example_is_listed_with_what_it_computes(call: Call, examples: Path) -> None:
    lines = call("examples").stdout.splitlines()
    assert lines == call("examples", "list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == [
        script.stem for script in sorted(examples.glob("*.alg"))
    ]
    for line in lines:
        assert len(line.split()) > 2, line
        assert line.count("(") == line.count(")"), line
    assert any(line.endswith("momentum (Polyak 1964)") for line in lines)


def test_what_a_comment_says_of_a_script() -> None:
    assert about("# A b\n# (B and others 1999).  C.\nalgorithm f(A: [d, d])") == (
        "A b",
        "B and others 1999",
    )
    assert about("# The k-th (k = 2000) step: fast.") == ("The k-th (k = 2000) step", "")
    assert about("algorithm f(A: [d, d])\n# late") == ("", "")


def test_an_example_is_printed_as_it_is(call: Call, examples: Path) -> None:
    assert call("examples", "show", "polar").stdout == (examples / "polar.alg").read_text()


def test_a_copy_comes_with_what_it_uses_and_replaces_nothing(
    call: Call, examples: Path, tmp_path: Path
) -> None:
    place = tmp_path / "new"
    result = call("examples", "copy", "electric_flows", "-o", place)
    assert result.exit_code == 0
    assert sorted(one.name for one in place.iterdir()) == [
        *("electric_flows.alg", "electric_potentials.alg")
    ]
    assert call("check", place / "electric_flows.alg").exit_code == 0
    (place / "electric_flows.alg").unlink()
    (place / "electric_potentials.alg").write_text("mine")
    result = call("examples", "copy", "electric_flows", "-o", place)
    assert result.exit_code == 2
    assert "electric_potentials.alg" in result.stderr
    assert [one.name for one in place.iterdir()] == ["electric_potentials.alg"]


def test_examples_as_documents(call: Call, examples: Path, tmp_path: Path) -> None:
    listed = json.loads(call("examples", "--json").stdout)
    assert listed == json.loads(call("examples", "list", "--json").stdout)
    assert (listed["command"], listed["status"], listed["outcome"]) == ("examples", 0, "listed")
    assert [Path(one["file"]) for one in listed["examples"]] == sorted(examples.glob("*.alg"))
    (momentum,) = (one for one in listed["examples"] if one["name"] == "heavy_ball")
    assert momentum["source"] == "Polyak 1964"
    assert momentum["about"] == "Gradient descent with heavy-ball momentum"
    shown = json.loads(call("examples", "show", "heavy_ball", "--json").stdout)
    assert shown["text"] + "\n" == (examples / "heavy_ball.alg").read_text()
    place = tmp_path / "polar.alg"
    copied = json.loads(call("examples", "copy", "polar", "-o", tmp_path, "--json").stdout)
    assert (copied["outcome"], copied["files"]) == ("copied", [str(place)])
    again = call("examples", "copy", "polar", "-o", tmp_path, "--json")
    assert json.loads(again.stdout)["diagnostics"][0]["code"] == "file-exists"
    assert again.exit_code == 2


@pytest.mark.parametrize("action", ["show", "copy"])
def test_an_example_that_is_none(call: Call, action: str) -> None:
    result = call("examples", action, "rdge")
    assert result.exit_code == 2
    assert "did you mean 'ridge'" in result.stderr.lower()


def test_a_copy_into_a_file(call: Call, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    assert call("examples", "copy", "polar", "-o", tmp_path / "f").exit_code == 2
