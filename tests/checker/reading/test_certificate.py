"""The frame of a certificate: what is no certificate is refused for what it is."""

from __future__ import annotations

import pytest

from weightsmith.checker.facts.certificate import (
    FILES,
    FORMAT,
    VERSION,
    Line,
    read_certificate,
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
        "facts": [],
    }
    assert read_certificate(document).bindings == {"mu": "1/2"}
    for bindings in ([], [["mu", "1/2"]], "mu", None):
        with pytest.raises(RefusedError, match="bindings are not an object"):
            read_certificate({**document, "bindings": bindings})


LINE = {"n": 2, "fact": {"is": "weights", "of": "x"}, "by": "rounding", "from": [1], "with": {}}


def test_a_line_has_its_own_number_and_follows_from_earlier_ones() -> None:
    """Verdicts name facts by their place: a number that says another would lead astray."""
    assert Line(2, LINE).check() == ((1,), {})
    for n in (1, 3, True, "2"):
        with pytest.raises(RefusedError):
            Line(2, {**LINE, "n": n}).check()
    for before in ([2], [3], [0], [-1], ["1"], [True], 1, None):
        with pytest.raises(RefusedError, match=r"from|whole number"):
            Line(2, {**LINE, "from": before}).check()
    for key in LINE:
        with pytest.raises(RefusedError, match="lacks the key"):
            Line(2, {name: value for name, value in LINE.items() if name != key}).check()
    with pytest.raises(RefusedError, match="unknown key"):
        Line(2, {**LINE, "note": ""}).check()


def test_an_old_certificate_is_refused_with_its_version() -> None:
    with pytest.raises(RefusedError, match="version is 2, not 3"):
        read_certificate({"format": FORMAT, "version": 2, "claims": []})
