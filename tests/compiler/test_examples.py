"""Every example: the network is the script, the certificate holds, the files are the network."""

from __future__ import annotations

import numpy as np
import pytest
import safetensors.torch
import torch

import weightsmith.api as ws

from .compiled_examples import compiled
from .entry_instances import EXACT_MAKERS, TABLE_MAKERS
from .instances import EXAMPLES, MATRICES, SYNTHESIZED
from .instances import MAKERS as POLYNOMIAL_MAKERS

NAMES = sorted(path.stem for path in EXAMPLES.glob("*.alg"))
MAKERS = {**POLYNOMIAL_MAKERS, **SYNTHESIZED, **EXACT_MAKERS, **TABLE_MAKERS}
SYMBOLIC = sorted(POLYNOMIAL_MAKERS)
EXACT = sorted([*POLYNOMIAL_MAKERS, *SYNTHESIZED, *EXACT_MAKERS])
INSTANCES, MORE = 20, 50


def test_every_example_has_instances() -> None:
    assert sorted(MAKERS) == NAMES


def pieces(value: object) -> list[np.ndarray]:
    return list(value.values()) if isinstance(value, dict) else [np.asarray(value)]


@pytest.mark.parametrize("name", EXACT)
def test_network_equals_script(name: str) -> None:
    """Random instances, sizes at random: 1e-12 relative in float64.

    A synthesised network is the same for all instances: a few are enough.
    """
    compare_with_script(name, range(3 if name in SYNTHESIZED else INSTANCES))


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({*EXACT} - {*SYNTHESIZED}))
def test_network_equals_script_on_more_instances(name: str) -> None:
    compare_with_script(name, range(INSTANCES, MORE))


def compare_with_script(name: str, seeds: range) -> None:
    for seed in seeds:
        settings, inputs = MAKERS[name](np.random.default_rng(seed))
        network = compiled(name, settings)
        found, wanted = network.run(inputs), network.interpret(inputs)
        assert found.keys() == wanted.keys()
        for output in wanted:
            for a, b in zip(pieces(found[output]), pieces(wanted[output]), strict=True):
                scale = max(np.abs(b).max(initial=0), 1e-300)
                assert np.abs(a - b).max(initial=0) <= 1e-12 * scale, (seed, output)


@pytest.mark.parametrize("name", sorted([*EXACT_MAKERS, *TABLE_MAKERS]))
def test_network_equals_script_with_tables(name: str) -> None:
    """The network is the script with tables, and that is as near the script as is proven."""
    for seed in range(3):
        settings, inputs = MAKERS[name](np.random.default_rng(seed))
        network = compiled(name, settings)
        found, wanted = network.run(inputs), network.interpret(inputs, tables=True)
        for output in wanted:
            for a, b in zip(pieces(found[output]), pieces(wanted[output]), strict=True):
                scale = max(np.abs(b).max(initial=0), 1.0)
                assert np.abs(a - b).max(initial=0) <= 1e-11 * scale, (seed, output)
        exact, target = network.interpret(inputs), None
        for bound in network.bounds:
            assert bound.unproven is None, (bound.output, bound.unproven)
            assert bound.value is not None
            if bound.against == "target":
                target = target or network.target(inputs)
            against = target if bound.against == "target" and target else exact
            pairs = zip(pieces(found[bound.output]), pieces(against[bound.output]), strict=True)
            for a, b in pairs:
                distance = np.abs(a - b).max(initial=0)
                if bound.against == "target":
                    distance = np.linalg.norm(a - b, 2)
                assert distance <= float(bound.value) + 1e-11, (seed, bound)


@pytest.mark.parametrize("name", sorted([*EXACT_MAKERS, *TABLE_MAKERS]))
def test_every_claim_is_accepted(name: str) -> None:
    settings, _ = MAKERS[name](np.random.default_rng(2))
    report = compiled(name, settings).verify()
    assert report.accepted, [v.reason for v in report.verdicts if not v.accepted]
    kinds = {v.kind for v in report.verdicts}
    assert name in EXACT_MAKERS or {"approximation", "domain"} <= kinds


@pytest.mark.parametrize("name", SYMBOLIC)
def test_symbolic_compilation_verifies(name: str) -> None:
    """Without settings the symbols stay, there are formulas and no weights, and it all checks."""
    network = ws.compile(EXAMPLES / f"{name}.alg")
    report = network.verify()
    assert report.accepted, [v.reason for v in report.verdicts if not v.accepted]
    assert all(bound.unproven is None for bound in network.bounds)
    assert all(bound.formula for bound in network.bounds)


@pytest.mark.parametrize("name", NAMES)
def test_same_script_same_bytes(name: str) -> None:
    settings, _ = MAKERS[name](np.random.default_rng(2))
    first = compiled(name, settings)
    again = {} if name in SYNTHESIZED else settings  # the script that is saved has numbers
    second = ws.compile(first.source.text, settings=again, matrices=MATRICES.get(name))
    assert first.files() == second.files()


@pytest.mark.parametrize("name", NAMES)
def test_loading_gives_the_same_module(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    settings, inputs = MAKERS[name](np.random.default_rng(2))
    network = compiled(name, settings)
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
def test_a_trace_ends_with_what_the_network_returns(name: str) -> None:
    """So do its variables, where the script returns one."""
    settings, inputs = MAKERS[name](np.random.default_rng(2))
    network = compiled(name, settings)
    trace, last = network.trace(inputs), len(network.layer_places()) - 1
    assert {layer for layer, _, _ in trace.blocks} == set(range(-1, last + 1))
    returned = network.run(inputs)
    for (layer, output, group), array in [*trace.values.items(), *trace.variables.items()]:
        if layer == last and output in returned:
            value = returned[output]
            wanted = value[group] if isinstance(value, dict) else value
            scale = np.abs(wanted).max(initial=1)
            np.testing.assert_allclose(array, wanted, rtol=1e-9, atol=1e-9 * scale)


@pytest.mark.parametrize("name", NAMES)
def test_the_file_of_weights_is_the_state_dict_of_the_module(name: str) -> None:
    """The same names and tensors, loaded strictly, and written back by the library."""
    settings, _ = MAKERS[name](np.random.default_rng(2))
    network = compiled(name, settings)
    file = safetensors.torch.load(network.files()["model.safetensors"])
    module = network.module()
    for parameter in module.parameters():
        parameter.data.fill_(7)
    module.load_state_dict(file, strict=True)
    again = safetensors.torch.load(safetensors.torch.save(module.state_dict()))
    assert again.keys() == file.keys()
    assert all(torch.equal(again[key], file[key]) for key in file)


@pytest.mark.parametrize("name", NAMES)
def test_dense_weights_agree(name: str) -> None:
    settings, inputs = MAKERS[name](np.random.default_rng(2))
    network = compiled(name, settings)
    dense = ws.compile(
        EXAMPLES / f"{name}.alg",
        settings=settings,
        dims=network.dims_of(inputs),
        matrices=MATRICES.get(name),
    )
    assert dense.verify().accepted
    found, wanted = dense.run(inputs), network.run(inputs)
    for output in wanted:
        for a, b in zip(pieces(found[output]), pieces(wanted[output]), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12 * np.abs(b).max(initial=1))
