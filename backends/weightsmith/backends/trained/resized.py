"""Weights that are not the template's, in another dtype or of other sizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np

from weightsmith.backends.errors import WeightsError
from weightsmith.backends.storage.safetensors_file import check_weights
from weightsmith.backends.template.coefficients import DType
from weightsmith.backends.template.instantiate import (
    FloatArray,
    Weights,
    full_weights,
    sizes_of,
)
from weightsmith.backends.template.unroll import network_shape
from weightsmith.compiler.ir.template import Template


def resized(
    weights: Weights, template: Template, dims: Mapping[str, int] | None, dtype: DType | None
) -> Weights:
    """The same weights in ``dtype``, and with ``dims`` as full matrices of these sizes.

    Raises WeightsError where full matrices would get other sizes, or a number does not fit.
    """
    shape = network_shape(template)
    check_weights(weights, shape)
    kind = dtype or weights.dtype
    with np.errstate(over="ignore"):
        tensors = {n: cast("FloatArray", t.astype(kind)) for n, t in weights.tensors.items()}
    found = Weights(tensors, kind, weights.dense, weights.dims)
    check_weights(found, shape)
    if dims is None:
        return found
    sizes = sizes_of(template, shape, dims)
    if not weights.dense:
        return full_weights(found, shape, sizes)
    if sizes != weights.dims:
        raise WeightsError(
            f"the full matrices are not those of the script, and have the sizes "
            f"{dict(weights.dims)}, not {sizes}."
        )
    return found
