"""Compile a script with scores, prove it, and run it in every way."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray

import weightsmith.api as ws
from weightsmith.backends.reference import run_files
from weightsmith.backends.template.layout import Inputs
from weightsmith.dsl.program import core
from weightsmith.dsl.running import interpreter

Array = NDArray[np.object_]
SIZES = {"d": 2, "e": 3, "k": 2, "m": 2, "context": 4, "query": 2}


def proven(script: str, *, gated: bool = False) -> ws.Network:
    """The network, all of whose claims the checker accepts."""
    network = ws.compile(script, gated=gated)
    verdicts = network.verify().verdicts
    assert all(one.accepted for one in verdicts), [v.reason for v in verdicts if not v.accepted]
    return network


def inputs_of(program: core.Program, seed: int) -> dict[str, object]:
    """Small fractions for every input."""
    random = np.random.default_rng(seed)

    def matrix(rows: str, columns: str) -> Array:
        shape = tuple(SIZES.get(axis) or int(axis) for axis in (rows, columns))
        tops, bottoms = random.integers(-4, 5, shape), random.integers(1, 5, shape)
        found: Array = np.vectorize(Fraction, otypes=[object])(tops, bottoms)
        return found

    found: dict[str, object] = {}
    for one in program.inputs:
        if one.shape.columns == core.TOKEN:
            found[one.name] = {g: matrix(one.shape.rows, g) for g in one.shape.column_groups}
        else:
            value = matrix(one.shape.rows, one.shape.columns)
            found[one.name] = value + value.T if one.symmetric else value
    return found


def exactly(network: ws.Network, inputs: Inputs) -> dict[str, Array]:
    """What the network returns, in fractions, by name and group: "z context"."""
    used = network.used(inputs)
    found = flat(run_files(network.files()["template.json"], None, used, exact=True))
    for array in found.values():
        assert not any(isinstance(entry, float) for entry in array.flat)
    return found


def flat(values: Mapping[str, object]) -> dict[str, Array]:
    """Arrays by name, and by name and group."""
    found: dict[str, Array] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found |= {f"{name} {group}": np.asarray(one) for group, one in value.items()}
        else:
            found[name] = np.asarray(value)
    return found


def floats(value: object) -> object:
    if isinstance(value, dict):
        return {key: floats(one) for key, one in value.items()}
    return np.asarray(value).astype(np.float64)


def smaller(value: object) -> object:
    """An eighth: what products of products of scores make of it stays of the size of 1."""
    if isinstance(value, dict):
        return {key: smaller(one) for key, one in value.items()}
    return np.asarray(value) / 8


def assert_runs(network: ws.Network, seed: int, *, exact: bool = True) -> None:
    """In fractions and in floats the network returns what the interpreter says."""
    inputs = inputs_of(network.program, seed)
    if exact:
        wanted = flat(interpreter.run(network.program, inputs, network.bindings, exact=True))
        found = exactly(network, inputs)
        assert _values(found).keys() == _values(wanted).keys()
        for name, value in _values(wanted).items():
            assert np.array_equal(_values(found)[name], value), name
    rounded = smaller(floats(inputs))
    assert isinstance(rounded, dict)
    known = _values(flat(interpreter.run(network.program, rounded, network.bindings)))
    ways: tuple[Literal["plan", "faithful"], ...] = ("plan", "faithful")
    for execution in ways:
        answer = _values(flat(network.run(rounded, execution=execution)))
        assert answer.keys() == known.keys()
        for name, value in known.items():
            scale = float(np.abs(value).max(initial=1))
            np.testing.assert_allclose(answer[name], value, rtol=1e-9, atol=1e-9 * scale)


def _values(found: dict[str, Array]) -> dict[str, Array]:
    """Of a value with one group the name alone: a matrix has none in the interpreter."""
    names = [key.partition(" ")[0] for key in found]
    return {
        name if names.count(name) == 1 else key: value
        for name, (key, value) in zip(names, found.items(), strict=True)
    }
