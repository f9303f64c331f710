"""``model.safetensors``: the tensors of a network as bytes, always the same bytes.

The layout is that of the safetensors format: eight bytes for the length of the header, the header
as JSON, the numbers.  Tensors are written sorted by name and the header canonically, so equal
weights give equal bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors

from weightsmith.backends.errors import WeightsError, listed
from weightsmith.backends.storage.lazy_files import start_of
from weightsmith.backends.template.architecture import Architecture, axis_sizes, row_axes
from weightsmith.backends.template.coefficients import DType
from weightsmith.backends.template.instantiate import FloatArray, Weights
from weightsmith.backends.template.template_json import Json, canonical_json, parse_json
from weightsmith.dsl.text.documents import MAX_BYTES

METADATA = "weightsmith"
VERSION = 1
CODES: Mapping[DType, str] = {"float64": "F64", "float32": "F32"}


def weights_to_bytes(weights: Weights) -> bytes:
    """Return the file.  Raises WeightsError on a tensor of another dtype than the weights'."""
    return tensors_to_bytes(weights, _metadata(weights))


def tensors_to_bytes(weights: Weights, metadata: str, key: str = METADATA) -> bytes:
    """The tensors as a file with this text beside them.  Raises as ``weights_to_bytes``."""
    header: dict[str, Json] = {"__metadata__": {key: metadata}}
    chunks: list[bytes] = []
    start = 0
    for name in sorted(weights.tensors):
        tensor = np.asarray(weights.tensors[name])
        if tensor.dtype != np.dtype(weights.dtype):
            raise WeightsError(f"expected {weights.dtype} in '{name}', got {tensor.dtype}.")
        chunk = tensor.astype(tensor.dtype.newbyteorder("<"), copy=False).tobytes()
        header[name] = {
            "dtype": CODES[weights.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [start, start + len(chunk)],
        }
        start += len(chunk)
        chunks.append(chunk)
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([len(text).to_bytes(8, "little"), text, *chunks])


def weights_from_bytes(data: bytes) -> Weights:
    """Read the file.  Raises WeightsError where it is truncated, damaged or another program's."""
    try:
        tensors: dict[str, FloatArray] = load_tensors(data)
        metadata = _read_metadata(_read_header(data))
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise _damaged(error) from error
    dtypes = {str(tensor.dtype) for tensor in tensors.values()}
    for dtype in CODES:
        if dtypes == {dtype}:
            return _checked(tensors, dtype, metadata)
    raise WeightsError(
        f"expected all numbers of model.safetensors in float64, or all in float32, "
        f"got {listed(sorted(dtypes))}."
    )


@dataclass(frozen=True, slots=True)
class Announced:
    """What a header says of the weights: the shape of each tensor, and the sizes of dense ones."""

    shapes: Mapping[str, tuple[int, ...]]
    dense: bool
    dims: Mapping[str, int]


def announced(files: Mapping[str, bytes], name: str) -> Announced:
    """Read the header of a file alone.  Raises WeightsError where it is damaged."""
    length = int.from_bytes(start_of(files, name, 8), "little")
    start = start_of(files, name, 8 + min(length, MAX_BYTES))
    try:
        header = _read_header(start)
        metadata = _read_metadata(header)
        shapes = {tensor: _shape(entry) for tensor, entry in header.items()}
    except (ValueError, TypeError) as error:
        raise _damaged(error) from error
    return Announced(shapes, *_sizes(metadata))


def check_weights(weights: Weights, architecture: Architecture) -> None:
    """Raise WeightsError unless the tensors are exactly those of the network, in name and shape.

    Also refuses a number that is not finite, and dense sizes that are not the network's.
    """
    shapes = {name: tensor.shape for name, tensor in weights.tensors.items()}
    check_shapes(Announced(shapes, weights.dense, weights.dims), architecture)
    for name, tensor in weights.tensors.items():
        if not np.isfinite(tensor).all():
            raise WeightsError(f"'{name}' holds a number that is not finite.")


def check_shapes(found: Announced, architecture: Architecture) -> None:
    """Raise WeightsError unless these are the tensors of the network, in name, shape and sizes."""
    architecture = architecture.folded if found.dense else architecture
    axes = row_axes(architecture)
    if found.dense and sorted(found.dims) != axes:
        raise WeightsError(
            f"expected the sizes of {listed(axes)} in model.safetensors, "
            f"got {listed(sorted(found.dims))}."
        )
    expected = {matrix.name: matrix for matrix in architecture.matrices()}
    missing = sorted(expected.keys() - found.shapes.keys())
    extra = sorted(found.shapes.keys() - expected.keys())
    if missing or extra:
        raise WeightsError(
            "model.safetensors is not of this network: "
            f"missing {listed(missing[:3])}, not known {listed(extra[:3])}."
        )
    for name, matrix in expected.items():
        axes_of = [matrix.writes] if matrix.reads is None else [matrix.writes, matrix.reads]
        shape = tuple(
            sum(axis_sizes(side, found.dims)) if found.dense else len(side) for side in axes_of
        )
        if found.shapes[name] != shape:
            raise WeightsError(
                f"expected the shape {shape} for '{name}', got {found.shapes[name]}."
            )


def _metadata(weights: Weights) -> str:
    content: dict[str, Json] = {"version": VERSION, "dense": weights.dense}
    if weights.dense:
        content["dims"] = dict(weights.dims)
    return canonical_json(content)


def _read_header(data: bytes) -> dict[str, Json]:
    """The entries of the header, with the metadata."""
    length = int.from_bytes(data[:8], "little")
    header = parse_json(data[8 : 8 + length], lines=True)
    if not isinstance(header, dict):
        raise ValueError("the header is not an object")
    return header


def _read_metadata(header: dict[str, Json]) -> Json:
    metadata = header.pop("__metadata__", None)
    if not isinstance(metadata, dict) or list(metadata) != [METADATA]:
        raise ValueError(f"the metadata is not the one key '{METADATA}'")
    text = metadata[METADATA]
    return parse_json(text) if isinstance(text, str) else None


def _shape(entry: Json) -> tuple[int, ...]:
    shape = entry.get("shape") if isinstance(entry, dict) else None
    if not isinstance(shape, list) or not all(type(extent) is int for extent in shape):
        raise ValueError("a tensor has no shape")
    return tuple(cast("list[int]", shape))


def _damaged(error: Exception) -> WeightsError:
    return WeightsError(
        f"model.safetensors is truncated or damaged: {error}. Compile the script again."
    )


def _checked(tensors: Mapping[str, FloatArray], dtype: DType, metadata: Json) -> Weights:
    dense, sizes = _sizes(metadata)
    owned = {name: tensor.copy() for name, tensor in tensors.items()}
    return Weights(owned, dtype, dense, sizes)


def _sizes(metadata: Json) -> tuple[bool, dict[str, int]]:
    """Are the matrices full, and for which sizes?  Raises WeightsError."""
    if not isinstance(metadata, dict) or metadata.get("version") != VERSION:
        raise WeightsError(
            f"this program reads version {VERSION} of model.safetensors, got {metadata!r}."
        )
    dense, dims = metadata.get("dense"), metadata.get("dims", {})
    known = {"version", "dense", "dims"} if dense else {"version", "dense"}
    if not isinstance(dense, bool) or set(metadata) != known or not isinstance(dims, dict):
        raise WeightsError(f"the metadata of model.safetensors is not understood: {metadata!r}.")
    sizes: dict[str, int] = {}
    for axis, size in dims.items():
        if type(size) is not int or size < 1:
            raise WeightsError(f"expected a positive size for '{axis}', got {size!r}.")
        sizes[axis] = size
    return dense, sizes
