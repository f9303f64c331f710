"""docs/net.md: its networks are read, its commands print what it says."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result

from weightsmith.compiler.nets.read_net import read_net
from weightsmith.compiler.nets.same import same_template
from weightsmith.compiler.nets.write_net import net_of
from weightsmith.dsl import Source

Call = Callable[..., Result]
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "net.md").read_text(encoding="utf-8")
NETWORKS = re.findall(r"```net\n(network (\w+)\n.*?)```", PAGE, re.DOTALL)
SCRIPTS = re.findall(r"```alg\n(algorithm (\w+).*?)```", PAGE, re.DOTALL)


def commands() -> Iterator[tuple[list[str], str]]:
    """Each command, and the lines below it."""
    for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL):
        for part in re.split(r"^\$ weightsmith ", block, flags=re.MULTILINE)[1:]:
            line, _, printed = part.partition("\n")
            yield line.split(), printed


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the networks and scripts of the page, and the examples."""
    for kind, found in ((".net", NETWORKS), (".alg", SCRIPTS)):
        for text, name in found:
            (tmp_path / f"{name}{kind}").write_text(text, encoding="utf-8")
    mistaken = NETWORKS[1][0].replace("softmax", "sofmax")
    (tmp_path / "mistaken.net").write_text(mistaken, encoding="utf-8")
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("text", "name"), NETWORKS, ids=[name for _, name in NETWORKS])
def test_a_network_of_the_page_reads_back(text: str, name: str) -> None:
    net = read_net(Source(f"{name}.net", text))
    again = read_net(Source("again.net", net_of(net)))
    assert same_template(net.template, again.template) == ""


def test_the_commands_print_what_the_page_says(call: Call, place: Path) -> None:
    count = 0
    for command, printed in commands():
        found = call(*command)
        is_mistaken = "error[" in printed
        assert found.exit_code == (1 if is_mistaken else 0), found.output
        if printed:
            assert (found.stderr if is_mistaken else found.stdout).rstrip() == printed.rstrip()
        count += 1
    assert count == 6


def test_a_slip_is_not_equal(call: Call, place: Path) -> None:
    path, script = place / "von_oswald.net", place / "one_step.alg"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("(eta/N)", "(-eta/N)"), encoding="utf-8")
    found = call("verify", path, "--against", script)
    assert found.exit_code == 1
    assert found.stdout.startswith("NOT EQUAL, ")
    assert "smallest input found" in found.stdout


@pytest.mark.parametrize("option", ["--depth", "--gated"])
def test_show_of_a_text_takes_no_options(call: Call, place: Path, option: str) -> None:
    found = call("show", "kinds.net", option)
    assert found.exit_code == 2
    assert f"{option} is for scripts; 'kinds.net' is a network as text" in found.output


def test_a_network_is_known_by_its_first_word(call: Call, place: Path) -> None:
    (place / "kinds.net").rename(place / "kinds.txt")
    assert call("show", "kinds.txt").stdout.startswith("network kinds\n")
    assert "error" in call("show", "one_step.alg", "--set", "z=1").output.lower()
