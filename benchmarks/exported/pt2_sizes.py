"""Is one .pt2 file right for other sizes, and for a batch of one?  Every example of the demo.

    python benchmarks/exported/pt2_sizes.py [--small] [--only TEXT]

Each file is loaded once and run on the demo's data, on at most 7 and at most 1 of every axis whose
size is free, in batches of 1, 2 and 5.  Printed are the largest differences, relative to the
largest entry: from the .py file of the same network on the same arrays, and from the interpreter
of the network.  Ends with status 1 if one is over 1e-12, or an example has no .pt2 file.  Cut data
need not meet what an algorithm assumes: where it amplifies round-off (see exact.py) the second one
may be as much larger, and the row says how much it amplifies.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from drawn import Drawn, examples
from exact import AMPLIFIES, truths_of
from forms import Matrices, Run, flat, matrices, python_function

from weightsmith.backends.errors import ExportError
from weightsmith.backends.export import Subject, subject_of
from weightsmith.backends.plan.operations.nodes import Input
from weightsmith.backends.reference import run_files
from weightsmith.backends.template.layout import Inputs
from weightsmith.cli.outputs.table import print_table

MOST = 1e-12
SIZES = (10**9, 7, 1)
BATCHES = (1, 2, 5)
HEAD = (
    "example",
    "seconds\nto write",
    "kB",
    "runs",
    "from .py",
    "from the\ninterpreter",
    "amplifies",
    "",
)


@dataclass(frozen=True)
class Row:
    name: str
    seconds: float
    kilobytes: float
    runs: int
    from_python: float
    from_interpreter: float
    allowance: float

    @property
    def within(self) -> bool:
        return self.from_python <= MOST and self.from_interpreter <= MOST * self.allowance

    def cells(self) -> tuple[str, ...]:
        figures = (f"{self.from_python:.1e}", f"{self.from_interpreter:.1e}")
        size = (f"{self.seconds:.1f}", f"{self.kilobytes:.0f}", str(self.runs))
        amplifies = f"{self.allowance * AMPLIFIES:.0e}" if self.allowance > 1 else "-"
        return (self.name, *size, *figures, amplifies, "" if self.within else "OVER")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--only", default="")
    chosen = parser.parse_args()
    rows: list[Row] = []
    missing = 0
    for drawn in examples(small=chosen.small):
        if chosen.only not in drawn.name or (chosen.small and rows):
            continue
        try:
            rows.append(_row(drawn))
        except ExportError as reason:
            missing += 1
            print(f"{drawn.name}: {reason}")
    print_table(HEAD, [row.cells() for row in rows])
    over = sum(not row.within for row in rows)
    print(f"{len(rows)} examples, {over} over {MOST:g}, {missing} without a file")
    return int(over > 0 or missing > 0)


def _row(drawn: Drawn) -> Row:
    with tempfile.TemporaryDirectory() as place:
        run = Run(drawn.network, drawn.inputs, Path(place))
        start = time.process_time()
        drawn.network.export(run.place / "net.pt2")
        seconds = time.process_time() - start
        program = torch.export.load(run.place / "net.pt2").module()
        function = python_function(run, numpy=False)
        size = (run.place / "net.pt2").stat().st_size
        worst, allowance = [0.0, 0.0], 1.0
        runs = 0
        for arrays in _data(run):
            given = [torch.from_numpy(array) for array in arrays]
            found = matrices(program(*given))
            others = matrices(function(*given)), _interpreted(run, arrays)
            apart = [_apart(found, other) for other in others]
            if MOST < apart[1] < np.inf:
                allowance = max(allowance, _allowance(run, arrays))
            worst = [max(pair) for pair in zip(worst, apart, strict=True)]
            runs += 1
    return Row(drawn.name, seconds, size / 1e3, runs, worst[0], worst[1], allowance)


def _data(run: Run) -> Iterator[Matrices]:
    """The arrays of the demo, cut to other sizes, in batches."""
    subject = _subject(run)
    for most in SIZES:
        some = [
            array[
                tuple(slice(None if axis.isdigit() else most) for axis in (one.rows, one.columns))
            ]
            for array, one in zip(run.arguments, subject.inputs, strict=True)
        ]
        for batch in BATCHES:
            factors = 1 - np.arange(batch)[:, None, None] / 10
            yield [np.ascontiguousarray(array * factors) for array in some]


def _allowance(run: Run, arrays: Matrices) -> float:
    """The largest of a batch."""
    each = ([array[place] for array in arrays] for place in range(len(arrays[0])))
    template = run.network.template
    truths = (truth for one in each for truth in truths_of(template, _inputs(run, one)))
    return max(truth.allowance for truth in truths)


def _interpreted(run: Run, arrays: Matrices) -> Matrices:
    files: Mapping[str, bytes] = run.network.files()
    inputs = _inputs(run, arrays)
    return flat(run_files(files["template.json"], files["model.safetensors"], inputs))


def _inputs(run: Run, arrays: Matrices) -> Inputs:
    """The arrays of an export, in its order, as the script's inputs."""
    inputs: dict[str, np.ndarray | dict[str, np.ndarray]] = {}
    subject = _subject(run)
    for port, array in zip(subject.inputs, arrays, strict=True):
        node = subject.plan.graph.nodes[port.ref.node]
        assert isinstance(node, Input)
        if node.group is None:
            inputs[node.name] = array
        else:
            groups = inputs.setdefault(node.name, {})
            assert isinstance(groups, dict)
            groups[node.group] = array
    return inputs


def _apart(found: Matrices, wanted: Matrices) -> float:
    return max(_distance(one, two) for one, two in zip(found, wanted, strict=True))


def _distance(found: np.ndarray, wanted: np.ndarray) -> float:
    if found.shape != wanted.shape or not np.isfinite(found).all():
        return np.inf
    distance = float(np.abs(found - wanted).max(initial=0.0))
    return distance / float(np.abs(wanted).max(initial=0.0)) if distance else 0.0


def _subject(run: Run) -> Subject:
    network = run.network
    return subject_of(network.files(), network.template, (), intact=True, dtype=None)


if __name__ == "__main__":
    sys.exit(main())
