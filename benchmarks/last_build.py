"""This build beside another commit: the same networks, bounds as tight, as fast, how many lines?

    python benchmarks/last_build.py [COMMIT] [--small] [--turns N]

COMMIT (HEAD) is checked out into a folder of its own.  A process of each build compiles and
verifies the demo's cases by turns; times are the least process times.  Prints for every case
whether script, template and weights are the same bytes, the layers, by how much the bounds grew,
and the ratios of the times; then the lines of the language, the compiler and the checker, and those
that the kernel loads for newton_inverse.  Exits with status 1 if a network has other layers or a
bound grew by more than 1 in a million.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

from weightsmith.cli.outputs.table import print_table

ROOT = Path(__file__).resolve().parents[1]
GROWTH = Fraction(1, 10**6)
SMALL = ("newton_inverse", "gradient_descent", "heat_kernel")
PARTS = {"language": "dsl", "compiler": "compiler/weightsmith/compiler"}
PARTS["checker"] = "compiler/weightsmith/checker"
WORKER = """
import hashlib, json, sys, tempfile, time
from pathlib import Path
from weightsmith import api
from weightsmith.cli.demonstration.demo_cases import CASES
cases = {f"{Path(str(one.script)).stem} {one.fewest or ''}".strip(): one for one in CASES}
print(json.dumps(list(cases)), flush=True)
for line in sys.stdin:
    one = cases[line.strip()]
    settings = one.parameters(one.problem(), small=True)
    more = {"fewest": one.fewest} if one.fewest else {}
    begin = time.process_time()
    network = api.compile(f"examples/{Path(str(one.script)).stem}.alg", settings=settings, **more)
    compiled = time.process_time() - begin
    found = hashlib.sha256()
    for name, data in sorted(network.files().items()):
        found.update(data if name != "certificate.json" else b"")
    with tempfile.TemporaryDirectory() as folder:
        network.save(folder + "/n")
        begin = time.process_time()
        network_is = api.verify(folder + "/n").outcome
        verified = time.process_time() - begin
    bounds = {b.output: None if b.value is None else str(b.value) for b in network.bounds}
    print(json.dumps({"compile": compiled, "verify": verified, "digest": found.hexdigest(),
        "layers": network.report.layers_text, "bounds": bounds, "outcome": network_is}), flush=True)
"""
Answer = dict[str, Any]


@dataclass
class Build:
    """A process that compiles and verifies cases in one tree."""

    tree: Path
    process: subprocess.Popen[str]
    cases: list[str]

    def ask(self, case: str) -> Answer:
        stdin, stdout = _pipes(self.process)
        stdin.write(f"{case}\n")
        stdin.flush()
        found: Answer = json.loads(stdout.readline())
        return found


def _pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    if process.stdin is None or process.stdout is None:
        raise SystemExit("a worker has no pipes")
    return process.stdin, process.stdout


@contextmanager
def build(tree: Path) -> Iterator[Build]:
    paths = os.pathsep.join(str(tree / part) for part in ("dsl", "compiler", "backends"))
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": paths},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    _, stdout = _pipes(process)
    try:
        yield Build(tree, process, json.loads(stdout.readline()))
    finally:
        process.kill()
        process.wait()


@contextmanager
def checked_out(commit: str) -> Iterator[Path | None]:
    """The tree of a commit, in a folder that is there for the while; None where Git has none."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        git = ["git", "-C", str(ROOT), "worktree"]
        try:
            subprocess.run([*git, "add", "--quiet", "--detach", str(tree), commit], check=True)
        except (OSError, subprocess.CalledProcessError):
            yield None
            return
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=False)


def grown(before: Answer, after: Answer) -> Fraction | None:
    """The largest growth of a bound, as a part of it; None if a bound is no longer proven."""
    largest = Fraction(-1)
    for output, text in before["bounds"].items():
        if text is None:
            continue
        new = after["bounds"].get(output)
        if new is None:
            return None
        old = Fraction(text)
        growth = Fraction(new) / old - 1 if old else Fraction(new)
        largest = max(largest, growth)
    return largest if largest > -1 else Fraction(0)


def compared(case: str, old: Build, new: Build, turns: int) -> tuple[tuple[str, ...], bool]:
    """A row of the table, and whether all is well."""
    answers = [(old.ask(case), new.ask(case)) for _ in range(turns)]
    before, after = answers[0]
    growth = grown(before, after)
    ratios = [
        min(pair[1][what] for pair in answers) / min(pair[0][what] for pair in answers)
        for what in ("compile", "verify")
    ]
    same = "same" if before["digest"] == after["digest"] else "other"
    row = (
        case,
        same,
        str(after["layers"]),
        "not proven" if growth is None else f"{float(growth):.1e}",
        *(f"{ratio:.2f}" for ratio in ratios),
    )
    no_worse = after["layers"] == before["layers"] and after["outcome"] == before["outcome"]
    return row, no_worse and growth is not None and growth <= GROWTH


def lines(tree: Path, part: str) -> int:
    files = (tree / part).rglob("*.py")
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files)


def kernel_lines(tree: Path) -> str:
    """What ``--kernel --explain`` says of newton_inverse."""
    paths = os.pathsep.join(str(tree / part) for part in ("dsl", "compiler", "backends"))
    known = {"cwd": tree, "env": {**os.environ, "PYTHONPATH": paths}, "text": True}
    with tempfile.TemporaryDirectory() as folder:
        network = f"{folder}/n"
        numbers = ["--set", "mu=1/10", "--set", "L=2", "-o", network]
        run = [sys.executable, "-m", "weightsmith", "compile", "examples/newton_inverse.alg"]
        subprocess.run([*run, *numbers], check=True, capture_output=True, **known)  # type: ignore[call-overload]
        check = [sys.executable, "-m", "weightsmith.checker", "--kernel", "--explain", network]
        said = subprocess.run(check, check=True, capture_output=True, **known).stdout  # type: ignore[call-overload]
    return next(one for one in str(said).splitlines() if "were loaded" in one)


def beside(tree: Path, small: bool, turns: int) -> bool:
    """Print the table of cases; whether all is well."""
    rows, good = [], True
    with build(tree) as old, build(ROOT) as new:
        cases = SMALL if small else tuple(one for one in new.cases if one in old.cases)
        for case in cases:
            row, well = compared(case, old, new, 2 if small else turns)
            rows.append(row)
            good = good and well
    print_table(("case", "network", "layers", "bound grew", "compile", "verify"), rows)
    return good


def print_lines(tree: Path, commit: str) -> None:
    for name, part in PARTS.items():
        print(f"{name}: {lines(tree, part)} lines -> {lines(ROOT, part)}")
    whole = [sum(lines(at, part) for part in PARTS.values()) for at in (tree, ROOT)]
    print(f"together: {whole[0]} -> {whole[1]}")
    print(f"kernel, {commit}: {kernel_lines(tree)}")
    print(f"kernel, here: {kernel_lines(ROOT)}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("commit", nargs="?", default="HEAD")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--turns", type=int, default=5)
    options = parser.parse_args()
    with checked_out(options.commit) as tree:
        if tree is None:
            print("Git has no such commit here: nothing is compared")
            return 0
        good = beside(tree, options.small, options.turns)
        print_lines(tree, options.commit)
    print("no network or bound is worse" if good else "a network or a bound is WORSE")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
