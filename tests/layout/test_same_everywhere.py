"""Nothing that decides what is written may depend on the clock, on chance or on the machine."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("dsl/weightsmith/dsl", "compiler/weightsmith/compiler", "compiler/weightsmith/checker")
SOURCES = [path for one in PACKAGES for path in sorted((ROOT / one).rglob("*.py"))]
# these compute with a user's data, where a script is run: nothing that is written follows from it
RUNS = {
    "attention_scores.py",
    "formula_values.py",
    "interpreter.py",
    "matrix_functions.py",
    "root_solver.py",
}
MESSAGES = {"shown.py"}  # how large a number is that is too long to be shown
FREE = RUNS | MESSAGES
# one field of an elementary function is for running scripts too: see who may read it below
ELEMENTARY = "elementary"
FLOATING = {"_floats", "by_numpy"}  # the functions in its files that compute them
DECIDE = [
    path
    for path in SOURCES
    if not (path.is_relative_to(ROOT / "dsl") and path.name in FREE)
    and ELEMENTARY not in path.parts
]
# how long a verdict took is printed, and decides nothing
CLOCKS = {
    "compiler/weightsmith/checker/reading/verdicts.py",
    "compiler/weightsmith/checker/verify.py",
}
# numbers drawn from the text of a name, the same everywhere
CHANCE = {"compiler/weightsmith/compiler/costs/degree.py"}
FORBIDDEN = {"secrets", "uuid", "locale", "datetime", "multiprocessing", "threading", "platform"}
# rounded in one way by the C library or NumPy on one processor, in another way on the next
INEXACT = re.compile(
    "arc.*|a?(cos|sin|tan)h?|atan2|cbrt|dot|einsum|exp.*|erf|gamma|hypot|inner|interp|lgamma|linalg"
    "|log.*|matmul|mean|polyfit|pow|power|roots|tensordot|trapezoid|vdot"
)
FLOATS = {"np", "numpy", "math", "cmath"}


def imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Module and name of everything that is imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)


def inexact_functions(tree: ast.AST) -> Iterator[str]:
    for module, name in imports(tree):
        if module in FLOATS and INEXACT.fullmatch(name):
            yield f"{module}.{name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module, name = node.value.id, node.attr
            if module in FLOATS and INEXACT.fullmatch(name):
                yield f"{module}.{name}"


def test_there_are_sources() -> None:
    assert len(SOURCES) > 200
    found = ast.parse("import numpy as np\nfrom math import log\nnp.cos(np.sqrt(2))")
    assert sorted(inexact_functions(found)) == ["math.log", "np.cos"]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_the_same_everywhere(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = {module.partition(".")[0] for module, _ in imports(tree)}
    assert not modules & FORBIDDEN
    assert "time" not in modules or name in CLOCKS
    assert "random" not in modules or name in CHANCE


@pytest.mark.parametrize("path", DECIDE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_float_is_rounded_as_the_machine_likes(path: Path) -> None:
    assert not list(inexact_functions(ast.parse(path.read_text(encoding="utf-8"))))


def test_only_what_runs_a_script_reads_the_floats_of_a_function() -> None:
    readers = {
        path.name
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "floats"
    }
    assert readers == {"formula_values.py"} <= RUNS


@pytest.mark.parametrize(
    "path",
    [path for path in SOURCES if ELEMENTARY in path.parts],
    ids=lambda path: path.name,
)
def test_a_function_takes_floats_only_to_run_a_script(path: Path) -> None:
    """NumPy and math stand in ``_floats`` alone; all else of a function is computed in balls."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tree.body = [one for one in tree.body if getattr(one, "name", "") not in FLOATING]
    assert not list(inexact_functions(tree))
    assert not {module for module, _ in imports(tree)} & FLOATS


@pytest.mark.parametrize(
    "path",
    [path for path in DECIDE if "numpy" in path.read_text(encoding="utf-8")],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_no_sum_is_left_to_the_machine(path: Path) -> None:
    """No product of matrices, and no ``.sum()``, of arrays of floats."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    products = [node for node in ast.walk(tree) if isinstance(node, ast.MatMult)]
    methods = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not products
    assert not methods & {"sum", "mean", "std", "var"}
