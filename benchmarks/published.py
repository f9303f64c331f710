"""Published constructions against their scripts, and what ``show`` prints, read back.

    python benchmarks/published.py [--small]

A line for each network of tests/compiler/nets/networks: the verdict, symbolic in all sizes, and its
seconds, the least of three.  Then each example, without values of its parameters where it compiles
so: is what ``show`` prints a network file of the same template?  Exits with status 1 if one takes a
second or more, if more than one is not equal, or if a text is that of another template.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from weightsmith import api
from weightsmith.compiler.nets.read_net import read_net
from weightsmith.compiler.nets.same import same_template
from weightsmith.dsl import DiagnosticError, Source

ROOT = Path(__file__).resolve().parent.parent
NETWORKS = ROOT / "tests" / "compiler" / "nets" / "networks"
ROUNDS, LONGEST = 3, 1.0


def compared() -> int:
    """Print a line for each construction; return how many are too slow or not equal."""
    slow = different = 0
    for path in sorted(NETWORKS.glob("*.net")):
        seconds = float("inf")
        for _ in range(ROUNDS):
            start = time.perf_counter()
            found = api.compare(path, path.with_suffix(".alg"))
            seconds = min(seconds, time.perf_counter() - start)
        slow += seconds >= LONGEST
        different += found.outcome != "equal"
        print(f"{path.stem:<26}{found.text.splitlines()[0].partition(':')[0]:<62}{seconds:.3f} s")
    return slow + max(0, different - 1)


def read_back() -> int:
    """Print how many examples are read back as they were; return how many are not."""
    same = other = 0
    for path in sorted((ROOT / "examples").glob("*.alg")):
        try:
            network = api.compile(path)
        except DiagnosticError:
            continue  # its tables or its synthesis need numbers
        text = network.show()
        problem = same_template(read_net(Source("shown", text)).template, network.template)
        same, other = (same + 1, other) if not problem else (same, other + 1)
        if problem:
            print(f"{path.stem}: {problem}")
    print(f"show: {same} examples are read back as the same template, {other} are not")
    return other


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--small", action="store_true", help="the constructions alone")
    small = parser.parse_args().small
    return int(bool(compared() + (0 if small else read_back())))


if __name__ == "__main__":
    sys.exit(main())
