"""The frame of a certificate: what is no certificate is refused for what it is."""

from __future__ import annotations

import pytest

from weightsmith.checker.certificate import FILES, FORMAT, VERSION, read_certificate
from weightsmith.checker.refusal import RefusedError


def test_bindings_are_an_object() -> None:
    document: dict[str, object] = {
        "format": FORMAT,
        "version": VERSION,
        "files": dict.fromkeys(FILES, "0" * 64),
        "bindings": {"mu": "1/2"},
        "tables": [],
        "claims": [],
    }
    assert read_certificate(document).bindings == {"mu": "1/2"}
    for bindings in ([], [["mu", "1/2"]], "mu", None):
        with pytest.raises(RefusedError, match="bindings are not an object"):
            read_certificate({**document, "bindings": bindings})
