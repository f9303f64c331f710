"""Data outside and inside the assumptions of every example: what is refused, and how long it takes.

    python benchmarks/hypotheses.py [--small]

Outside: the demo's data, moved beyond an end of one hypothesis by a share from 1e-9 to 1 of it, or
made asymmetric, indefinite, or pushed out of a range; each must be refused with that hypothesis
named.  Inside: the demo's data, rotated at random, with one end of a spectrum, norm or entries put
exactly on the end that is assumed, or between both; none may be refused.  Every hypothesis of
every example is broken, 300 data sets in all (with --small some examples, 60).

Then what measuring adds to a run on the demo's data, and what it takes for matrices of 64 rows;
what is more than the run, or than 50 ms, is named.  Exits with
status 1 if one of 300 is wrong: times are those of this machine, and decide nothing.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"  # both, before NumPy

import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from statistics import median

import numpy as np
from data_sets import Data, Subject, breaks, cases, met, nested, subject, turn

from weightsmith import api
from weightsmith.backends.errors import LayoutError
from weightsmith.backends.measure import AssumptionError
from weightsmith.cli.inputs.examples import example
from weightsmith.cli.outputs.table import print_table
from weightsmith.dsl.printing.hypotheses import Hypothesis, Nonempty

COUNT, SMALL_COUNT = 300, 60
SMALL = (
    "newton_inverse",
    "preconditioned_gradient_descent",
    "electric_potentials",
    "polar",
    "projector",
    "divide",
    "power_iteration",
    "huber_regression",
    "lasso_ista",
)
LIMIT = 0.05  # seconds for 64 rows
REPEATS = 51


def main() -> int:
    small = "--small" in sys.argv[1:]
    subjects = [subject(case) for case in cases() if not small or case.script in SMALL]
    count = SMALL_COUNT if small else COUNT
    wrong = [*outside(subjects, count), *inside(subjects, count)]
    slow = [*overhead(subjects), *sixty_four_rows()]
    for line in (*wrong, *slow):
        print(line)
    return 1 if wrong else 0  # times are printed: a loaded machine is no fault


def outside(subjects: list[Subject], count: int) -> list[str]:
    """Break every hypothesis of every example in turn; return what was not refused as it should."""
    random = np.random.default_rng(0)
    ways = [(one, way) for one in subjects for way in breaks(one)]
    wrong, kinds, seen = [], Counter[str](), 0
    while seen < count:
        for one, (hypothesis, kind, change) in ways[: count - seen]:
            share = float(10.0 ** random.uniform(-9, 0))
            data = change(dict(one.data), share)
            if not is_refused(one, data, hypothesis):
                text = f"{one.name}, {hypothesis.text}, {kind}, by {share:.1e}"
                wrong.append(f"not refused: {text}")
            seen += 1
            kinds[kind] += 1
        ways = [way for way in ways if not isinstance(way[1][0], Nonempty)]
    rows = [(kind, str(number)) for kind, number in sorted(kinds.items())]
    print_table(("outside by", "data sets"), rows)
    print(f"{seen - len(wrong)} of {seen} data sets outside are refused, the hypothesis named\n")
    return wrong


def is_refused(one: Subject, data: Data, hypothesis: Hypothesis) -> bool:
    try:
        one.network.run(nested(data), check="refuse")  # type: ignore[call-overload]
    except AssumptionError as refused:
        return any(row.hypothesis == hypothesis.text for row in refused.report.broken)
    except LayoutError as refused:  # an empty dimension fits no network
        return isinstance(hypothesis, Nonempty) and f"'{hypothesis.axis}'" in str(refused)
    return False


# -- inside -------------------------------------------------------------------------------------


def inside(subjects: list[Subject], count: int) -> list[str]:
    """Run on data that meet all assumptions, most of them at an end; return what was refused."""
    random = np.random.default_rng(1)
    wrong, kinds = [], Counter[str]()
    for number in range(count):
        one = subjects[number % len(subjects)]
        data, kind = met(one, random)
        kinds[kind] += 1
        try:
            one.network.run(nested(data), check="refuse")  # type: ignore[call-overload]
        except LayoutError as refused:
            wrong.append(f"refused: {one.name}, {kind}: {refused}")
    print_table(
        ("inside", "data sets"), [(kind, str(each)) for kind, each in sorted(kinds.items())]
    )
    print(f"{count - len(wrong)} of {count} data sets inside are run\n")
    return wrong


# -- seconds ------------------------------------------------------------------------------------


def overhead(subjects: list[Subject]) -> list[str]:
    """What measuring adds to a run, on the demo's data; return where it is more than the run."""
    rows, slow = [], []
    for one in subjects:
        run, inputs = one.network.run, nested(one.data)
        alone, checked = seconds(
            partial(run, inputs, check="off"),
            partial(run, inputs, check="refuse"),
        )
        added = checked - alone
        rows.append((one.name, f"{1e3 * alone:.2f}", f"{1e3 * added:.2f}", f"{added / alone:.2f}"))
        if added > alone:
            slow.append(f"more than the run: {one.name}")
    print_table(("the demo's data", "run, ms", "measuring adds, ms", "ratio"), rows)
    return slow


def sixty_four_rows() -> list[str]:
    random = np.random.default_rng(2)
    basis = turn(random, 64, False)
    matrix = (basis * np.linspace(1, 2, 64)) @ basis.T
    given = {"newton_inverse": (matrix + matrix.T) / 2, "newton_inverse_general": matrix}
    slow = []
    for name, value in given.items():
        ends = ("mu", "L") if name == "newton_inverse" else ("smin", "smax")
        settings = {**dict(zip(ends, (1, 2), strict=True)), "steps": 8}
        network = api.compile(example(name), settings=settings)
        (taken,) = seconds(partial(network.check, {"A": value}))
        print(f"64 rows, {name}: {1e3 * taken:.1f} ms")
        if taken > LIMIT:
            slow.append(f"over {1e3 * LIMIT:.0f} ms for 64 rows: {name}")
    return slow


def seconds(*calls: Callable[[], object]) -> list[float]:
    """Seconds of each call, in turn: the median of several."""
    taken: list[list[float]] = [[] for _ in calls]
    for _ in range(REPEATS):
        for call, times in zip(calls, taken, strict=True):
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
    return [median(times) for times in taken]


if __name__ == "__main__":
    sys.exit(main())
