"""``.safetensors``: coefficients over blocks, or full matrices of given sizes, with metadata."""

from __future__ import annotations

from weightsmith.backends.export.base.format import Format, Options
from weightsmith.backends.export.base.subject import Subject
from weightsmith.backends.export.base.tensors import metadata_of, tensors_of
from weightsmith.backends.storage.safetensors_file import tensors_to_bytes


def write(subject: Subject, options: Options) -> bytes:
    """Return the file."""
    weights = tensors_of(subject, options.dims)
    return tensors_to_bytes(weights, metadata_of(subject, weights))


FORMAT = Format(
    name="safetensors",
    suffix=".safetensors",
    what="tensors alone",
    write=write,
    options=frozenset({"dims"}),
)
