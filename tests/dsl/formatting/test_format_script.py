"""A script that is laid out anew has the same tokens, comments and meaning, and stays as it is."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from weightsmith.dsl import DiagnosticError, Source, diagnose
from weightsmith.dsl.formatting.format_script import format_script
from weightsmith.dsl.formatting.rows import rows_of
from weightsmith.dsl.printing.core_form import core_form
from weightsmith.dsl.reading.layout import lay_out
from weightsmith.dsl.reading.lexer import Token, pieces_of, tokens_of

ROOT = Path(__file__).parents[3]
FILES = [
    path for folder in ("examples", "tests/scripts") for path in sorted((ROOT / folder).glob("*"))
]
SCRIPTS = {path.name: path for path in FILES if path.suffix == ".alg"}
SNIPPETS = [
    script
    for page in [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md"]
    for script in re.findall(r"```alg\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
]


def laid_out(text: str) -> str:
    return format_script(Source("script.alg", text))


def meaning(text: str, path: str = "script.alg") -> object:
    """The core form of the last algorithm, or what is wrong with it."""
    checked = diagnose(Source(path, text))
    if checked.program is None:
        return [one.message for one in checked.diagnostics]
    return core_form(checked.program)


def mangled(text: str, chance: random.Random) -> str:
    """The same tokens and comments, with other spaces, blank lines, and breaks in brackets."""
    pieces = list(pieces_of(text))
    levels = levels_of(text)
    unit = chance.choice([" ", "  ", "\t", "        "])
    found: list[str] = []
    depth, is_start = 0, True
    for index, piece in enumerate(pieces):
        if piece.type == "_NEWLINE":
            is_start = is_start or depth == 0
            found.append("\n" * chance.choice([1, 1, 2, 4]))
            continue
        if piece.type == "SKIPPED" and not piece.text.startswith("#"):
            if not is_start:
                found.append(" " * chance.randint(1, 4))
            continue
        if is_start and piece.type != "SKIPPED":
            found.append(unit * levels[piece.start])
            is_start = False
        found.append(piece.text + ("  " if piece.type == "SKIPPED" else ""))
        depth += (piece.type in ("LPAR", "LSQB", "DOTLPAR")) - (piece.type in ("RPAR", "RSQB"))
        after = pieces[index + 1].text if index + 1 < len(pieces) else "\n"
        if depth and chance.random() < 0.1:
            found.append(chance.choice(["\n", "  # why\n   ", "\n\n\n"]))
        elif chance.random() < 0.3 and fit(piece, after):
            found.append(" " * chance.randint(1, 3))
    return "".join(found)


def fit(piece: Token, after: str) -> bool:
    """May a space stand between the two without another meaning?"""
    return piece.type != "SKIPPED" and after != ".("


def levels_of(text: str) -> dict[int, int]:
    found, level = {}, 0
    for token in lay_out(Source("", text), tokens_of(text)):
        level += (token.type == "_INDENT") - (token.type == "_DEDENT")
        found[token.start] = level
    return found


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_scripts_of_the_repository_are_laid_out(name: str) -> None:
    text = SCRIPTS[name].read_text(encoding="utf-8")
    assert laid_out(text) == text


@pytest.mark.parametrize("text", SNIPPETS, ids=lambda text: text.split("(")[0][-30:])
def test_the_scripts_of_the_documentation_are_laid_out(text: str) -> None:
    assert laid_out(text) == text


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_mangled_script_keeps_its_meaning(name: str) -> None:
    text = SCRIPTS[name].read_text(encoding="utf-8")
    path, wanted = str(SCRIPTS[name]), meaning(text, str(SCRIPTS[name]))
    for seed in range(4):
        other = mangled(text, random.Random(f"{name} {seed}"))
        result = laid_out(other)
        assert meaning(result, path) == wanted
        assert laid_out(result) == result
        comments = [row.comment for row in rows_of(other)[0] if row.comment]
        assert [row.comment for row in rows_of(result)[0] if row.comment] == comments
        assert "why" not in other or "# why" in result


def test_spaces_around_signs() -> None:
    written = "algorithm f( A:symmetric [d,d] ,x :[d]per token )\nX=2 *A- - A *3+A' ^ -2 .*A./A"
    wanted = "algorithm f(A: symmetric[d, d], x: [d] per token)\nX = 2*A - -A*3 + A'^-2 .* A ./ A\n"
    assert laid_out(written) == wanted


def test_products_are_as_they_were_written() -> None:
    head = "algorithm f(A: [d, d])\n"
    kept = head + "X = 2*A * A/3 / 4\n"
    assert laid_out(kept) == kept
    assert laid_out(head + "X = 2   *   A* A /A\n") == head + "X = 2 * A*A/A\n"


def test_a_dot_at_the_end_of_a_number_is_not_that_of_a_product() -> None:
    kept = "algorithm f(A: [d, d])\nX = 2. * A + 3. / 4\n"
    assert laid_out(kept) == kept
    assert laid_out("algorithm f(A: [d, d])\nX = 2 .*A\n").endswith("X = 2 .* A\n")


def test_clauses_keep_two_spaces() -> None:
    kept = "algorithm f(x: [d] per token)\nreturn x on query  approximates x over context\n"
    assert laid_out(kept) == kept
    assert laid_out(kept.replace("  appr", "     appr").replace(" over", "\tover")) == kept


def test_blocks_and_their_comments() -> None:
    written = """
# what it is
algorithm f(A: [d, d])   # one
# of the head


\tX = A
"""
    with pytest.raises(DiagnosticError):
        laid_out(written)
    written = """

#what it is
algorithm f(A: [d, d])   # one
# of the head



X = A
repeat 3:
  # of the block
  X = X*A
  repeat 2:
     X = X*A
# of the line below
     X = A*X
     # at its end
  # of the outer
# of the return
return X

"""
    wanted = """\
#what it is
algorithm f(A: [d, d])  # one
# of the head


X = A
repeat 3:
    # of the block
    X = X*A
    repeat 2:
        X = X*A
        # of the line below
        X = A*X
        # at its end
    # of the outer
# of the return
return X
"""
    assert laid_out(written) == wanted
    assert laid_out(wanted) == wanted


def test_lines_within_brackets() -> None:
    written = """algorithm f(
      A: [d, d],
 # of B
      B: [d, d]
    )
X = (A + g(
A,
   steps = 3
 )) + (A
 *B)
"""
    wanted = """algorithm f(
    A: [d, d],
    # of B
    B: [d, d]
)
X = (A + g(
    A,
    steps = 3
)) + (A
    *B)
"""
    assert laid_out(written) == wanted
    assert laid_out(wanted) == wanted


def test_comments_that_stood_in_a_column_still_do() -> None:
    written = """algorithm f(A: [d, d])
X=A          # one
Y  = A*A     # two
Z = Y

W = A          # alone
return W # end
"""
    wanted = """algorithm f(A: [d, d])
X = A    # one
Y = A*A  # two
Z = Y

W = A  # alone
return W  # end
"""
    assert laid_out(written) == wanted
    assert laid_out(wanted) == wanted


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_breaks_and_a_byte_order_mark_stay(ending: str) -> None:
    lines = ["\ufeffalgorithm f(A: [d, d])", "# é", "return A", ""]
    text = ending.join(lines)
    assert laid_out(text) == text
    assert laid_out(text.replace("return ", "return    ")) == text


def test_nothing_is_laid_out_to_nothing() -> None:
    assert laid_out("") == laid_out("\n \n\t") == ""
    assert laid_out("  # a comment alone") == "# a comment alone\n"


@pytest.mark.parametrize("text", ["X = ", "algorithm f(A: [d, d]\nreturn A", "return \u202e"])
def test_what_cannot_be_parsed_is_not_laid_out(text: str) -> None:
    with pytest.raises(DiagnosticError):
        laid_out(text)
