"""The strict reader of weights files: headers that are not what the format says."""

from __future__ import annotations

import json

import pytest

from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.checker.reading.tensors import read_tensors


def file_of(header: object) -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text


def test_a_header_is_an_object_and_so_is_its_metadata() -> None:
    assert read_tensors(file_of({"__metadata__": {"by": "hand"}})).metadata == {"by": "hand"}
    for header in ([], "text", 3, None):
        with pytest.raises(RefusedError, match="header is not an object"):
            read_tensors(file_of(header))
    for metadata in ([], [["by", "hand"]], "text", None):
        with pytest.raises(RefusedError, match="metadata is not an object"):
            read_tensors(file_of({"__metadata__": metadata}))
