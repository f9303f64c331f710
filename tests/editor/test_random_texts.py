"""Whatever stands in a text, every question about every place has an answer."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from weightsmith.dsl import Source
from weightsmith.editor.analysis import Analysis, analysed
from weightsmith.editor.completion import completions
from weightsmith.editor.hover import hover
from weightsmith.editor.outline import lines_of
from weightsmith.editor.positions import Lines
from weightsmith.editor.protocol import symbols_of

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.alg"))
PIECES = [
    "(",
    ")",
    "[",
    "]",
    ",",
    "=",
    ":",
    "\n",
    "\r",
    "    ",
    "root(w: ",
    "#",
    '"',
    "🚀",
    "'",
    "x",
]
PIECES += [
    "algorithm ",
    "for g, ",
    " in ",
    "use ",
    "param ",
    "table ",
    "function f(",
    "within ",
    ".",
]


def damaged(text: str, chance: random.Random) -> str:
    """The text with a few parts cut out and a few put in."""
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(text) + 1)
        cut = chance.choice([0, 0, 1, 3, 30])
        text = text[:place] + chance.choice(PIECES) + text[place + cut :]
    return text


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_damaged_script_has_answers(path: Path) -> None:
    text, before = path.read_text(encoding="utf-8"), None
    for seed in range(5):
        chance = random.Random(f"{path.stem} {seed}")
        before = analysed(Source(str(path), damaged(text, chance)), before=before)
        ask(before, chance)


def ask(analysis: Analysis, chance: random.Random) -> None:
    text, outline = analysis.source.text, analysis.outline
    assert symbols_of(analysis, Lines(text)) is not None
    assert [token for line in lines_of(text) for token in line] == outline.tokens
    for _ in range(30):
        offset = chance.randrange(len(text) + 1)
        token = outline.token_at(offset)
        labels = [one.label for one in completions(analysis, offset)]
        assert len(set(labels)) == len(labels)
        if token is None:
            assert hover(analysis, offset) is None
            continue
        assert token.start <= offset <= token.end
        found = outline.nearest(token)
        assert found is None or text[found.start : found.end] == token.text
        hover(analysis, offset)
