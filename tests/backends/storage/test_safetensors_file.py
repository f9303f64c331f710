"""model.safetensors: the same bytes every time, and damage is noticed."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from safetensors.numpy import load
from tests.backends import templates
from tests.backends.strategies import Case, cases, repeatable

from weightsmith.backends import (
    Weights,
    WeightsError,
    check_weights,
    dense_weights,
    layout,
    network_shape,
    structured_weights,
    weights_from_bytes,
    weights_to_bytes,
)
from weightsmith.backends.template.coefficients import DType

TEMPLATE = templates.newton_inverse()


def same(left: Weights, right: Weights) -> None:
    assert (left.dtype, left.dense, left.dims) == (right.dtype, right.dense, right.dims)
    assert left.tensors.keys() == right.tensors.keys()
    for name, tensor in left.tensors.items():
        assert tensor.dtype == right.tensors[name].dtype
        assert tensor.shape == right.tensors[name].shape
        assert tensor.tobytes() == right.tensors[name].tobytes()


@repeatable
@given(cases())
def test_round_trip(case: Case) -> None:
    dtypes: list[DType] = ["float64", "float32"]
    for dtype in dtypes:
        dims = layout(case.template, case.inputs).dims
        for weights in (
            structured_weights(case.template, dtype=dtype),
            dense_weights(case.template, dims, dtype=dtype),
        ):
            data = weights_to_bytes(weights)
            same(weights_from_bytes(data), weights)
            check_weights(weights_from_bytes(data), network_shape(case.template))
            shuffled = dict(reversed(list(weights.tensors.items())))
            assert weights_to_bytes(replace(weights, tensors=shuffled)) == data


def test_other_programs_read_the_file() -> None:
    weights = structured_weights(TEMPLATE)
    tensors = load(weights_to_bytes(weights))
    assert tensors.keys() == weights.tensors.keys()
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(tensor, weights.tensors[name])


def test_the_metadata_has_one_key() -> None:
    data = weights_to_bytes(dense_weights(TEMPLATE, {"d": 2}, {"steps": 1}))
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    assert list(header["__metadata__"]) == ["weightsmith"]
    metadata = json.loads(header["__metadata__"]["weightsmith"])
    assert metadata == {"version": 1, "dense": True, "dims": {"d": 2}}


def test_structured_size_does_not_depend_on_d() -> None:
    sizes = {len(weights_to_bytes(dense_weights(TEMPLATE, {"d": d}))) for d in (2, 3)}
    assert len(sizes) == 2
    assert len(weights_to_bytes(structured_weights(TEMPLATE))) < min(sizes)


@pytest.mark.parametrize("keep", [0, 4, 8, 20, 500, -1])
def test_a_truncated_file(keep: int) -> None:
    data = weights_to_bytes(structured_weights(TEMPLATE))
    with pytest.raises(WeightsError, match="truncated or damaged"):
        weights_from_bytes(data[:keep])


def rewritten(old: bytes, new: bytes) -> bytes:
    data = weights_to_bytes(structured_weights(TEMPLATE))
    assert len(old) == len(new)
    assert old in data
    return data.replace(old, new)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b'"dtype":"F64"', b'"dtype":"I64"', "all numbers of model.safetensors in float64"),
        (b'{"weightsmith"', b'{"weightsmitt"', "the metadata is not the one key"),
        (b'\\"version\\": 1', b'\\"version\\": 2', "reads version 1 of model.safetensors"),
        (b'\\"dense\\": false', b'\\"dense\\": 12345', "is not understood"),
        (b'\\"dense\\"', b'\\"sense\\"', "is not understood"),
        (b'\\"version\\": 1', b'\\"version\\"; 1', "truncated or damaged"),
    ],
)
def test_a_damaged_header(old: bytes, new: bytes, message: str) -> None:
    with pytest.raises(WeightsError, match=message):
        weights_from_bytes(rewritten(old, new))


def test_dense_sizes_must_be_positive() -> None:
    weights = replace(dense_weights(TEMPLATE, {"d": 2}), dims={"d": 0})
    with pytest.raises(WeightsError, match="a positive size for 'd', got 0"):
        weights_from_bytes(weights_to_bytes(weights))


def test_a_tensor_of_another_dtype_is_not_written() -> None:
    weights = replace(structured_weights(TEMPLATE), dtype="float32")
    with pytest.raises(WeightsError, match=r"expected float32 in 'embed.weight', got float64"):
        weights_to_bytes(weights)


def test_weights_of_another_network() -> None:
    shape = network_shape(TEMPLATE)
    weights = structured_weights(TEMPLATE)
    other = structured_weights(templates.gradient_descent())
    with pytest.raises(WeightsError, match=r"not of this network: missing .*mlp.* 'unembed.pred"):
        check_weights(other, shape)
    wide = dict(weights.tensors) | {"embed.weight": np.zeros((2, 3))}
    with pytest.raises(WeightsError, match=r"expected the shape \(2, 2\) for 'embed.weight'"):
        check_weights(replace(weights, tensors=wide), shape)
    infinite = dict(weights.tensors) | {"embed.weight": np.full((2, 2), np.inf)}
    with pytest.raises(WeightsError, match=r"'embed.weight' holds a number that is not finite"):
        check_weights(replace(weights, tensors=infinite), shape)
    with pytest.raises(WeightsError, match=r"expected the sizes of 'd' in model.safetensors"):
        check_weights(replace(weights, dense=True, dims={"n": 3}), shape)
