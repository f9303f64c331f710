"""The page of every case of the demo, with its data: size, and what headless Chromium says of it.

    python benchmarks/pages.py [--small] [--keep FOLDER]

Bar: at most 300 kB each, and no message on the console.  Where there is no Chromium (the variable
``CHROMIUM`` names one, else ``chromium`` on the path) pages are written and measured only, and a
line says so.  ``--keep`` leaves pages and screenshots (light, dark, narrow) in a folder.  Ends with
status 1 if a bar is missed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from weightsmith import api
from weightsmith.cli.demonstration.demo_cases import CASES, Case
from weightsmith.cli.demonstration.demo_function_cases import FUNCTION_CASES
from weightsmith.cli.inputs.examples import example
from weightsmith.cli.outputs.table import print_table

MOST_BYTES = 300_000
SMALL = ("newton_inverse", "lasso_fista", "softmax_attention", "synthesized_roots")
VIEWS: dict[str, tuple[str, ...]] = {
    "light": ("--window-size=1200,2000",),
    "dark": ("--window-size=1200,2000", "--blink-settings=preferredColorScheme=0"),
    "narrow": ("--window-size=500,2000",),
}
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--hide-scrollbars", "--enable-logging=stderr"),
)
SECONDS = 120


def main(arguments: Sequence[str]) -> int:
    cases = [*CASES, *FUNCTION_CASES]
    if "--small" in arguments:
        cases = [case for case in cases if case.name in SMALL]
    browser = shutil.which(os.environ.get("CHROMIUM", "chromium"))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        if "--keep" in arguments:
            folder = Path(arguments[arguments.index("--keep") + 1])
            folder.mkdir(parents=True, exist_ok=True)
        rows = [row_of(case, folder.resolve(), browser) for case in cases]
    print_table(("page", "bytes", "console", "verdict"), rows)
    if browser is None:
        print("no Chromium: the pages were not opened; set CHROMIUM to the path of one")
    print(f"{len(rows)} pages, the largest {max(int(row[1]) for row in rows)} bytes")
    return int(any(row[3] != "ok" for row in rows))


def row_of(case: Case, folder: Path, browser: str | None) -> tuple[str, str, str, str]:
    problem = case.problem()
    settings = case.parameters(problem, small=True)
    network = api.compile(
        example(case.script), settings=settings, fewest=case.fewest, matrices=problem.matrices
    )
    page = folder / f"{case.name.replace(', ', '-').replace(' ', '-')}.html"
    page.write_text(network.html(problem.inputs), encoding="utf-8")
    size = page.stat().st_size
    said = [] if browser is None else opened(page, browser)
    console = "not opened" if browser is None else f"{len(said)} messages"
    for line in said:
        print(f"{case.name}: {line}", file=sys.stderr)
    fits = size <= MOST_BYTES and not said
    return case.name, str(size), console, "ok" if fits else "MISSED"


def opened(page: Path, browser: str) -> list[str]:
    """Open the page in each view; what its console says, and which view has no picture."""
    found = []
    for view, options in VIEWS.items():
        shot = page.with_suffix(f".{view}.png")
        with tempfile.TemporaryDirectory() as profile:
            command = [browser, *QUIET, f"--user-data-dir={profile}", *options]
            command += [f"--screenshot={shot}", page.as_uri()]
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=SECONDS, check=False
            )
        found += [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        if done.returncode or not shot.is_file():
            found.append(f"no screenshot, {view}: status {done.returncode}")
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
