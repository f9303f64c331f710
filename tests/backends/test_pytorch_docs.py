"""The code of docs/pytorch.md runs as printed."""

from __future__ import annotations

import doctest
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_every_block_prints_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    page = str(ROOT / "docs" / "pytorch.md")
    results = doctest.testfile(page, module_relative=False, encoding="utf-8")
    assert results.attempted > 40
    assert results.failed == 0
