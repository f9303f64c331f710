"""Do all executions and all exports compute the same?  Every example, and random programs.

    python benchmarks/exported/equal_outputs.py [--small] [--programs N] [--no-examples]
        [--only FORM] [--without FORM]

In float64, against the same template on the same floats in 500 bits.  Of every returned matrix the
largest error must be within 1e-12 of its largest entry; of a program that amplifies round-off a
thousand times or more (the other measure of exact.py) within as much more.  And of every entry it
must be within 1e-12 of its magnitude (the first measure there).

Prints a row for each form: how many networks; the worst error by magnitude and by largest entry,
the latter of those that do not amplify; of those that do, how many, and the worst error in units of
what is allowed.  Below, which amplify.  Ends with status 1 if an error is over what is allowed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from drawn import Drawn, examples, programs
from exact import Truth, truths_of
from forms import FORMS, Run, UnfitError

from weightsmith.backends.errors import ExportError, PlanError
from weightsmith.cli.table import print_table

MOST = 1e-12
AMPLIFIES = 1e3  # units of round-off: from here on a program is said to amplify it
LARGE = 1e200  # a program with such a magnitude may leave the range of floats, and is passed over
PROGRAMS, SMALL_PROGRAMS = 200, 8
SLOW = (".pt2",)  # of these --small takes few
FEW = 2


@dataclass(frozen=True)
class Errors:
    """One network in one form: the worst of its returned matrices."""

    by_magnitude: float
    by_largest: float
    allowed: float  # as a multiple of the largest entry
    amplifies: bool

    @property
    def within(self) -> bool:
        return self.by_largest <= self.allowed and self.by_magnitude <= MOST


@dataclass
class Tally:
    """What was found of one form."""

    errors: list[Errors] = field(default_factory=list)
    unfit: Counter[str] = field(default_factory=Counter)

    def row(self, name: str) -> tuple[str, ...]:
        plain = [one.by_largest for one in self.errors if not one.amplifies]
        loud = [one.by_largest / one.allowed for one in self.errors if one.amplifies]
        return (
            name,
            str(len(self.errors)),
            str(sum(self.unfit.values())),
            f"{max((one.by_magnitude for one in self.errors), default=0.0):.1e}",
            f"{max(plain, default=0.0):.1e}",
            str(len(loud)),
            f"{max(loud, default=0.0):.3f}",
            str(sum(not one.within for one in self.errors)),
        )


HEAD = (
    "form",
    "networks",
    "not in\nthis form",
    "worst by\nmagnitude",
    "worst by\nlargest entry",
    "amplify\nround-off",
    "worst, of what\nis allowed",
    "over",
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--programs", type=int)
    parser.add_argument("--only", action="append", choices=FORMS)
    parser.add_argument("--without", action="append", choices=FORMS, default=[])
    parser.add_argument("--no-examples", action="store_true")
    chosen = parser.parse_args()
    count = chosen.programs or (SMALL_PROGRAMS if chosen.small else PROGRAMS)
    names = [name for name in chosen.only or FORMS if name not in chosen.without]
    tallies = {name: Tally() for name in names}
    loud: list[str] = []
    with tempfile.TemporaryDirectory() as place:
        os.environ |= {"HF_HOME": f"{place}/cache", "HF_HUB_OFFLINE": "1"}
        for number, (drawn, truths) in enumerate(_subjects(count, chosen)):
            amplification = max(one.amplification for one in truths)
            if amplification >= AMPLIFIES:
                loud.append(f"{drawn.name} {amplification:.0e}")
            for name, tally in tallies.items():
                if chosen.small and name in SLOW and len(tally.errors) >= FEW:
                    continue
                folder = Path(place) / f"run{number}_{len(name)}_{list(FORMS).index(name)}"
                folder.mkdir()
                _compare(drawn, truths, name, tally, folder)
    print_table(HEAD, [tally.row(name) for name, tally in tallies.items()])
    _print_below(tallies, loud)
    return int(any(not one.within for tally in tallies.values() for one in tally.errors))


def _subjects(count: int, chosen: argparse.Namespace) -> Iterator[tuple[Drawn, Sequence[Truth]]]:
    for drawn in [] if chosen.no_examples else examples(small=chosen.small):
        yield drawn, truths_of(drawn.network.template, drawn.inputs)
    found = 0
    for drawn in programs(2 * count):
        truths = truths_of(drawn.network.template, drawn.inputs)
        if max(one.magnitude for one in truths) < LARGE:
            found += 1
            yield drawn, truths
        if found == count:
            return


def _compare(drawn: Drawn, truths: Sequence[Truth], name: str, tally: Tally, folder: Path) -> None:
    try:
        found = FORMS[name](Run(drawn.network, drawn.inputs, folder))
    except UnfitError as reason:
        tally.unfit[str(reason)] += 1
        return
    except (ExportError, PlanError) as reason:
        tally.unfit[str(reason)] += 1
        return
    errors = _errors(truths, found)
    tally.errors.append(errors)
    if not errors.within:
        print(f"{drawn.name}, {name}: {errors}\n{drawn.script}", flush=True)


def _errors(truths: Sequence[Truth], found: Sequence[np.ndarray]) -> Errors:
    """The worst: that which is nearest to what is allowed, or the farthest over it."""
    some = []
    for truth, matrix in zip(truths, found, strict=True):
        by_magnitude, by_largest = truth.errors(matrix)
        factor = max(1.0, truth.amplification / AMPLIFIES)
        some.append(Errors(by_magnitude, by_largest, MOST * factor, factor > 1.0))
    worst = max(some, key=lambda one: one.by_largest / one.allowed)
    largest = max(one.by_magnitude for one in some)
    return Errors(largest, worst.by_largest, worst.allowed, worst.amplifies)


def _print_below(tallies: dict[str, Tally], loud: list[str]) -> None:
    print(f"\n{len(loud)} networks amplify round-off {AMPLIFIES:g} times or more", end="")
    print(f" (what times): {', '.join(loud)}" if loud else "")
    for name, tally in tallies.items():
        for reason, many in tally.unfit.items():
            print(f"{name}: {many} not, for {reason}")


if __name__ == "__main__":
    sys.exit(main())
