"""The dense transformer in which the blocks that the script uses are trained, and no others.

A coefficient c over blocks is a full block there, c · identity at the start.  Every entry of it is
trained; a block that the script does not use is zero, whatever an optimiser does.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from weightsmith.backends.data.arrays import Array
from weightsmith.backends.template.architecture import Architecture, axis_sizes
from weightsmith.backends.template.architecture import Matrix as MatrixShape
from weightsmith.backends.template.instantiate import ExactArray, Weights, expand, named_tensors
from weightsmith.backends.template.unroll import network_shape
from weightsmith.backends.torch.load import build
from weightsmith.backends.torch.module import Matrix, Transformer
from weightsmith.compiler.ir.template import Template


def module_of_blocks(template: Template, weights: Weights) -> Transformer:
    """Return the module of full matrices that trains the blocks with a coefficient."""
    module = build(template, weights)
    used = used_entries(template, weights)
    for name, part in module.named_modules():
        if isinstance(part, Matrix):
            name = name.replace("%2E", ".").replace("%25", "%")
            bias = used.get(f"{name}.bias")
            part.confine(_mask(used[f"{name}.weight"], part), _mask_of(bias, part))
    return module


def used_entries(template: Template, weights: Weights) -> dict[str, Array]:
    """1 in every entry of a block that has a coefficient in the template, or is not zero."""
    texts, shape = named_tensors(template), network_shape(template)
    found = {}
    for matrix in shape.folded.matrices():
        used = _full(_has_text(texts[matrix.name]), matrix, shape, weights.dims)
        found[matrix.name] = np.where(weights.tensors[matrix.name] != 0, 1.0, used)
    return found


def _full(used: Array, matrix: MatrixShape, shape: Architecture, dims: Mapping[str, int]) -> Array:
    """All entries of the blocks that are used; of a fixed matrix times a block it is that block."""
    blocks = len(shape.block_rows)
    if matrix.reads is None or used.shape[1] == len(matrix.reads):
        return expand(used, matrix, dims, full=True)
    total = expand(used[:, :blocks], matrix, dims, full=True)
    tops = np.cumsum([0, *axis_sizes(matrix.writes, dims)])
    lefts = np.cumsum([0, *axis_sizes(shape.block_rows, dims)])
    for row, place in np.argwhere(used[:, blocks:]):
        block = shape.views[place].block
        total[tops[row] : tops[row + 1], lefts[block] : lefts[block + 1]] = 1.0
    return total


def _has_text(texts: ExactArray) -> Array:
    flat = [float(any(text != "0" for text in named.texts)) for named in texts.ravel().tolist()]
    return np.array(flat).reshape(texts.shape)


def _mask(used: Array, part: Matrix) -> Tensor:
    return torch.from_numpy(used).to(part.weight.device, part.weight.dtype)


def _mask_of(used: Array | None, part: Matrix) -> Tensor | None:
    return None if used is None else _mask(used, part)
