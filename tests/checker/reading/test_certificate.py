"""The frame of a certificate: what is no certificate is refused for what it is."""

from __future__ import annotations

import pytest

from weightsmith.checker.facts.certificate import (
    FILES,
    FORMAT,
    VERSION,
    Claim,
    check_form,
    read_certificate,
    unproven_reason,
)
from weightsmith.checker.reading.refusal import RefusedError


def test_bindings_are_an_object() -> None:
    document: dict[str, object] = {
        "format": FORMAT,
        "version": VERSION,
        "files": dict.fromkeys(FILES, "0" * 64),
        "bindings": {"mu": "1/2"},
        "program": {},
        "network": None,
        "tables": [],
        "claims": [],
    }
    assert read_certificate(document).bindings == {"mu": "1/2"}
    for bindings in ([], [["mu", "1/2"]], "mu", None):
        with pytest.raises(RefusedError, match="bindings are not an object"):
            read_certificate({**document, "bindings": bindings})


def test_a_claim_has_its_own_number() -> None:
    """Verdicts name claims by their place: an id that says another would send a reader astray."""
    proven = {"kind": "weights", "steps": []}
    assert check_form(Claim(2, "weights", {**proven, "id": 2})) == []
    unproven = {"kind": "truncation", "output": "X", "unproven": "no-rule"}
    assert unproven_reason(Claim(2, "truncation", {**unproven, "id": 2}))
    for other in (1, 3):
        with pytest.raises(RefusedError, match=f"Claim 2 has the id {other}"):
            check_form(Claim(2, "weights", {**proven, "id": other}))
        with pytest.raises(RefusedError, match=f"Claim 2 has the id {other}"):
            unproven_reason(Claim(2, "truncation", {**unproven, "id": other}))
