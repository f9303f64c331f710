"""How names, numbers and texts of a file are shown: short, and safe to print."""

from __future__ import annotations

from fractions import Fraction

import pytest

from weightsmith.dsl import BindingError, Diagnostic, Source, Span, check, diagnose
from weightsmith.dsl import resolve_bindings as resolve
from weightsmith.dsl.text.characters import is_unsafe
from weightsmith.dsl.text.shown import MAX_MESSAGE, number_text, printable, shown

HEAD = "algorithm f(A: symmetric[d, d])\n"


def test_a_short_message_is_shown_as_it_is() -> None:
    text = "expected 'steps', got 1/1000 in line 12: write [mu, L] — or λ"
    assert shown(text) == text


def test_long_numbers_keep_their_ends_and_say_how_long_they_are() -> None:
    assert shown("got " + "7" * 300 + "/3") == "got 777777777777…7777 (300 digits)/3"
    assert shown("1" * 40) == "1" * 40


def test_long_names_keep_their_ends_and_say_how_long_they_are() -> None:
    found = shown("unknown name '" + "ab_" * 2000 + "'")
    assert found.endswith("(6000 characters)'")
    assert len(found) < 120


def test_a_long_list_is_cut_in_the_middle() -> None:
    found = shown("it has " + ", ".join(f"p{i}" for i in range(10_000)) + " and no more")
    assert len(found) < MAX_MESSAGE
    assert "characters left out" in found
    assert found.endswith("and no more")


@pytest.mark.parametrize("text", ["9" * 400, "x" * 5000, ", ".join(["name"] * 5000), "\x1b[31m"])
def test_what_is_shown_once_is_shown_the_same_again(text: str) -> None:
    assert shown(shown(text)) == shown(text)


@pytest.mark.parametrize("character", "\x1b\x00\n\r\u202e\u2028\ud800\u200b")
def test_nothing_that_a_terminal_obeys_is_shown(character: str) -> None:
    assert shown(f"a{character}b") == f"a<U+{ord(character):04X}>b"
    diagnostic = Diagnostic(
        "error",
        "character",
        Span(Source(f"n{character}m.alg", f"X{character} = A"), 0, 1),
        f"m{character}",
    )
    text = diagnostic.render().replace("\n", "")
    assert not any(map(is_unsafe, text))
    assert f"n<U+{ord(character):04X}>m.alg:1:1: error[character]: m<U+" in text


def test_ordinary_letters_stay() -> None:
    assert printable("µ ≤ ‖λ‖, 矩陣, naïve") == "µ ≤ ‖λ‖, 矩陣, naïve"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Fraction(-1, 3), "-1/3"),
        (Fraction(10**30), "1" + "0" * 30),
        (Fraction(3**1000), "about 1.3e477"),
        (Fraction(-(3**1000)), "about -1.3e477"),
        (Fraction(1, 3**1000), "about 7.6e-478"),
        (Fraction(10**100 + 1, 10**100), "about 1.0"),
        (Fraction(10**50_000), "about 1.0e50000"),
    ],
)
def test_numbers_that_str_cannot_print(number: Fraction, text: str) -> None:
    assert number_text(number) == text


NAME, DIGITS = "n" * 5000, "7" * 900
LONG = [
    f"X = {NAME}*A",
    f"{NAME} = A\n{NAME} = 2",
    f"X = A + {DIGITS}",
    f"X = A + {DIGITS}/{DIGITS}1",
    f"X = A^{DIGITS}",
    f"repeat {DIGITS}/2:\n    X = A",
    f"repeat -{DIGITS}:\n    X = A",
    f"X = {NAME}(A)",
    f"X = clip(A, {DIGITS}, 1)",
    f"X = soft(A, -{DIGITS})",
    f"for {NAME} in 1, 2:\n    X = {NAME}",
    f"X = A within -{DIGITS}",
    f"assume spectrum({NAME}) in [1, 2]",
    f"assume spectrum(A) in [{DIGITS}, 2]",
    f"assume singular_values(A) in [-{DIGITS}, 2]",
    f"assume norm(A) <= -{DIGITS}",
    f"assume spectrum(A) in [1, {DIGITS}] or [2, 3]",
    f"param {NAME} = {NAME}",
    f"param {NAME} = 1/2\nrepeat {NAME}:\n    X = A",
    f"table {NAME} = (0, 0), (-{DIGITS}, 1)",
    f"function {NAME}(t) = t^{DIGITS}",
    f"ensure {NAME} <= 1",
    f"X = A over {NAME}",
    f"{NAME} X = A",
    f'use {NAME} from "{NAME}"',
]


@pytest.mark.parametrize("line", LONG, ids=lambda line: line[:30])
def test_no_message_prints_a_long_number_or_name(line: str) -> None:
    for found in diagnose(Source("s.alg", HEAD + line + "\nreturn A\n")).diagnostics:
        for text in (found.render(), found.message, found.hint or "", *found.notes):
            assert "7" * 120 not in text
            assert "n" * 120 not in text
            assert all(len(part) < 300 for part in text.splitlines())


def test_no_message_of_settings_prints_a_long_number_or_name() -> None:
    text = f"param {NAME} = 2, steps = 3\nassume spectrum(A) in [{NAME}, 3]\n"
    program = check(Source("s.alg", f"{HEAD}{text}repeat steps:\n    X = A\nreturn A"))
    wrong: list[dict[str, str]] = [
        {NAME: DIGITS},
        {"m" * 5000: "1"},
        {"steps": f"1/{DIGITS}"},
        {"steps": f"-{DIGITS}"},
        {"steps": "x" * 5000},
        {NAME: "3^500000"},
        {NAME: "1/0"},
    ]
    for given in wrong:
        with pytest.raises(BindingError) as found:
            resolve(program, given)
        assert len(str(found.value)) < 500
