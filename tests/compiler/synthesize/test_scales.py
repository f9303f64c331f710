"""Functions whose values are far from 1: the blocks are not, so that none loses its digits."""

from __future__ import annotations

import numpy as np
import pytest

import weightsmith.api as ws

CASES = [
    ("A^(2/3)", 2 / 3, "[1e-12, 1e-11]", "1e-10"),
    ("A^(1/2)", 1 / 2, "[1e-12, 1e-11]", "1e-9"),
    ("A^(-3/4)", -3 / 4, "[1e11, 1e12]", "1e-9"),
]


@pytest.mark.parametrize(("target", "power", "ends", "tolerance"), CASES)
def test_the_error_is_the_certified_one(
    target: str, power: float, ends: str, tolerance: str
) -> None:
    network = ws.compile(
        f"algorithm f(A: symmetric[d, d])\nassume spectrum(A) in {ends}\n"
        f"return synthesize {target} within {tolerance}\n"
    )
    low, high = (float(end) for end in ends.strip("[]").split(","))
    values = np.geomspace(low * (1 + 1e-9), high * (1 - 1e-9), 6)
    basis = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 6)))[0]
    matrix = (basis * values) @ basis.T
    wanted = (basis * values**power) @ basis.T
    (found,) = network.run({"A": (matrix + matrix.T) / 2}).values()
    (bound,) = network.bounds
    assert bound.value is not None
    assert bound.value <= float(tolerance)
    error = np.linalg.norm(np.asarray(found) - wanted, 2) / np.linalg.norm(wanted, 2)
    assert error <= float(bound.value) + 1e-13 * high / low
    assert network.verify().accepted
