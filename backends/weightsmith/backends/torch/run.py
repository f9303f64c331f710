"""Run a module on a user's data: lay it out, forward, read the answer back."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from weightsmith.backends.data.arrays import Array
from weightsmith.backends.errors import LayoutError, PrecisionError
from weightsmith.backends.template.layout import (
    Answer,
    Inputs,
    Stream,
    check_sizes,
    layout,
    read_back,
)
from weightsmith.backends.torch.dense import DenseTransformer
from weightsmith.backends.torch.module import Transformer
from weightsmith.compiler.ir.template import Template

NUMPY: Mapping[torch.dtype, str] = {torch.float64: "float64", torch.float32: "float32"}
FULL = ("none", "ieee")  # what PyTorch calls a multiplication that rounds as its dtype says


def run(
    module: Transformer,
    template: Template,
    inputs: Inputs,
    dtype: torch.dtype | None = None,
    *,
    dims: Mapping[str, int] | None = None,
) -> Answer:
    """Return what the script returns, by name, for one problem or a batch; without gradients.

    ``dtype`` says what the caller counts on, and must be the module's.  Raises LayoutError where
    the inputs do not fit, PrecisionError where PyTorch would compute with less than the dtype.
    """
    check_precision(module, dtype)
    stream = layout(template, inputs, NUMPY[module.dtype], dims=dims)
    with torch.inference_mode():
        readings = module.read(planes_of(stream, template, module.device), sizes_of(stream))
    return read_back(
        template,
        {
            name: {group: array_of(piece, stream) for group, piece in pieces.items()}
            for name, pieces in readings.items()
        },
    )


def arguments(
    module: Transformer, template: Template, inputs: Inputs
) -> tuple[Tensor, Tensor] | tuple[Tensor, Tensor, dict[str, int]]:
    """Lay a user's data out as what the module is called with, in its dtype and on its device.

    >>> module(*arguments(module, template, {"A": A}))["X"]

    The features (batch × tokens × F), the number of each token's group, and for a structured
    module the sizes.  Raises LayoutError where the inputs do not fit.
    """
    stream = layout(template, inputs)
    raw = torch.from_numpy(stream.raw).mT
    features = (raw.unsqueeze(0) if stream.batch is None else raw).to(module.device, module.dtype)
    counts = torch.tensor([size for _, size in stream.groups], device=module.device)
    groups = torch.arange(len(counts), device=module.device).repeat_interleave(counts)
    if isinstance(module, DenseTransformer):
        check_sizes(module.dims, stream.dims)
        return features, groups
    return features, groups, dict(stream.dims)


def check_precision(module: Transformer, dtype: torch.dtype | None = None) -> None:
    """Raise PrecisionError unless the module computes in float64, or in full float32.

    A float32 product may silently be made of bfloat16 or TF32 factors, and autocast casts to
    them: a thousand times the error.
    """
    if module.dtype not in NUMPY:
        raise PrecisionError(
            f"expected a module in float64 or float32, got {_said(module.dtype)}; "
            "use module.to(torch.float64)."
        )
    if dtype is not None and dtype != module.dtype:
        raise PrecisionError(
            f"expected a module in {_said(dtype)}, got {_said(module.dtype)}; load it in that "
            "dtype, so that each weight is rounded once."
        )
    check_mode(module.dtype, module.device)


def check_mode(dtype: torch.dtype, device: torch.device) -> None:
    """Raise PrecisionError where PyTorch is set to compute with less than the dtype there."""
    if torch.is_autocast_enabled(device.type):
        raise PrecisionError(
            "autocast is on and would compute in half precision; call run outside of it."
        )
    if dtype == torch.float32 and not _full_float32():
        raise PrecisionError(
            "PyTorch is set to multiply float32 with less than float32 precision; restore it with "
            "torch.set_float32_matmul_precision('highest')."
        )


def _full_float32() -> bool:
    try:
        if torch.get_float32_matmul_precision() != "highest":
            return False
    except RuntimeError:  # set through the newer switches, which this one cannot read
        return False
    settings = (getattr(torch.backends, name) for name in ("mkldnn", "cuda"))
    return all(setting.matmul.fp32_precision in FULL for setting in settings)


def planes_of(
    stream: Stream, template: Template, device: torch.device
) -> dict[tuple[int, int], Tensor]:
    """Return each plane by the numbers of its source and group: batch × tokens × rows."""
    sources = {source.name: index for index, source in enumerate(template.sources)}
    groups = {group: index for index, group in enumerate(template.groups)}
    planes = {
        (sources[source], groups[group]): _tensor(plane, stream).to(device)
        for (source, group), plane in stream.planes.items()
    }
    if not planes:
        raise LayoutError("the network reads no data.")
    return planes


def _tensor(plane: Array, stream: Stream) -> Tensor:
    """batch × tokens × rows of a (batch ×) rows × tokens plane, sharing memory where it can."""
    native = plane.astype(stream.dtype.newbyteorder("="), copy=False)
    if not native.flags.writeable or any(stride < 0 for stride in native.strides):
        native = native.copy()
    tensor = torch.from_numpy(native).mT
    return tensor.unsqueeze(0) if stream.batch is None else tensor


def array_of(piece: Tensor, stream: Stream) -> Array:
    """(batch ×) rows × tokens, in memory of its own."""
    array = np.array(piece.mT.cpu().numpy())
    return array[0] if stream.batch is None else array


def sizes_of(stream: Stream) -> dict[str, int]:
    """Return the size of every dimension and every group."""
    return {**stream.dims, **dict(stream.groups)}


def _said(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
