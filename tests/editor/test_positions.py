"""Places in three encodings, and back."""

from __future__ import annotations

import pytest

from weightsmith.editor.edits import MOST_LINES, changes
from weightsmith.editor.positions import Encoding, Lines, Place

TEXT = "aé🚀\r\nb\u2028c\rd\n\ne\ud800"
ENCODINGS: tuple[Encoding, ...] = ("utf-8", "utf-16", "utf-32")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_places_lead_back(encoding: Encoding) -> None:
    lines = Lines(TEXT, encoding)
    for offset in range(len(TEXT) + 1):
        if TEXT[offset - 1 : offset + 1] == "\r\n":
            continue  # between the two there is no place
        place = lines.place(offset)
        assert lines.offset(place.line, place.character) == offset


def test_lines_end_where_editors_end_them() -> None:
    lines = Lines(TEXT)
    assert lines.place(TEXT.index("b")) == Place(1, 0)
    assert lines.place(TEXT.index("c")) == Place(1, 2)
    assert lines.place(TEXT.index("d")) == Place(2, 0)
    assert lines.place(TEXT.index("e")) == Place(4, 0)
    assert lines.place(3) == Place(0, 4)
    assert Lines(TEXT, "utf-8").place(3) == Place(0, 7)


def test_places_beyond_an_end_are_that_end() -> None:
    lines = Lines(TEXT)
    assert lines.offset(0, 99) == 3
    assert lines.offset(99, 0) == len(TEXT)
    assert lines.place(999) == lines.place(len(TEXT))
    assert lines.offset(0, 3) == 2  # within the surrogates of one character
    assert Lines("").place(0) == Place(0, 0)


def test_a_long_text_is_one_change() -> None:
    before = "a\n" * MOST_LINES
    assert list(changes(before, before)) == []
    assert list(changes(before, before + "b")) == [(0, len(before), before + "b")]


@pytest.mark.parametrize("after", ["", "a\nb\n", "x\na\nc\nd\n", "a\nb\nc\nd\ne"])
def test_changes_make_the_new_text(after: str) -> None:
    text = before = "a\nb\nc\nd\n"
    for start, end, new in reversed(list(changes(before, after))):
        text = text[:start] + new + text[end:]
    assert text == after
