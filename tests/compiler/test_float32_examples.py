"""Two examples that say how to write a loop for floats, beside the loop that loses digits."""

from __future__ import annotations

import numpy as np
import pytest

import weightsmith.api as ws

from .instances import EXAMPLES, orthogonal

CUBED = """algorithm heat_kernel(A: symmetric[d, d])
assume spectrum(A) in [0, 2]
E = I - 1/3^12 * A
repeat 12:
    E = E*E*E
return E approximates exp(-A)
"""
NEARLY_DIVERGENT = """algorithm newton(A: [d, d])
assume singular_values(A) in [1/10000, 1]
X = 2/(1/10000^2 + 1) * A'
repeat 40:
    X = 2*X - X*A*X
return X approximates inv(A)
"""


def in_float32(network: ws.Network, matrix: np.ndarray) -> np.ndarray:
    (value,) = network.run({"A": matrix}, "float32").values()
    return np.asarray(value, dtype=float)


@pytest.mark.parametrize("size", [4, 12])
def test_the_heat_kernel_keeps_its_digits(size: int) -> None:
    """I + D cubed by D alone: a hundredth of 1 becomes half a millionth, in as many layers."""
    basis = orthogonal(np.random.default_rng(size), size)
    matrix = (basis * np.linspace(0, 2, size)) @ basis.T
    matrix = (matrix + matrix.T) / 2
    target = (basis * np.exp(-np.linspace(0, 2, size))) @ basis.T
    carried = ws.compile(EXAMPLES / "heat_kernel.alg", settings={"L": 2, "k": 12})
    cubed = ws.compile(CUBED)
    assert carried.report.layers == cubed.report.layers == 12
    assert carried.bounds[0].value == cubed.bounds[0].value
    assert np.linalg.norm(in_float32(carried, matrix) - target, 2) < 2e-6
    assert np.linalg.norm(in_float32(cubed, matrix) - target, 2) > 1e-3


def test_newton_starts_where_round_off_does_not_diverge() -> None:
    """A condition of 10⁴: 1e-3 of the inverse is wrong, or for most matrices all of it."""
    settings = {"smin": "1/10000", "smax": 1, "steps": 40}
    network = ws.compile(EXAMPLES / "newton_inverse_general.alg", settings=settings)
    other = ws.compile(NEARLY_DIVERGENT)
    assert network.report.layers == other.report.layers == 40
    lost = 0
    for seed in range(6):
        random = np.random.default_rng(seed)
        left, right = orthogonal(random, 8), orthogonal(random, 8)
        matrix = (left * np.geomspace(1e-4, 1, 8)) @ right.T
        inverse = np.linalg.inv(matrix)
        size = np.linalg.norm(inverse, 2)
        assert np.linalg.norm(in_float32(network, matrix) - inverse, 2) < 1e-3 * size
        found = in_float32(other, matrix)
        lost += not np.isfinite(found).all() or np.linalg.norm(found - inverse, 2) > 0.5 * size
    assert lost >= 3
