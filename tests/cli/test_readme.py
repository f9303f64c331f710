"""The README: its commands are there once, its links lead somewhere; the tables of results."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from weightsmith.cli.commands.demo import FUNCTION_HEADERS, HEADERS
from weightsmith.cli.demonstration.demo_cases import CASES
from weightsmith.cli.demonstration.demo_function_cases import FUNCTION_CASES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RESULTS = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")


def test_it_is_short() -> None:
    """Its examples are run by tests/documents."""
    assert len(README.splitlines()) <= 150


@pytest.mark.parametrize("name", ["demo", "tests"])
def test_a_command_is_one_line_that_works_on_a_fresh_machine(name: str) -> None:
    (command,) = re.findall(rf"<!-- command: {name} -->\n\n    (.*)\n\n", README)
    assert command.startswith("python3 -m venv .venv && .venv/bin/pip install -c constraints.txt ")


def test_the_tables_have_every_example_and_every_column() -> None:
    for case in (*CASES, *FUNCTION_CASES):
        assert re.search(rf"^{case.name}(: \w+)? +{re.escape(case.data)} ", RESULTS, re.MULTILINE)
    for header in (*HEADERS, *FUNCTION_HEADERS):
        assert all(word in RESULTS for word in header.split("\n"))


def test_every_link_leads_somewhere() -> None:
    for place in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / place).exists(), place


def test_the_exact_versions_satisfy_the_metadata() -> None:
    names = {
        line.partition("==")[0].lower()
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if not line.startswith("#")
    }
    metadata = (ROOT / "pyproject.toml").read_text()
    needed = set(re.findall(r'^\s*"?([a-z-]+)[><]=', metadata, re.MULTILINE))
    needed |= set(re.findall(r'"([a-z-]+)>=', metadata))
    assert needed - {"hatchling"} <= names
