"""``.npz`` and ``.safetensors``: tensors and metadata are enough to compute with, NumPy alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.backends.export.exported import (
    GATED,
    GIVEN,
    NAMES,
    assert_close,
    data_of,
    flat,
    grouped,
    network_of,
    reference,
)
from tests.backends.export.tensor_reader import compute, read

import weightsmith.api as ws
from weightsmith.backends.errors import ExportError
from weightsmith.backends.template.instantiate import structured_weights

SUFFIXES = (".npz", ".safetensors")


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


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_gated_hidden_units_are_told_apart(suffix: str, tmp_path: Path) -> None:
    network = ws.compile(GATED, gated=True)
    network.export(tmp_path / f"net{suffix}", dims=network.dims_of(GIVEN))
    tensors, metadata = read(tmp_path / f"net{suffix}")
    assert_close(compute(tensors, metadata, GIVEN), flat(reference(network, GIVEN)), 1e-12)


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
