"""What the documentation shows is what the language does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from weightsmith.dsl import Source, diagnose
from weightsmith.dsl.program.scope import RESERVED
from weightsmith.dsl.reading.lexer import KEYWORDS

TEXT = (Path(__file__).parents[2] / "docs" / "language.md").read_text(encoding="utf-8")
SCRIPTS = re.findall(r"```alg\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.split("(")[0][-30:])
def test_a_script_of_the_documentation_checks(script: str) -> None:
    checked = diagnose(Source("language.md", script))
    assert checked.diagnostics == ()
    assert checked.program is not None


def test_all_words_of_the_language_are_listed() -> None:
    listed = TEXT.partition("These words are reserved:")[2].partition("### Declarations")[0]
    assert set(re.findall(r"[A-Za-z_]+", listed)) == {*KEYWORDS, *RESERVED}


def test_the_message_shown_is_the_message_given() -> None:
    script = SCRIPTS[2].partition("algorithm ridge")[2]
    lines = ("algorithm ridge" + script).splitlines()
    text = "\n".join(["# One", "", *lines]).replace("+ lam*I  over", "+ x  over", 1)
    (found, *_) = diagnose(Source("ridge.alg", text)).diagnostics
    shown = TEXT.partition("    ridge.alg:")[2].partition("\n\n")[0]
    wanted = [line.strip() for line in f"ridge.alg:{shown}".splitlines()]
    assert [line.strip() for line in found.render().splitlines()] == wanted
