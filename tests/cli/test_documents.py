"""What docs/ shows of newton_inverse is what happens: files, verdicts, facts, stages."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path

import pytest
from click.testing import CliRunner

from weightsmith import api
from weightsmith.checker.__main__ import main
from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.algebra.rational_text import rational_text
from weightsmith.cli.main import commands
from weightsmith.dsl import parse_scalar

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "examples" / "newton_inverse.alg"


def page(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("documents") / "newton"
    api.compile(SCRIPT, settings={"mu": "1/10", "L": 2}).save(path)
    return path


def shown(text: str, first: str, last: str) -> list[str]:
    """The indented lines of a page from one to another, what is cut left out."""
    lines = text[text.index(first) : text.index(last) + len(last)].splitlines()
    return [re.split(r" ?…", line.strip())[0] for line in lines if line.strip()]


def test_the_format_page_has_the_facts_and_the_program(directory: Path) -> None:
    certificate = json.loads((directory / "certificate.json").read_text())
    text = page("format").partition("## 16. A whole example")[2]
    program, facts = map(json.loads, re.findall(r"```json\n(.*?)```", text, re.DOTALL))
    assert program == certificate["program"]
    facts[-1]["fact"]["bound"]["value"] = certificate["facts"][-1]["fact"]["bound"]["value"]
    assert facts == certificate["facts"]


def test_the_format_page_has_texts_of_rational_functions() -> None:
    table = page("format").partition("| scalar | text |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|$", table, re.MULTILINE)
    field = Field(("L", "mu", "s", "k", "smax", "eta"), ("lambda", "X", "w"))
    assert len(rows) > 8
    for scalar, text in rows:
        assert rational_text(field.read(parse_scalar(scalar))) == text


def test_the_certificate_page_has_the_verdicts(directory: Path) -> None:
    found = CliRunner().invoke(commands, ["verify", "--explain", str(directory)])
    assert found.exit_code == 0
    lines = shown(page("certificate"), "holds   integrity", "newton: every claim holds.")
    lines += shown(page("certificate"), "1. The returned value X", "autonomous from claim 4.")
    assert len(lines) > 20
    for line in lines:
        assert line in found.output


def test_the_certificate_page_has_the_witnesses_and_the_script(directory: Path) -> None:
    example = page("certificate").partition("## An example, by hand")[2]
    certificate = json.loads((directory / "certificate.json").read_text())
    given = [line["with"] for line in certificate["facts"]]
    blocks = re.findall(r"^    (\{.*\})$", example, re.MULTILINE)
    inside = re.findall(r"with\s`(\{.*?\})`", example)
    quoted = [json.loads(text) for text in (*blocks, *inside)]
    assert len(quoted) == len(given) - 1
    assert all(one in given for one in quoted)
    source = (directory / "script.alg").read_text().partition("\n")[2]
    assert textwrap.indent(source, "    ").strip() in example


def test_the_kernel_prints_the_same_end(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "$ python -m weightsmith.checker --kernel newton" in page("certificate")
    assert main(["--kernel", str(directory)]) == 0
    printed = capsys.readouterr().out
    assert printed.endswith("\nproven\n")
    assert "script.alg:" not in printed


@pytest.mark.parametrize(
    ("stage", "first", "last"),
    [
        ("graph", "%0 = input", "%6 = exit(X) %5 %3 : [d, d]"),
        ("normal", "X#0 := ", "return X on d = X#0"),
        ("schedule", "start   X#0", "return  X = X#0"),
        ("weights", "network newton_inverse", "return  X = X at d tokens"),
    ],
)
def test_the_architecture_page_has_the_stages(stage: str, first: str, last: str) -> None:
    found = CliRunner().invoke(commands, ["compile", str(SCRIPT), "--emit", stage])
    assert found.exit_code == 0
    printed = {line.strip() for line in found.output.splitlines()}
    assert set(shown(page("architecture"), first, last)) <= printed
