"""From weights, a template, or a directory to a module; and from a module back to its tensors."""

from __future__ import annotations

import os
from collections.abc import Mapping

import torch
from torch import Tensor

from weightsmith.backends.errors import WeightsError
from weightsmith.backends.storage.files import MODEL, TEMPLATE, read_directory
from weightsmith.backends.storage.safetensors_file import check_weights, weights_from_bytes
from weightsmith.backends.template.coefficients import Bindings, DType
from weightsmith.backends.template.instantiate import (
    FloatArray,
    Weights,
    weights_of,
)
from weightsmith.backends.template.template_reader import template_from_json
from weightsmith.backends.template.unroll import network_shape
from weightsmith.backends.torch.dense import DenseTransformer
from weightsmith.backends.torch.module import Transformer
from weightsmith.backends.torch.structured import StructuredTransformer
from weightsmith.compiler.ir.template import Template

DTYPES: Mapping[DType, torch.dtype] = {"float64": torch.float64, "float32": torch.float32}


def build(template: Template, weights: Weights, bindings: Bindings | None = None) -> Transformer:
    """Return the module of a template with these weights, dense or structured as they are.

    ``bindings`` are those the weights were made with, where they are not the template's own.
    Raises WeightsError where the weights are not this network's.
    """
    architecture = network_shape(template, bindings)
    check_weights(weights, architecture)
    dtype = DTYPES[weights.dtype]
    module: Transformer = (
        DenseTransformer(architecture, weights.dims, dtype)
        if weights.dense
        else StructuredTransformer(architecture, dtype)
    )
    tensors = module.state_dict()  # load_state_dict takes time that grows as layers squared
    for name, tensor in weights.tensors.items():
        tensors[name].copy_(torch.from_numpy(tensor))
    return module


def module_from_template(
    template: Template,
    bindings: Bindings | None = None,
    *,
    dims: Mapping[str, int] | None = None,
    dtype: DType = "float64",
) -> Transformer:
    """Return the structured module of a template, or with ``dims`` the dense one of those sizes.

    Raises InstantiationError where a symbol or a size is missing.
    """
    return build(template, weights_of(template, bindings, dims=dims, dtype=dtype), bindings)


def load_directory(path: str | os.PathLike[str]) -> tuple[Template, Transformer]:
    """Return the template and the module of a compiled directory, the same bit for bit each time.

    Raises DirectoryError, TemplateError or WeightsError.
    """
    files = read_directory(path)
    template = template_from_json(files[TEMPLATE])
    if MODEL not in files:
        raise WeightsError(
            f"'{path}' has no '{MODEL}', for the network has symbols without a value; "
            "compile it with each bound (--set)."
        )
    return template, build(template, weights_from_bytes(files[MODEL]))


def tensors_of(module: Transformer) -> dict[str, FloatArray]:
    """Return the parameters under their names in ``model.safetensors``, as NumPy arrays."""
    return {name: _array(tensor) for name, tensor in module.state_dict().items()}


def _array(parameter: Tensor) -> FloatArray:
    array: FloatArray = parameter.detach().cpu().numpy().copy()
    return array
