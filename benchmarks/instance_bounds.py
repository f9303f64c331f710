"""Bounds for one input: how near to the true error, how often below it, and what they cost.

    python benchmarks/instance_bounds.py                    # a few runs of everything
    python benchmarks/instance_bounds.py --runs 10000       # so many runs of every target
    python benchmarks/instance_bounds.py --size 64 --runs 6 # larger matrices: the truth takes long
    python benchmarks/instance_bounds.py --target heat      # only targets of such a name
    python benchmarks/instance_bounds.py --small            # as in CI: under ten seconds

An answer is what NumPy computes of the target in float32 or float64: nothing comes nearer to it, so
nothing is harder to bound tightly.  The true error is measured against FLINT's arb with BITS bits.
Every run draws another matrix: of singular values spread over the condition number, in clusters, or
all but one equal; as they are, or scaled by a power of two.

The overhead is the time of ``enclose``, all checks of the inputs included, over that of NumPy for
the target in float64 (the answer rounded to float32, or not): the medians of interleaved calls in
process time.  Below some size it is the cost of Python's calls.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import flint
import numpy as np
from instance_targets import TARGETS, Array, Inputs, Target, exactly, size_of

from weightsmith.backends.enclose import enclose
from weightsmith.dsl.program.core import Program

BITS = 400
DTYPES = ("float32", "float64")
TINY = 2.0**-300  # an error below is none
CONDITIONS = (1e1, 1e4, 1e8)
CHECKED = (1, 2, 3, 5, 8)  # sizes of the runs that are compared with the truth
TIMED = (4, 16, 32, 64, 128, 256)
REPEATS = 15


@dataclass(frozen=True)
class Line:
    """Ratios of bound and true error; ``below`` counts bounds that are less."""

    ratios: list[float]
    below: int
    none: int


def as_floats(inputs: Inputs, dtype: str) -> Inputs:
    return {
        name: as_floats(value, dtype) if isinstance(value, dict) else value.astype(dtype)
        for name, value in inputs.items()
    }


def bound_of(target: Target, program: Program, inputs: Inputs, answer: Array) -> float | None:
    report = enclose(program, target.bindings, inputs, target.answer(answer))
    return report[target.output].bound


def errors(
    target: Target, dtype: str, condition: float, runs: int, sizes: tuple[int, ...] = CHECKED
) -> Line:
    """Draw data, compute, bound, and compare with the truth."""
    program, line = target.program(), Line([], 0, 0)
    below = none = 0
    for run in range(runs):
        draw = np.random.default_rng([run, int(condition), len(dtype)])
        inputs = target.data(draw, sizes[run % len(sizes)], condition)
        with np.errstate(all="ignore"):
            answer = target.compute(as_floats(inputs, dtype))
        bound = bound_of(target, program, inputs, answer)
        if bound is None:
            none += 1
            continue
        with flint.ctx.workprec(BITS):
            true = size_of(exactly(answer) - target.truth(inputs))
        below += bool(flint.arb(bound) < true)
        if true > TINY:
            line.ratios.append(float(flint.arb(bound) / true))
    return Line(line.ratios, below, none)


def overhead(target: Target, dtype: str, size: int, repeats: int) -> tuple[float, float]:
    """NumPy's and the bound's time in seconds: medians of interleaved calls."""
    program = target.program()
    inputs = target.data(np.random.default_rng(size), size, 100.0)
    answer = target.compute(inputs).astype(dtype)
    bound_of(target, program, inputs, answer)
    calls = max(1, 64 // size)
    computing: Callable[[], object] = lambda: target.compute(inputs)  # noqa: E731
    bounding: Callable[[], object] = lambda: bound_of(target, program, inputs, answer)  # noqa: E731
    times = [(_seconds(computing, calls), _seconds(bounding, calls)) for _ in range(repeats)]
    return statistics.median(one for one, _ in times), statistics.median(one for _, one in times)


def _seconds(call: Callable[[], object], calls: int) -> float:
    start = time.process_time()
    for _ in range(calls):
        call()
    return (time.process_time() - start) / calls


def rows(
    targets: list[Target], runs: int, sizes: tuple[int, ...]
) -> Iterator[tuple[Target, str, float, Line]]:
    for target in targets:
        for dtype in DTYPES:
            share = max(1, runs // (2 * len(CONDITIONS)))
            for condition in CONDITIONS:
                yield target, dtype, condition, errors(target, dtype, condition, share, sizes)


def print_errors(targets: list[Target], runs: int, sizes: tuple[int, ...]) -> int:
    print("bound / true error, bounds below it, and answers without a bound")
    print(
        f"{'target':<20} {'dtype':<8} {'kappa':>6} {'runs':>6} {'median':>9} {'largest':>9}"
        " below none"
    )
    total = 0
    for target, dtype, condition, line in rows(targets, runs, sizes):
        ratios = line.ratios or [float("nan")]
        total += line.below
        print(
            f"{target.name:<20} {dtype:<8} {condition:>6.0e} {len(line.ratios) + line.none:>6} "
            f"{statistics.median(ratios):>9.5f} {max(ratios):>9.5f} {line.below:>5} {line.none:>4}"
        )
    print(f"bounds below the true error: {total}")
    return total


def print_overhead(targets: list[Target], sizes: tuple[int, ...], repeats: int) -> None:
    print("\ntime of the bound / time of NumPy for the target, and NumPy's in milliseconds")
    print(f"{'target':<20} {'answer':<8}" + "".join(f"{f'd = {size}':>18}" for size in sizes))
    for target in targets:
        for dtype in DTYPES:
            cells = []
            for size in sizes:
                plain, bounded = overhead(target, dtype, size, repeats)
                cells.append(f"{bounded / plain:>8.2f} ({plain * 1e3:6.3f})")
            print(f"{target.name:<20} {dtype:<8}" + "".join(f"{cell:>18}" for cell in cells))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=120, help="of every target")
    parser.add_argument("--small", action="store_true", help="few runs, no large matrices")
    parser.add_argument("--size", type=int, help="compare at this size alone, and time nothing")
    parser.add_argument("--target", default="", help="only those that have this in their name")
    chosen = parser.parse_args()
    targets = [target for target in TARGETS if chosen.target in target.name]
    if not targets:
        parser.error(f"no target has '{chosen.target}' in its name")
    sizes = (chosen.size,) if chosen.size else CHECKED
    below = print_errors(targets, 12 if chosen.small else chosen.runs, sizes)
    if chosen.size:
        return 1 if below else 0
    print_overhead(targets, (4, 32) if chosen.small else TIMED, 3 if chosen.small else REPEATS)
    return 1 if below else 0


if __name__ == "__main__":
    sys.exit(main())
