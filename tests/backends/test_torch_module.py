"""The module as an nn.Module: copies, files, names, precision."""

from __future__ import annotations

import copy
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.backends import templates
from tests.backends.gradient_runs import DIMS, GD, both, prediction, regression

from weightsmith.backends import (
    PrecisionError,
    Weights,
    WeightsError,
    dense_weights,
    structured_weights,
    template_to_json,
    weights_to_bytes,
    write_directory,
)
from weightsmith.backends.template.coefficients import DType
from weightsmith.backends.template.layout import Inputs
from weightsmith.backends.torch import (
    DenseTransformer,
    StructuredTransformer,
    Transformer,
    build,
    load_directory,
    module_from_template,
    run,
    tensors_of,
)
from weightsmith.compiler.ir.template import Template


def identical(left: Transformer, right: Transformer) -> None:
    first, second = left.state_dict(), right.state_dict()
    assert list(first) == list(second)
    for name, tensor in first.items():
        assert tensor.dtype == second[name].dtype
        assert torch.equal(tensor, second[name]), name
    assert left.architecture == right.architecture


def test_copies_are_bit_exact() -> None:
    for module in both():
        identical(copy.deepcopy(module), module)
        file = io.BytesIO()
        torch.save(module, file)
        file.seek(0)
        identical(torch.load(file, weights_only=False), module)
        states = io.BytesIO()
        torch.save(module.state_dict(), states)
        states.seek(0)
        blank: Transformer = (
            DenseTransformer(module.architecture, module.dims)
            if isinstance(module, DenseTransformer)
            else StructuredTransformer(module.architecture)
        )
        blank.load_state_dict(torch.load(states))
        identical(blank, module)
        narrow = module_from_template(
            GD, dims=DIMS if isinstance(module, DenseTransformer) else None, dtype="float32"
        )
        identical(copy.deepcopy(module).to(torch.float32), narrow)
        identical(copy.deepcopy(narrow).to(torch.float64).to(torch.float32), narrow)


@pytest.mark.parametrize("make", templates.ALL.values())
def test_state_dict_keys_are_the_tensor_names(make: Callable[[], Template]) -> None:
    weights = structured_weights(make())
    module = build(make(), weights)
    assert module.state_dict().keys() == weights.tensors.keys()
    for name, tensor in tensors_of(module).items():
        np.testing.assert_array_equal(tensor, weights.tensors[name])


@pytest.mark.parametrize("name", ["type", "keys", "a.b", "50%", "phi'*C", "weight"])
def test_a_returned_value_may_have_any_name(name: str) -> None:
    template = replace(GD, read_out=(replace(GD.read_out[0], name=name),))
    module = module_from_template(template)
    assert set(tensors_of(module)) == set(structured_weights(template).tensors)
    inputs = regression()
    np.testing.assert_array_equal(
        run(module, template, inputs)[name]["query"], prediction(both()[0], inputs)
    )
    identical(copy.deepcopy(module), module)
    module.load_state_dict(module.state_dict())


@pytest.mark.parametrize("dims", [None, {"n": 3}])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_gates_and_biases_are_reloaded_bit_for_bit(
    tmp_path: Path, dims: dict[str, int] | None, dtype: DType
) -> None:
    template = templates.logistic_table()
    module = module_from_template(template, dims=dims, dtype=dtype)
    weights = Weights(tensors_of(module), dtype, dims is not None, dims or {})
    files = {
        "template.json": template_to_json(template).encode(),
        "model.safetensors": weights_to_bytes(weights),
    }
    write_directory(tmp_path / "net", files)
    loaded = load_directory(tmp_path / "net")[1]
    identical(loaded, module)
    z = np.linspace(-2, 2, 15).reshape(3, 5)
    inputs: Inputs = {"z": {"context": z, "query": z[:, :2] / 3}}
    first, second = (run(each, template, inputs)["t"] for each in (module, loaded))
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    for group, value in first.items():
        np.testing.assert_array_equal(value, second[group])


@pytest.mark.parametrize("dense", [False, True])
def test_a_directory_gives_the_same_module_bit_for_bit(tmp_path: Path, dense: bool) -> None:
    weights = dense_weights(GD, DIMS) if dense else structured_weights(GD)
    files = {
        "template.json": template_to_json(GD).encode(),
        "model.safetensors": weights_to_bytes(weights),
    }
    write_directory(tmp_path / "net", files)
    template, module = load_directory(tmp_path / "net")
    assert template == GD
    identical(module, build(GD, weights))
    identical(load_directory(tmp_path / "net")[1], module)
    inputs = regression()
    np.testing.assert_array_equal(
        prediction(module, inputs), prediction(build(GD, weights), inputs)
    )


def test_a_directory_without_numbers(tmp_path: Path) -> None:
    write_directory(tmp_path / "net", {"template.json": template_to_json(GD).encode()})
    with pytest.raises(WeightsError, match=r"has no 'model.safetensors', for the network has symb"):
        load_directory(tmp_path / "net")


def test_weights_of_another_network_are_refused() -> None:
    with pytest.raises(WeightsError, match="not of this network"):
        build(GD, structured_weights(templates.newton_inverse()))


@pytest.fixture
def _restored() -> Iterator[None]:
    yield
    torch.backends.mkldnn.matmul.fp32_precision = "none"
    torch.set_float32_matmul_precision("highest")


@pytest.mark.usefixtures("_restored")
def test_float32_runs_only_at_full_precision() -> None:
    module, inputs = module_from_template(GD, dtype="float32"), regression()
    expected = prediction(module, inputs)
    assert expected.dtype == np.float32
    for precision in ("high", "medium"):
        torch.set_float32_matmul_precision(precision)
        with pytest.raises(PrecisionError, match="less than float32 precision; restore it with"):
            run(module, GD, inputs)
        assert prediction(both()[0], inputs).dtype == np.float64
    torch.set_float32_matmul_precision("highest")
    torch.backends.mkldnn.matmul.fp32_precision = "bf16"
    with pytest.raises(PrecisionError, match="less than float32 precision"):
        run(module, GD, inputs)


def test_autocast_and_other_dtypes_are_refused() -> None:
    module, inputs = module_from_template(GD, dtype="float32"), regression()
    with (
        torch.autocast("cpu", dtype=torch.bfloat16),
        pytest.raises(PrecisionError, match="autocast is on"),
    ):
        run(module, GD, inputs)
    with pytest.raises(PrecisionError, match="expected a module in float64, got float32; load it"):
        run(module, GD, inputs, torch.float64)
    with pytest.raises(PrecisionError, match="in float64 or float32, got bfloat16"):
        run(module.to(torch.bfloat16), GD, inputs)
