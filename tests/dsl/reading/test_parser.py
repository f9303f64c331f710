"""Layout, literals, and texts that are not scripts at all."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from weightsmith.dsl import Checked, DiagnosticError, Source, load_source, program_text
from weightsmith.dsl.reading import syntax as s
from weightsmith.dsl.reading.parser import parse
from weightsmith.dsl.text.literals import exact_literal

HEAD = "algorithm f(A: symmetric[d, d])\n"
Look = Callable[..., Checked]


def statements(text: str) -> tuple[s.Entry, ...]:
    return parse(Source("script.alg", HEAD + text)).algorithms[0].entries


def expression(text: str) -> s.Expression:
    (entry,) = statements(f"X = {text}")
    assert isinstance(entry, s.AssignStatement)
    return entry.values[0]


def test_sums_and_products_are_flat() -> None:
    value = expression("A - 2*A/3 + A'")
    assert isinstance(value, s.SumExpression)
    assert [sign for sign, _ in value.terms] == [1, -1, 1]
    product = value.terms[1][1]
    assert isinstance(product, s.ProductExpression)
    assert [exponent for exponent, _ in product.factors] == [1, 1, -1]


def test_every_node_knows_its_place() -> None:
    source = Source("script.alg", HEAD + "X = (A + A)*A'\n")
    (entry,) = parse(source).algorithms[0].entries
    assert isinstance(entry, s.AssignStatement)
    product = entry.values[0]
    assert isinstance(product, s.ProductExpression)
    places = [part.span for _, part in product.factors]
    assert [source.text[span.start : span.end] for span in places] == ["(A + A)", "A'"]


@pytest.mark.parametrize("text", ["A^2^2", "A**2**2"])
def test_powers_associate_to_the_right(text: str) -> None:
    value = expression(text)
    assert isinstance(value, s.PowerExpression)
    assert isinstance(value.exponent, s.PowerExpression)


def test_minus_binds_less_than_a_power() -> None:
    assert isinstance(expression("-2^2"), s.NegativeExpression)


def test_brackets_swallow_newlines_and_comments() -> None:
    value = expression("(A  # first\n      + A\n)")
    assert isinstance(value, s.SumExpression)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_all_line_ends(newline: str) -> None:
    text = "# ünïcödé ∑ comment\nrepeat 2:\n\n    # inner\n    X = A\n  # odd\nreturn X"
    repeat, _ = statements(text.replace("\n", newline))
    assert isinstance(repeat, s.RepeatStatement)
    assert len(repeat.body) == 1


@pytest.mark.parametrize("indent", ["  ", "\t", "   \t"])
def test_any_consistent_indentation(indent: str) -> None:
    text = f"repeat 2:\n{indent}repeat 3:\n{indent}{indent}X = A\n{indent}Y = A\nZ = A"
    outer, _ = statements(text)
    assert isinstance(outer, s.RepeatStatement)
    assert isinstance(outer.body[0], s.RepeatStatement)
    assert isinstance(outer.body[1], s.AssignStatement)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", Fraction(3)),
        ("0.1", Fraction(1, 10)),
        (".5", Fraction(1, 2)),
        ("3.", Fraction(3)),
        ("1e-3", Fraction(1, 1000)),
        ("2.5E+2", Fraction(250)),
        ("0e999", Fraction(0)),
        ("9" * 1000, Fraction(10**1000 - 1)),
    ],
)
def test_literals_are_exact(text: str, value: Fraction) -> None:
    assert exact_literal(text) == value


@pytest.mark.parametrize("text", ["9" * 5000, "1e999999", "1e-999999", "1e" + "9" * 5000])
def test_endless_literals_are_refused_at_once(text: str, look: Look) -> None:
    (found,) = look(f"{HEAD}return {text}*A").diagnostics
    assert found.message == "expected a number of at most 1000 digits, got a longer one"
    assert (found.line, found.column) == (2, 8)


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment", "\ufeff", "  \t\r\n"])
def test_a_script_without_algorithm(text: str, look: Look) -> None:
    (found,) = look(text).diagnostics
    assert found.message == "the script has no algorithm"


def test_a_byte_order_mark_does_not_shift_columns(look: Look) -> None:
    (found,) = look("\ufeffalgorithm f(A: [d])\nreturn A").diagnostics
    assert (found.line, found.column) == (1, 13)
    assert look("\ufeff" + HEAD + "return A").diagnostics == ()


def test_nul_and_other_control_characters(look: Look) -> None:
    (found,) = look(HEAD + "return A\x00").diagnostics
    assert found.message.startswith("unexpected character U+0000:")
    assert "\x00" not in found.render()


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin.alg").write_bytes(b"# one\n# caf\xe9\n")
    with pytest.raises(DiagnosticError, match=r"not UTF-8 text: byte 0xe9 in line 2"):
        load_source(tmp_path / "latin.alg")
    with pytest.raises(DiagnosticError, match="No such file"):
        load_source(tmp_path / "absent.alg")
    with pytest.raises(DiagnosticError, match="cannot read the script"):
        load_source(tmp_path)
    with pytest.raises(DiagnosticError, match="cannot read the script"):
        load_source("a\x00b")
    (tmp_path / "bom.alg").write_bytes(b"\xef\xbb\xbf" + HEAD.encode())
    assert load_source(tmp_path / "bom.alg").text == HEAD


def test_a_thousand_brackets_that_only_group(look: Look) -> None:
    assert look(f"{HEAD}return {'(' * 1000}A{')' * 1000}").program is not None


@pytest.mark.parametrize(
    "text",
    [
        "(" * 1000 + "A" + " + A)" * 1000,
        "-" * 10_000 + "A",
        "A" + "'" * 10_000,
        "A" + "^2" * 10_000,
        "f(" * 1000 + "A" + ")" * 1000,
        "(A" * 10_000,
        "A" + ")" * 10_000,
    ],
)
def test_deep_nesting_is_an_answer(text: str, look: Look) -> None:
    (found,) = look(f"{HEAD}return {text}").diagnostics
    assert len(found.render()) < 1000


@pytest.mark.parametrize(
    "pattern", ["(A*{} + A)", "(2*{}*A)'", "g({})", "(A + 2*{})'*A", "({} over context)", "-{}"]
)
def test_the_deepest_permitted_nesting_is_walked(pattern: str, look: Look) -> None:
    text = "A"
    callee = "algorithm g(A: [d, d])\nreturn 2*A*A\n"
    for _ in range(100):
        text = pattern.format(text)
        checked = look(f"{callee}{HEAD}return {text}")
        if checked.program is None:
            assert "levels deep" in checked.diagnostics[0].message
            return
        assert program_text(checked.program)
    pytest.fail("no limit was met")


def test_a_sum_of_ten_thousand_terms(look: Look) -> None:
    assert look(f"{HEAD}return {' + '.join(['2*A'] * 10_000)}").program is not None


def test_ten_thousand_lines(look: Look) -> None:
    text = HEAD + "X = A\n" + "X = 2*X - X*A*X\n" * 10_000 + "return X"
    assert look(text).program is not None


def test_ten_thousand_wrong_lines(look: Look) -> None:
    text = HEAD + "".join(f"X{i} = A*Q{i}\n" for i in range(10_000)) + "return A"
    found = look(text).diagnostics
    assert found[-1].message == "stopped after 50 errors"


def test_blocks_have_a_limit(look: Look) -> None:
    lines = ["    " * level + "repeat 2:" for level in range(40)]
    text = "\n".join([HEAD + lines[0], *lines[1:], "    " * 40 + "X = A", "return A"])
    (found,) = look(text).diagnostics
    assert found.message == "'repeat' is nested more than 12 levels deep"


UNSAFE = [
    ("\x1b[31m", "U+001B", "remove it"),
    ("\x00", "U+0000", "without zero bytes"),
    ("\u202e", "U+202E (right-to-left override)", "remove it"),
    ("\u2066", "U+2066", "remove it"),
    ("\u200b", "U+200B", "remove it"),
    ("\u2028", "U+2028", "an ordinary line break"),
    ("\x0b", "U+000B", "an ordinary line break"),
    ("\x85", "U+0085", "an ordinary line break"),
    ("\x0c", "U+000C", "an empty line"),
    ("\ud800", "U+D800", "save the script as UTF-8"),
    ("\ufeff", "U+FEFF", "remove it"),
]


@pytest.mark.parametrize("place", ["X = {0}A", "X = A # {0}", "# {0}\nX = A", 'use g from "{0}"'])
@pytest.mark.parametrize(("character", "name", "hint"), UNSAFE, ids=lambda one: ascii(one)[:12])
def test_unsafe_characters_are_refused_in_code_and_in_comments(
    place: str, character: str, name: str, hint: str, look: Look
) -> None:
    (found,) = look(f"{HEAD}{place.format(character)}\nreturn A").diagnostics
    assert found.message.startswith(f"unexpected character {name}")
    assert hint in (found.hint or "")
    assert (found.line, found.underlined) == (2, character[0])
    assert character[0] not in found.render().replace("\n", "").replace("\ufeff", "")[:500]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("indent", ["\t", "  "])
def test_line_ends_byte_order_marks_and_tabs(
    newline: str, mark: str, indent: str, look: Look
) -> None:
    text = f"{mark}{HEAD}X = A\t# x\nrepeat 2:\n{indent}X =\tX*A\nreturn X".replace("\n", newline)
    assert look(text).diagnostics == ()
    found = look(text.replace("X*A", "X*Q")).diagnostics[0]
    assert (found.line, found.underlined) == (4, "Q")


@pytest.mark.parametrize(
    "text", ["", "\ufeff", "\n\n", "# only a comment\n# λ", "\ufeff# mark\r\n"]
)
def test_a_script_without_an_algorithm(text: str, look: Look) -> None:
    (found,) = look(text).diagnostics
    assert found.message == "the script has no algorithm"
    assert (found.line, found.column) == (1, 1)
