"""No observed error above its certified bound: hard spectra, float64 and float32 (bar 2).

Round-off is not claimed yet, so 1e3·u·κ of the scale is allowed for it.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from tests.checker.claims_by_hand import claims_in

import weightsmith.api as ws
from weightsmith.cli.outputs.scale import scale_of, truncations

from .compiled_examples import compiled
from .instances import EXAMPLES, HIGH, LOW, MAKERS

UNIT_ROUND_OFF = {"float64": 2.0**-53, "float32": 2.0**-24}
KAPPA = (HIGH / LOW) ** 2  # of A'A, the worst of the operators


def matrix(value: object) -> np.ndarray:
    if isinstance(value, dict):
        (value,) = value.values()
    return np.asarray(value, dtype=np.float64)


def claims(network: ws.Network) -> list[dict[str, object]]:
    return [c for c in claims_in(network.certificate) if c["kind"] == "truncation"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("dtype", sorted(UNIT_ROUND_OFF))
@pytest.mark.parametrize("name", sorted(MAKERS))
def test_observed_error_is_within_the_bound(name: str, dtype: str) -> None:
    for seed in range(100, 112):
        settings, inputs = MAKERS[name](np.random.default_rng(seed))
        network = compiled(name, settings)
        found, wanted = network.run(inputs, dtype), network.target(inputs)
        certified = {one.output: one.value for one in network.bounds}
        for fact in truncations(network.certificate):
            output = fact.output
            target = matrix(wanted[output])
            scale = scale_of(fact, network.program, inputs, target, network.bindings)
            bound = float(certified[output] or 0)
            observed = np.linalg.norm(matrix(found[output]) - target, 2) / scale
            allowed = 1e3 * UNIT_ROUND_OFF[dtype] * KAPPA
            assert observed <= bound + allowed, (seed, output)


@pytest.mark.parametrize(
    ("name", "settings", "worst"),
    [
        ("newton_inverse", {"mu": "1/4", "L": 2}, Fraction(7, 9)),
        ("newton_inverse_general", {"smin": "1/2", "smax": 2}, Fraction(15, 16)),
    ],
)
@pytest.mark.parametrize("steps", [0, 1, 5, 9])
def test_newton_bounds_are_exact(
    name: str, settings: dict[str, object], worst: Fraction, steps: int
) -> None:
    """The error at the ends of the spectrum is worst^(2^steps); the bound is that, rounded up."""
    network = ws.compile(EXAMPLES / f"{name}.alg", settings={**settings, "steps": steps})
    (bound,) = network.bounds
    true = worst ** (2**steps)
    assert true <= bound.value <= true * (1 + Fraction(1, 10**12))


@pytest.mark.parametrize("eta", ["1/2", "8/9", "1"])
@pytest.mark.parametrize("steps", [0, 3, 200])
def test_gradient_descent_bounds_are_exact(eta: str, steps: int) -> None:
    settings = {"mu": "1/4", "L": 2, "eta": eta, "steps": steps}
    (bound,) = ws.compile(EXAMPLES / "gradient_descent.alg", settings=settings).bounds
    rate = max(abs(1 - Fraction(eta) * end) for end in (Fraction(1, 4), Fraction(2)))
    true = rate**steps
    assert true <= bound.value <= true * (1 + Fraction(1, 10**15))


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"mu": 0, "L": 1}, "pole"),
        ({"mu": -1, "L": 2}, "pole"),
    ],
)
def test_what_is_not_proven_is_not_claimed(settings: dict[str, object], reason: str) -> None:
    network = ws.compile(EXAMPLES / "newton_inverse.alg", settings=settings)
    (bound,) = network.bounds
    assert bound.value is None
    assert bound.unproven is not None
    assert reason in bound.unproven
    assert network.verify().accepted
