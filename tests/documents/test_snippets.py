"""Every snippet of the documentation is run, here or by the test of its page."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from weightsmith.dsl import DiagnosticError

from .snippets import RUN, Page, snippets

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
# Pages whose blocks another test runs.
ELSEWHERE = {
    "messages": "tests/cli/test_messages.py",
    "exports": "tests/backends/export/test_document.py",
    "language": "tests/dsl/test_documentation.py",
    "pytorch": "tests/backends/test_pytorch_docs.py",
    "testing": "tests/testing/test_plugin.py",
    "net": "tests/cli/test_net_page.py",
    "format": "tests/cli/test_documents.py",
}
GENERATED = ("rules", "gallery")
PAGES = [
    path
    for path in [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
    if path.stem not in ELSEWHERE
    and path.parent.name not in GENERATED
    and any(one.kind in RUN for one in snippets(path.read_text(encoding="utf-8")))
]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_the_page_shows_happens(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    page = Page()
    for one in snippets(path.read_text(encoding="utf-8")):
        try:
            page.run(one)
        except AssertionError as problem:
            raise AssertionError(f"{path.name}:{one.line}: {problem}") from None


def test_the_pages_of_users_are_among_them() -> None:
    names = {str(path.relative_to(ROOT)) for path in PAGES}
    assert {"README.md", "docs/tutorial.md", "docs/how_to/muon.md"} <= names
    assert sum(1 for one in names if one.startswith("docs/how_to/")) >= 4


@pytest.mark.parametrize("name", sorted(ELSEWHERE))
def test_another_test_reads_the_other_pages(name: str) -> None:
    text = (ROOT / ELSEWHERE[name]).read_text(encoding="utf-8")
    assert re.search(rf"\b{name}(\.md)?\b", text)


@pytest.mark.parametrize(
    "text",
    [
        "```python\n>>> 1 + 1\n3\n```\n",
        "```python\nassert False\n```\n",
        "```alg\nalgorithm f(A: symmetric[d, d])\nreturn A*B\n```\n",
        "<!-- refused -->\n```alg\nalgorithm f(A: symmetric[d, d])\nreturn A*A\n```\n",
        "```net\nnetwork f\nreturn X = X\n```\n",
        "```console\n$ weightsmith --version\nweightsmith, version 9\n```\n",
        "```console\n$ rm -r x\n```\n",
        "```toml\na = 1\n```\n",
        "<!-- not run: -->\n```python\n>>> 1\n```\n",
    ],
)
def test_a_snippet_that_is_wrong_fails(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (one,) = snippets(text)
    with pytest.raises((AssertionError, DiagnosticError)):
        Page().run(one)
