"""The characters that no text may hold."""

from __future__ import annotations

import sys
from unicodedata import category

import pytest

from weightsmith.dsl.text.characters import character_name, unsafe_character

BIDIRECTIONAL = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
ZERO_WIDTH = "\u00ad\u034f\u115f\u17b4\u180e\u200b\u200c\u200d\u2060\u3164\ufe0f\ufeff\U000e0001"
OTHER = "\x00\x07\x08\x0b\x0c\x1b\x7f\x85\x9b\u2028\u2029\ud800\udfff\ue000\uffff\ufff9"


@pytest.mark.parametrize("character", BIDIRECTIONAL + ZERO_WIDTH + OTHER, ids=ascii)
@pytest.mark.parametrize("lines", [True, False])
def test_the_first_unsafe_character_is_found(character: str, lines: bool) -> None:
    assert unsafe_character(f"ab{character}c{character}", lines=lines) == 2


@pytest.mark.parametrize("character", "\n\r\t")
def test_line_breaks_and_tabs_are_for_texts_of_several_lines(character: str) -> None:
    assert unsafe_character(f"a{character}b", lines=True) is None
    assert unsafe_character(f"a{character}b", lines=False) == 1


@pytest.mark.parametrize(
    "text", ["", "X = 2*X - X*A*X", "µ ≤ ‖λ‖₂ ᵀ", "Gauß", "矩陣", "naïve \u00a0", "e\u0301"]
)
def test_what_people_write_is_allowed(text: str) -> None:
    assert unsafe_character(text, lines=False) is None


def test_every_control_and_format_character_is_unsafe() -> None:
    every = map(chr, range(sys.maxunicode + 1))
    found = [one for one in every if category(one) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]
    assert len(found) > 2000
    assert all(unsafe_character(one, lines=False) == 0 for one in found)


def test_a_long_text_is_read_in_one_pass() -> None:
    assert unsafe_character("é" * 1_000_000 + "\x1b", lines=True) == 1_000_000


def test_the_name_of_a_character_is_printable() -> None:
    assert character_name("\x1b") == "U+001B"
