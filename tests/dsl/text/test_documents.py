"""Strict reading of JSON: what is refused, in which words, before it costs anything."""

from __future__ import annotations

import json

import pytest

from weightsmith.dsl.text.documents import MAX_BYTES, MAX_TEXT, DocumentError, read_document


def test_a_document_is_what_its_json_says() -> None:
    document = {"a": [1, True, None, "3/4", {"λ": "‖x‖₂"}], "b": {}, "c": -7}
    assert read_document(json.dumps(document).encode()) == document
    assert read_document(json.dumps(document, ensure_ascii=False).encode()) == document


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b'\xef\xbb\xbf{"a": 1}', "not valid JSON"),
        (b'{"a": 1, "b": 2, "a": 3}', "the key 'a' stands twice"),
        (b'{"a": NaN}', "'NaN' is not exact"),
        (b"[-Infinity]", "'-Infinity' is not exact"),
        (b"[1.0]", "'1.0' is not exact"),
        (b"[1e9]", "'1e9' is not exact"),
        (b"[-0]", "'-0' is not written canonically"),
        (b"[1234567890123456789]", "is too long"),
        (b"[" + b"9" * 1_000_000 + b"]", "is too long"),
        (b"[" * 300 + b"]" * 300, "nested too deep"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deep"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested too deep"),
        (b'["' + b"a" * (MAX_TEXT + 1) + b'"]', "is longer than"),
        (b'["ab\\u001b[2J"]', r"the character U\+001B after 'ab'"),
        (b'{"\\u202eab": 1}', r"the character U\+202E after ''"),
        (b'["a\\nb"]', r"U\+000A after 'a'"),
        (b'["\\ud800"]', r"U\+D800"),
        ("[‮]".encode().replace(b"[", b'["').replace(b"]", b'"]'), r"U\+202E"),
    ],
)  # fmt: skip
def test_what_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason) as caught:
        read_document(data)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("part", [b"[],", b"{},", b"0,", b'{"":0},'])
def test_too_many_parts_are_refused_before_anything_is_made_of_them(part: bytes) -> None:
    with pytest.raises(DocumentError, match="more than 2,000,000 parts"):
        read_document(b"[" + part * 2_100_000 + b"0]")


def test_a_document_that_is_too_large() -> None:
    with pytest.raises(DocumentError, match="larger than 32 MB"):
        read_document(b" " * (MAX_BYTES + 1))


def test_lines_are_allowed_where_they_are_asked_for() -> None:
    assert read_document(b'["a\\n\\tb"]', lines=True) == ["a\n\tb"]
    with pytest.raises(DocumentError, match=r"U\+001B"):
        read_document(b'["a\\n\\u001b"]', lines=True)
