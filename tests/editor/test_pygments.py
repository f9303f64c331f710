"""Pygments cuts every script and network without an error and without a loss."""

from __future__ import annotations

import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from pygments.token import Comment, Error, Keyword, Name, String, Token

from weightsmith.dsl.meaning.entry_functions import BUILT_IN
from weightsmith.dsl.program.scope import RESERVED
from weightsmith.dsl.reading.lexer import KEYWORDS
from weightsmith.editor.pygments_lexers import SCRIPT_WORDS, NetLexer, ScriptLexer

ROOT = Path(__file__).parents[2]
PAGES = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").rglob("*.md"))]


def shown(language: str) -> list[str]:
    """The snippets of a language in the documentation."""
    found = [re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL) for page in PAGES]
    return [text for each in found for text in each]


SCRIPTS = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "examples").glob("*.alg"))]
SCRIPTS += [path.read_text(encoding="utf-8") for path in (ROOT / "tests/scripts").glob("*.alg")]
SCRIPTS += shown("alg")
STRANGE = ["", "\n", "\ufeffuse é ≤ ;", 'use f from "x', "X = A == 3 != @\r\n\r# é", "\x00\ud800"]


@pytest.mark.parametrize("text", [*SCRIPTS, *STRANGE], ids=lambda text: text.split("(")[0][-30:])
def test_a_script_is_cut_without_loss(text: str) -> None:
    pieces = list(ScriptLexer().get_tokens_unprocessed(text))
    assert "".join(piece for _, _, piece in pieces) == text
    assert [start for start, _, _ in pieces] == [
        sum(len(piece) for _, _, piece in pieces[:index]) for index in range(len(pieces))
    ]
    assert not any(kind in Error for _, kind, _ in pieces)


@pytest.mark.parametrize("text", [*shown("net"), *STRANGE], ids=lambda text: text[:20])
def test_a_network_is_cut_without_loss(text: str) -> None:
    pieces = list(NetLexer().get_tokens_unprocessed(text))
    assert "".join(piece for _, _, piece in pieces) == text
    assert not any(kind in Error for _, kind, _ in pieces)


def test_there_are_networks_in_the_documentation() -> None:
    assert len(shown("net")) > 1


def kinds(text: str, lexer: type[ScriptLexer] | type[NetLexer]) -> dict[str, object]:
    return {piece: kind for _, kind, piece in lexer().get_tokens_unprocessed(text)}


def test_the_parts_of_a_script_are_told_apart() -> None:
    text = 'use g from "g.alg"\nX = relu(g(A)) + I  over context upto # why\nassume norm(x) <= B\n'
    found = kinds(text, ScriptLexer)
    assert found["use"] is found["assume"] is Keyword.Declaration
    assert found["over"] is Keyword
    assert found["context"] is found["upto"] is Keyword.Pseudo
    assert found["relu"] is found["norm"] is Name.Builtin
    assert found["g"] is Name.Function
    assert found["X"] is Name
    assert found["I"] is Keyword.Constant
    assert found['"g.alg"'] is String
    assert found["# why"] is Comment.Single


def test_the_parts_of_a_network_are_told_apart() -> None:
    found = kinds("network n\nlayer   head  x += relu(x)   sum over context # y\n", NetLexer)
    assert found["network"] is found["layer"] is Keyword.Declaration
    assert found["head"] is found["over"] is Keyword
    assert found["relu"] is Name.Builtin
    assert found["context"] is Keyword.Pseudo
    assert found["x"] is Name


def test_every_word_of_the_language_has_a_colour() -> None:
    assert {*KEYWORDS, *RESERVED, *BUILT_IN} <= SCRIPT_WORDS.keys()
    assert all(kind in Token for kind in SCRIPT_WORDS.values())


def test_pygments_finds_the_lexers() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for name, place in project["entry-points"]["pygments.lexers"].items():
        module, _, kind = place.partition(":")
        assert name in getattr(import_module(module), kind).aliases
