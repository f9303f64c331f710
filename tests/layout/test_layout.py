"""The shape of the repository: three source roots, one namespace, files of a readable size."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOTS = ("dsl", "compiler", "backends")
PACKAGES = (
    "dsl/weightsmith/dsl",
    "compiler/weightsmith/compiler",
    "compiler/weightsmith/checker",
    "compiler/weightsmith/cli",
    "compiler/weightsmith/editor",
    "compiler/weightsmith/equality",
    "compiler/weightsmith/messages",
    "backends/weightsmith/backends",
)
FILES = [
    path
    for root in (*ROOTS, "tests", "benchmarks", "docs")
    for path in sorted((ROOT / root).rglob("*.py"))
]
LONGEST = 400


@pytest.mark.parametrize("root", ROOTS)
def test_the_namespace_has_no_init_file(root: str) -> None:
    """One would hide the other two roots."""
    assert not (ROOT / root / "weightsmith" / "__init__.py").exists()


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_typed(package: str) -> None:
    assert (ROOT / package / "py.typed").is_file()
    assert (ROOT / package / "__init__.py").is_file()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_not_too_long(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_says_first_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text == "" or text.startswith(('"""', "#!", 'r"""'))


def test_no_file_is_called_utils() -> None:
    assert [path for path in FILES if path.stem in ("utils", "helpers", "misc")] == []
