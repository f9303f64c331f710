"""The same bytes on a busy machine, and with other hashes of strings."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

BURN = "import time\nend = time.monotonic() + 300\nwhile time.monotonic() < end: pass"
PROGRAM = """import hashlib
from weightsmith import api
jobs = [
    ("gradient_descent", {"mu": "1/2", "L": "3", "steps": "30"}, "layers"),
    ("synthesized_roots", {"mu": "1/20", "L": "1"}, None),
]
for name, settings, fewest in jobs:
    network = api.compile(f"examples/{name}.alg", settings=settings, fewest=fewest)
    content = b"".join(one for _, one in sorted(network.files().items()))
    print(name, network.report.layers, hashlib.sha256(content).hexdigest(), network.notes)
"""


@contextmanager
def starved() -> Iterator[None]:
    """Two processes that do nothing but compute."""
    burners = [subprocess.Popen([sys.executable, "-c", BURN]) for _ in range(2)]
    try:
        yield
    finally:
        for one in burners:
            one.kill()
            one.wait()


def compiled(seed: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "PYTHONHASHSEED": seed},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_a_starved_processor_and_other_hashes_change_nothing() -> None:
    first = compiled("1")
    with starved():
        second = compiled("2")
    assert first == second
    assert [line.split()[1] for line in first] == ["4", "3"]
