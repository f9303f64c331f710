"""The pages in docs/: rule pages are those of the docstrings, links lead somewhere, lines fit."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from weightsmith.checker.reading.open_claims import REASONS
from weightsmith.checker.rules import places
from weightsmith.checker.rules.network import rewriting

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
NARROW = ("certificate", "format", "architecture", "glossary", "template", "net", "editor")
PAGES = sorted(DOCS.rglob("*.md"))
LONGEST = 100
CODE = re.compile(r"```.*?```|^    .*?$|``.+?``|`[^`\n]*`", re.DOTALL | re.MULTILINE)


def text_of(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def rules() -> ModuleType:
    """docs/rules.py, a script beside the pages that it writes."""
    spec = importlib.util.spec_from_file_location("rules", DOCS / "rules.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["rules"] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules["rules"]
    return module


def test_no_rule_page_is_stale(rules: ModuleType) -> None:
    assert rules.stale() == [], "run python docs/rules.py"


def test_every_rule_has_a_page(rules: ModuleType) -> None:
    assert {*places(), *rewriting.RULES, "segment"} <= {page.rule for page in rules.RULES}


def test_a_docstring_becomes_markdown(rules: ModuleType) -> None:
    text = "One of f*(T).\n\nProof: ``a*b`` is *not* f* for a < b:\n    f(a) = b\nand so on."
    proof = "**Proof.** `a*b` is *not* f\\* for a \\< b:"
    wanted = f"One of f\\*(T).\n\n{proof}\n\n    f(a) = b\n\nand so on.\n"
    assert rules.markdown(text) == wanted


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(DOCS)))
def test_every_link_leads_somewhere(path: Path) -> None:
    text = CODE.sub("", path.read_text(encoding="utf-8"))
    for place in re.findall(r"\]\(\s*([^)\s]+)\s*\)", text):
        if place.startswith("https://"):
            continue  # a paper: no test asks the network
        name, _, anchor = place.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), place
        assert not anchor or anchor in anchors(target), place


def anchors(path: Path) -> set[str]:
    """The places of a page that links can name, as GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(DOCS)))
def test_lines_fit(path: Path) -> None:
    if path.stem in NARROW or path.parent.name == "rules":
        lines = path.read_text(encoding="utf-8").splitlines()
        assert [line for line in lines if len(line) > LONGEST] == []


def test_the_architecture_names_files_that_there_are() -> None:
    names = set(re.findall(r"`([a-z_]+\.(?:py|lark))`", text_of("architecture")))
    there = {
        path.name
        for root in ("dsl", "compiler", "backends", "tests")
        for path in (ROOT / root).rglob("*")
    }
    assert len(names) > 60
    assert names <= there


def test_the_reasons_of_open_claims_are_listed() -> None:
    format_page = text_of("format")
    reading = " ".join(text_of("certificate").split())
    for key, reason in REASONS.items():
        assert f"`{key}`" in format_page
        words = reason.partition(";")[0].removeprefix("out of budget: ").removeprefix("its ")
        assert words.removeprefix("the ").split(" ", 1)[1][:20] in reading, reason
