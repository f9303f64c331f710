"""The grammar for VS Code is that of the language's tables, and cuts every script as we do."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from weightsmith.dsl.heads import MASKS, WORDS
from weightsmith.dsl.meaning.entry_functions import BUILT_IN
from weightsmith.dsl.program.scope import RESERVED
from weightsmith.dsl.reading.lexer import KEYWORDS, tokens_of
from weightsmith.editor import textmate

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "editors" / "vscode"
GRAMMAR = FOLDER / "syntaxes" / textmate.FILE
SCRIPTS = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "examples").glob("*.alg"))]
NODE_FOLDER = os.environ.get("WEIGHTSMITH_TEXTMATE", "")  # has node_modules/vscode-textmate
SAMPLE = """\
use g from "g.alg"
algorithm f(A: symmetric[d, d], x: [d] per token)  # why
assume norm(x) <= B
X = relu(2.*A) + 1e-3*g(A)**2 - I.x  over context upto
repeat 3:
    X = exp.(X') ./ .5
"""
Cut = list[list[tuple[str, str]]]


def cut(texts: list[str]) -> list[Cut]:
    """Cut texts by the patterns in Python, as an editor does: the first that matches earliest.

    Of the patterns only what Python's regular expressions have too is used.
    """
    rules = [
        (re.compile(str(rule["match"])), rule)
        for rule in json.loads(GRAMMAR.read_text(encoding="utf-8"))["patterns"]
    ]
    return [[_cut_line(line, rules) for line in text.split("\n")] for text in texts]


def _cut_line(
    line: str, rules: list[tuple[re.Pattern[str], dict[str, object]]]
) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    place = 0

    def add(text: str, scope: str) -> None:
        if text:
            found.append((text, scope))

    while place < len(line):
        matches = [(match, rule) for one, rule in rules if (match := one.search(line, place))]
        if not matches:
            break
        match, rule = min(matches, key=lambda one: one[0].start())
        add(line[place : match.start()], textmate.SCOPE)
        captures = rule.get("captures")
        if isinstance(captures, dict):
            at = match.start()
            for number, scope in captures.items():
                add(line[at : match.start(int(number))], textmate.SCOPE)
                add(match.group(int(number)), scope["name"])
                at = match.end(int(number))
        else:
            add(match.group(), str(rule["name"]))
        place = match.end()
    add(line[place:], textmate.SCOPE)
    return found


def by_node(texts: list[str]) -> list[Cut]:
    """Cut texts by the grammar as VS Code does."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    if not (Path(NODE_FOLDER) / "node_modules" / "vscode-textmate").is_dir():
        pytest.skip(
            "WEIGHTSMITH_TEXTMATE names no folder with vscode-textmate and vscode-oniguruma"
        )
    command = [node, str(Path(__file__).with_name("tokenise.cjs")), NODE_FOLDER, str(GRAMMAR)]
    done = subprocess.run(
        command, input=json.dumps(texts), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return [
        [[(piece, scope) for piece, scope in line if piece] for line in each]
        for each in json.loads(done.stdout)
    ]


def test_the_grammar_is_that_of_the_tables() -> None:
    assert GRAMMAR.read_text(encoding="utf-8") == textmate.text()


def test_every_word_of_the_language_has_a_rule() -> None:
    unknown = []
    for word in sorted({*KEYWORDS, *RESERVED, *BUILT_IN}):
        (line,) = cut([f"{word}(" if word in WORDS else word])[0]
        piece, scope = line[0]
        known = piece == word and scope not in (textmate.SCOPE, "variable.other.alg")
        unknown += [] if known else [word]
    assert unknown == []


@pytest.mark.parametrize("word", [*MASKS, *WORDS])
def test_a_kind_of_heads_is_no_word_of_the_grammar(word: str) -> None:
    assert f"|{word}|" not in GRAMMAR.read_text(encoding="utf-8")
    text = f"U = y*kind(x'*x)  over context {word}\nV = y*{word}(x'*x)  over context on query\n"
    scopes = {piece: scope for line in cut([text])[0] for piece, scope in line}
    assert scopes["kind"] == "entity.name.function.call.alg"
    assert scopes["on"] == "keyword.other.clause.alg"
    (first, second, _) = cut([text])[0]
    assert first[-1] == (word, "variable.language.alg")
    assert (word, scopes["kind"]) in second


def check_tokens(texts: list[str], found: list[Cut]) -> None:
    """Every token of the language is one piece with a scope; nothing is lost."""
    for text, lines in zip(texts, found, strict=True):
        assert "\n".join("".join(piece for piece, _ in line) for line in lines) == text
        pieces = [piece for line in lines for piece, scope in line if scope != textmate.SCOPE]
        wanted = [token.text for token in tokens_of(text) if token.type != "_NEWLINE"]
        assert [piece for piece in pieces if not piece.startswith("#")] == wanted
        bare = [piece for line in lines for piece, scope in line if scope == textmate.SCOPE]
        assert not [piece for piece in bare if piece.strip()]


def check_sample(lines: Cut) -> None:
    scopes = {piece: scope for line in lines for piece, scope in line}
    assert scopes["algorithm"] == "storage.type.alg"
    assert scopes["f"] == "entity.name.function.alg"
    assert scopes["symmetric"] == "storage.modifier.alg"
    assert scopes["norm"] == scopes["relu"] == scopes["exp"] == "support.function.alg"
    assert scopes["over"] == "keyword.other.clause.alg"
    assert scopes["context"] == scopes["upto"] == "variable.language.alg"
    assert scopes["repeat"] == "keyword.control.alg"
    assert scopes["1e-3"] == scopes["2"] == scopes[".5"] == "constant.numeric.alg"
    assert scopes[".*"] == scopes["**"] == scopes["./"] == "keyword.operator.alg"
    assert scopes["I.x"] == "variable.other.alg"
    assert scopes["# why"] == "comment.line.number-sign.alg"
    assert scopes['"g.alg"'] == "string.quoted.double.alg"


def test_scripts_are_cut_as_the_language_cuts_them() -> None:
    texts = [*SCRIPTS, SAMPLE]
    found = cut(texts)
    check_tokens(texts, found)
    check_sample(found[-1])


def test_vscode_cuts_them_so_too() -> None:
    texts = [*SCRIPTS, SAMPLE]
    found = by_node(texts)
    check_tokens(texts, found)
    check_sample(found[-1])
    assert found == cut(texts)


def test_the_extension_names_files_that_there_are() -> None:
    package = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))
    given = package["contributes"]
    paths = [package["main"], *(one["path"] for one in given["grammars"])]
    paths += [one["configuration"] for one in given["languages"]]
    assert all((FOLDER / path).is_file() for path in paths)
    assert given["grammars"][0]["scopeName"] == textmate.SCOPE
    configuration = json.loads((FOLDER / "language-configuration.json").read_text())
    pattern = re.compile(configuration["indentationRules"]["increaseIndentPattern"])
    assert pattern.match("  repeat steps:  # why")
    assert pattern.match("for g in 1, 2:")
    assert not pattern.match("X = A")
