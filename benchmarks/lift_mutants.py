"""Mutants of networks, held as weights, lifted, and compared with their scripts.

    python benchmarks/lift_mutants.py [--small] [--count N] [--seed S]

Each of eight compiled examples gets one change (a coefficient, a half of one, keys and queries
exchanged, other tokens, another block, a head or a hidden unit dropped), becomes dense float64
weights, as they are or with rows permuted, heads changed or all rotated, and is lifted.  The
network that comes out must be reported different from the script, with an input at which the
mutant itself returns what was said, or be proven equal, and three inputs are tried.  Equal is for
every number of passes, "equal here" for as many as the layout says.  Prints how often each came, by
kind of change.  Exits with status 1 at the first that is neither.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.backends.lift.lift_mutants import counted


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="24 mutants")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=14)
    options = parser.parse_args()
    count = 24 if options.small else options.count
    try:
        found = counted(count, options.seed)
    except AssertionError as error:
        print(error)
        return 1
    for name, times in sorted(found.items()):
        print(f"{name:<28}{times:>5}")
    different = sum(times for name, times in found.items() if name.endswith("different"))
    print(f"{count} mutants: {different} different, {count - different} equal")
    return 0


if __name__ == "__main__":
    sys.exit(main())
