"""Mutants of the checker against its tests: each must be found, or be equivalent.

    python benchmarks/mutants.py [--small] [--seed S] [--first I] [--count N] [--jobs J]
        [--map DIR] [--seconds T] [--tests TEST …]

Draws single-line mutants of the checker (benchmarks/mutation.py says of which kinds; the same seed
draws the same), writes each into a copy of the tree and runs the tests that reach its lines, the
quick ones first, until one fails or they take T seconds.  Which tests reach which lines is measured
once, with coverage, and kept in the directory of ``--map``, so that it can be used again.  With
``--tests`` only these are run, and nothing is measured.

A mutant that no test finds is *alive*, unless benchmarks/equivalent_mutants.toml names it, with the
reason why no claim could be decided otherwise.  Exits with status 1 if any is alive.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

import coverage
import pytest
from mutation import CHECKER, Mutant, chosen

TREE = Path(__file__).resolve().parent.parent
PARTS = ("dsl", "compiler", "backends", "tests", "examples", "pyproject.toml")
TESTS = ("tests/checker",)
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.toml")
SMALL = ("simulation",)  # modules
SMALL_TESTS = (
    "tests/checker/claims/test_exactness.py",
    "tests/checker/claims/test_given.py",
    "tests/checker/test_functions.py",
)
SECONDS = 150.0  # of tests for one mutant, by the times that they took when the map was made
SLACK = 120.0  # of processor time: a mutant that loops for ever is found when it has spent it
PRELOADED = ("hypothesis", "numpy", "scipy.linalg", "sympy", "flint", "lark", "networkx", "mpmath")
HONEST = "honest"  # the tree as it was at the start: what is edited meanwhile changes nothing
OPTIONS = ("-o", "addopts=-q --import-mode=importlib", "-p", "no:cacheprovider")


@dataclass(frozen=True)
class Reach:
    """Which tests run which lines of a module, and how long each of them takes."""

    tests: dict[tuple[str, int], frozenset[str]]
    seconds: dict[str, float]

    def of(self, mutant: Mutant, most: float = SECONDS) -> list[str]:
        """The tests that reach a mutant, the quickest first, for so many seconds together."""
        first, last = mutant.lines
        found = frozenset[str]().union(
            *(self.tests.get((mutant.module, line), ()) for line in range(first, last + 1))
        )
        kept, total = [], 0.0
        for test in sorted(found, key=lambda name: (self.seconds.get(name, 0.0), name)):
            total += self.seconds.get(test, 0.0)
            if total > most:
                break
            kept.append(test)
        return kept

    def time(self, tests: Sequence[str]) -> float:
        return sum(self.seconds.get(test, 0.0) for test in tests)


def measured(folder: Path, tests: Sequence[str]) -> Reach:
    """Run the tests once under coverage, unless the folder holds that already."""
    data, times = folder / "coverage", folder / "times.xml"
    if not times.exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pytest", *OPTIONS, "-m", "not slow", *tests]
        command += [f"--cov={CHECKER}", "--cov-context=test", "--cov-report="]
        command += [f"--junitxml={times}"]
        environment = {**os.environ, "COVERAGE_FILE": f"{data}"}
        done = subprocess.run(command, cwd=TREE, env=environment)
        if done.returncode:
            sys.exit("The tests fail without any mutant.")
    return Reach(_lines(data), _seconds(times))


def _lines(path: Path) -> dict[tuple[str, int], frozenset[str]]:
    data = coverage.CoverageData(basename=str(path))
    data.read()
    found = {}
    for file in data.measured_files():
        for line, contexts in data.contexts_by_lineno(file).items():
            names = frozenset(one.rpartition("|")[0] for one in contexts if "|" in one)
            found[Path(file).stem, line] = names
    return found


def _seconds(path: Path) -> dict[str, float]:
    seconds = {}
    for case in ElementTree.parse(path).iter("testcase"):
        file = case.get("classname", "").replace(".", "/")
        seconds[f"{file}.py::{case.get('name')}"] = float(case.get("time", 0))
    return seconds


def found_by(mutant: Mutant, tests: Sequence[str], limit: float, copies: Path) -> str | None:
    """The first test that fails with the mutant, or None.  Runs in a process of its own."""
    if not tests:
        return None
    copy = Path(tempfile.mkdtemp(dir=copies))
    for part in PARTS:
        _copy(copies / HONEST / part, copy / part)
    (path,) = (copy / CHECKER).rglob(f"{mutant.module}.py")
    path.write_bytes(mutant.apply(path.read_bytes()))
    first = _FirstFailure()
    try:
        os.chdir(copy)
        sys.dont_write_bytecode = True
        signal.signal(signal.SIGVTALRM, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_VIRTUAL, limit)
        with open(os.devnull, "w") as nothing, redirect_stdout(nothing), redirect_stderr(nothing):
            status = pytest.main([*OPTIONS, "-x", "--tb=no", *tests], plugins=[first])
    finally:
        os.chdir(TREE)
        shutil.rmtree(copy)
    if status == pytest.ExitCode.INTERRUPTED:
        return f"tests that have no end within {limit:.0f} s"
    return None if status == 0 else first.name or f"pytest ends with {status!r}"


class _FirstFailure:
    """A plug-in of pytest that keeps the name of the first test that fails."""

    name = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.name = self.name or report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.name = self.name or f"{report.nodeid} (import)"


def _copy(source: Path, target: Path) -> None:
    """Compiled files come along: with the times of their sources they stay in use."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy2(source, target)


def equivalent() -> dict[tuple[str, str, str], str]:
    """Reasons, by module, line and what a part of it becomes."""
    known = tomllib.loads(EQUIVALENT.read_text())["mutant"]
    return {(one["module"], one["line"], one["becomes"]): one["reason"] for one in known}


def main() -> int:
    parser = argparse.ArgumentParser(description="Try mutants of the checker against its tests.")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--map", type=Path)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--tests", nargs="+")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in PARTS:
            _copy(TREE / part, folder / HONEST / part)
        drawn = dict(enumerate(chosen(folder / HONEST, asked.seed)))
        if asked.tests:
            reach = Reach({}, {})
        else:
            tests = SMALL_TESTS if asked.small else TESTS
            reach = measured((asked.map or folder / "map").resolve(), tests)
        if asked.small:
            drawn = {at: one for at, one in drawn.items() if one.module in SMALL}
        drawn = dict([*drawn.items()][asked.first :][: asked.count])
        if not drawn:
            sys.exit("No mutant was drawn.")
        wanted = [asked.tests or reach.of(one, asked.seconds) for one in drawn.values()]
        limits = [SLACK + 4 * reach.time(one) for one in wanted]
        return tried(drawn, wanted, limits, folder, asked.jobs)


def tried(
    drawn: Mapping[int, Mutant],
    tests: Sequence[Sequence[str]],
    limits: Sequence[float],
    folder: Path,
    jobs: int,
) -> int:
    """Run the tests of each mutant, within a limit of processor time; print what became of it."""
    known, counts = equivalent(), Counter[str]()
    context = get_context("forkserver")
    context.set_forkserver_preload(["__main__", *PRELOADED])
    with ProcessPoolExecutor(jobs, mp_context=context, max_tasks_per_child=1) as pool:
        results = pool.map(found_by, drawn.values(), tests, limits, repeat(folder))
        for (number, mutant), own, found in zip(drawn.items(), tests, results, strict=True):
            reason = known.get((mutant.module, mutant.text, mutant.becomes))
            verdict = "dead" if found else "equivalent" if reason else "ALIVE"
            counts[verdict] += 1
            print(f"{number:4} {verdict:10} {mutant}", flush=True)
            print(f"{'':16}{found or reason or f'{len(own)} tests reach it'}", flush=True)
    print(f"{len(drawn)} mutants: " + ", ".join(f"{n} {name}" for name, n in counts.items()))
    return 1 if counts["ALIVE"] else 0


if __name__ == "__main__":
    sys.exit(main())
