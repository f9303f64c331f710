"""``.npz``: the tensors as NumPy arrays by name, and ``metadata``, a JSON text; no pickles.

All of the archive has one date, so the same network is the same bytes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import numpy as np

from weightsmith.backends.data.arrays import Array
from weightsmith.backends.export.base.format import Format, Options
from weightsmith.backends.export.base.subject import Subject
from weightsmith.backends.export.base.tensors import metadata_of, tensors_of

DATE = (1980, 1, 1, 0, 0, 0)  # the first that an archive can have
METADATA = "metadata"


def write(subject: Subject, options: Options) -> bytes:
    """Return the archive."""
    weights = tensors_of(subject, options.dims)
    metadata = np.array(metadata_of(subject, weights))
    return _archive({**dict(sorted(weights.tensors.items())), METADATA: metadata})


def _archive(arrays: Mapping[str, Array]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)
    return buffer.getvalue()


FORMAT = Format(
    name="npz",
    suffix=".npz",
    what="NumPy arrays",
    write=write,
    options=frozenset({"dims"}),
)
