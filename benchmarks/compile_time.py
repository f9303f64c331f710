"""Seconds to compile, save and verify every example at 16 steps, and to import the packages.

    python benchmarks/compile_time.py

The last columns compile the same script with its dimensions written as numbers: 4, and 4096.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from settings import EXAMPLES, NAMES, settings

from weightsmith import api
from weightsmith.cli.outputs.table import print_table
from weightsmith.dsl import bundle, load_source

STEPS = 16
REPEATS = 15
SIZES = (4, 4096)
MODULES = (
    "weightsmith.dsl",
    "weightsmith.compiler.pipeline",
    "weightsmith.checker",
    "weightsmith.api",
    "weightsmith.cli.main",
)
IMPORT = (
    "import sys, time; start = time.perf_counter(); import {0}; "
    "print(time.perf_counter() - start, 'torch' in sys.modules)"
)


def main() -> None:
    rows = []
    measure(NAMES[0])  # loads what the first compilation loads
    for name in NAMES:
        compiling, verifying = measure(name)
        small, large = sized(name)
        rows.append(
            (
                name,
                f"{compiling:.3f}",
                f"{verifying:.3f}",
                f"{small:.3f}",
                f"{large:.3f}",
                f"{large / small:.2f}",
            )
        )
    print(f"{STEPS} steps, best of {REPEATS}, seconds")
    print_table(
        ("example", "compile\nand save", "verify", "sizes\nof 4", "sizes\nof 4096", "ratio"), rows
    )
    print("\nimport, best of 3, seconds")
    print_table(("module", "seconds", "loads torch"), [imported(module) for module in MODULES])


def measure(name: str) -> tuple[float, float]:
    """Least seconds to compile and save, and to verify."""
    script = EXAMPLES / f"{name}.alg"
    values = settings(script, STEPS)
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place) / name
        compiling = best(lambda: api.compile(script, settings=values).save(directory))
        verifying = best(lambda: api.verify(directory))
    return compiling, verifying


def sized(name: str) -> tuple[float, float]:
    """Least seconds to compile with every dimension 4, and 4096; taken in turns."""
    text = bundle(load_source(EXAMPLES / f"{name}.alg"))
    seconds: dict[int, list[float]] = {size: [] for size in SIZES}
    scripts = {size: with_sizes(text, name, size) for size in SIZES}
    for _ in range(REPEATS):
        for size, script in scripts.items():
            values = settings(script, STEPS)
            seconds[size].append(timed(partial(api.compile, script, settings=values)))
    small, large = (min(seconds[size]) for size in SIZES)
    return small, large


def with_sizes(text: str, name: str, size: int) -> str:
    """Write the dimensions of a script as numbers, wherever they stand in brackets."""
    dimensions = api.check(EXAMPLES / f"{name}.alg").dimensions
    names = "|".join(dimensions)

    def brackets(found: re.Match[str]) -> str:
        return re.sub(rf"\b(?:{names})\b", str(size), found.group())

    return re.sub(r"\[[^\[\]]*\](?=[,) ])", brackets, text)


def best(work: Callable[[], object]) -> float:
    return min(timed(work) for _ in range(REPEATS))


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def imported(module: str) -> tuple[str, str, str]:
    """Import a module in a fresh interpreter."""
    runs = [
        subprocess.run(
            [sys.executable, "-c", IMPORT.format(module)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for _ in range(3)
    ]
    loaded = "yes" if runs[0][1] == "True" else "no"
    return module, f"{min(float(run[0]) for run in runs):.2f}", loaded


if __name__ == "__main__":
    main()
