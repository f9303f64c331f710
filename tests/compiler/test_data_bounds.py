"""Bounds in numbers on given data: what `run` prints, for Python."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from weightsmith import api
from weightsmith.backends.errors import LayoutError

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SCRIPT = """algorithm solve(A: symmetric[d, d], b: [d, k])
assume spectrum(A) in [1/2, 2]
param steps = 4
X = 4/5*I
repeat steps:
    X = 2*X - X*A*X
return X*b approximates inv(A)*b
"""


@pytest.fixture(scope="module")
def network() -> api.Network:
    return api.compile(SCRIPT)


def data(spectrum: list[float], scale: float = 1.0) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(5)
    basis, _ = np.linalg.qr(draw.normal(size=(len(spectrum),) * 2))
    matrix = (basis * spectrum) @ basis.T
    return {"A": (matrix + matrix.T) / 2, "b": scale * draw.normal(size=(len(spectrum), 2))}


def test_the_error_is_within_it_and_it_scales_with_the_data(network: api.Network) -> None:
    values = []
    for scale in (1.0, 8.0):
        inputs = data([0.5 + 1e-9, 1.0, 2.0 - 1e-9], scale)
        (found,) = network.bounds_on(inputs)
        assert found.bound == network.bounds[0]
        assert found.scale is not None
        assert found.value is not None
        assert found.depends_on == ()
        wanted = np.linalg.solve(inputs["A"], inputs["b"])
        error = np.linalg.norm(network.run(inputs)[found.bound.output] - wanted, 2)
        assert error <= found.value
        values.append(found.value)
    assert float(values[1] / values[0]) == pytest.approx(8, rel=1e-3)


def test_an_absolute_bound_has_the_scale_1() -> None:
    tabled = api.compile(EXAMPLES / "approximate_function.alg")
    found, *_ = tabled.bounds_on(
        {"s": {"query": np.ones((1, 3))}, "t": {"query": np.zeros((1, 3))}}
    )
    assert found.bound.against == "script"
    assert found.scale == 1
    assert found.value is not None
    assert 0 < found.value < 1


def test_what_the_data_do_not_meet_is_named(network: api.Network) -> None:
    (found,) = network.bounds_on(data([0.5, 1.0, 3.0]))
    assert any("spectrum(A)" in text for text in found.depends_on)


def test_data_that_do_not_fit(network: api.Network) -> None:
    with pytest.raises(LayoutError):
        network.bounds_on({"A": np.eye(2), "b": np.zeros((3, 1))})
