"""The import contract: language, compiler, back ends one way; the checker alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import networkx
import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [
    path
    for root in ("dsl", "compiler", "backends")
    for path in sorted((ROOT / root / "weightsmith").rglob("*.py"))
]

# A package may import itself, what is listed here, and packages that are not ours.
ALLOWED: dict[str, set[str]] = {
    "dsl": set(),
    "compiler": {"dsl", "checker"},  # it asks the checker what can be proven; never the reverse
    "checker": {"dsl"},
    "backends": {"dsl", "compiler"},
    "network_files": {"dsl", "compiler", "checker", "backends"},
    "executions": {"compiler", "backends"},
    "network": {
        *("dsl", "compiler", "checker", "backends"),
        *("network_files", "executions", "network_text", "trainable"),
    },
    "trainable": {"dsl", "backends", "compiler", "executions", "api"},
    "network_text": {"dsl", "compiler", "backends", "network"},
    "api": {"dsl", "compiler", "checker", "backends", "network", "network_files"},
    "cli": {"dsl", "compiler", "checker", "backends", "api"},
    "__main__": {"cli"},
}


def part_of(path: Path) -> str:
    """``dsl`` for dsl/weightsmith/dsl/check.py, ``api`` for compiler/weightsmith/api.py."""
    below = path.relative_to(ROOT).parts[2:]
    return below[0].removesuffix(".py")


def imported_modules(path: Path) -> Iterator[str]:
    """Every module that a file imports, at its top or inside a function."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            module = node.module or ""
            yield from (f"{module}.{alias.name}" for alias in node.names)


def test_there_are_sources() -> None:
    assert len(SOURCES) > 50
    assert {part_of(path) for path in SOURCES} == set(ALLOWED)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_imports_only_what_its_package_may(path: Path) -> None:
    part = part_of(path)
    ours = {
        name.split(".")[1] for name in imported_modules(path) if name.startswith("weightsmith.")
    }
    assert ours <= ALLOWED[part] | {part}


def modules_of(root: Path) -> dict[str, Path]:
    """The modules of a package of ours, by their names."""
    return {
        ".".join(path.relative_to(root.parents[1]).with_suffix("").parts).removesuffix(
            ".__init__"
        ): path
        for path in SOURCES
        if path.is_relative_to(root)
    }


def test_no_module_of_the_language_imports_itself_by_way_of_others() -> None:
    """Imports within functions, and those for types alone, count."""
    modules = modules_of(ROOT / "dsl/weightsmith/dsl")
    graph = networkx.DiGraph()
    for name, path in modules.items():
        for imported in imported_modules(path):
            target = imported if imported in modules else imported.rpartition(".")[0]
            if target in modules:
                graph.add_edge(name, target)
    assert graph.number_of_edges() > 200
    assert [one for one in networkx.strongly_connected_components(graph) if len(one) > 1] == []


def test_the_checker_imports_no_rule_that_a_certificate_may_name() -> None:
    """They are loaded by their names when they are used; nor does a rule import another."""
    checker = ROOT / "compiler/weightsmith/checker"
    rules = {f"weightsmith.checker.rules.{path.stem}" for path in (checker / "rules").glob("*.py")}
    assert len(rules) > 6
    for path in sorted(checker.rglob("*.py")):
        modules = {name.rpartition(".")[0] for name in imported_modules(path)}
        assert not rules & {*modules, *imported_modules(path)}, path


def test_only_the_torch_back_end_imports_torch_at_its_top() -> None:
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        top = {
            name.split(".")[0]
            for node in tree.body
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in (
                [a.name for a in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
            )
        }
        if "torch" in top:
            assert path.is_relative_to(ROOT / "backends/weightsmith/backends/torch"), path
        assert not top & {"sklearn", "rich"}, path
