"""Do all executions and all exports compute the same?  Every example, and random programs.

    python benchmarks/exported/equal_outputs.py [--small] [--programs N] [--no-examples]
        [--only FORM] [--without FORM]

In float64, against the same template on the same floats in 500 bits.  Of every returned matrix the
largest error must be within 1e-12 of its largest entry; of a program that amplifies round-off a
thousand times or more (the other measure of exact.py) within as much more.  And of every entry it
must be within 1e-12 of its magnitude (the first measure there).

Prints a row for each form: how many networks; the worst error by magnitude and by largest entry,
the latter of matrices that are not amplified; how many amplify, and the worst error of those in
units of what is allowed.  Below, which amplify.  Ends with status 1 if an error is over that.
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
from exact import AMPLIFIES, Truth, truths_of
from forms import FORMS, Run, UnfitError

from weightsmith.backends.errors import ExportError, PlanError
from weightsmith.cli.outputs.table import print_table

MOST = 1e-12
LARGE = 1e200  # a program with such a magnitude may leave the range of floats, and is passed over
PROGRAMS, SMALL_PROGRAMS = 200, 8
SLOW = (".pt2",)  # of these --small takes few
FEW = 2


@dataclass(frozen=True)
class Errors:
    """One network in one form: the worst of its returned matrices; ``share`` of what is allowed."""

    by_magnitude: float
    by_largest: float
    share: float
    amplifies: bool

    @property
    def within(self) -> bool:
        return self.share <= 1 and self.by_magnitude <= MOST


@dataclass
class Tally:
    """What was found of one form."""

    errors: list[Errors] = field(default_factory=list)
    unfit: Counter[str] = field(default_factory=Counter)

    def row(self, name: str) -> tuple[str, ...]:
        plain = [one.by_largest for one in self.errors]
        loud = [one.share for one in self.errors if one.amplifies]
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
    loud: list[tuple[str, float]] = []
    with tempfile.TemporaryDirectory() as place:
        os.environ |= {"HF_HOME": f"{place}/cache", "HF_HUB_OFFLINE": "1"}
        for number, (drawn, truths) in enumerate(_subjects(count, chosen)):
            loud += [(drawn.name, one.amplification) for one in truths]
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
    except (UnfitError, ExportError, PlanError) as reason:
        tally.unfit[str(reason)] += 1
        return
    errors = _errors(truths, found)
    tally.errors.append(errors)
    if not errors.within:
        print(f"{drawn.name}, {name}: {errors}\n{drawn.script}", flush=True)


def _errors(truths: Sequence[Truth], found: Sequence[np.ndarray]) -> Errors:
    """The worst of each; a matrix that is zero but for round-off is measured by magnitude alone."""
    some = []
    for truth, matrix in zip(truths, found, strict=True):
        by_magnitude, by_largest = truth.errors(matrix)
        factor = truth.allowance
        share = by_magnitude / MOST if factor == np.inf else by_largest / (MOST * factor)
        some.append(Errors(by_magnitude, by_largest if factor == 1.0 else 0.0, share, factor > 1))
    return Errors(
        max(one.by_magnitude for one in some),
        max(one.by_largest for one in some),
        max(one.share for one in some),
        any(one.amplifies for one in some),
    )


def _print_below(tallies: dict[str, Tally], loud: list[tuple[str, float]]) -> None:
    zero = {name for name, amplification in loud if amplification == np.inf}
    some = {name: a for name, a in loud if AMPLIFIES < a < np.inf}
    listed = ", ".join(f"{name} ({a:.0e})" for name, a in some.items())
    print(
        f"\n{len(some)} networks amplify round-off more than {AMPLIFIES:g} times: {listed or '-'}"
    )
    print(f"{len(zero)} return a matrix that is zero in exact arithmetic only: by magnitude alone")
    for name, tally in tallies.items():
        for reason, many in tally.unfit.items():
            print(f"{name}: {many} not, for {reason}")


if __name__ == "__main__":
    sys.exit(main())
