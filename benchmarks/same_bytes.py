"""Every example compiled twice, under conditions that must not matter: the same bytes?

    python benchmarks/same_bytes.py [--small]

With and without ``--fewest layers``; the synthesised ones are among the examples.  The second time
two processes burn the cores, strings hash differently, and NumPy, BLAS and the C library are told
to do without the newer instructions of this processor.  Prints a line for each, and exits with
status 1 if one differs.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction

import numpy as np
from settings import CHOSEN, EXAMPLES

from weightsmith import api
from weightsmith.cli.outputs.table import print_table

Numbers = dict[str, int | Fraction]
BURNERS = 2
LONGEST = 1800  # seconds that a burner lives, should nobody end it
BURN = f"import time; end = time.monotonic() + {LONGEST}\nwhile time.monotonic() < end: pass"
TAKEN: Numbers = {
    "n": 12,
    "m": 6,
    "low": Fraction(1, 2),
    "high": Fraction(1),
    "lam": Fraction(1, 10),
}
OWN: dict[str, Numbers] = {
    "box_least_squares": {"low": Fraction(-1, 4), "high": Fraction(1, 4), "eta": Fraction(1, 2)}
}
FEWEST = ("", "layers")
Job = tuple[str, str]  # script, what is to be the fewest
SMALL: tuple[Job, ...] = (
    ("gradient_descent", ""),
    ("gradient_descent", "layers"),
    ("newton_inverse_general", "layers"),
    ("divide", ""),
    ("synthesized_polar", ""),
    ("synthesized_roots", ""),
)


def main(arguments: Sequence[str]) -> int:
    jobs = SMALL if "--small" in arguments else everything()
    if "--print" in arguments:
        for name, fewest in jobs:
            print(digest(name, fewest), flush=True)
        return 0
    names = [one for one in arguments if one == "--small"]
    quiet = digests(names, {"PYTHONHASHSEED": "0"})
    with burning():
        starved = digests(names, {"PYTHONHASHSEED": "12345", **without_new_instructions()})
    same = [one == two for one, two in zip(quiet, starved, strict=True)]
    rows = [
        (name, fewest or "as written", *found.split("\t"), "same" if good else "DIFFERENT")
        for (name, fewest), found, good in zip(jobs, quiet, same, strict=True)
    ]
    print_table(("example", "fewest", "sha256", "layers", "twice"), rows)
    print(f"{sum(same)} of {len(same)} the same, byte for byte")
    return 0 if len(same) == len(jobs) and all(same) else 1


def everything() -> tuple[Job, ...]:
    names = sorted(path.stem for path in EXAMPLES.glob("*.alg"))
    return tuple((name, fewest) for name in names for fewest in FEWEST)


def digest(name: str, fewest: str) -> str:
    """Of all files of the network, and of what is said of it; and its layers."""
    path = EXAMPLES / f"{name}.alg"
    numbers: Numbers = {**CHOSEN, **TAKEN, **OWN.get(name, {})}
    wanted = [one.name for one in api.check(path).parameters if one.default is None]
    chosen = {one: numbers[one] for one in wanted if one in numbers}
    network = api.compile(path, settings=chosen, fewest=fewest or None)
    found = hashlib.sha256()
    for file, content in sorted(network.files().items()):
        found.update(f"{file} {len(content)}\n".encode() + content)
    found.update("\n".join(network.notes).encode())
    return f"{found.hexdigest()[:16]}\t{network.report.layers_text}"


def digests(arguments: Sequence[str], environment: dict[str, str]) -> list[str]:
    """What a process of its own prints."""
    command = [sys.executable, __file__, "--print", *arguments]
    done = subprocess.run(
        command, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout.splitlines()


def without_new_instructions() -> dict[str, str]:
    """Variables that keep NumPy, OpenBLAS and glibc from what this processor can do."""
    found = np.show_config(mode="dicts") or {}
    features = found.get("SIMD Extensions", {}).get("found", [])
    return {
        "NPY_DISABLE_CPU_FEATURES": " ".join(features),
        "OPENBLAS_CORETYPE": "Prescott",
        "OPENBLAS_NUM_THREADS": "1",
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4,-AVX,-AVX512F",
    }


@contextmanager
def burning() -> Iterator[None]:
    """Let processes burn the cores within the block."""
    burners = [subprocess.Popen([sys.executable, "-c", BURN]) for _ in range(BURNERS)]
    try:
        yield
    finally:
        for one in burners:
            one.kill()
            one.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
