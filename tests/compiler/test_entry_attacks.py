"""Try to break the bounds of programs with tables: gradient ascent on the observed error.

The inputs are moved uphill, and projected back onto what the script assumes (columns and matrices
onto their norms, entries onto their interval, spectra onto theirs), from 20 restarts a program;
from 2 in the quick run.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import weightsmith.api as ws
from weightsmith.backends.torch.run import run
from weightsmith.dsl.numbers.scalars import evaluate
from weightsmith.dsl.program import core

from .entry_instances import TABLE_MAKERS
from .instances import EXAMPLES, Array

STEPS = 25
SLACK = 1e-11  # round-off of the evaluation in float64


def leaves(inputs: dict[str, object]) -> Iterator[tuple[str, str | None, Array]]:
    for name, value in inputs.items():
        if isinstance(value, dict):
            yield from ((name, group, array) for group, array in value.items())
        else:
            yield name, None, np.asarray(value)


def projected(network: ws.Network, inputs: dict[str, object]) -> dict[str, object]:
    """The nearest inputs, more or less, that meet the assumptions."""
    found: dict[str, object] = {}
    for name, group, array in leaves(inputs):
        value = project(network, name, np.array(array))
        if group is None:
            found[name] = value
        else:
            found.setdefault(name, {})[group] = value  # type: ignore[index]
    return found


def project(network: ws.Network, name: str, value: Array) -> Array:
    for assumption in network.program.assumptions:
        if isinstance(assumption, core.EntryAssumption) and assumption.of == name:
            ends = (evaluate(e, network.bindings) for e in (assumption.low, assumption.high))
            value = np.clip(value, *(float(end) for end in ends))
        if isinstance(assumption, core.NormAssumption) and assumption.of == name:
            bound = float(evaluate(assumption.bound, network.bindings)) * (1 - 1e-12)
            per_token = next(i for i in network.program.inputs if i.name == name)
            if per_token.shape.columns == core.TOKEN:
                norms = np.linalg.norm(value, axis=0)
                value = value * np.minimum(1, bound / np.maximum(norms, 1e-300))
            else:
                value = value * min(1, bound / max(np.linalg.norm(value, 2), 1e-300))
        spectral = isinstance(assumption, core.SpectrumAssumption)
        if spectral and isinstance(assumption.of, core.Name) and assumption.of.name == name:
            ends = (evaluate(e, network.bindings) for e in (assumption.low, assumption.high))
            values, basis = np.linalg.eigh((value + value.T) / 2)
            value = (basis * np.clip(values, *(float(end) for end in ends))) @ basis.T
            value = (value + value.T) / 2
        if spectral and isinstance(assumption.of, core.Product):
            first = assumption.of.factors[0]
            if isinstance(first, core.Name) and first.name == name:  # the spectrum of x*x'
                high = float(evaluate(assumption.high, network.bindings)) * (1 - 1e-12)
                largest = np.linalg.norm(value, 2) ** 2
                value = value * min(1, np.sqrt(high / max(largest, 1e-300)))
    return value


class Victim:
    """A network with its module, and the script to compare with."""

    def __init__(self, network: ws.Network) -> None:
        self.network, self.module = network, network.module()

    def observed(self, inputs: dict[str, object]) -> float:
        """The largest error, as a fraction of its bound."""
        network = self.network
        found = run(self.module, network.template, network.used(inputs))
        worst = 0.0
        for bound in network.bounds:
            assert bound.value is not None, bound.unproven
            to_target = bound.against == "target"
            wanted = network.target(inputs) if to_target else network.interpret(inputs)
            pairs = zip(arrays(found[bound.output]), arrays(wanted[bound.output]), strict=True)
            for a, b in pairs:
                norm = np.linalg.norm(a - b, 2) if to_target else np.abs(a - b).max(initial=0)
                worst = max(worst, (norm - SLACK) / float(bound.value))
        return worst

    def climb(self, inputs: dict[str, object], random: np.random.Generator) -> float:
        """Ascent along estimated gradients (SPSA, Spall 1992), the step shrinking as it fails."""
        best, step = self.observed(inputs), 0.5
        for _ in range(STEPS):
            direction = {
                (name, group): random.choice([-1.0, 1.0], array.shape)
                for name, group, array in leaves(inputs)
            }
            tries = [
                projected(self.network, moved(inputs, direction, sign * step)) for sign in (1, -1)
            ]
            values = [self.observed(one) for one in tries]
            if max(values) > best:
                best, inputs = max(values), tries[values.index(max(values))]
            else:
                step *= 0.7
        return best


def moved(
    inputs: dict[str, object], direction: dict[tuple[str, str | None], Array], step: float
) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, group, array in leaves(inputs):
        value = array + step * direction[name, group]
        if group is None:
            found[name] = value
        else:
            found.setdefault(name, {})[group] = value  # type: ignore[index]
    return found


def arrays(value: object) -> list[Array]:
    return list(value.values()) if isinstance(value, dict) else [np.asarray(value)]


def attack(name: str, restarts: int) -> float:
    worst = 0.0
    for seed in range(restarts):
        random = np.random.default_rng(100 + seed)
        settings, inputs = small(name, random)
        network = ws.compile(EXAMPLES / f"{name}.alg", settings=settings)
        worst = max(worst, Victim(network).climb(projected(network, inputs), random))
    return worst


def small(name: str, random: np.random.Generator) -> tuple[dict[str, object], dict[str, object]]:
    """An instance of few numbers, so that directions are few."""
    while True:
        settings, inputs = TABLE_MAKERS[name](random)
        if sum(array.size for _, _, array in leaves(inputs)) <= 40:
            return settings, inputs


@pytest.mark.parametrize("name", sorted(TABLE_MAKERS))
def test_no_bound_is_broken_quickly(name: str) -> None:
    assert attack(name, 2) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(TABLE_MAKERS))
def test_no_bound_is_broken(name: str) -> None:
    assert attack(name, 20) <= 1
