"""Draws inputs that meet the printed hypotheses, and compares every network with the printed bound.

    python benchmarks/printed_hypotheses.py [--draws N] [--seed S] [--small]

Reads the sentences of ``verify``, with a parser of its own, and nothing else of a certificate
(``tests/claims``).  For every example and for random scripts, N draws in all (100,000; with
--small 2,500, beside those of the suite): matrices, tokens and kernels that meet what is printed
and are wild in everything else; network and target in 150 digits.  Prints a line for each kind of
claim and every violation; exits with status 1 if there is one.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "claims"))

from printed_claims import Subject
from printed_scripts import random_script
from printed_sweep import (
    PROVEN,
    TABLES,
    Tally,
    entry_script,
    example,
    scripts,
    sweep,
    table_example,
)

DRAWS, SMALL_DRAWS = 100_000, 2_500
QUICK = ("newton_inverse", "electric_potentials", "polar", "preconditioned_gradient_descent")
ROUND = (10, 2)  # scripts of a round: with targets, with functions of entries


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int)
    parser.add_argument("--seed", type=int, default=1_000)
    parser.add_argument("--small", action="store_true")
    given = parser.parse_args()
    wanted = given.draws or (SMALL_DRAWS if given.small else DRAWS)
    total = Tally()
    names = {"examples": 200, "random scripts": 80, "functions of entries": 40}
    tallies = {name: Tally() for name in names}
    for name, subject in subjects(given.seed, small=given.small):
        tally = sweep(subject, names[name], seed=given.seed)
        tallies[name].add(tally)
        total.add(tally)
        for violation in tally.violations[:1]:
            print(f"VIOLATED {violation}\n")
        if total.draws >= wanted:
            break
    for name, tally in tallies.items():
        print(line(name, tally))
    print(line("all", total))
    return 1 if total.violations else 0


def subjects(seed: int, *, small: bool) -> Iterator[tuple[str, Subject]]:
    """Examples, then random scripts without end."""
    for name in QUICK if small else PROVEN:
        yield "examples", example(name)
    for name in () if small else TABLES:
        yield "examples", table_example(name)
    while True:
        seed += 1
        for subject in scripts(random_script, seed, ROUND[0]):
            yield "random scripts", subject
        for subject in scripts(entry_script, seed, ROUND[1]):
            yield "functions of entries", subject


def line(name: str, tally: Tally) -> str:
    near = sum(ratio > 0.9 for ratio in tally.ratios)
    reached = (
        f"{near} bounds reached within 10 per cent, largest {max(tally.ratios, default=0):.6f}"
    )
    counts = f"{tally.scripts} scripts, {tally.claims} claims, {tally.draws} draws"
    return f"{name}: {counts}, {len(tally.violations)} violations; {reached}"


if __name__ == "__main__":
    sys.exit(main())
