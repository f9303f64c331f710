"""Sums over a matrix: ``sum(E)`` and ``trace(E)``, what they mean and where they are refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from weightsmith import api
from weightsmith.dsl import Checked, Source, check, program_text

Look = Callable[[str], Checked]
TRACES = """algorithm traces(A: [d, d], B: [d, k])
assume size(d) <= 4
assume size(k) <= 3
assume norm(A) <= 2
assume norm(B) <= 1
first, second = trace(3*A - I), trace(B'*A*B)
return first, second
"""


@pytest.mark.parametrize("gated", [True, False])
def test_a_trace_is_that_of_the_matrix(gated: bool, tmp_path: Path) -> None:
    network = api.compile(TRACES, gated=gated)
    network.save(tmp_path / "out")
    report = api.verify(tmp_path / "out")
    assert report.outcome == "proven"
    random = np.random.default_rng(1)
    a, b = (random.normal(size=shape) for shape in ((4, 4), (4, 3)))
    a, b = (2 * a / np.linalg.norm(a, 2), b / np.linalg.norm(b, 2))
    found = network.run({"A": a, "B": b})
    for bound, name, true in zip(
        network.bounds,
        ("first", "second"),
        (3 * np.trace(a) - 4, np.trace(b.T @ a @ b)),
        strict=True,
    ):
        assert (bound.value == 0) is gated
        assert abs(found[name].item() - true) <= (bound.value or 0) + 1e-12


def test_a_trace_is_the_sum_of_the_entries_times_those_of_the_identity() -> None:
    program = check(Source("s.alg", "algorithm f(A: [d, d])\nreturn trace(2*A)\n"))
    assert "2*sum(A .* I)*ones" in program_text(program)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("trace(B)", "trace needs a square matrix, but B is [d, k]"),
        ("trace(A, A)", "trace takes one value, got 2"),
        ("trace(2)", "trace is applied to the entries of a matrix, got 2"),
        ("A approximates trace(A)*A", "'trace' works on entries and cannot stand in a target"),
    ],
)
def test_where_a_trace_is_refused(value: str, message: str, look: Look) -> None:
    found = look(f"algorithm f(A: [d, d], B: [d, k])\nX = A*B\nreturn {value}\n")
    assert message in [one.message for one in found.diagnostics if one.severity == "error"]
