"""Exports of every case of the demo: the time to write an .onnx file, its size, its error.

    python benchmarks/exports.py [--small]

Bars, for networks without tables: at most 50 ms and 30 kB.  Times are of one process, the median of
five writes after the first, which loads onnx-ir; ``plan`` is the time from template and weights to
the plan.  ``error`` is the largest relative difference of onnxruntime's float64 from the reference
interpreter.  Ends with status 1 if a bar is missed.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from weightsmith import api
from weightsmith.backends.export import Options, subject_of
from weightsmith.backends.export.onnx_file import write
from weightsmith.backends.reference import run_files
from weightsmith.cli.demonstration.demo_cases import CASES, Case
from weightsmith.cli.demonstration.demo_function_cases import FUNCTION_CASES
from weightsmith.cli.inputs.examples import example

MOST_MS, MOST_KB, MOST_ERROR = 50.0, 30.0, 1e-12
TIMES = 5
SMALL = ("newton_inverse", "gradient_descent", "lasso_fista")
LONG = ("logistic_newton",)  # takes a minute to compile with its usual steps


@dataclass(frozen=True)
class Row:
    name: str
    tables: bool
    plan_ms: float
    write_ms: float
    onnx_kb: float
    python_kb: float
    error: float

    @property
    def within(self) -> bool:
        fits = self.write_ms <= MOST_MS and self.onnx_kb <= MOST_KB
        return self.error <= MOST_ERROR and (self.tables or fits)


def row_of(case: Case) -> Row:
    problem = case.problem()
    network = api.compile(
        example(case.script),
        settings=case.parameters(problem, small=case.script in LONG),
        fewest=case.fewest,
        matrices=problem.matrices,
    )
    files = network.files()
    start = time.process_time()
    subject = subject_of(files, network.template, (), intact=True, dtype=None)
    constants = subject.constants
    planned = time.process_time() - start
    write(subject, Options())
    times = [_seconds_of_writing(network) for _ in range(TIMES)]
    with tempfile.TemporaryDirectory() as place:
        network.export(Path(place) / "net.py")
        python = (Path(place) / "net.py").stat().st_size
        network.export(Path(place) / "net.onnx")
        model = (Path(place) / "net.onnx").read_bytes()
    inputs = network.used(problem.inputs)
    found = _run(model, dict(_flat(inputs)))
    wanted = dict(_flat(run_files(files["template.json"], files["model.safetensors"], inputs)))
    return Row(
        case.name,
        bool(constants),
        1e3 * planned,
        1e3 * statistics.median(times),
        len(model) / 1e3,
        python / 1e3,
        max(_error(one, value) for one, value in zip(found, wanted.values(), strict=True)),
    )


def _seconds_of_writing(network: api.Network) -> float:
    """From a plan to bytes; the subject is new each time, so nothing is kept."""
    subject = subject_of(network.files(), network.template, (), intact=True, dtype=None)
    assert subject.plan
    start = time.process_time()
    write(subject, Options())
    return time.process_time() - start


def _run(model: bytes, arrays: dict[str, np.ndarray]) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(model)
    feed = {one.name: arrays[one.name][None] for one in session.get_inputs()}
    return [found[0] for found in session.run(None, feed)]


def _flat(values: object) -> Iterator[tuple[str, np.ndarray]]:
    assert isinstance(values, dict)
    for name, value in values.items():
        if isinstance(value, dict):
            yield from ((f"{name}_{group}", np.asarray(one, float)) for group, one in value.items())
        else:
            yield name, np.asarray(value, float)


def _error(found: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.abs(found - wanted).max() / np.abs(wanted).max())


def main() -> int:
    small = "--small" in sys.argv[1:]
    cases = [case for case in (*CASES, *FUNCTION_CASES) if not small or case.name in SMALL]
    print(f"{'':36}tables   plan ms  write ms   onnx kB     py kB     error")
    rows = []
    for case in cases:
        row = row_of(case)
        rows.append(row)
        mark = "" if row.within else "  OVER"
        print(
            f"{row.name:36}{'yes' if row.tables else 'no':6}{row.plan_ms:10.1f}{row.write_ms:10.1f}"
            f"{row.onnx_kb:10.1f}{row.python_kb:10.1f}{row.error:10.1e}{mark}"
        )
    over = sum(not row.within for row in rows)
    print(
        f"{len(rows)} exports, {over} over a bar ({MOST_MS:g} ms, {MOST_KB:g} kB, {MOST_ERROR:g})"
    )
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
