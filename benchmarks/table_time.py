"""Tables: CPU time of this tree's compile and verify against another tree's, and float32 errors.

    python benchmarks/table_time.py [BASE]

BASE is a checkout to compare with (git worktree add BASE COMMIT); both compile the same scripts in
fresh processes, one after the other, and the ratio of their CPU times is printed, with the numbers
of breakpoints, which must not grow.  This tree's runs are short, so there are three: one before
BASE's, two after it, and their mean is taken.  Without BASE only this tree is measured.  The second
table compares float32 runs of steep functions with exact values.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import fmean

import numpy as np

import weightsmith.api as ws
from weightsmith.cli.outputs.table import print_table

HERE = Path(__file__).resolve().parent.parent
SCRIPTS = {
    "2,231 breakpoints": "algorithm f(x: [1] per query)\nwithin 1e-3\n"
    "return reciprocal(clip(x, 1/10000, 5))\n",
    "sigmoid, narrow": "algorithm f(x: [d] per query)\nassume entries(x) in [0, 1e-30]\n"
    "within 1e-4\nreturn sigmoid(x)\n",
    "reciprocal, steep": "algorithm f(x: [1] per query)\nwithin 1e-2\n"
    "return reciprocal(clip(x, 1/1000, 5))\n",
    "sin, many waves": "algorithm f(x: [1] per query)\nwithin 1e-4\n"
    "function g(t) = sin(t)\nreturn g.(clip(x, 0, 20))\n",
}
STEEP = {"1/1000": "1e-2", "1/10000": "1e-3"}
MEASURE = """
import json, sys, time
import weightsmith.api as ws
import weightsmith.checker.verify, weightsmith.compiler.restructure.restructure
ws.compile("algorithm f(x: [1] per query)\\nreturn relu(x)\\n")
start = time.process_time()
network = ws.compile(sys.stdin.read())
compiled = time.process_time()
accepted = network.verify().accepted
breakpoints = [len(t["knots"]) for t in network.certificate["tables"] if "knots" in t]
print(json.dumps([compiled - start, time.process_time() - compiled, sum(breakpoints), accepted]))
"""


def main() -> int:
    base = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    rows = []
    for name, script in SCRIPTS.items():
        runs = [measured(HERE, script)]
        before = None if base is None else measured(base, script)
        runs += [measured(HERE, script) for _ in range(2)]
        compiled, verified, breakpoints, accepted = (
            fmean(figure) for figure in zip(*runs, strict=True)
        )
        row = [name, f"{breakpoints:g}", f"{compiled:.2f}", f"{verified:.2f}", str(accepted == 1)]
        if before is not None:
            row += [f"{before[2]:g}", f"{before[0]:.1f}", f"{before[0] / compiled:.1f}"]
        rows.append(tuple(row))
    heads = ("script", "breakpoints", "compile s", "verify s", "accepted")
    print_table(
        (*heads, *(("breakpoints before", "compile s before", "times faster") if base else ())),
        rows,
    )
    print()
    print_table(("low", "within", "float32 error", "proven, of rounding"), list(steep_rows()))
    return 0


def measured(tree: Path, script: str) -> list[float]:
    """CPU seconds to compile and to verify, breakpoints, and whether it was accepted."""
    roots = os.pathsep.join(str(tree / part) for part in ("dsl", "compiler", "backends"))
    command = [sys.executable, "-c", MEASURE]
    environment = {**os.environ, "PYTHONPATH": roots}
    done = subprocess.run(
        command, input=script, capture_output=True, text=True, check=True, env=environment
    )
    return list(json.loads(done.stdout))


def steep_rows() -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for low, within in STEEP.items():
        script = f"algorithm f(x: [1] per query)\nwithin {within}\n"
        script += f"return reciprocal(clip(x, {low}, 5))\n"
        network = ws.compile(script, dtype="float32")
        least = 1 / int(low.removeprefix("1/"))
        x = np.geomspace(least, 5, 20_001).astype(np.float32)[None]
        found = np.asarray(network.run({"x": x}, dtype="float32")["output"]["query"])
        exact = 1 / np.clip(x.astype(np.float64), least, 5)
        error = np.abs(found.astype(np.float64) - exact).max()
        rows.append((low, within, f"{error:.4g}", network.rounding.split(" to a ")[0]))
    return rows


if __name__ == "__main__":
    sys.exit(main())
