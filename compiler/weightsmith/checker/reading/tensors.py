"""A strict reader of safetensors files: header, then the tensors' bytes, no gap and no overlap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from weightsmith.checker.reading.directory import Content
from weightsmith.checker.reading.refusal import RefusedError, quoted, require, spend
from weightsmith.checker.reading.strict_json import (
    as_integer,
    as_items,
    as_object,
    as_text,
    read_json,
)
from weightsmith.dsl.text.documents import MAX_BYTES

DTYPES = {"F64": ("float64", 8), "F32": ("float32", 4)}
MAX_DIMENSIONS = 2  # a matrix or a vector
TENSOR = 70  # units of work to read and compare one, counted before the first; speed only


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor: its dtype, its shape and where its bytes begin; little-endian, row by row."""

    dtype: str
    shape: tuple[int, ...]
    content: Content
    begin: int

    def rows(
        self, first: int, last: int, unsigned: str
    ) -> NDArray[np.unsignedinteger[np.typing.NBitBase]]:
        """The bits of some rows; a vector is a column."""
        columns = self.shape[1] if len(self.shape) > 1 else 1
        row = columns * np.dtype(unsigned).itemsize
        data = self.content[self.begin + first * row : self.begin + last * row]
        return np.frombuffer(data, dtype=np.dtype(unsigned)).reshape(last - first, columns)


@dataclass(frozen=True, slots=True)
class TensorFile:
    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str]


def read_tensors(data: Content) -> TensorFile:
    """Read a whole file; anything that is not as the format says is refused."""
    require(len(data) >= 8, "The weights file is too short to be a safetensors file.")
    length = int.from_bytes(data[:8], "little")
    require(length <= len(data) - 8, "The weights file's header is longer than the file.")
    require(length <= MAX_BYTES, f"The weights file's header is longer than {MAX_BYTES >> 20} MB.")
    text = data[8 : 8 + length].rstrip(b" ")
    header = read_json(text, "The weights file's header", lines=True)  # of the metadata
    if not isinstance(header, dict):
        raise RefusedError("The weights file's header is not an object.")
    spend(TENSOR * len(header))
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict):
        raise RefusedError("The weights file's metadata is not an object.")
    texts = {key: as_text(value, "The weights file's metadata") for key, value in metadata.items()}
    tensors, spans = {}, []
    for name, entry in header.items():
        require(name.isprintable(), f"The tensor {name!r:.80} has an unprintable name.")
        tensors[name], span = _tensor(entry, f"The tensor {quoted(name)}", data, 8 + length)
        spans.append(span)
    _check_spans(sorted(spans), len(data) - 8 - length)
    return TensorFile(tensors, texts)


def _tensor(entry: object, what: str, data: Content, start: int) -> tuple[Tensor, tuple[int, int]]:
    """A tensor, and where it begins and ends in the bytes from ``start`` on."""
    parts = as_object(entry, what, ("dtype", "shape", "data_offsets"))
    code = as_text(parts["dtype"], f"{what}, dtype")
    require(code in DTYPES, f"{what} has the dtype {quoted(code)}.")
    dtype, width = DTYPES[code]
    shape = as_items(parts["shape"], f"{what}, shape", as_integer)
    require(len(shape) <= MAX_DIMENSIONS, f"{what} has more than {MAX_DIMENSIONS} dimensions.")
    require(all(size >= 0 for size in shape), f"{what} has a negative size.")
    offsets = as_items(parts["data_offsets"], f"{what}, offsets", as_integer)
    require(len(offsets) == 2, f"{what} needs two offsets.")
    begin, end = offsets
    require(0 <= begin <= end <= len(data) - start, f"{what} lies outside the file.")
    size = width
    for extent in shape:
        size *= extent
    require(size == end - begin, f"{what} does not have the bytes of its shape.")
    return Tensor(dtype, shape, data, start + begin), (begin, end)


def _check_spans(spans: list[tuple[int, int]], length: int) -> None:
    place = 0
    for begin, end in spans:
        require(begin == place, "The tensors of the weights file overlap or leave a gap.")
        place = end
    require(place == length, "The weights file has bytes after its last tensor.")
