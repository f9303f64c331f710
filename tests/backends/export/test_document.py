"""docs/exports.md: what it shows is what happens, and it names every format."""

from __future__ import annotations

import doctest
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from weightsmith.backends.export import FORMATS

from .exported import network_of

ROOT = Path(__file__).parents[3]
DOCUMENT = ROOT / "docs" / "exports.md"


def test_the_document_says_what_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    text = DOCUMENT.read_text(encoding="utf-8").replace("```\n", "\n")
    test = doctest.DocTestParser().get_doctest(text, {}, "exports.md", str(DOCUMENT), 0)
    assert test.examples
    assert doctest.DocTestRunner().run(test).failed == 0


def test_the_document_names_every_format() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for one in FORMATS:
        assert f"| `{one.suffix}` |" in text
        assert f"`{one.name}`" in text


def test_only_a_program_of_torch_needs_torch(tmp_path: Path) -> None:
    network_of("newton_inverse").save(tmp_path / "net")
    suffixes = [one.suffix for one in FORMATS if "torch" not in one.needs]
    text = f"""
import sys
sys.modules["torch"] = None
from weightsmith import api
for suffix in {suffixes}:
    api.load("net").export("out" + suffix)
"""
    subprocess.run([sys.executable, "-c", text], check=True, cwd=tmp_path)
    found = {path.name for path in tmp_path.iterdir()}
    assert found == {"net", *(f"out{suffix.rstrip('/')}" for suffix in suffixes)}
