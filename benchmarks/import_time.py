"""Seconds on a processor until the package is there: imports, and the shortest commands.

    python benchmarks/import_time.py

Processes of their own, with bytecode cached as it is after the first start: the median of their
user time, and the least of user and system time, which other programs on the machine change least.
The last column names what was loaded of the packages that take longest.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from weightsmith import api
from weightsmith.cli.outputs.table import print_table

RUNS = 9
SCRIPT = Path(__file__).parents[1] / "examples" / "newton_inverse.alg"
LARGE = ("torch", "sympy", "networkx", "scipy", "sklearn", "flint", "numpy", "lark", "click")
REPORT = f"import sys; print(*[name for name in {LARGE} if name in sys.modules])"
COMMAND = (
    "import atexit, sys\n"
    "atexit.register(lambda: print(*[name for name in {large} if name in sys.modules]))\n"
    "from weightsmith.cli.main import commands\n"
    "commands({arguments})"
)


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        network = Path(place) / "network"
        api.compile(SCRIPT, settings={"mu": "1/10", "L": 2}).save(network)
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(Path(place) / "bytecode")
        rows = [row(name, code) for name, code in codes(network).items()]
    print(f"seconds of {RUNS} processes")
    print_table(("what", "median user", "least user + system", "loaded"), rows)


def row(name: str, code: str) -> tuple[str, str, str, str]:
    packages = loaded(code)  # first, for it fills the cache of bytecode
    runs = [seconds(code) for _ in range(RUNS)]
    median = statistics.median(user for user, _ in runs)
    return name, f"{median:.3f}", f"{min(map(sum, runs)):.3f}", packages


def codes(network: Path) -> dict[str, str]:
    """What each process runs, ending with a line that names what it has loaded."""
    load = f"import weightsmith.api as ws; ws.load({str(network)!r}); {REPORT}"
    return {
        "nothing": REPORT,
        "import weightsmith.api": f"import weightsmith.api; {REPORT}",
        "import numpy": f"import numpy; {REPORT}",
        "weightsmith.api.load(…)": load,
        "weightsmith --version": COMMAND.format(large=LARGE, arguments=["--version"]),
        "weightsmith --help": COMMAND.format(large=LARGE, arguments=["--help"]),
        "weightsmith check": COMMAND.format(large=LARGE, arguments=["check", str(SCRIPT)]),
    }


def loaded(code: str) -> str:
    """The last line that a process prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


def seconds(code: str) -> tuple[float, float]:
    """The user and the system time of a process."""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"a process failed: {code}")
    return usage.ru_utime, usage.ru_stime


if __name__ == "__main__":
    main()
