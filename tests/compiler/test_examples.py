"""Every example: the network is the script, the certificate holds, the files are the network."""

from __future__ import annotations

import numpy as np
import pytest

import weightsmith.api as ws

from .instances import EXAMPLES, MAKERS

NAMES = sorted(path.stem for path in EXAMPLES.glob("*.alg"))
INSTANCES = 50


def test_every_example_has_instances() -> None:
    assert sorted(MAKERS) == NAMES


def pieces(value: object) -> list[np.ndarray]:
    return list(value.values()) if isinstance(value, dict) else [np.asarray(value)]


@pytest.mark.parametrize("name", NAMES)
def test_network_equals_script(name: str) -> None:
    """50 random instances, sizes at random: 1e-12 relative in float64."""
    for seed in range(INSTANCES):
        settings, inputs = MAKERS[name](np.random.default_rng(seed))
        network = ws.compile(EXAMPLES / f"{name}.alg", settings=settings)
        found, wanted = network.run(inputs), network.interpret(inputs)
        assert found.keys() == wanted.keys()
        for output in wanted:
            for a, b in zip(pieces(found[output]), pieces(wanted[output]), strict=True):
                scale = max(np.abs(b).max(initial=0), 1e-300)
                assert np.abs(a - b).max(initial=0) <= 1e-12 * scale, (seed, output)


@pytest.mark.parametrize("name", NAMES)
def test_symbolic_compilation_verifies(name: str) -> None:
    """Without settings the symbols stay, there are formulas and no weights, and it all checks."""
    network = ws.compile(EXAMPLES / f"{name}.alg")
    report = network.verify()
    assert report.accepted, [v.reason for v in report.verdicts if not v.accepted]
    assert all(bound.unproven is None for bound in network.bounds)
    assert all(bound.formula for bound in network.bounds)


@pytest.mark.parametrize("name", NAMES)
def test_same_script_same_bytes(name: str) -> None:
    settings, _ = MAKERS[name](np.random.default_rng(1))
    first = ws.compile(EXAMPLES / f"{name}.alg", settings=settings)
    second = ws.compile(first.source.text, settings=settings)
    assert first.files() == second.files()


@pytest.mark.parametrize("name", NAMES)
def test_loading_gives_the_same_module(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    settings, inputs = MAKERS[name](np.random.default_rng(2))
    network = ws.compile(EXAMPLES / f"{name}.alg", settings=settings)
    directory = tmp_path_factory.mktemp("saved") / "network"
    network.save(directory)
    loaded = ws.load(directory)
    assert loaded.files() == network.files()
    first, second = network.module().state_dict(), loaded.module().state_dict()
    assert first.keys() == second.keys()
    assert all(first[key].equal(second[key]) for key in first)
    for output, value in network.run(inputs).items():
        for a, b in zip(pieces(value), pieces(loaded.run(inputs)[output]), strict=True):
            assert np.array_equal(a, b)


@pytest.mark.parametrize("name", NAMES)
def test_dense_weights_agree(name: str) -> None:
    settings, inputs = MAKERS[name](np.random.default_rng(3))
    network = ws.compile(EXAMPLES / f"{name}.alg", settings=settings)
    dense = ws.compile(EXAMPLES / f"{name}.alg", settings=settings, dims=network.dims_of(inputs))
    assert dense.verify().accepted
    found, wanted = dense.run(inputs), network.run(inputs)
    for output in wanted:
        for a, b in zip(pieces(found[output]), pieces(wanted[output]), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12 * np.abs(b).max(initial=1))
