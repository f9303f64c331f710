"""``.npz`` and ``.safetensors``: tensors and metadata are enough to compute with, NumPy alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file

import weightsmith.api as ws
from weightsmith.backends.errors import ExportError
from weightsmith.backends.instantiate import structured_weights

from .exported import NAMES, assert_close, data_of, flat, grouped, network_of, reference

Arrays = Mapping[str, np.ndarray]
SUFFIXES = (".npz", ".safetensors")


def read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    if path.suffix == ".npz":
        arrays = dict(np.load(path, allow_pickle=False))
        return arrays, json.loads(str(arrays.pop("metadata")))
    with safe_open(path, "np") as file:
        (text,) = file.metadata().values()
    return load_file(path), json.loads(text)


def sizes_of(metadata: Mapping[str, Any], data: Arrays) -> dict[str, int]:
    """The size of every axis, from the data."""
    found: dict[str, int] = {}
    for source in metadata["sources"]:
        for group in source["groups"]:
            array = plane(source, group, data, None)
            if array is not None:
                found |= {source["rows"]: array.shape[0], group: array.shape[1]}
    return found


def plane(
    source: Mapping[str, Any], group: str, data: Arrays, sizes: Mapping[str, int] | None
) -> np.ndarray | None:
    if source["kind"] in ("identity", "ones"):
        if sizes is None:
            return None
        rows = int(source["rows"]) if source["rows"].isdigit() else sizes[source["rows"]]
        return np.eye(rows) if source["kind"] == "identity" else np.ones((rows, sizes[group]))
    array = data.get(f"{source['of']}_{group}", data.get(source["of"]))
    assert array is not None
    return array.T if source["kind"] == "transposed" else array


def compute(tensors: Arrays, metadata: Mapping[str, Any], data: Arrays) -> dict[str, np.ndarray]:
    """The network of full matrices, by what the metadata say of groups and masks."""
    sizes = sizes_of(metadata, data)
    tokens = [group for group in metadata["groups"] for _ in range(sizes.get(group, 1))]
    raw = np.vstack(
        [
            np.hstack(
                [
                    plane(source, group, data, sizes)
                    if group in source["groups"]
                    else np.zeros((sizes.get(source["rows"], 1), sizes.get(group, 1)))
                    for group in metadata["groups"]
                ]
            )
            for source in metadata["sources"]
        ]
    )
    state = tensors["embed.weight"] @ raw
    for number, layer in enumerate(metadata["layers"]):
        added = 0
        for place, head in enumerate(layer["heads"]):
            q, k, v, o = (tensors[f"layers.{number}.attention.{place}.{m}.weight"] for m in "qkvo")
            keys = (k @ state) * [group in head["key_groups"] for group in tokens]
            queries = (q @ state) * [group in head["query_groups"] for group in tokens]
            added = added + o @ (v @ state) @ (keys.T @ queries)
        state = state + added
        if layer["mlp"] is not None:
            assert not any(layer["mlp"]["gated"])
            part = {
                name.split(".mlp.")[1]: tensor
                for name, tensor in tensors.items()
                if name.startswith(f"layers.{number}.mlp.")
            }
            hidden = np.maximum(part["up.weight"] @ state + part["up.bias"][:, None], 0)
            state = state + part["down.weight"] @ hidden
            state = state + part.get("down.bias", np.zeros(len(state)))[:, None]
    found = {}
    for output in metadata["outputs"]:
        value = tensors[f"unembed.{output['name']}.weight"] @ state
        for group in output["groups"]:
            piece = value[:, [one == group for one in tokens]]
            name = f"{output['name']}_{group}" if group in ("context", "query") else output["name"]
            found[name] = piece.T if output["transposed"] else piece
    return found


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", ["gradient_descent", "lasso_ista", "electric_potentials"])
def test_full_matrices_and_metadata_are_the_network(name: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"net{suffix}"
    data = {
        n: a[:, : 12 if n.endswith("_context") else None] for n, a in flat(data_of(name)).items()
    }
    network_of(name).export(path)
    coefficients, metadata = read(path)
    assert metadata["dense"] is False
    network_of(name).export(path, dims=network_of(name).dims_of(grouped(data)))
    tensors, full = read(path)
    assert full["dense"] is True
    assert {**metadata, "dense": True, "dims": full["dims"]} == full
    assert tensors.keys() == coefficients.keys()
    wanted = flat(reference(network_of(name), grouped(data)))
    assert_close(compute(tensors, full, data), wanted, 1e-12)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", NAMES)
def test_coefficients_are_those_of_the_network(
    name: str, suffix: str, dtype: str, tmp_path: Path
) -> None:
    path = tmp_path / f"net{suffix}"
    network_of(name).export(path, dtype=dtype)
    tensors, metadata = read(path)
    wanted = structured_weights(network_of(name).template, dtype=dtype).tensors  # type: ignore[arg-type]
    assert tensors.keys() == wanted.keys()
    assert all(np.array_equal(tensors[one], wanted[one]) for one in wanted)
    assert {str(tensor.dtype) for tensor in tensors.values()} == {dtype}
    assert metadata["dtype"] == dtype
    assert len(metadata["certificate_sha256"]) == 64


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_same_network_gives_the_same_bytes(suffix: str, tmp_path: Path) -> None:
    one, two = tmp_path / f"one{suffix}", tmp_path / f"two{suffix}"
    for path in (one, two):
        ws.Network(network_of("lasso_ista").files()).export(path)
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_wrong_size_is_a_sentence(suffix: str, tmp_path: Path) -> None:
    network = network_of("newton_inverse")
    with pytest.raises(ExportError, match="no dimension 'q'; the dimensions are 'd'"):
        network.export(tmp_path / f"net{suffix}", dims={"q": 3})
    assert list(tmp_path.iterdir()) == []
