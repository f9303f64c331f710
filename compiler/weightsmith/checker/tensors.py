"""A strict reader of safetensors files: header, then the tensors' bytes, no gap and no overlap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from mmap import mmap

import numpy as np
from numpy.typing import NDArray

from weightsmith.checker.refusal import RefusedError, quoted, require
from weightsmith.checker.strict_json import (
    as_integer,
    as_items,
    as_object,
    as_text,
    read_json,
)

DTYPES = {"F64": ("float64", 8), "F32": ("float32", 4)}
MAX_HEADER = 100_000_000  # as in the format's own description


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor: its dtype, its shape and its bytes, little-endian, row by row."""

    dtype: str
    shape: tuple[int, ...]
    data: memoryview

    def bits(self, unsigned: str) -> NDArray[np.unsignedinteger[np.typing.NBitBase]]:
        return np.frombuffer(self.data, dtype=np.dtype(unsigned))


@dataclass(frozen=True, slots=True)
class TensorFile:
    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str]


def read_tensors(data: bytes | mmap) -> TensorFile:
    """Read a whole file; anything that is not as the format says is refused."""
    require(len(data) >= 8, "The weights file is too short to be a safetensors file.")
    length = int.from_bytes(data[:8], "little")
    fits = length <= min(MAX_HEADER, len(data) - 8)
    require(fits, "The weights file's header is longer than the file.")
    header = read_json(data[8 : 8 + length].rstrip(b" "), "The weights file's header")
    if not isinstance(header, dict):
        raise RefusedError("The weights file's header is not an object.")
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict):
        raise RefusedError("The weights file's metadata is not an object.")
    texts = {key: as_text(value, "The weights file's metadata") for key, value in metadata.items()}
    body = memoryview(data)[8 + length :]
    tensors, spans = {}, []
    for name, entry in header.items():
        tensors[name], span = _tensor(entry, f"The tensor {quoted(name)}", body)
        spans.append(span)
    _check_spans(sorted(spans), len(body))
    return TensorFile(tensors, texts)


def _tensor(entry: object, what: str, body: memoryview) -> tuple[Tensor, tuple[int, int]]:
    parts = as_object(entry, what, ("dtype", "shape", "data_offsets"))
    code = as_text(parts["dtype"], f"{what}, dtype")
    require(code in DTYPES, f"{what} has the dtype {quoted(code)}.")
    dtype, width = DTYPES[code]
    shape = as_items(parts["shape"], f"{what}, shape", as_integer)
    require(all(size >= 0 for size in shape), f"{what} has a negative size.")
    offsets = as_items(parts["data_offsets"], f"{what}, offsets", as_integer)
    require(len(offsets) == 2, f"{what} needs two offsets.")
    begin, end = offsets
    require(0 <= begin <= end <= len(body), f"{what} lies outside the file.")
    size = width
    for extent in shape:
        size *= extent
    require(size == end - begin, f"{what} does not have the bytes of its shape.")
    return Tensor(dtype, shape, body[begin:end]), (begin, end)


def _check_spans(spans: list[tuple[int, int]], length: int) -> None:
    place = 0
    for begin, end in spans:
        require(begin == place, "The tensors of the weights file overlap or leave a gap.")
        place = end
    require(place == length, "The weights file has bytes after its last tensor.")
